"""Days on the calendar and in the zone of a scope; how they are counted is left to calendars/."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.calendars import moments
from engine.core.calendars.calendar import CalendarEnds
from engine.core.expressions.expression import ExpressionError

if TYPE_CHECKING:
    from engine.core.expressions.expression import Scope

FURTHEST = 100_000  # in days or months
FURTHEST_WORKING = 10_000

OUT_OF_BOUNDS = "the date is out of bounds"


def today(scope: Scope) -> date:
    """The local day of `now`."""
    return moments.local_date(scope.now, scope.zone)


def start_of_day(scope: Scope, value: date) -> datetime:
    """The first moment of a day, or of the local day of a moment."""
    try:
        day = moments.local_date(value, scope.zone) if isinstance(value, datetime) else value
        return moments.end_of_day(day - timedelta(days=1), scope.zone)
    except (OverflowError, ValueError, CalendarEnds):
        raise ExpressionError(OUT_OF_BOUNDS) from None


def add_days(_: Scope, day: date, amount: int) -> date:
    """Calendar days later (negative: earlier)."""
    try:
        return day + timedelta(days=near(amount, FURTHEST * 10))
    except OverflowError:
        raise ExpressionError(OUT_OF_BOUNDS) from None


def add_months(_: Scope, day: date, amount: int) -> date:
    """The same day of another month, or that month's last."""
    try:
        return moments.add_months(day, near(amount, FURTHEST))
    except (OverflowError, ValueError, CalendarEnds):
        raise ExpressionError(OUT_OF_BOUNDS) from None


def add_working_days(scope: Scope, day: date, amount: int) -> date:
    """Working days later (negative: earlier) on the workflow's calendar."""
    if scope.calendar is None:
        raise ExpressionError("there is no calendar to count working days on; name one with `calendar:`")
    try:
        return moments.add_working_days(day, near(amount, FURTHEST_WORKING), scope.calendar)
    except CalendarEnds as error:
        raise ExpressionError(str(error)) from None
    except (OverflowError, ValueError):
        raise ExpressionError(OUT_OF_BOUNDS) from None


def days_between(_: Scope, first: date, second: date) -> int:
    """Days from the first date to the second; negative where the second is earlier."""
    return (second - first).days


def near(amount: int, furthest: int) -> int:
    """An amount within bounds."""
    if -furthest <= amount <= furthest:
        return amount
    raise ExpressionError(f"{furthest} days or months are as far as this counts")
