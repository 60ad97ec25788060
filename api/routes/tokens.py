"""Tokens that were given out: seen and revoked by operations; made on the command line only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import OperationsIn, ServicesIn
from api.exact import ExactRoute
from engine.service.views import TokenView

router = APIRouter(tags=["tokens"], route_class=ExactRoute)


@router.get("/tokens")
def list_tokens(services: ServicesIn, actor: OperationsIn) -> list[TokenView]:  # noqa: ARG001  (the role is needed)
    """All tokens, without their secrets, oldest first; with whose they are and when they were last used."""
    return list(services.people.tokens())


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(
    token_id: Annotated[str, Path(max_length=40)],
    services: ServicesIn,
    actor: OperationsIn,  # noqa: ARG001
) -> None:
    """From now on it opens nothing; other nodes of the database hear of it within two seconds."""
    services.people.revoke(token_id)
