"""Why a term ends when it does, day by day, and what a year of a calendar looks like; printing is left to the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from engine.core.calendars.moments import due_after, last_day, local_date
from engine.core.terms import Term, Unit

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A day after the start: its number where it counts, None where it is skipped; `reason` says why."""

    day: date
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a due moment came about. `days` is empty for terms in hours and minutes; terms in months list their last day
    and those it rolled over. `provisional`: a year it touches has no decree yet.
    """

    start: datetime
    term: Term
    days: tuple[CountedDay, ...]
    last: date
    rolled_from: date | None
    due: datetime
    due_local: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class TableDay:
    """A day of a year's table."""

    day: date
    working: bool
    note: str


@dataclass(frozen=True, slots=True)
class YearTable:
    """A year of a calendar: every day, by month."""

    year: int
    provisional: bool
    source: str
    months: tuple[tuple[TableDay, ...], ...]

    @property
    def working_days(self) -> int:
        """How many days of the year count."""
        return sum(day.working for month in self.months for day in month)


def explain_term(
    start: datetime, term: Term, *, calendar: Calendar | None, zone: ZoneInfo, roll: Literal["next", "none"]
) -> Derivation:
    """The due moment of `due_after` with every day that was counted or skipped on the way."""
    due = due_after(start, term, calendar=calendar, zone=zone, roll=roll)
    plain = due_after(start, term, calendar=calendar, zone=zone, roll="none")
    first, last = local_date(start, zone), last_day(due, zone)
    unrolled = last_day(plain, zone)
    days = _days(first, last, unrolled, term, calendar)
    years = range(first.year, last.year + 1)
    return Derivation(
        start=start.astimezone(UTC),
        term=term,
        days=days,
        last=last,
        rolled_from=unrolled if due != plain else None,
        due=due,
        due_local=due.astimezone(zone),
        provisional=calendar is not None and any(year in calendar.provisional for year in years),
    )


def _days(first: date, last: date, unrolled: date, term: Term, calendar: Calendar | None) -> tuple[CountedDay, ...]:
    if not term.unit.by_day:
        return ()
    days: list[CountedDay] = []
    day, number = first, 0
    while day < last:
        day += _DAY
        working = calendar is None or calendar.is_working(day)
        if day > unrolled or (term.unit is Unit.WORKING_DAYS and not working):
            days.append(CountedDay(day, None, _reason(day, calendar)))
            continue
        number += 1
        if term.unit is not Unit.MONTHS:
            days.append(CountedDay(day, number, _reason(day, calendar)))
        elif day == unrolled:
            days.append(CountedDay(day, term.amount, _reason(day, calendar)))
    return tuple(days)


def _reason(day: date, calendar: Calendar | None) -> str:
    name = _NAMES[day.weekday()]
    note = calendar.notes.get(day, "") if calendar is not None else ""
    if note:
        return f"{name}, {note}"
    if calendar is None or calendar.is_working(day):
        return name
    return f"{name}, {'weekend' if day.weekday() in calendar.weekend else 'day off'}"


def year_table(calendar: Calendar, year: int) -> YearTable:
    """Every day of a year; raises CalendarEnds outside the years covered."""
    day = date(year, 1, 1)
    months: list[list[TableDay]] = [[] for _ in range(12)]
    while day.year == year:
        months[day.month - 1].append(TableDay(day, calendar.is_working(day), calendar.notes.get(day, "")))
        day += _DAY
    return YearTable(
        year, year in calendar.provisional, calendar.sources.get(year, ""), tuple(tuple(month) for month in months)
    )
