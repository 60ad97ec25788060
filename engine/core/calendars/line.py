"""A line of intervals in time, and how much of it lies before a moment; which intervals is left to others."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import field
from datetime import UTC, datetime, timedelta

from engine.core.frozen import frozen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@frozen
class Line:
    """Intervals in order, in microseconds since 1970; `before` is how much lies before each, and at last all there is."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    before: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, start: datetime, end: datetime) -> None:
        """One more interval, not before the last; only while the line is made."""
        self.starts.append((start - _EPOCH) // _TICK)
        self.ends.append((end - _EPOCH) // _TICK)
        self.before.append(self.before[-1] + self.ends[-1] - self.starts[-1])

    def until(self, moment: datetime) -> timedelta:
        """How much of it lies before a moment."""
        at = (moment - _EPOCH) // _TICK
        n = bisect_right(self.starts, at) - 1
        return (self.before[n] + min(at, self.ends[n]) - self.starts[n]) * _TICK if n >= 0 else timedelta(0)

    def first(self, length: timedelta) -> datetime | None:
        """The first moment that has so much (more than nothing) before it; None where there is not so much."""
        wanted = length // _TICK
        n = bisect_left(self.before, wanted) - 1
        return None if n >= len(self.starts) else self._moment(n, wanted)

    def last(self, length: timedelta) -> datetime | None:
        """The last moment that has so much, and less than all, before it; None for less than nothing."""
        wanted = length // _TICK
        n = bisect_right(self.before, wanted) - 1
        return None if n < 0 else self._moment(n, wanted)

    def _moment(self, n: int, wanted: int) -> datetime:
        return _EPOCH + (self.starts[n] + wanted - self.before[n]) * _TICK
