"""Tables of uploaded documents: who uploaded what, and which cases refer to it. Contents are in no database. Machine time."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from engine.store.case_tables import CLUSTERED, case_key
from engine.store.columns import BIG, Instant, Row


class DocumentRow(Row, table=True):
    """A document as one party (or a person without one: `owner`) uploaded it; `used_at` is when it was last needed."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("sha256", "owner"), Index(None, "owner"), Index(None, "used_at"))
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    sha256: str
    owner: str
    size: int = Field(sa_column=Column(BIG, nullable=False))
    media_type: str
    name: str = Field(sa_type=Text)
    actor_id: str
    uploaded_at: datetime = Field(sa_type=Instant)
    used_at: datetime = Field(sa_type=Instant)


class DocumentUseRow(Row, table=True):
    """A case that refers, or referred once, to a document; `name` and `media_type` as they were then."""

    __tablename__ = "document_use"
    __table_args__ = (Index(None, "sha256"), CLUSTERED)
    case_id: int = Field(sa_column=case_key())
    sha256: str = Field(primary_key=True)
    size: int = Field(sa_column=Column(BIG, nullable=False))
    media_type: str
    name: str = Field(sa_type=Text)
