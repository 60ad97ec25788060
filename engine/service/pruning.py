"""Retention: closed cases after a term, by small batches; answers to Idempotency-Keys and events that were posted after a week,
files of imports and events that were given up after a month.

What stays of a pruned case, and what may not be pruned, is said in engine/store/pruning.py.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.core.calendars.moments import due_before
from engine.errors import FieldProblem, InvalidPayload
from engine.store.pruning import FROM_THE_FIRST
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.core.terms import Term
    from engine.store.pruning import Cursor, Forecast
    from engine.store.store import Store
    from engine.store.transaction import Transaction

BATCH = 50
ANSWERS_KEPT = timedelta(days=7)
ANSWERS_AT_ONCE = 1000
FILES_KEPT = timedelta(days=30)
FILES_AT_ONCE = 20
POSTED_KEPT, DEAD_KEPT = timedelta(days=7), timedelta(days=30)
DELIVERIES_AT_ONCE = 1000
UTC_ZONE = ZoneInfo("UTC")


class Pruning:
    """Each batch is a transaction of its own: it can be stopped at any moment, and goes on where it was."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def forecast(self, older_than: Term) -> Forecast:
        """What prune would do, and why other closed cases would stay. Nothing is stored."""
        return self._store.read(lambda reader: reader.forecast(_before(reader.business_now(), older_than)))

    def prune(self, older_than: Term) -> Iterator[int]:
        """Prunes cases that were closed so long ago; how many, after each batch. Commands of people go first."""
        before = self._store.read(lambda reader: _before(reader.business_now(), older_than))
        after: Cursor | None = FROM_THE_FIRST
        while after is not None:
            work = partial(_prune, before=before, after=after)
            count, after = self._store.submit(work, priority=Priority.IMPORTS).result()
            yield count

    def forget_imports(self, older_than: Term) -> int:
        """Forgets what tables said and who sent them, of imports done so long ago (by machine time); how many."""
        before, forgotten = _before(self._store.machine_now(), older_than), 0
        while True:
            asked = self._store.submit(
                lambda tx: tx.forget_import_words(before, FILES_AT_ONCE), priority=Priority.IMPORTS
            )
            count = asked.result()
            forgotten += count
            if count == 0:
                return forgotten

    def forget(self) -> int:
        """Forgets what need not be kept any more, of itself: how much. Call again while it is > 0."""
        return self.forget_answers() + self.forget_files() + self.forget_deliveries()

    def forget_files(self) -> int:
        """Forgets files of imports that nobody has touched for a month: how many. Call again while it is > 0."""
        before = self._store.machine_now() - FILES_KEPT
        asked = self._store.submit(lambda tx: tx.forget_import_files(before, FILES_AT_ONCE), priority=Priority.IMPORTS)
        return asked.result()

    def forget_deliveries(self) -> int:
        """Forgets events that were posted a week ago, or given up a month ago: how many. Call again while it is > 0."""
        now = self._store.machine_now()
        asked = self._store.submit(
            lambda tx: tx.forget_old_deliveries(now - POSTED_KEPT, now - DEAD_KEPT, DELIVERIES_AT_ONCE),
            priority=Priority.IMPORTS,
        )
        return asked.result()

    def forget_answers(self) -> int:
        """Forgets what Idempotency-Keys were answered with a week ago: how many. Call again while it is > 0."""
        before = self._store.machine_now() - ANSWERS_KEPT
        asked = self._store.submit(lambda tx: tx.forget_accepted(before, ANSWERS_AT_ONCE), priority=Priority.IMPORTS)
        return asked.result()


def _prune(tx: Transaction, *, before: datetime, after: Cursor) -> tuple[int, Cursor | None]:
    return tx.prune(before, after, BATCH)


def _before(now: datetime, term: Term) -> datetime:
    if term.unit.needs_calendar:
        text = f"{term} depends on a calendar; write days or months"
        raise InvalidPayload([FieldProblem("older-than", "range", text)])
    return due_before(now, term, calendar=None, zone=UTC_ZONE)
