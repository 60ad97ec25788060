"""Where terms end: LANGUAGE §5 as functions of a start, a term, a calendar and a zone. (Signatures fixed here.)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar
    from engine.core.terms import Term


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The local day an instant falls on."""
    raise NotImplementedError


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The start of the next local day, in UTC (exclusive end)."""
    raise NotImplementedError


def last_day(moment: datetime, zone: ZoneInfo) -> date:
    """The last local day that is over or running just before an exclusive moment: the day people call `due`."""
    raise NotImplementedError


def add_working_days(day: date, amount: int, calendar: Calendar) -> date:
    """The `amount`-th working day after (negative: before) `day`; 0: `day` itself if it is working, else the next one."""
    raise NotImplementedError


def add_months(day: date, amount: int) -> date:
    """The same day `amount` months later (or earlier), or the last day of that month."""
    raise NotImplementedError


def roll_forward(day: date, calendar: Calendar) -> date:
    """`day` if it is working, else the next working day."""
    raise NotImplementedError


def due_after(
    start: datetime, term: Term, *, calendar: Calendar | None, zone: ZoneInfo, roll: Literal["next", "none"]
) -> datetime:
    """When a term that starts at `start` is over, in UTC. Working days need a calendar."""
    raise NotImplementedError


def due_before(moment: datetime, term: Term, *, calendar: Calendar | None, zone: ZoneInfo) -> datetime:
    """`term` before a due moment, in UTC: terms by day go from its last day to the end of an earlier day (no roll)."""
    raise NotImplementedError
