"""An oracle for terms: it walks through time with datetime and zoneinfo alone, and shares no line with the engine.

A day is a date. Its end is found by looking at a clock on the wall, minute by minute, until the next day is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FURTHEST_EAST = timedelta(hours=16)  # no clock is further ahead of UTC


@dataclass(frozen=True)
class Days:
    """Which days count: `weekend` (0 = Monday), days off, and days of the weekend that are worked; and the hours of a day
    of the week, in minutes.
    """

    weekend: frozenset[int] = frozenset()
    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    hours: tuple[tuple[tuple[int, int], ...], ...] = ()

    def counts(self, day: date) -> bool:
        """Whether people work on this day."""
        if day.weekday() in self.weekend or day in self.off:
            return day in self.worked
        return True


@lru_cache(maxsize=50_000)
def first(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which a clock on the wall says this time or a later one."""
    wanted = local.replace(second=0, microsecond=0)
    moment = wanted.replace(tzinfo=UTC) - FURTHEST_EAST
    while (wall := moment.astimezone(zone).replace(tzinfo=None)) < wanted:
        moment += MINUTE
    return moment + (local - wanted) if wall == wanted else moment


def over(day: date, zone: ZoneInfo) -> datetime:
    """When a day is over."""
    return first(datetime.combine(day + DAY, time()), zone)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day on the wall."""
    return moment.astimezone(zone).date()


def due(start: datetime, term: str, *, days: Days, zone: ZoneInfo, roll: str) -> datetime:
    """When a term such as `10 working days` from this moment is over."""
    said, _, unit = term.partition(" ")
    amount, unit = int(said), unit.removesuffix("s")
    if unit == "working hour":
        return _working_hours(start.astimezone(UTC), amount * 60 * MINUTE, days, zone)
    if unit in {"hour", "minute"}:
        moment = start.astimezone(UTC) + amount * (60 * MINUTE if unit == "hour" else MINUTE)
        wall = moment.astimezone(zone).replace(tzinfo=None)
        rolled = _rolled(wall.date(), days, roll)
        return moment if rolled == wall.date() else first(datetime.combine(rolled, wall.time()), zone)
    walk = {"day": _days, "working day": _working_days, "month": _months}[unit]
    return over(_rolled(walk(day_of(start, zone), amount, days), days, roll), zone)


def _rolled(day: date, days: Days, roll: str) -> date:
    while roll == "next" and not days.counts(day):
        day += DAY
    return day


def _days(day: date, amount: int, days: Days) -> date:
    del days
    for _ in range(amount):
        day += DAY
    return day


def _working_days(day: date, amount: int, days: Days) -> date:
    while amount:
        day += DAY
        amount -= days.counts(day)
    return day


def _working_hours(start: datetime, left: timedelta, days: Days, zone: ZoneInfo) -> datetime:
    """Day after day, span after span, as long as the office is open by the clock on its wall."""
    day = day_of(start, zone)
    while True:
        midnight = datetime.combine(day, time())
        for opens, closes in days.hours[day.weekday()] if days.counts(day) else ():
            since = max(start, first(midnight + opens * MINUTE, zone))
            until = first(midnight + closes * MINUTE, zone)
            if since + left <= until:
                return since + left
            left -= max(until - since, timedelta(0))
        day += DAY


def _months(day: date, amount: int, days: Days) -> date:
    """As many first days of a month are passed; then the same day of the month, or the last there is."""
    del days
    wanted, begun = day.day, 0
    while begun < amount or not (day.day == wanted or (day + DAY).day == 1):
        day += DAY
        begun += day.day == 1
    return day
