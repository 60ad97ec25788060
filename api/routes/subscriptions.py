"""Subscriptions: addresses to which events are posted; seen and changed by who made them, and by operations."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.auth import ActorIn, ServicesIn
from api.bodies import ReplayBody, SubscriptionBody
from api.exact import ExactRoute
from engine.service.news_view import Wanted
from engine.service.subscription_views import DeliveryView, NewSubscription, SubscriptionView
from engine.service.views import Page

router = APIRouter(prefix="/subscriptions", tags=["subscriptions"], route_class=ExactRoute)

Id = Annotated[str, Path(max_length=40)]
Cursor = Annotated[str | None, Query(max_length=40)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.post("", status_code=201)
def create_subscription(body: SubscriptionBody, services: ServicesIn, actor: ActorIn) -> NewSubscription:
    """Have what happens in the cases you may see, or with entries of the register, posted to an address, from now on.

    The secret is shown this once.
    """
    wanted = Wanted(workflow=body.workflow, type=body.type, party=body.party, entries=frozenset(body.entries or ()))
    return services.subscriptions.create(actor, body.url, wanted)


@router.get("")
def list_subscriptions(
    services: ServicesIn, actor: ActorIn, cursor: Cursor = None, limit: Limit = 50
) -> Page[SubscriptionView]:
    """Your own, the youngest first; for operations everybody's."""
    return services.subscriptions.find(actor, cursor=cursor, limit=limit)


@router.get("/{subscription_id}")
def get_subscription(subscription_id: Id, services: ServicesIn, actor: ActorIn) -> SubscriptionView:
    """One of them: how far it is, what waits, what was given up, why it is paused."""
    return services.subscriptions.get(subscription_id, actor)


@router.delete("/{subscription_id}", status_code=204)
def end_subscription(subscription_id: Id, services: ServicesIn, actor: ActorIn) -> None:
    """Nothing is posted any more; its address and its secret are forgotten."""
    services.subscriptions.end(subscription_id, actor)


@router.post("/{subscription_id}/pause")
def pause_subscription(subscription_id: Id, services: ServicesIn, actor: ActorIn) -> SubscriptionView:
    """Nothing is posted until it is resumed."""
    return services.subscriptions.pause(subscription_id, actor)


@router.post("/{subscription_id}/resume")
def resume_subscription(subscription_id: Id, services: ServicesIn, actor: ActorIn) -> SubscriptionView:
    """It goes on where it was; nothing is missed."""
    return services.subscriptions.resume(subscription_id, actor)


@router.get("/{subscription_id}/deliveries")
def list_deliveries(
    subscription_id: Id,
    services: ServicesIn,
    actor: ActorIn,
    *,
    status: Literal["waiting", "delivering", "done", "dead"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DeliveryView]:
    """What it is owed and what has become of it, the youngest first; `status=dead`: what was given up."""
    return services.subscriptions.deliveries(subscription_id, actor, status=status, cursor=cursor, limit=limit)


@router.post("/{subscription_id}/deliveries/{delivery}/retry")
def retry_delivery(
    subscription_id: Id,
    delivery: Annotated[int, Path(ge=0, le=2**63 - 1)],
    services: ServicesIn,
    actor: ActorIn,
) -> DeliveryView:
    """Have one posted again that was given up."""
    return services.subscriptions.retry(subscription_id, delivery, actor)


@router.post("/{subscription_id}/replay")
def replay_subscription(
    subscription_id: Id, body: ReplayBody, services: ServicesIn, actor: ActorIn
) -> SubscriptionView:
    """Have everything posted again that happened from a moment on, or behind a position, in its order."""
    return services.subscriptions.replay(subscription_id, actor, after=body.after, since=body.since)
