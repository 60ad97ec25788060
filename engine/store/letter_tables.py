"""The table of letters that went out: what proves to whom, where to, when and with which words."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)

from sqlalchemy import Column, Index
from sqlmodel import Field

from engine.store.case_tables import case_key
from engine.store.columns import BIG, Instant, Row


class LetterRow(Row, table=True):
    """A letter by one channel about one case; `sha256` is of its words, `at` business time."""

    __tablename__ = "letter"
    __table_args__ = (
        Index(None, "message_id", "channel", "case_id", unique=True),
        Index(None, "case_id", "id"),
        Index(None, "effect"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    case_id: int = Field(sa_column=case_key(first=False))
    message_id: str
    channel: str
    effect: str
    person: str
    address: str
    template: str
    sha256: str
    at: datetime = Field(sa_type=Instant)
    status: str
    reason: str | None
