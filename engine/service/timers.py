"""Timers that are due, case by case: candidates are read without locks, the case is locked and looked at again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.store.store import Priority

if TYPE_CHECKING:
    from datetime import datetime

    from engine.service.stepping import Stepping
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

PER_TRANSACTION = 100


class Timers:
    """A small service that a ticker calls; any number of nodes may do so at once."""

    def __init__(self, store: Store, stepping: Stepping) -> None:
        self._store, self._stepping = store, stepping

    def fire_due(self, limit: int = 200) -> int:
        """Fire what is due in at most so many cases, in due order; how many timers fired. Call again while it is > 0."""
        candidates = self._store.read(lambda reader: reader.due_timers(reader.business_now(), limit))
        cases = dict.fromkeys(case_id for case_id, _ in candidates)
        works = [(case_id, partial(self._fire, case_id)) for case_id in cases]
        asked = self._store.together(works, priority=Priority.TIMERS)
        return sum(future.result() for future in asked)

    def next_due(self) -> datetime | None:
        """When the next timer of any case is due."""
        return self._store.read(lambda reader: reader.next_due())

    def until_due(self) -> float | None:
        """Seconds until then, by the store's clock: a length, whatever clock who waits goes by. None: nothing will be."""
        if self._store.manual_clock:
            return None

        def work(reader: Reader) -> float | None:
            due = reader.next_due()
            return None if due is None else (due - reader.business_now()).total_seconds()

        return self._store.read(work)

    def _fire(self, case_id: str, tx: Transaction) -> int:
        """A case that somebody else has locked is left to him: whoever locks a case fires its timers first."""
        taken = self._stepping.take(tx, case_id, most=PER_TRANSACTION, wait=False)
        return 0 if taken is None else taken.fired
