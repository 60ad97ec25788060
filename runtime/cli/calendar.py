"""`milepost calendar`: which days count, a first calendar file, and a term counted day by day."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from rich.text import Text

from engine.core.calendars.calendar import Uncountable
from engine.core.calendars.explain import explain_term, year_table
from engine.core.calendars.moments import local_instant
from engine.core.calendars.office_hours import WEEK, said
from engine.core.calendars.reading import calendar_or_raise
from engine.core.calendars.words import parse_term
from engine.core.terms import Unit
from engine.describe.derivations import counted, due_at
from engine.errors import MilepostError, NotFound
from runtime.cli.choices import FINE, Format, Roll
from runtime.cli.printing import as_json, cells, out, table
from runtime.cli.settings import settings_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.core.calendars.calendar import Calendar
    from engine.core.calendars.explain import Derivation, YearTable

T = TypeVar("T")
_YEARS = re.compile(r"([1-9][0-9]{3})(?:-([1-9][0-9]{3}))?")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip


class BadAsk(MilepostError):
    """An argument that cannot be."""


def show(calendar: str, year: int | None, report: Format) -> int:
    """All years in short, or one in full."""
    found = _calendar(calendar)
    if year is not None:
        return _show_year(_counted(lambda: year_table(found, year)), report)
    years = [year_table(found, number) for number in range(found.first_year, found.last_year + 1)]
    if report is Format.JSON:
        rows = [
            {"year": t.year, "working_days": t.working_days, "provisional": t.provisional, "source": t.source}
            for t in years
        ]
        week = {WEEK[n]: said(spans) for n, spans in enumerate(found.hours)}
        head = {"calendar": found.name, "title": found.title, "version": found.version}
        as_json({**head, "hours": week, "years": rows})
        return FINE
    made = table(f"{found.name}: {found.title}" if found.title else found.name, "year", "working days", "from", "")
    for each in years:
        cells(made, each.year, each.working_days, each.source, "provisional: no decree yet" if each.provisional else "")
    out().print(made)
    for days, hours in _week(found):
        out().print(Text(f"office hours of {days}: {hours}"))
    return FINE


def _week(calendar: Calendar) -> Iterator[tuple[str, str]]:
    """`monday to thursday`, `09:00-18:00`; nothing where there are no office hours."""
    for hours, group in groupby(enumerate(calendar.hours), key=lambda day: day[1]):
        days = [WEEK[n] for n, _ in group]
        names = f"{days[0]} to {days[-1]}" if len(days) > 1 else days[0]
        yield "every working day" if len(days) == len(WEEK) else names, said(hours) or "none"


def _show_year(year: YearTable, report: Format) -> int:
    if report is Format.JSON:
        as_json(year)
        return FINE
    made = table(
        f"{year.year}: {year.working_days} working days",
        "month",
        "working",
        "days off in the week, and worked weekends",
    )
    for name, month in zip(_MONTHS, year.months, strict=True):
        said = [f"{day.day:%d} {day.note}{' (worked)' if day.working else ''}" for day in month if day.note]
        cells(made, name, sum(day.working for day in month), "\n".join(said))
    out().print(made)
    return FINE


def seed_file(country: str, years: str, output: Path | None) -> int:
    """A first calendar file; an existing file is never written over."""
    from adapters.holidays import UnknownCountry, seed

    span = _YEARS.fullmatch(years.strip())
    if span is None:
        raise BadAsk(f"'{years[:20]}' are no years; write first to last, such as 2024-2028")
    first, last = int(span[1]), int(span[2] or span[1])
    try:
        text = seed(country, range(first, last + 1))
    except (UnknownCountry, ValueError) as error:
        raise BadAsk(str(error)) from None
    if output is None:
        sys.stdout.write(text)
        return FINE
    if output.exists():
        raise BadAsk(f"{output} is there already; a calendar is its owner's, give another name or remove it first")
    output.write_text(text, encoding="utf-8")
    out().print(Text(f"{output}: years {first} to {last}; compare each with its decree", style="green"))
    return FINE


def explain(start: str, term: str, calendar: str, timezone: str, roll: Roll, report: Format) -> int:
    """A term counted day by day."""
    try:
        asked, zone = parse_term(term), ZoneInfo(timezone)
        moment = local_instant(datetime.fromisoformat(start).replace(tzinfo=None), zone)
    except (ValueError, KeyError, OSError) as error:
        raise BadAsk(_words(error, start, timezone)) from None
    derived = _counted(lambda: explain_term(moment, asked, calendar=_calendar(calendar), zone=zone, roll=roll.value))
    if report is Format.JSON:
        as_json(derived)
    else:
        _print(derived, _calendar(calendar), zone)
    return FINE


def _words(error: Exception, start: str, timezone: str) -> str:
    text = str(error)
    if isinstance(error, KeyError | OSError):
        return f"there is no time zone '{timezone[:40]}'; write one such as Europe/Moscow"
    return f"'{start[:40]}' is no day; write 2025-12-29 or 2025-12-29T09:00" if "isoformat" in text else text


def _print(derived: Derivation, calendar: Calendar, zone: ZoneInfo) -> None:
    console = out()
    if derived.days:
        by_hour = ("counted", "so far") if derived.term.unit is Unit.WORKING_HOURS else ()
        made = table(f"{derived.term} from {derived.start:%Y-%m-%d %H:%M} UTC", "no.", "day", *by_hour, "")
        for day in derived.days:
            hours = (", ".join(day.spans), day.so_far) if by_hour else ()
            cells(made, "" if day.number is None else day.number, day.day, *hours, day.reason)
            if day.number is None:
                made.rows[-1].style = "dim"
        console.print(made)
    said = ", ".join([*counted(derived, calendar, zone), due_at(derived.due, zone)])
    console.print(Text(f"{said} ({derived.due:%Y-%m-%d %H:%M} UTC)", style="bold"))
    if derived.provisional:
        console.print(Text("a year on the way is provisional: its decree is not out yet", style="yellow"))


def _counted(work: Callable[[], T]) -> T:
    try:
        return work()
    except (Uncountable, ValueError) as error:
        raise BadAsk(str(error)) from None


def _calendar(name: str) -> Calendar:
    path = Path(name)
    if not path.is_file():
        folder = Path(settings_now().workflows) / "calendars"
        path = folder / f"{name}.yaml"
        if "/" in name or not path.is_file():
            have = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
            raise NotFound(f"there is no calendar '{name[:60]}'; there are {have}, or name a file")
    return calendar_or_raise(path.read_text(encoding="utf-8"), file=str(path))
