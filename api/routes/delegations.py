"""Persons who let another act for them; the other sends `Act-For` with each request that he makes so."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import ActorIn, ServicesIn
from api.bodies import DelegationBody
from api.exact import ExactRoute
from engine.service.views import DelegationView

router = APIRouter(prefix="/me/delegations", tags=["delegations"], route_class=ExactRoute)


@router.get("")
def list_delegations(services: ServicesIn, actor: ActorIn) -> list[DelegationView]:
    """Those you gave and those you received that have not ended."""
    return list(services.delegations.of(actor))


@router.post("", status_code=201)
def give_delegation(body: DelegationBody, services: ServicesIn, actor: ActorIn) -> DelegationView:
    """Let a person act for you until a moment, in all your roles or in some. History will name both."""
    return services.delegations.give(
        actor,
        body.to,
        until=body.until,
        since=body.since,
        roles=body.roles,
        reason=body.reason,
    )


@router.delete("/{delegation_id}", status_code=204)
def end_delegation(delegation_id: Annotated[str, Path(max_length=40)], services: ServicesIn, actor: ActorIn) -> None:
    """It holds no more; either of the two may end it."""
    services.delegations.revoke(delegation_id, actor)
