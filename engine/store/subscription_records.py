"""What the store hands out of subscriptions: who hears of what, and what he is owed, as frozen records. Machine time."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.case import Actor

WAITING, DELIVERING, DONE, DEAD = "waiting", "delivering", "done", "dead"


@frozen
class Subscription:
    """An address that hears of steps; `row` is its key inside the store, `actor` who made it, as he was then.

    `pos` is how far the feed was looked through for it; `free_at`: its receiver asked not to be sent anything before.
    With `entries` it hears of revisions of these entries of the register, and of nothing else.
    """

    row: int
    id: str
    actor: Actor
    party: str
    url: str
    secret: str = field(repr=False)
    workflow: str | None
    type: str | None
    case_party: str | None
    pos: int
    created_at: datetime
    entries: tuple[str, ...] = ()
    free_at: datetime | None = None
    paused_at: datetime | None = None
    paused_why: str | None = None
    ended_at: datetime | None = None


@frozen
class Delivery:
    """An event that a subscription is owed. `attempt` is the token of the lease: only who has it may finish.

    `tries` are those that came to nothing, since it was asked for or since a person had it tried again. Of a revision of the
    register `case_id` is the entry's number, `seq` the revision.
    """

    row: int
    subscription: int
    pos: int
    case_id: str
    seq: int
    status: str
    attempt: int
    tries: int
    next_at: datetime | None
    last_error: str | None
    changed_at: datetime


@frozen
class Place:
    """A step of the feed that a subscription is owed, or a revision of the register that it has made, as in Delivery."""

    pos: int
    case_id: str
    seq: int


@frozen
class Owing:
    """A subscription with something to be posted: since when, and how much is being posted now."""

    row: int
    since: datetime
    in_flight: int
