"""What a zone's rules are, in a number: when the time zone database is updated, it differs, and local deadlines lie elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 40 * 366
"""Deadlines lie within these years; each of their days is looked at."""


@cache
def rules_of(zone: ZoneInfo) -> int:
    """A number of 31 bits that is another one where an offset from UTC is another one, on any day of the years looked at."""
    offsets = (str((FIRST + timedelta(days=n)).astimezone(zone).utcoffset()) for n in range(DAYS))
    return crc32(",".join(offsets).encode()) & 0x7FFFFFFF
