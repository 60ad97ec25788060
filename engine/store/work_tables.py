"""Tables of what is published and of what is still to be done: versions, effects, tokens, incidents, imports."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from engine.store.case_tables import CLUSTERED, case_key
from engine.store.columns import BIG, Instant, Row


class WorkflowVersionRow(Row, table=True):
    """A published definition; `templates` is JSON of path → text."""

    __tablename__ = "workflow_version"
    __table_args__ = (UniqueConstraint("workflow", "version"), Index(None, "workflow", "digest"))
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    workflow: str
    version: int
    digest: str
    source: str = Field(sa_type=Text)
    file: str
    templates: str = Field(sa_type=Text)
    calendar: str | None
    calendar_version: int | None
    published_at: datetime = Field(sa_type=Instant)


class CalendarVersionRow(Row, table=True):
    """A calendar file as it was published."""

    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("name", "version"),)
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    name: str
    version: int
    text: str = Field(sa_type=Text)
    published_at: datetime = Field(sa_type=Instant)


_OPEN: dict[str, Any] = {f"{dialect}_where": text("next_at IS NOT NULL") for dialect in ("sqlite", "postgresql")}
"""An index of what is not over: it stays small whatever was done before."""


class EffectRow(Row, table=True):
    """Something to be done after the commit; `next_at` (machine time) is when to try, or when the lease ends; none: over."""

    __tablename__ = "effect"
    __table_args__ = (
        Index(None, "adapter", "status", "next_at", "id", **_OPEN),
        Index(None, "case_id", "adapter", "next_at"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    key: str = Field(unique=True)
    case_id: int = Field(sa_column=case_key(first=False))
    seq: int
    kind: str
    adapter: str
    payload: str = Field(sa_type=Text)
    state: str
    entry: int
    status: str
    attempt: int
    tries: str = Field(sa_type=Text)
    next_at: datetime | None = Field(sa_type=Instant)
    result: str | None = Field(sa_type=Text)


class LaneRow(Row, table=True):
    """An adapter that may not be called as often as one likes: when it may be called again. Machine time."""

    __tablename__ = "lane"
    __table_args__ = (CLUSTERED,)
    adapter: str = Field(primary_key=True)
    free_at: datetime = Field(sa_type=Instant)


class CounterRow(Row, table=True):
    """Numbers without gaps: taken in the transaction that uses them, always last in lock order."""

    __tablename__ = "counter"
    __table_args__ = (CLUSTERED,)
    name: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    value: int


class TokenRow(Row, table=True):
    """A bearer token (its hash only) and the person it stands for; machine time."""

    __tablename__ = "token"
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    public_id: str = Field(unique=True)
    hash: str = Field(unique=True)
    actor_id: str = Field(index=True)
    name: str
    email: str | None
    locale: str
    roles: str = Field(sa_type=Text)
    attributes: str = Field(sa_type=Text)
    ties: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(sa_type=Instant)


class DelegationRow(Row, table=True):
    """`receiver` may act for `giver` in these roles for a time; what the giver was when he said so; machine time."""

    __tablename__ = "delegation"
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    public_id: str = Field(unique=True)
    giver: str = Field(index=True)
    receiver: str = Field(index=True)
    name: str
    roles: str = Field(sa_type=Text)
    attributes: str = Field(sa_type=Text)
    ties: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    made_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(sa_type=Instant)


class IncidentRow(Row, table=True):
    """Something that needs a person; `closed_at` when it was seen to, by whom, and what he says."""

    __tablename__ = "incident"
    __table_args__ = (Index(None, "closed_at"), Index(None, "case_id"))
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    case_id: int | None = Field(sa_column=Column(BIG, ForeignKey("case.id")))
    kind: str
    subject: str
    text: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(sa_type=Instant)
    closed_by: str | None = Field(default=None, sa_type=Text)
    answer: str | None = Field(default=None, sa_type=Text)


class AcceptedRow(Row, table=True):
    """An answered request by its Idempotency-Key and party; rebuilt from the step it made. Machine time."""

    __tablename__ = "accepted"
    __table_args__ = (Index(None, "accepted_at"), CLUSTERED)
    key: str = Field(primary_key=True)
    party: str = Field(primary_key=True)
    body_hash: str
    case_id: str
    seq: int
    accepted_at: datetime = Field(sa_type=Instant)


class ImportJobRow(Row, table=True):
    """A table that somebody sent; `next_at` (machine time) is when to begin, or when the lease ends; none: nobody works on it.

    `actor` as packing.py writes it, `columns` and `problems` are JSON.
    """

    __tablename__ = "import_job"
    __table_args__ = (
        Index(None, "sha256", "workflow"),
        Index(None, "actor_id", "id"),
        Index(None, "changed_at"),
        Index(None, "next_at", **_OPEN),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    public_id: str = Field(unique=True)
    actor_id: str
    actor: str = Field(sa_type=Text)
    workflow: str
    parent: str | None
    sheet: str | None
    file: str
    read_as: str = Field(sa_type=Text)
    sha256: str
    status: str
    take: str | None
    rows: int
    opened: int
    known: int
    wrong: int
    columns: str = Field(sa_type=Text)
    problems: str = Field(sa_type=Text)
    attempt: int
    next_at: datetime | None = Field(sa_type=Instant)
    imported_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class ImportFileRow(Row, table=True):
    """The file of a job, as long as it is needed."""

    __tablename__ = "import_file"
    job_id: int = Field(sa_column=Column(BIG, ForeignKey("import_job.id"), primary_key=True))
    content: bytes = Field(sa_type=LargeBinary)


_OPENED: dict[str, Any] = {f"{dialect}_where": text("status = 'opened'") for dialect in ("sqlite", "postgresql")}


class ImportedRowRow(Row, table=True):
    """What became of a row of a table: `opened` (once for a key and party), `known` or `wrong`; `problems` is JSON."""

    __tablename__ = "imported_row"
    __table_args__ = (Index(None, "key", "party", unique=True, **_OPENED), CLUSTERED)
    job_id: int = Field(sa_column=Column(BIG, ForeignKey("import_job.id"), primary_key=True))
    row: int = Field(primary_key=True)
    status: str
    key: str | None
    party: str | None
    body_hash: str | None
    case_id: str | None
    number: str | None
    problems: str = Field(sa_type=Text)


class ClockRow(Row, table=True):
    """Business time where it is set by hand: one row, id 1."""

    __tablename__ = "clock"
    id: int = Field(primary_key=True)
    moment: datetime = Field(sa_type=Instant)
