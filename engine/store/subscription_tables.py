"""Tables of who hears of events at which address, and of what is still to be posted there. Machine time."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (SQLModel reads annotations at run time)
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from engine.store.columns import BIG, Instant, Row

_OPEN: dict[str, Any] = {f"{dialect}_where": text("next_at IS NOT NULL") for dialect in ("sqlite", "postgresql")}


class SubscriptionRow(Row, table=True):
    """Who hears of which steps at which address; `pos` is how far the feed was looked through for him.

    `actor` is who made it, as packing.py writes it; the secret is kept as it is, because it signs, and goes when it ends.
    `free_at`: its receiver asked not to be sent anything before. `entries` are numbers of the register, as JSON; none: he hears of steps.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index(None, "party"),)
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    public_id: str = Field(unique=True)
    actor_id: str = Field(index=True)
    actor: str = Field(sa_type=Text)
    party: str
    url: str = Field(sa_type=Text)
    secret: str
    workflow: str | None
    type: str | None
    case_party: str | None
    pos: int = Field(sa_column=Column(BIG, nullable=False))
    free_at: datetime | None = Field(sa_type=Instant)
    paused_at: datetime | None = Field(sa_type=Instant)
    paused_why: str | None = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(sa_type=Instant)
    entries: str | None = Field(sa_type=Text)


class DeliveryRow(Row, table=True):
    """An event that a subscription is owed; `next_at` is when to try, or when the lease ends; none: over.

    `again`: a replay asked for it while it was being delivered. A case is named by its own id: what is posted locks no case.
    Who hears of entries is owed revisions: `case_id` is the number of the entry then, `seq` the revision.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("subscription_id", "pos", "seq"),
        Index(None, "subscription_id", "next_at", **_OPEN),
        Index(None, "subscription_id", "case_id", "pos", **_OPEN),
        Index(None, "subscription_id", "status", "id"),
        Index(None, "changed_at"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG, primary_key=True))
    subscription_id: int = Field(sa_column=Column(BIG, ForeignKey("subscription.id"), nullable=False))
    pos: int = Field(sa_column=Column(BIG, nullable=False))
    case_id: str
    seq: int
    status: str
    attempt: int
    tries: int
    next_at: datetime | None = Field(sa_type=Instant)
    last_error: str | None = Field(sa_type=Text)
    again: bool
    changed_at: datetime = Field(sa_type=Instant)
