"""Where terms end: LANGUAGE §5 as functions of a start, a term, a calendar and a zone. Which days count is the calendar's.

A local time that does not exist means the first moment after the gap; one that exists twice means the first of the two.
Dates beyond the years 2 to 9998 cannot be counted with (CalendarEnds).
Without a calendar no day is known to be off: nothing rolls, and working days and hours cannot be counted (ValueError).

Working hours are counted in office hours only. A span of them begins at the first moment at which the wall clock shows its
beginning or a later time, and ends likewise: an hour that is skipped inside it is not there, a repeated one passes twice.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from engine.core.calendars.calendar import CalendarEnds
from engine.core.calendars.line import Line
from engine.core.terms import Term, Unit

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone; instants are aware, in UTC")
    return moment


def _countable(day: date) -> date:
    if not 1 < day.year < 9999:
        raise CalendarEnds(f"{day.isoformat()} is too far away to count with; the years 2 to 9998 can be used")
    return day


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The local day an instant falls on."""
    return _aware(moment).astimezone(zone).date()


def local_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local (naive) date and time; forward out of a gap, to the first of two."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    # In a gap: read with the offset after it the time lies before the change, with the one before it at or after.
    low = local.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    steps = -(-(first - low) // timedelta(seconds=1))
    before = low.astimezone(zone).utcoffset()
    here = bisect_left(
        range(steps), 1, key=lambda n: int((low + timedelta(seconds=n)).astimezone(zone).utcoffset() != before)
    )
    return low + timedelta(seconds=here)


@lru_cache(maxsize=8192)
def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The start of the next local day, in UTC (exclusive end)."""
    return local_instant(datetime.combine(_countable(day) + _DAY, time()), zone)


def last_day(moment: datetime, zone: ZoneInfo) -> date:
    """The last local day that is over or running just before an exclusive moment: the day people call `due`."""
    return local_date(_aware(moment) - _INSTANT, zone)


def ended_day(moment: datetime, zone: ZoneInfo) -> date | None:
    """The local day that is over at a moment, which people say by its own name; None: it is a time of day."""
    return last_day(moment, zone) if moment.astimezone(zone).time() == time() else None


@lru_cache(maxsize=64)
def _working_ordinals(calendar: Calendar) -> array[int]:
    first, end = date(calendar.first_year, 1, 1).toordinal(), date(calendar.last_year, 12, 31).toordinal()
    return array("l", [n for n in range(first, end + 1) if calendar.is_working(date.fromordinal(n))])


def add_working_days(day: date, amount: int, calendar: Calendar) -> date:
    """The `amount`-th working day after (negative: before) `day`; 0: `day` itself if it is working, else the next one."""
    _countable(day)
    ordinal, days = day.toordinal(), _working_ordinals(calendar)
    reach = day + _DAY if amount > 0 else day - _DAY if amount < 0 else day
    calendar.is_working(reach)  # the first day looked at has to be covered
    index = bisect_right(days, ordinal) + amount - 1 if amount > 0 else bisect_left(days, ordinal) + amount
    if index < 0:
        calendar.is_working(date(calendar.first_year, 1, 1) - _DAY)
    if index >= len(days):
        calendar.is_working(date(calendar.last_year, 12, 31) + _DAY)
    return date.fromordinal(days[index])


def add_months(day: date, amount: int) -> date:
    """The same day `amount` months later (or earlier), or the last day of that month."""
    years, month = divmod(day.year * 12 + day.month - 1 + amount, 12)
    if not 1 < years < 9999:
        raise CalendarEnds(f"{amount} months from {day.isoformat()} is too far away; the years 2 to 9998 can be used")
    leap = month == 1 and years % 4 == 0 and (years % 100 != 0 or years % 400 == 0)
    return date(years, month + 1, min(day.day, _LAST_DAYS[month] + leap))


def roll_forward(day: date, calendar: Calendar) -> date:
    """`day` if it is working, else the next working day."""
    return day if calendar.is_working(day) else add_working_days(day, 0, calendar)


def roll_instant(moment: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """`moment` if its local day is working, else the same local time of the next working day."""
    local = _aware(moment).astimezone(zone)
    day = local.date()
    rolled = roll_forward(day, calendar)
    return moment if rolled == day else local_instant(datetime.combine(rolled, local.time()), zone)


def opened_on(day: date, calendar: Calendar, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The office hours of a day in UTC, as far as they exist. Raises NoOfficeHours, and CalendarEnds."""
    midnight = datetime.combine(day, time())
    spans = [
        (
            local_instant(midnight + timedelta(minutes=opens), zone),
            local_instant(midnight + timedelta(minutes=closes), zone),
        )
        for opens, closes in calendar.office_hours(day)
    ]
    return [(start, end) for start, end in spans if start < end]


@lru_cache(maxsize=64)
def _office_hours(calendar: Calendar, zone: ZoneInfo) -> Line:
    line, last = Line(), date(calendar.last_year, 12, 31)
    day = date(calendar.first_year, 1, 1)
    while day <= last:
        for start, end in opened_on(day, calendar, zone):
            line.add(start, end)
        day += _DAY
    return line


def working_time(start: datetime, end: datetime, calendar: Calendar, zone: ZoneInfo) -> timedelta:
    """How much working time lies between two moments. Raises NoOfficeHours, and CalendarEnds."""
    calendar.office_hours(local_date(start, zone))
    calendar.office_hours(last_day(end, zone))
    line = _office_hours(calendar, zone)
    return line.until(end) - line.until(start)


def add_working_time(moment: datetime, length: timedelta, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """So much working time after a moment (negative: before it); raises NoOfficeHours, and CalendarEnds.

    Of several moments the nearest: forward the end of a day's hours, not the next morning; back the morning.
    """
    if not length:
        return moment
    ahead = length > timedelta(0)
    calendar.office_hours(local_date(moment, zone) if ahead else last_day(moment, zone))
    line = _office_hours(calendar, zone)
    wanted = line.until(moment) + length
    found = line.first(wanted) if ahead else line.last(wanted)
    if found is None:
        raise calendar.ends(date(calendar.last_year + 1, 1, 1) if ahead else date(calendar.first_year - 1, 12, 31))
    return found


def _needed(term: Term, calendar: Calendar | None) -> Calendar:
    if calendar is None:
        raise ValueError(f"{term} cannot be counted without a calendar; name one at the top of the workflow")
    return calendar


def _shift(day: date, term: Term, sign: int, calendar: Calendar | None) -> date:
    if term.unit is Unit.WORKING_DAYS:
        return add_working_days(day, sign * term.amount, _needed(term, calendar))
    if term.unit is Unit.MONTHS:
        return add_months(day, sign * term.amount)
    ordinal = day.toordinal() + sign * term.amount
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))  # what is beyond is refused by end_of_day


