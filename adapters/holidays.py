"""Seeds calendar files from the `holidays` package, which it alone knows; the file then belongs to the process owner.

Days moved by decree and working weekends are taken over. A later year without a decree in the package is written as
provisional: the statutory holidays only.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import holidays
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

_VERSION = version("holidays")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HEAD = """\
# The process owner's file: it says which days count in terms and deadlines, and nothing else does.
# Seeded once from the `holidays` package {version}; compare every year with its decree by hand. No update of a library
# changes it. A year marked `provisional` has no decree yet: statutory holidays only, no days moved.
# `days_off` do not count, `working_days` are days of the weekend that do. Not every non-working day has to move a term:
# what stands here is the owner's decision. `hours` are the office hours in which working hours are counted; they are the
# owner's too, and no seed knows them.
"""


class UnknownCountry(ValueError):
    """The package has no such country."""


def seed(country: str, years: Sequence[int]) -> str:
    """A calendar file (YAML) for a country code of ISO 3166 and consecutive years; raises UnknownCountry."""
    code = country.upper()
    if code not in holidays.list_supported_countries(include_aliases=False):
        raise UnknownCountry(f"no holidays are known for '{country}'; write a code of ISO 3166 such as RU")
    if not years or sorted(years) != list(range(min(years), max(years) + 1)):
        raise ValueError("the years have to be consecutive; write first to last, such as 2024 to 2027")
    language = holidays.country_holidays(code, years=years[0]).default_language  # not the machine's locale
    known = holidays.country_holidays(code, years=list(years), language=language)
    decreed = _decreed_until(known)
    lines = [
        _HEAD.format(version=_VERSION).rstrip(),
        f"calendar: {code.lower()}",
        f"title: Working calendar {code}",
        f"weekend: [{', '.join(_DAYS[number] for number in sorted(known.weekend))}]",
        "years:",
    ]
    for year in sorted(years):
        lines += _year(known, year, provisional=decreed is not None and year > decreed)
    return "\n".join(lines) + "\n"


def _decreed_until(known: holidays.HolidayBase) -> int | None:
    """The last year with days moved by decree; None: this country moves none."""
    moved = getattr(known, "special_public_holidays", None) if known.has_substituted_holidays else None
    return max(moved) if moved else None


def _year(known: holidays.HolidayBase, year: int, *, provisional: bool) -> list[str]:
    off = {day: name for day, name in sorted(known.items()) if day.year == year}
    working = {day: "moved working day" for day in sorted(known.weekend_workdays) if day.year == year}
    head = [f"  {year}:", f"    source: holidays {_VERSION}"]
    if provisional:
        head.append("    provisional: true")
    return [*head, *_days("days_off", off), *_days("working_days", working)]


def _days(key: str, days: Mapping[date, str]) -> list[str]:
    if not days:
        return []
    return [f"    {key}:", *(f"      {day.isoformat()}: {_scalar(name)}" for day, name in days.items())]


def _scalar(text: str) -> str:
    return yaml.safe_dump(text, allow_unicode=True, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
