"""Tables of running cases: the case, its data by group, positions, timers, search entries, history and the feed."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from engine.store.columns import BIG, Instant, Row

CLUSTERED = {"sqlite_with_rowid": False}
"""Small rows kept in the order of their key: one tree instead of two on SQLite."""

COMING = "next_due IS NOT NULL"
OVERDUE = "overdue_since IS NOT NULL"
"""Few cases are overdue: an entry for the others would only be rewritten."""


def case_key(*, first: bool = True) -> Column[int]:
    """The case that a row belongs to, as (the first part of) its primary key or as a plain reference."""
    return Column("case_id", BIG, ForeignKey("case.id"), primary_key=first, nullable=False)


class CaseRow(Row, table=True):
    """A case; `memory`, `opened_by`, `parent` as packing.py writes them, `leaves`, `turn`, `search` plain JSON.

    `hash` is the last of its history. `unique_key` is empty where `unique` does not hold any more. A case that was pruned
    keeps this row: its number, its times, its last hash.
    """

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("workflow", "number"),
        UniqueConstraint("workflow", "unique_key"),
        Index(None, "number"),
        Index(None, "workflow"),
        Index(None, "workflow", "closed_at"),
        Index(None, "pruned_at", "closed_at"),
        Index(None, "outcome"),
        Index(None, "overdue_since", postgresql_where=text(OVERDUE), sqlite_where=text(OVERDUE)),
        Index(None, "next_due", "id", postgresql_where=text(COMING), sqlite_where=text(COMING)),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    public_id: str = Field(unique=True)
    workflow: str
    version_id: int = Field(sa_column=Column(BIG, ForeignKey("workflow_version.id"), nullable=False))
    number: str | None
    unique_key: str | None
    opened_at: datetime = Field(sa_type=Instant)
    opened_by: str = Field(sa_type=Text)
    last_at: datetime = Field(sa_type=Instant)
    seq: int
    revision: int
    closed_at: datetime | None = Field(sa_type=Instant)
    outcome: str | None
    leaves: str = Field(sa_type=Text)
    turn: str = Field(sa_type=Text)
    memory: str = Field(sa_type=Text)
    parent: str | None = Field(sa_type=Text)
    search: str = Field(sa_type=Text)
    next_due: datetime | None = Field(sa_type=Instant)
    overdue_since: datetime | None = Field(sa_type=Instant)
    hash: str
    pruned_at: datetime | None = Field(default=None, sa_type=Instant)


class CaseSectionRow(Row, table=True):
    """The data of a case by group ("" for fields outside groups): canonical JSON of path → value."""

    __tablename__ = "case_section"
    case_id: int = Field(sa_column=case_key())
    section: str = Field(primary_key=True)
    data: str = Field(sa_type=Text)


class PositionRow(Row, table=True):
    """An active state; `place` gives the order."""

    __tablename__ = "position"
    __table_args__ = (Index(None, "state", "case_id"), CLUSTERED)
    case_id: int = Field(sa_column=case_key())
    state: str = Field(primary_key=True)
    place: int
    entry: int
    entered_at: datetime = Field(sa_type=Instant)
    finished: bool


class TimerRow(Row, table=True):
    """An armed timer; `key` is engine.core.case.Timer.key, `workflow` the case's."""

    __tablename__ = "timer"
    __table_args__ = (Index(None, "due", "case_id"), Index(None, "workflow", "due", "case_id"), CLUSTERED)
    case_id: int = Field(sa_column=case_key())
    key: str = Field(primary_key=True)
    place: int
    state: str
    entry: int
    deadline: str
    kind: str
    rung: int
    due: datetime = Field(sa_type=Instant)
    workflow: str = Field(sa_column_kwargs={"server_default": ""})


class CaseIndexRow(Row, table=True):
    """What a case is found by: searchable fields by path; `@turn` whose move it is, `@word` single words."""

    __tablename__ = "case_index"
    __table_args__ = (Index(None, "path", "value", "case_id"), CLUSTERED)
    case_id: int = Field(sa_column=case_key())
    path: str = Field(primary_key=True)
    value: str = Field(primary_key=True)


