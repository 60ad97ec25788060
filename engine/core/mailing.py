"""How a workflow's letters go out: whom they come from, whom an answer reaches, and the hours in which none is sent."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.core.calendars.moments import local_instant
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from engine.core.naming import Text


@frozen
class Quiet:
    """From a time of day until another, over midnight where the second is the earlier; the first is inside, the last is not."""

    start: time
    end: time


@frozen
class Mailing:
    """`mail:`. What is None is as the installation has it."""

    sender: Text | None = None
    address: str | None = None
    reply_to: str | None = None
    quiet: Quiet | None = None


def quiet_until(now: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which a moment lies; None where it lies in none."""
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):  # those of yesterday may go on
        start = local_instant(datetime.combine(day, quiet.start), zone)
        until = day if quiet.start < quiet.end else day + timedelta(days=1)
        end = local_instant(datetime.combine(until, quiet.end), zone)
        if start <= now < end:
            return end
    return None
