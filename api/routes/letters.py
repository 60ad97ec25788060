"""Letters that went out: whether one that somebody holds is ours, and reports of mail servers that one came back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.auth import ActorIn, OperationsIn, ServicesIn
from api.exact import ExactRoute, whole_body
from engine.service.letters import BounceView, LetterVerdict

router = APIRouter(prefix="/letters", tags=["letters"], route_class=ExactRoute)

MAIL = "message/rfc822"
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {MAIL: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("/verify", openapi_extra=_BODY)
async def verify_letter(request: Request, services: ServicesIn, actor: ActorIn) -> LetterVerdict:  # noqa: ARG001 (a token is needed)
    """Whether the letter in the body (an .eml file) went out from here with these words, and when."""
    return await run_in_threadpool(services.letters.verify, await whole_body(request))


@router.post("/bounces", openapi_extra=_BODY)
async def take_bounce(request: Request, services: ServicesIn, actor: OperationsIn) -> BounceView:  # noqa: ARG001 (the role is needed)
    """A mail server's report that a letter could not be delivered: its cases say so, and it waits for a person."""
    return await run_in_threadpool(services.letters.bounce, await whole_body(request))
