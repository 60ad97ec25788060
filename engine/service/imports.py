"""Tables into cases: a preview first, then a commit of all rows or of the good ones, which goes on by itself until it is done.

What a table says is import_plan.py's, what becomes of a row import_rows.py's, who works on a job import_work.py's.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from engine.core.types import MEMBERS, Kind
from engine.errors import ImportNotFound, ImportRefused, RowProblem
from engine.ports import Sheet
from engine.service.import_plan import Asked, check_opener, first_of, problems_of
from engine.service.import_rows import Rows, as_data
from engine.service.import_views import ImportedRowView, ImportReport, ImportView
from engine.service.searching import MAX_PAGE, page_of_rows, row_of
from engine.store.importing import OPENED, PREVIEWED, RUNNING, WRONG
from engine.store.records import ImportJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.core.case import Actor
    from engine.core.forms import Slot
    from engine.service.catalog import Catalog
    from engine.service.commands import Commands
    from engine.service.import_plan import Plan, Plans
    from engine.service.import_work import ImportWork
    from engine.service.views import Page
    from engine.store.records import ImportedRow
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

Take = Literal["all", "good"]
AT_ONCE = 200
"""Rows that are looked at on one snapshot."""
PREVIEWS_KEPT = 10
"""Tables that one person may have looked at and not committed; older ones are forgotten."""
MAX_PROBLEMS = 20_000
SHOWN = 20
NEVER = datetime.min.replace(tzinfo=UTC)


class Imports:
    """Jobs of people: nobody sees another's."""

    def __init__(self, store: Store, catalog: Catalog, commands: Commands, plans: Plans, work: ImportWork) -> None:
        self._store, self._catalog, self._commands, self._plans, self.work = store, catalog, commands, plans, work

    def preview(self, content: bytes, asked: Asked, actor: Actor) -> ImportReport:
        """Keeps the file as a job and says what commit would find. The same file again takes the place of one that waits, or goes on."""
        plan = self._plans.plan(content, asked, actor)
        sha256 = hashlib.sha256(content).hexdigest()
        before = self._store.read(lambda reader: reader.open_imports(actor.id, sha256, asked.workflow))
        job = next((j for j in before if (j.parent, j.sheet, j.file) == (plan.parent, asked.sheet, asked.file)), None)
        if job is not None and job.status == RUNNING:
            return self.report(job.id, actor)
        problems, known = self._judged(plan, actor)
        new = _job(asked, actor, plan, sha256, problems, known)

        def work(tx: Transaction) -> ImportJob | None:
            if not tx.repeated or tx.import_job(new.id) is None:
                if job is not None:
                    tx.drop_import(job.row)
                tx.add_import(replace(new, imported_at=tx.business_now(), changed_at=tx.machine_now()), content)
                tx.keep_previews(actor.id, PREVIEWS_KEPT)
            return tx.import_job(new.id)

        stored = self._store.write(work)
        return ImportReport(view_of(stored or new), (), tuple(problems))

    def commit(self, job_id: str, take: Take, actor: Actor) -> ImportView:
        """From now on its rows are opened, by whichever node takes it. With `all` a single bad row refuses it before.

        Raises ImportNotFound, ImportRefused. The same again, or after a crash, goes on with what was begun.
        """
        job, content = self._store.read(lambda reader: _held(reader, job_id, actor))
        if job.status != PREVIEWED:
            if job.take != take:
                raise ImportRefused(
                    f"the import is {job.status} with the {job.take} rows; send the file again for another"
                )
            return view_of(job)
        if content is None:
            raise ImportRefused("the file was forgotten, as nobody committed it; send it again")
        plan = self._plans.plan(content, _asked(job), actor)
        if plan.stopped:
            raise ImportRefused(f"{first_of(plan.stopped)}; nothing was opened", rows=plan.stopped[:SHOWN])
        problems, _ = self._judged(plan, actor)
        bad = [problem for problem in problems if not problem.warning]
        if bad and take == "all":
            count = len({problem.row for problem in bad})
            raise ImportRefused(
                f"{count} of {plan.rows} rows have problems, the first in {first_of(bad)}; nothing was opened:"
                " send the corrected file, or commit the good rows",
                rows=bad[:SHOWN],
            )
        warnings = [as_data(problem) for problem in problems if problem.warning]
        self._store.write(lambda tx: tx.start_import(job_id, take, warnings))
        self.work.ask()
        return self.job(job_id, actor)

    def job(self, job_id: str, actor: Actor) -> ImportView:
        """How far it is. Raises ImportNotFound."""
        return view_of(self._store.read(lambda reader: _own(reader, job_id, actor)))

    def jobs(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[ImportView]:
        """One's own, the youngest first."""
        limit = max(1, min(limit, MAX_PAGE))
        after = row_of(cursor)
        found = self._store.read(lambda reader: reader.import_jobs(actor.id, after, limit + 1))
        return page_of_rows(found, limit, view_of)

    def report(self, job_id: str, actor: Actor) -> ImportReport:
        """What came of the rows so far; of a preview, what would. Raises ImportNotFound."""

        def work(reader: Reader) -> ImportReport:
            job = _own(reader, job_id, actor)
            rows: list[ImportedRow] = []
            while found := reader.imported_rows(job.row, rows[-1].row if rows else -1, 2_000):
                rows += found
            said = [*job.problems, *(problem for row in rows for problem in row.problems)]
            problems = sorted((RowProblem(**problem) for problem in said), key=lambda p: p.row)
            opened = tuple(
                ImportedRowView(row.row, row.case_id or "", row.number, row.status != OPENED)
                for row in rows
                if row.status != WRONG
            )
            return ImportReport(view_of(job), opened, tuple(problems))

        return self._store.read(work)

    def workbook(self, job_id: str, actor: Actor) -> bytes:
        """The report as a workbook (XLSX). Raises ImportNotFound."""
        report = self.report(job_id, actor)
        problems = [(p.row, p.column, "warning" if p.warning else "problem", p.code, p.text) for p in report.problems]
        opened = [(row.row, row.number or row.case_id, "known" if row.known else "opened") for row in report.opened]
        return self._plans.tables.write(
            [
                Sheet("Problems", ("row", "column", "kind", "code", "what is wrong"), problems),
                Sheet("Cases", ("row", "case", "what became of it"), opened),
            ]
        )

    def template(self, workflow: str, actor: Actor) -> bytes:
        """The workbook (XLSX) to fill in: a column a field of the opening form. Raises ActorNotAllowed."""
        chart = self._catalog.chart_of(workflow)[1]
        check_opener(chart, actor)
        slots = [slot for slot in chart.opening.slots.values() if not slot.event_data]
        options = {slot.path: slot.field.type.options for slot in slots if slot.field.type.options}
        explained = [
            (slot.path, _title(slot), "yes" if slot.must else "", str(slot.field.type), _how(slot)) for slot in slots
        ]
        return self._plans.tables.write(
            [
                Sheet(workflow, [slot.path for slot in slots], options=options, fill=True),
                Sheet("Fields", ("column", "what it is", "must", "type", "how to fill it in"), explained),
            ]
        )

    def _judged(self, plan: Plan, actor: Actor) -> tuple[list[RowProblem], int]:
        """All problems and warnings, in the order of the table, and how many rows are known."""
        rows, numbers = Rows(self._catalog, self._commands, plan, actor), list(plan.payloads)
        found, known = problems_of(plan), 0
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            for judged in self._store.read(lambda reader, some=some: [rows.judge(reader, row) for row in some]):  # type: ignore[misc]
                found += judged.problems
                known += judged.known
        return sorted(found, key=lambda problem: problem.row)[:MAX_PROBLEMS], known


def view_of(job: ImportJob) -> ImportView:
    """A job as its owner sees it."""
    return ImportView(
        id=job.id,
        status=job.status,
        workflow=job.workflow,
        parent=job.parent,
        file=job.file,
        sheet=job.sheet,
        read_as=job.read_as,
        sha256=job.sha256,
        take=job.take,
        rows=job.rows,
        opened=job.opened,
        known=job.known,
        wrong=job.wrong,
        columns=job.columns,
        imported_at=job.imported_at,
    )


def _own(reader: Reader, job_id: str, actor: Actor) -> ImportJob:
    job = reader.import_job(job_id)
    if job is None or job.actor_id != actor.id:
        raise ImportNotFound(f"there is no import '{job_id[:80]}' of yours; look in the list of your imports")
    return job


def _held(reader: Reader, job_id: str, actor: Actor) -> tuple[ImportJob, bytes | None]:
    job = _own(reader, job_id, actor)
    return job, reader.import_file(job.row)


def _asked(job: ImportJob) -> Asked:
    return Asked(job.workflow, job.file, job.parent, job.sheet)


def _job(asked: Asked, actor: Actor, plan: Plan, sha256: str, problems: Sequence[RowProblem], known: int) -> ImportJob:
    return ImportJob(
        row=0,
        id=uuid.uuid4().hex,
        actor_id=actor.id,
        actor=actor,
        workflow=asked.workflow,
        parent=plan.parent,
        sheet=asked.sheet,
        file=asked.file,
        read_as=plan.read_as,
        sha256=sha256,
        status=PREVIEWED,
        take=None,
        rows=plan.rows,
        opened=0,
        known=known,
        wrong=plan.rows if plan.stopped else len({p.row for p in problems if not p.warning}),
        columns=plan.columns,
        problems=tuple(as_data(problem) for problem in problems),
        attempt=0,
        next_at=None,
        imported_at=NEVER,
        changed_at=NEVER,
    )


def _title(slot: Slot) -> str:
    return slot.field.title.values[0][1] if slot.field.title else slot.path.rpartition(".")[2]


def _how(slot: Slot) -> str:
    kind = slot.field.type.kind
    if slot.field.type.options:
        return f"one of {', '.join(slot.field.type.options)}"
    if kind in MEMBERS:
        return f"a text, or columns {', '.join(f'{slot.path}.{member}' for member in list(MEMBERS[kind])[:6])}"
    return {
        Kind.LIST: "several, separated by |",
        Kind.DATE: "2026-12-31 or 31.12.2026",
        Kind.DATETIME: "2026-12-31 15:00 or 31.12.2026 15:00",
        Kind.NUMBER: "1234.50",
        Kind.BOOLEAN: "yes or no",
    }.get(kind, "")
