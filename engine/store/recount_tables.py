"""The table of what moves deadlines of running cases."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from engine.store.columns import BIG, Instant, Row


class RecountRow(Row, table=True):
    """A new version of a calendar, or an outage of a workflow's applicants (`since` to `until`).

    `at` is business time; `seen` is the last case that was looked at, `moved` how many moved; `done_at` none: not over yet.
    """

    __tablename__ = "recount"
    __table_args__ = (Index(None, "done_at"),)
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    kind: str
    name: str
    version: int
    earlier: bool
    reason: str = Field(sa_type=Text)
    since: datetime | None = Field(sa_type=Instant)
    until: datetime | None = Field(sa_type=Instant)
    actor_id: str
    at: datetime = Field(sa_type=Instant)
    seen: int = Field(sa_column=Column(BIG, nullable=False))
    moved: int
    done_at: datetime | None = Field(sa_type=Instant)
