"""Health, figures, and the manual clock."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api.auth import ActorIn, OperationsIn, ServicesIn
from api.background import Background
from api.bodies import ClockBody
from api.exact import ExactRoute
from api.metrics import Metrics
from engine.service.views import Advanced

router = APIRouter(tags=["system"], route_class=ExactRoute)
manual_clock = APIRouter(tags=["system"], route_class=ExactRoute)


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(services: ServicesIn) -> dict[str, Any]:
    """The store answers, and workflows are published."""
    return {"status": "ok", "now": services.clock.now(), "workflows": [w.name for w in services.catalog.workflows()]}


@router.get("/me")
def me(actor: ActorIn) -> dict[str, Any]:
    """Who your token says you are."""
    return {
        "id": actor.id,
        "name": actor.name,
        "roles": sorted(actor.roles),
        "attributes": dict(actor.attributes),
        "acting_for": actor.acting_for,
    }


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, actor: OperationsIn) -> Response:  # noqa: ARG001  (the role is needed)
    """What an operator watches, in the text format of Prometheus."""
    found: Metrics = request.app.state.metrics
    return Response(found.text(), media_type=found.media_type)


@manual_clock.post("/clock")
def move_clock(body: ClockBody, services: ServicesIn, actor: OperationsIn, request: Request) -> Advanced:  # noqa: ARG001
    """Move a manual clock on; it stops at each due moment until timers and effects are done."""
    background: Background = request.app.state.background
    with background.paused():
        return services.clock.advance(body.to)
