"""One sentence that says how a due moment was counted: from when, which days of the week were off, and until when."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from engine.core.calendars.moments import ended_day

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar
    from engine.core.calendars.explain import Derivation

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
MOST = 30
"""Days that are named one by one; of more only how many there are."""


def counted(derived: Derivation, calendar: Calendar | None, zone: ZoneInfo) -> list[str]:
    """`10 working days from 24 April 2026`, `1 and 11 May off`: what was counted, and which days of the week were not."""
    term, start = derived.term, derived.start.astimezone(zone)
    said = [f"{term} from {said_day(start.date()) if term.unit.by_day else said_moment(start)}"]
    if calendar is not None and term.unit.needs_calendar:
        days = [one.day for one in derived.days]
        off = [day for day in days if day.weekday() not in calendar.weekend and not calendar.is_working(day)]
        worked = [day for day in days if day.weekday() in calendar.weekend and calendar.is_working(day)]
        said += [f"{_days(off)} off"] if off else []
        said += [f"{_days(worked)} worked"] if worked else []
    if derived.rolled_from is not None:
        said.append(f"{said_day(derived.rolled_from)} is a day off")
    return said


def due_at(due: datetime, zone: ZoneInfo) -> str:
    """`due 12 May 2026 24:00 Europe/Moscow`."""
    return f"due {said_end(due, zone)} {zone.key}"


def said_end(due: datetime, zone: ZoneInfo) -> str:
    """`12 May 2026 24:00`, as the clock shows there: a day that is over is said by its own name."""
    day = ended_day(due, zone)
    return said_moment(due.astimezone(zone)) if day is None else f"{said_day(day)} 24:00"


def said_day(day: date) -> str:
    """`24 April 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def said_moment(moment: datetime) -> str:
    """`24 April 2026 09:30`, as the clock shows there."""
    return f"{said_day(moment.date())} {moment:%H:%M}"


def _days(days: Iterable[date]) -> str:
    """`31 December, 1, 2 and 5 January`, or how many there are."""
    known = list(days)
    if len(known) > MOST:
        return f"{len(known)} days of the week"
    months = [
        f"{_and(str(day.day) for day in group)} {_MONTHS[month - 1]}"
        for (_, month), group in groupby(known, key=lambda day: (day.year, day.month))
    ]
    return ", ".join(months)


def _and(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
