"""Effects after the commit: taken under a lease, tried, finished; one try is delivering.py's, what people do handling.py's."""

from __future__ import annotations

from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING

from engine.core.case import BETWEEN_CASES
from engine.errors import Unavailable
from engine.service.telling import OUTWARD
from engine.store.claiming import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.service.delivering import Delivering
    from engine.service.hands import Hands
    from engine.store.limits import Limits
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

LEASE_SECONDS = 120


class Effects:
    """A small service that a ticker calls; any number of nodes may do so at once.

    With `hands` outward effects are delivered by these, beside each other; without, one after the other in order.
    """

    def __init__(
        self,
        store: Store,
        delivering: Delivering,
        *,
        limits: Limits,
        hands: Hands | None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store, self._delivering, self._limits, self._hands = store, delivering, limits, hands
        self._lease_seconds = lease_seconds
        self._claiming, self._closed = Lock(), Event()

    def deliver_pending(self) -> int:
        """Try what is due, as much of each adapter as may be; how many were begun. Call again while it is > 0."""
        with self._claiming:  # room is looked for and taken by one at a time
            if self._closed.is_set():
                return 0
            claimed = self._store.write(partial(self._claim, room=self._room()))
            here = claimed if self._hands is None else self._hand_over(self._hands, claimed)
        for effect in here:
            if self._closed.is_set():
                self._give_back(effect)
            else:
                self._delivering.deliver(effect)
        return len(claimed)

    def until_next(self) -> float | None:
        """Seconds of the store's clock until there may be something to try; None: nothing waits."""

        def work(reader: Reader) -> float | None:
            moment = reader.next_effect_at(self._limits)
            return None if moment is None else (moment - reader.machine_now()).total_seconds()

        return self._store.read(work)

    def pending(self) -> int:
        """How many are not over."""
        return self._store.read(lambda reader: reader.pending_effects())

    def watch(self, ended: Callable[[], None]) -> None:
        """Calls whenever a delivery beside others has ended, so that there may be room for the next. Must not block."""
        if self._hands is not None:
            self._hands.watch(ended)

    def close(self) -> None:
        """Takes no more, gives back what was taken and is not begun, waits for what is being delivered outside."""
        self._closed.set()
        if self._hands is not None:
            self._hands.close()

    def _claim(self, tx: Transaction, room: Callable[[str, Mapping[str, int]], int]) -> tuple[StoredEffect, ...]:
        return tx.claim_effects(lease_seconds=self._lease_seconds, room=room, limits=self._limits)

    def _room(self) -> Callable[[str, Mapping[str, int]], int]:
        """For inward effects always: they are done here, and need nobody outside."""
        share = (lambda *_: AT_ONCE) if self._hands is None else self._hands.share()

        def room(adapter: str, before: Mapping[str, int]) -> int:
            if adapter == BETWEEN_CASES:
                return AT_ONCE
            return share(adapter, {name: count for name, count in before.items() if name != BETWEEN_CASES})

        return room

    def _hand_over(self, hands: Hands, claimed: tuple[StoredEffect, ...]) -> list[StoredEffect]:
        """Begins the outward ones; returns the others."""
        here = []
        for effect in claimed:
            if effect.kind not in OUTWARD:
                here.append(effect)
                continue
            try:
                hands.begin(effect.adapter, partial(self._delivering.deliver, effect))
            except Unavailable:  # this process ends
                self._give_back(effect)
        return here

    def _give_back(self, effect: StoredEffect) -> None:
        """So that nobody has to wait for its lease; who held it cannot finish it any more once it is taken again."""
        self._store.write(lambda tx: tx.finish_effect(effect.key, effect.attempt, "pending", next_at=tx.machine_now()))
