"""Timers that are due, case by case: candidates are read without locks, the case is locked and looked at again."""

from __future__ import annotations

import logging
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from engine.errors import Unavailable
from engine.store.store import Priority

if TYPE_CHECKING:
    from datetime import datetime

    from engine.service.stepping import Stepping
    from engine.store.outcome import Outcome
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

log = logging.getLogger("milepost.timers")

PER_TRANSACTION = 100
LOOK = 192
"""Cases that are looked for at once: three whole groups of the writer."""
ASIDE = 60.0
"""Seconds after which a case whose timers could not even be looked at is looked at again."""


class Timers:
    """A small service that a ticker calls; any number of nodes may do so at once."""

    def __init__(self, store: Store, stepping: Stepping) -> None:
        self._store, self._stepping = store, stepping
        self._aside: dict[str, float] = {}  # cases that cannot be stepped, and until when they are left alone

    def fire_due(self, limit: int = LOOK) -> int:
        """Fire what is due in at most so many cases, in due order; how many timers fired. Call again while it is > 0.

        A case that cannot even be read becomes an incident, and holds up no other.
        """
        now = monotonic()  # a length of time, no moment
        self._aside = {case_id: until for case_id, until in self._aside.items() if until > now}
        wanted = limit + len(self._aside)
        candidates = self._store.read(lambda reader: reader.due_timers(reader.business_now(), wanted))
        cases = dict.fromkeys(case_id for case_id, _ in candidates if case_id not in self._aside)
        works = [(case_id, partial(self._fire, case_id)) for case_id in cases]
        outcomes = self._store.together(works, priority=Priority.TIMERS)
        return sum(self._fired(case_id, outcome) for case_id, outcome in zip(cases, outcomes, strict=True))

    def _fired(self, case_id: str, outcome: Outcome[int]) -> int:
        try:
            return outcome.result()
        except Unavailable:
            raise
        except Exception as error:
            log.exception("the timers of case %s could not be fired", case_id)
            self._aside[case_id] = monotonic() + ASIDE
            self._store.write(partial(_report, case_id, f"{type(error).__name__}: {error}"))
            return 0

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


def _report(case_id: str, text: str, tx: Transaction) -> None:
    """An incident, unless the same one is open."""
    if not any(incident.subject == case_id for incident in tx.incidents(case_id, open_only=True)):
        tx.add_incident(case_id=case_id, kind="timer", subject=case_id, text=text)