def _pass(moment: datetime, term: Term, sign: int, calendar: Calendar | None, zone: ZoneInfo) -> datetime:
    """A term by the hour after (or before) a moment."""
    amount = sign * term.amount
    if term.unit is Unit.WORKING_HOURS:
        return add_working_time(moment.astimezone(UTC), timedelta(hours=amount), _needed(term, calendar), zone)
    return moment.astimezone(UTC) + (timedelta(hours=amount) if term.unit is Unit.HOURS else timedelta(minutes=amount))


def due_after(
    start: datetime, term: Term, *, calendar: Calendar | None, zone: ZoneInfo, roll: Literal["next", "none"]
) -> datetime:
    """When a term that starts at `start` is over, in UTC. Working days and hours need a calendar, and never roll."""
    rolls = calendar if roll == "next" and not term.unit.needs_calendar else None
    _countable(_aware(start).date())
    if not term.unit.by_day:
        due = _pass(start, term, 1, calendar, zone)
        return due if rolls is None else roll_instant(due, rolls, zone)
    day = _shift(local_date(start, zone), term, 1, calendar)
    return end_of_day(day if rolls is None else roll_forward(day, rolls), zone)


def due_before(moment: datetime, term: Term, *, calendar: Calendar | None, zone: ZoneInfo) -> datetime:
    """`term` before a due moment, in UTC: terms by day go from its last day to the end of an earlier day (no roll)."""
    _countable(_aware(moment).date())
    if not term.unit.by_day:
        return _pass(moment, term, -1, calendar, zone)
    return end_of_day(_shift(last_day(moment, zone), term, -1, calendar), zone)