class CaseLinkRow(Row, table=True):
    """A case and the one that opened it."""

    __tablename__ = "case_link"
    __table_args__ = (Index(None, "parent_id", "case_id"), CLUSTERED)
    case_id: int = Field(sa_column=case_key())
    parent_id: int = Field(sa_column=Column(BIG, ForeignKey("case.id"), nullable=False))


class StepRow(Row, table=True):
    """A line of a history: `record` without its payload, which can be erased apart (chain.py).

    `at` is the record's own moment, `recorded_at` business time after the lock, `arrived_at` when the request came in.
    """

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    case_id: int = Field(sa_column=case_key(first=False))
    seq: int
    kind: str
    name: str
    record: str = Field(sa_type=Text)
    payload: str | None = Field(sa_type=Text)
    payload_hash: str
    hash: str
    command: str | None = Field(unique=True)
    at: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)
    arrived_at: datetime | None = Field(sa_type=Instant)


class FeedRow(Row, table=True):
    """The order of steps across cases, without gaps that may still fill."""

    __tablename__ = "feed"
    __table_args__ = (Index(None, "case_id"),)
    pos: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    case_id: int = Field(sa_column=case_key(first=False))
    seq: int
    hash: str


class UnsequencedRow(Row, table=True):
    """A committed step that waits for its place in the feed, where several processes commit."""

    __tablename__ = "unsequenced"
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    case_id: int = Field(sa_column=case_key(first=False))
    seq: int
    hash: str


class CheckpointRow(Row, table=True):
    """What the feed held between two positions, signed by a key that is not in the database (checkpoints.py)."""

    __tablename__ = "checkpoint"
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    first_pos: int = Field(sa_column=Column(BIG, nullable=False, unique=True))
    last_pos: int = Field(sa_column=Column(BIG, nullable=False))
    count: int
    root: str
    previous: str
    made_at: datetime = Field(sa_type=Instant)
    key: str
    signature: str


class CertificateRow(Row, table=True):
    """One issue of a certificate with the status it has now; `facts` are frozen by reserve and new_issue.

    `replaces` is the number of an earlier certificate whose place it takes, as its fact of this name says.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("number", "issue"),
        Index(None, "token"),
        Index(None, "case_id"),
        Index(None, "replaces"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    number: str
    issue: int
    token: str
    case_id: int = Field(sa_column=case_key(first=False))
    status: str
    facts: str = Field(sa_type=Text)
    issued_at: datetime = Field(sa_type=Instant)
    replaces: str | None


class CertificateStatusRow(Row, table=True):
    """Every status a certificate was given; only added to."""

    __tablename__ = "certificate_status"
    __table_args__ = (Index(None, "certificate_id"),)
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    certificate_id: int = Field(sa_column=Column(BIG, ForeignKey("certificate.id"), nullable=False))
    verb: str
    status: str
    effective_from: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)


class CertificateFileRow(Row, table=True):
    """The rendered file of an issue: the first one stays."""

    __tablename__ = "certificate_file"
    certificate_id: int = Field(sa_column=Column(BIG, ForeignKey("certificate.id"), primary_key=True))
    pdf: bytes = Field(sa_type=LargeBinary)
    sha256: str
    stored_at: datetime = Field(sa_type=Instant)


class RegisterEntryRow(Row, table=True):
    """A revision of an entry, only added to: what it says from `effective_from`, known since `recorded_at`.

    `seq` is the step of its case that made it; none where the step was pruned before steps were noted.
    """

    __tablename__ = "register_entry"
    __table_args__ = (
        UniqueConstraint("entry_no", "revision"),
        Index(None, "case_id"),
        Index(None, "tax_id", "designation"),
        Index(None, "designation"),
        Index(None, "code"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    entry_no: str
    revision: int
    case_id: int = Field(sa_column=case_key(first=False))
    verb: str
    status: str
    facts: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    tax_id: str | None
    designation: str | None
    code: str | None
    effective_from: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)
    seq: int | None


class RegisterWordRow(Row, table=True):
    """Single words of a revision's facts, for `q`."""

    __tablename__ = "register_word"
    __table_args__ = (Index(None, "entry_id", "word"), CLUSTERED)
    word: str = Field(primary_key=True)
    entry_id: int = Field(sa_column=Column(BIG, ForeignKey("register_entry.id"), primary_key=True))
