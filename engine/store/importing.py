"""Tables that people send, as jobs: their files, what became of each row, and who works on them. Leases are machine time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, literal_column, select, update

from engine.core.case import Actor
from engine.core.values import canonical, restore
from engine.store.bounded import bounded
from engine.store.case_reading import ended_where, pairs_of
from engine.store.case_writing import CaseWriter
from engine.store.outgoing import INSERT_IMPORTED
from engine.store.packing import pack, unpack
from engine.store.records import ImportedRow, ImportJob
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import IMPORT_FILE, IMPORT_JOB, IMPORTED_ROW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

PREVIEWED, RUNNING, DONE = "previewed", "running", "done"
NOBODY = '{"id":""}'
OPENED, KNOWN, WRONG = "opened", "known", "wrong"

AS_THEY_ARE = (
    "workflow",
    "parent",
    "sheet",
    "file",
    "read_as",
    "sha256",
    "status",
    "take",
    "rows",
    "opened",
    "known",
    "wrong",
    "attempt",
    "next_at",
    "imported_at",
    "changed_at",
)
"""Members of a job that are columns as they stand."""

J = IMPORT_JOB.c
R = IMPORTED_ROW.c
_JOBS = select(IMPORT_JOB)
_LITERALLY_OPENED: ColumnElement[str] = literal_column(f"'{OPENED}'")  # so that the index of opened rows serves
_JOB = J.public_id == bindparam("job")
_MINE = and_(J.id == bindparam("row"), J.attempt == bindparam("mine"))


def _change(*names: str) -> dict[str, Any]:
    return {name: bindparam(name, type_=J[name].type) for name in names}


JOB = Statement(_JOBS.where(_JOB))
JOBS_OF = Statement(
    _JOBS.where(J.actor_id == bindparam("who"), J.id < bindparam("after"))
    .order_by(J.id.desc())
    .limit(bindparam("most"))
)
OF_FILE = Statement(
    _JOBS.where(
        J.sha256 == bindparam("digest"),
        J.workflow == bindparam("of_workflow"),
        J.actor_id == bindparam("who"),
        J.status != DONE,
    )
    .order_by(J.id.desc())
    .limit(20)
)
CONTENT = Statement(select(IMPORT_FILE.c.content).where(IMPORT_FILE.c.job_id == bindparam("row")))
_WAITING = _JOBS.where(J.next_at <= bindparam("now", type_=J.next_at.type)).order_by(J.next_at, J.id).limit(1)
WAITING = Statement(_WAITING.with_for_update(skip_locked=True))
WAITING_ONE = Statement(_WAITING.where(_JOB).with_for_update(skip_locked=True))
INSERT_JOB = Statement(insert_into(IMPORT_JOB, "id"))
INSERT_FILE = Statement(insert_into(IMPORT_FILE))
START = Statement(
    update(IMPORT_JOB)
    .where(_JOB, J.status == PREVIEWED)
    .values(status=RUNNING, **_change("take", "next_at", "changed_at", "problems", "opened", "known", "wrong"))
)
TAKE = Statement(update(IMPORT_JOB).where(_MINE).values(attempt=J.attempt + 1, **_change("next_at")))
GO_ON = Statement(
    update(IMPORT_JOB)
    .where(_MINE, J.next_at.is_not(None))
    .values(_change("status", "opened", "known", "wrong", "problems", "next_at", "changed_at"))
)
COUNTS = Statement(select(R.status, func.count().label("n")).where(R.job_id == bindparam("row")).group_by(R.status))
NUMBERS = Statement(select(R.row).where(R.job_id == bindparam("row")))
ROWS = Statement(
    select(IMPORTED_ROW)
    .where(R.job_id == bindparam("row"), R.row > bindparam("after"))
    .order_by(R.row)
    .limit(bindparam("most"))
)
ROW = Statement(select(IMPORTED_ROW).where(R.job_id == bindparam("job"), R.row == bindparam("row")))
BY_KEY = Statement(
    select(IMPORTED_ROW).where(R.key == bindparam("key"), R.party == bindparam("party"), R.status == _LITERALLY_OPENED)
)
_BEFORE = J.changed_at < bindparam("before", type_=J.changed_at.type)
_OLD = select(J.id).where(_BEFORE, J.next_at.is_(None)).order_by(J.changed_at).limit(bindparam("most"))
OLD_FILES = Statement(
    _OLD.add_columns(J.status).where(select(IMPORT_FILE.c.job_id).where(IMPORT_FILE.c.job_id == J.id).exists())
)
PREVIEWS_OF = Statement(
    select(J.id)
    .where(J.actor_id == bindparam("who"), J.status == PREVIEWED)
    .order_by(J.id.desc())
    .limit(100)
    .offset(bindparam("kept"))
)
TOLD = Statement(_OLD.where(J.status == DONE, J.file != ""))
DELETE_FILE = Statement(delete(IMPORT_FILE).where(IMPORT_FILE.c.job_id == bindparam("row")))
DELETE_JOB = Statement(delete(IMPORT_JOB).where(J.id == bindparam("row")))
FORGET_WORDS = Statement(
    update(IMPORT_JOB).where(J.id == bindparam("row")).values(problems="[]", file="", actor=NOBODY)
)
FORGET_ROWS = Statement(delete(IMPORTED_ROW).where(R.job_id == bindparam("row"), R.status != OPENED))


class ImportReader(Session):
    """Reads of jobs and their rows."""

    def import_job(self, job_id: str) -> ImportJob | None:
        """A job by its public id."""
        row = self.link.row(JOB, job=job_id)
        return None if row is None else _job(row)

    def import_jobs(self, actor_id: str, after: int | None, limit: int) -> tuple[ImportJob, ...]:
        """The jobs of a person, the youngest first, below the cursor `after`."""
        rows = self.link.rows(JOBS_OF, who=actor_id, after=2**62 if after is None else after, most=limit)
        return tuple(_job(row) for row in rows)

    def open_imports(self, actor_id: str, sha256: str, workflow: str) -> tuple[ImportJob, ...]:
        """The jobs of a person with this file that are not done, the youngest first."""
        rows = self.link.rows(OF_FILE, digest=sha256, of_workflow=workflow, who=actor_id)
        return tuple(_job(row) for row in rows)

    def import_file(self, job: int) -> bytes | None:
        """The file of a job; None: it was forgotten."""
        content: bytes | None = self.link.value(CONTENT, row=job)
        return None if content is None else bytes(content)

    def imported_numbers(self, job: int) -> frozenset[int]:
        """The rows of a job of which it is known what became of them."""
        return frozenset(row.row for row in self.link.rows(NUMBERS, row=job))

    def imported_rows(self, job: int, after: int, limit: int) -> tuple[ImportedRow, ...]:
        """What became of the rows of a job, in their order."""
        return tuple(_row(row) for row in self.link.rows(ROWS, row=job, after=after, most=limit))

    def import_counts(self, job: int) -> Mapping[str, int]:
        """How many rows of a job became what."""
        found = {row.status: row.n for row in self.link.rows(COUNTS, row=job)}
        return {status: found.get(status, 0) for status in (OPENED, KNOWN, WRONG)}

    def imported(self, key: str, party: str) -> ImportedRow | None:
        """The row by which a party has opened a case under this key."""
        (found,) = self.link.peek((BY_KEY, {"key": key, "party": bounded(party)}))
        return _row(found[0]) if found else None

    def imported_row(self, job: int, row: int) -> ImportedRow | None:
        """What became of one row."""
        (found,) = self.link.peek((ROW, {"job": job, "row": row}))
        return _row(found[0]) if found else None

    def last_ended(self, workflow: str, values: Mapping[str, str], outcomes: Sequence[str]) -> str | None:
        """The id of the case with these values that was opened last among those that ended so."""
        binds = {"workflow": workflow, **pairs_of(values.items())}
        (found,) = self.link.peek((ended_where(len(values), tuple(outcomes)), binds))
        return found[0].public_id if found else None


class ImportWriter(CaseWriter, ImportReader):
    """Adds jobs and rows, and keeps who works on a job."""

    def imported(self, key: str, party: str) -> ImportedRow | None:
        """As ImportReader; rows of this transaction wait and are known."""
        known: ImportedRow | None = self.unit.known.get(("imported", key, party))
        return known or super().imported(key, party)

    def add_import(self, job: ImportJob, content: bytes) -> None:
        """A new job with its file; its `row` is given here."""
        columns: dict[str, Any] = {name: getattr(job, name) for name in AS_THEY_ARE}
        new = self.link.value(
            INSERT_JOB,
            public_id=job.id,
            actor_id=job.actor_id,
            actor=pack(job.actor),
            columns=canonical(dict(job.columns)),
            problems=canonical(list(job.problems)),
            **columns,
        )
        self.link.run(INSERT_FILE, job_id=new, content=content)

    def keep_previews(self, actor_id: str, kept: int) -> None:
        """Forgets all but so many of the jobs that a person has only looked at."""
        for row in self.link.rows(PREVIEWS_OF, who=actor_id, kept=kept):
            self.drop_import(row.id)

    def drop_import(self, job: int) -> None:
        """Forgets a job that was only looked at."""
        self.link.run(DELETE_FILE, row=job)
        self.link.run(DELETE_JOB, row=job)

    def start_import(self, job_id: str, take: str, problems: Sequence[Mapping[str, Any]]) -> bool:
        """From now on it waits for somebody to work on it; False where it did not wait for that."""
        now = self.machine_now()
        started = {"take": take, "next_at": now, "changed_at": now, "problems": canonical(list(problems))}
        return self.link.run(START, job=job_id, opened=0, known=0, wrong=0, **started) == 1

    def claim_import(self, job_id: str | None, lease_seconds: float) -> ImportJob | None:
        """The job that has waited longest, or this one: it belongs to who asks until the lease ends."""
        now = self.machine_now()
        one = {"now": now} if job_id is None else {"now": now, "job": job_id}
        row = self.link.row(WAITING if job_id is None else WAITING_ONE, **one)
        until = now + timedelta(seconds=lease_seconds)
        if row is None or self.link.run(TAKE, row=row.id, mine=row.attempt, next_at=until) != 1:
            return None
        taken = self.import_job(row.public_id)
        return taken if taken is not None and taken.attempt == row.attempt + 1 else None

    def go_on_import(
        self, job: ImportJob, status: str, next_at: datetime | None, problems: Sequence[Mapping[str, Any]]
    ) -> bool:
        """How far it is; False where somebody else works on it by now. Without `next_at` nobody does any more."""
        found = self.import_counts(job.row)
        binds = {"status": status, "next_at": next_at, "changed_at": self.machine_now(), **found}
        return self.link.run(GO_ON, row=job.row, mine=job.attempt, problems=canonical(list(problems)), **binds) == 1

    def add_imported(self, row: ImportedRow) -> None:
        """What became of a row."""
        party = None if row.party is None else bounded(row.party)
        if row.status == OPENED:
            self.unit.known["imported", row.key or "", row.party or ""] = row
        self.unit.add(
            INSERT_IMPORTED,
            job_id=row.job,
            row=row.row,
            status=row.status,
            key=row.key,
            party=party,
            body_hash=row.body_hash,
            case_id=row.case_id,
            number=row.number,
            problems=canonical(list(row.problems)),
        )

    def forget_import_files(self, before: datetime, limit: int) -> int:
        """Forgets files of jobs that nobody touched since (machine time), and jobs that were only looked at; how many."""
        rows = self.link.rows(OLD_FILES, before=before, most=limit)
        for row in rows:
            if row.status == PREVIEWED:
                self.drop_import(row.id)
            else:
                self.link.run(DELETE_FILE, row=row.id)
        return len(rows)

    def forget_import_words(self, before: datetime, limit: int) -> int:
        """Forgets what files said and who sent them, of jobs done before (machine time); keys of opened rows stay. How many."""
        rows = self.link.rows(TOLD, before=before, most=limit)
        for row in rows:
            for statement in (DELETE_FILE, FORGET_ROWS, FORGET_WORDS):
                self.link.run(statement, row=row.id)
        return len(rows)


def _job(row: Any) -> ImportJob:
    return ImportJob(
        row=row.id,
        id=row.public_id,
        actor_id=row.actor_id,
        actor=unpack(Actor, row.actor),
        columns=restore(row.columns),
        problems=tuple(restore(row.problems)),
        **{name: getattr(row, name) for name in AS_THEY_ARE},
    )


def _row(row: Any) -> ImportedRow:
    return ImportedRow(
        row.job_id,
        row.row,
        row.status,
        row.key,
        row.party,
        row.body_hash,
        row.case_id,
        row.number,
        tuple(restore(row.problems)),
    )
