"""The table of answers to the tender question, each with the receipt that was given for it."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from engine.store.columns import BIG, Instant, Row


class ReceiptRow(Row, table=True):
    """An answer as it was given (`text`, which is what `signature` signs); only added to."""

    __tablename__ = "receipt"
    __table_args__ = (Index(None, "tax_id", "designation", "id"),)
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    receipt: str = Field(unique=True)
    tax_id: str
    designation: str
    asked_by: str
    asked_at: datetime = Field(sa_type=Instant)
    text: str = Field(sa_type=Text)
    key: str
    signature: str
