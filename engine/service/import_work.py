"""Who works on imports: a job is taken under a lease, its rows are opened in groups, each row a transaction; after a crash it goes on."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from engine.errors import MilepostError, RowProblem, Unavailable
from engine.service.import_plan import HEADER, Asked, first_of
from engine.service.import_rows import Rows, as_data, wrong_row
from engine.store.importing import DONE, RUNNING
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from engine.service.catalog import Catalog
    from engine.service.commands import Commands
    from engine.service.import_plan import Plan, Plans
    from engine.store.records import ImportJob
    from engine.store.store import Store
    from engine.store.transaction import Transaction

log = logging.getLogger("milepost.imports")

GROUP = 100
"""Rows between two looks whether the job is still ours."""


class ImportWork:
    """A small service that a ticker calls; any number of nodes may do so at once."""

    def __init__(
        self, store: Store, catalog: Catalog, commands: Commands, plans: Plans, *, lease_seconds: float
    ) -> None:
        self._store, self._catalog, self._commands, self._plans = store, catalog, commands, plans
        self._lease_seconds = lease_seconds
        self._closed = Event()
        self._watchers: list[Callable[[], None]] = []

    def watch(self, asked: Callable[[], None]) -> None:
        """Calls whenever there is a job to work on. Must not block."""
        self._watchers.append(asked)

    def ask(self) -> None:
        """There is a job to work on."""
        for asked in self._watchers:
            asked()

    def run_once(self, job_id: str | None = None, told: Callable[[int, int], None] = lambda *_: None) -> int:
        """Works on one job until it is done, the one that has waited longest or this one: 1, or 0 where none waits.

        `told` hears of (rows done, rows) after each group. Call again while it is > 0.
        """
        if self._closed.is_set():
            return 0
        job = self._store.submit(lambda tx: tx.claim_import(job_id, self._lease_seconds), priority=Priority.IMPORTS)
        taken = job.result()
        if taken is None:
            return 0
        try:
            self._work(taken, told)
        except (Unavailable, KeyboardInterrupt):  # given back where the store can be told so; else its lease ends
            with suppress(Unavailable):
                self._go_on(taken, RUNNING, timedelta(0))
            raise
        except MilepostError as error:  # the parent takes no more by now, the workflow has other openers
            self._end(taken, "not-allowed", f"{error}; the rows that are left were not opened")
        except Exception as bug:
            log.exception("import %s failed", taken.id)
            self._end(
                taken, "fault", "something went wrong here, which is in the log; send the table again for the rest"
            )
            words = f"the import of {taken.rows} rows by {taken.actor_id} stopped: {type(bug).__name__}"
            self._store.write(lambda tx: tx.add_incident(case_id=None, kind="import", subject=taken.id, text=words))
        return 1

    def close(self) -> None:
        """Takes no more; what is worked on is given back after the group that runs."""
        self._closed.set()

    def _work(self, job: ImportJob, told: Callable[[int, int], None]) -> None:
        content = self._store.read(lambda reader: reader.import_file(job.row))
        if content is None:
            self._end(job, "missing", "the file was forgotten; send it again")
            return
        plan = self._plans.plan(content, Asked(job.workflow, job.file, job.parent, job.sheet), job.actor)
        if plan.stopped:  # the workflow has another form by now
            self._end(job, "unknown", first_of(plan.stopped))
            return
        done = self._store.read(lambda reader: reader.imported_numbers(job.row))
        left = [row for row in sorted((*plan.payloads, *plan.wrong)) if row not in done]
        rows = Rows(self._catalog, self._commands, plan, job.actor)
        for start in range(0, len(left), GROUP):
            if self._closed.is_set():
                self._go_on(job, RUNNING, timedelta(0))
                return
            self._group(job, plan, rows, left[start : start + GROUP])
            if not self._go_on(job, RUNNING, timedelta(seconds=self._lease_seconds)):
                return
            told(len(done) + min(start + GROUP, len(left)), plan.rows)
        self._go_on(job, DONE, None)

    def _group(self, job: ImportJob, plan: Plan, rows: Rows, numbers: Sequence[int]) -> None:
        works: list[tuple[str, Callable[[Transaction], None]]] = []
        for row in numbers:
            if row in plan.payloads:
                works.append((plan.parent or "", partial(rows.open, job=job.row, row=row)))
            else:
                works.append(("", partial(_refuse, job=job.row, row=row, plan=plan)))
        for outcome in self._store.together(works, priority=Priority.IMPORTS):
            outcome.result()

    def _end(self, job: ImportJob, code: str, words: str) -> None:
        """It is done, though rows are left."""
        self._go_on(job, DONE, None, [as_data(RowProblem(HEADER, "", code, words))])

    def _go_on(
        self, job: ImportJob, status: str, more: timedelta | None, problems: Sequence[Mapping[str, Any]] = ()
    ) -> bool:
        """False: somebody else works on it by now."""

        def work(tx: Transaction) -> bool:
            until = None if more is None else tx.machine_now() + more
            return tx.go_on_import(job, status, until, [*problems, *job.problems])

        return self._store.submit(work, priority=Priority.IMPORTS).result()


def _refuse(tx: Transaction, *, job: int, row: int, plan: Plan) -> None:
    if tx.imported_row(job, row) is None:
        tx.add_imported(wrong_row(job, row, plan.wrong[row]))
