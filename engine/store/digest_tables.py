"""The table of letters that wait: for a day's digest, or for the end of quiet hours."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)

from sqlalchemy import Column, Index, UniqueConstraint, false, text
from sqlmodel import Field

from engine.store.case_tables import case_key
from engine.store.columns import BIG, Instant, Row

WAITING = text("digest IS NULL")


class DigestLineRow(Row, table=True):
    """A letter to one person that goes out at `due_at` (business time), with others or `alone`; `digest` is the effect that
    takes it.
    """

    __tablename__ = "digest_line"
    __table_args__ = (
        UniqueConstraint("effect", "person"),
        Index(None, "due_at", "person", "id", postgresql_where=WAITING, sqlite_where=WAITING),
        Index(None, "digest"),
        Index(None, "case_id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    case_id: int = Field(sa_column=case_key(first=False))
    effect: str
    person: str
    due_at: datetime = Field(sa_type=Instant)
    digest: str | None
    alone: bool = Field(sa_column_kwargs={"server_default": false()})
