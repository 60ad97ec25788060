"""Subscriptions and what they are owed, as their owners see them; the secret is in no view but that of a new one."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime  # noqa: TC003  programs read the annotations to describe what they send

from engine.core.frozen import frozen


@frozen
class SubscriptionView:
    """An address that hears of steps. `party`: of cases of this party only; `position`: how far it has been looked through.

    With `entries` it hears of the revisions of these entries of the register instead.

    `waiting` are deliveries that are not over, `dead` those that are given up.
    """

    id: str
    owner: str
    url: str
    workflow: str | None
    type: str | None
    party: str | None
    entries: tuple[str, ...]
    position: int
    waiting: int
    dead: int
    paused_at: datetime | None
    paused_why: str | None
    created_at: datetime


@frozen
class NewSubscription:
    """A subscription that was just made, with the secret that signs what it is sent: shown this once."""

    subscription: SubscriptionView
    secret: str = field(repr=False)


@frozen
class DeliveryView:
    """An event that a subscription is owed: `event` is its id, `tries` how often that came to nothing.

    `status` is waiting, delivering, done or dead; `next_at` is when it is tried, or when whoever tries has to be done.
    """

    id: int
    event: str
    position: int
    status: str
    tries: int
    next_at: datetime | None
    last_error: str | None
    changed_at: datetime
