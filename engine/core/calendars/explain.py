"""Why a term ends when it does, day by day, and what a year of a calendar looks like; printing is left to the command line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from engine.core.calendars.moments import due_after, last_day, local_date, opened_on
from engine.core.frozen import frozen
from engine.core.terms import Term, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = timedelta(days=1)


@frozen
class CountedDay:
    """A day of a term: its number where it counts, None where it is skipped; `reason` says why.

    For working hours also what of it was counted (`09:00-13:00`, by the wall clock), and how much it was by its end (`5:30`).
    """

    day: date
    number: int | None
    reason: str
    spans: tuple[str, ...] = ()
    so_far: str = ""


@frozen
class Derivation:
    """How a due moment came about. `days` is empty for hours round the clock and minutes, begins with the
    day of the start for working hours and with the next for other terms; terms in months list their last day
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


@frozen
class TableDay:
    """A day of a year's table."""

    day: date
    working: bool
    note: str


@frozen
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
    if term.unit is Unit.WORKING_HOURS and calendar is not None:
        days = tuple(_office_days(start, due, calendar, zone))
    else:
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


def _office_days(start: datetime, due: datetime, calendar: Calendar, zone: ZoneInfo) -> Iterator[CountedDay]:
    """From the day of the start to the last; a day on which nothing of the office hours was left is skipped."""
    day, number, so_far = local_date(start, zone), 0, timedelta(0)
    while day <= last_day(due, zone):
        spans = [(max(start, opens), min(due, closes)) for opens, closes in opened_on(day, calendar, zone)]
        counted = [(since, until) for since, until in spans if since < until]
        so_far += sum((until - since for since, until in counted), timedelta(0))
        reason = _reason(day, calendar)
        if counted:
            number += 1
            said = tuple(f"{_clock(since, zone)}-{_clock(until, zone)}" for since, until in counted)
            yield CountedDay(day, number, reason, said, _length(so_far))
        else:
            yield CountedDay(day, None, f"{reason}, nothing left of its hours" if calendar.is_working(day) else reason)
        day += _DAY


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _length(length: timedelta) -> str:
    minutes, seconds = divmod(length // timedelta(seconds=1), 60)
    return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


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
