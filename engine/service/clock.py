"""Business time: reading it, and moving it by hand where the store says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.values import instant
from engine.errors import Refused, Unavailable
from engine.service.views import Advanced

if TYPE_CHECKING:
    from datetime import datetime

    from engine.service.digests import Digests
    from engine.service.effects import Effects
    from engine.service.recounting import Recounting
    from engine.service.timers import Timers
    from engine.store.store import Store

MAX_ROUNDS = 100_000


class ClockRefused(Refused):
    """The clock is not moved by hand, or not backwards."""


class Clock:
    """The clock of the cases; machine time is never moved."""

    def __init__(
        self, store: Store, timers: Timers, effects: Effects, recounting: Recounting, digests: Digests
    ) -> None:
        self._store, self._timers, self._effects, self._recounting = store, timers, effects, recounting
        self._digests = digests

    @property
    def manual(self) -> bool:
        """Whether it stands still until somebody moves it."""
        return self._store.manual_clock

    def now(self) -> datetime:
        """Business time."""
        return self._store.read(lambda reader: reader.business_now())

    def advance(self, to: datetime) -> Advanced:
        """Move to a moment, holding at each due one until timers and effects are idle. Raises ClockRefused."""
        if not self.manual:
            raise ClockRefused("the clock runs by itself; start with --clock manual to move it")
        start = self.now()
        if to.tzinfo is None or to < start:
            raise ClockRefused(
                f"the clock stands at {instant(start)} and does not go back; give a later moment with its zone"
            )
        timers, effects = self._until_idle()
        stops: list[datetime] = []
        while (due := self._next_due()) is not None and due <= to:
            if stops and due <= stops[-1]:
                raise Unavailable(f"a timer due {instant(due)} does not fire; see the incidents")
            stops.append(due)
            self._set(max(due, start))
            fired, tried = self._until_idle()
            timers, effects = timers + fired, effects + tried
        self._set(to)
        fired, tried = self._until_idle()
        return Advanced(start, to, timers + fired, effects + tried, tuple(stops))

    def settle(self) -> Advanced:
        """Run what is due now until timers and effects are idle; time is not moved."""
        start = self.now()
        timers, effects = self._until_idle()
        return Advanced(start, self.now(), timers, effects, ())

    def _next_due(self) -> datetime | None:
        """When the next timer is due, or the next digest goes out."""
        return min((at for at in (self._timers.next_due(), self._digests.next_at()) if at is not None), default=None)

    def _set(self, moment: datetime) -> None:
        self._store.write(lambda tx: tx.set_clock(moment))

    def _until_idle(self) -> tuple[int, int]:
        timers = effects = 0
        for _ in range(MAX_ROUNDS):
            counted, fired = self._recounting.run_once(), self._timers.fire_due()
            tried = self._digests.gather() + self._effects.deliver_pending()
            if not counted and not fired and not tried:
                return timers, effects
            timers, effects = timers + fired, effects + tried
        raise Unavailable("the cases do not come to rest: they send to each other without an end; see their histories")
