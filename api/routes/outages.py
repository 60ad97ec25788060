"""What moves deadlines: calendars that are published anew, and outages, in which applicants could not answer for a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import ActorIn, OperationsIn, ServicesIn
from api.bodies import CalendarBody, Name, OutageBody
from api.exact import ExactRoute
from engine.service.catalog import Change
from engine.service.recounting import MoveView, RecountView

router = APIRouter(tags=["deadlines"], route_class=ExactRoute)

MOST = 1000


@dataclass(frozen=True, slots=True)
class Moves:
    """The first thousand deadlines that would move; `count` is how many there are."""

    items: tuple[MoveView, ...]
    count: int


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A published calendar: its name, and how many versions of it there were."""

    name: str
    version: int


@router.put("/calendars/{name}")
def publish_calendar(name: Name, body: CalendarBody, services: ServicesIn, actor: OperationsIn) -> CalendarVersion:
    """Publish a calendar; running deadlines are counted again, later by themselves. The same text is no new version."""
    change = Change(body.earlier, body.reason.strip(), actor.id)
    stored = services.recounting.publish_calendar(body.text, file=f"{name}.yaml", change=change)
    return CalendarVersion(stored.name, stored.version)


@router.post("/calendars/{name}/preview")
def preview_calendar(name: Name, body: CalendarBody, services: ServicesIn, _: OperationsIn) -> Moves:
    """Which deadlines it would move, case by case, and which would stay, and why; nothing is stored."""
    found = services.recounting.preview_calendar(body.text, file=f"{name}.yaml", earlier=body.earlier)
    return Moves(found[:MOST], len(found))


@router.post("/outages", status_code=201)
def declare_outage(body: OutageBody, services: ServicesIn, actor: ActorIn) -> RecountView:
    """Move the deadlines that ran for applicants then; for the process owner, and operations."""
    recounting = services.recounting
    return recounting.get(recounting.declare_outage(body.workflow, body.since, body.until, body.reason, actor))


@router.post("/outages/preview")
def preview_outage(body: OutageBody, services: ServicesIn, actor: ActorIn) -> Moves:
    """What it would move, case by case; nothing is stored."""
    found = services.recounting.preview_outage(body.workflow, body.since, body.until, actor)
    return Moves(found[:MOST], len(found))


@router.get("/recounts")
def list_recounts(
    services: ServicesIn, _: OperationsIn, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[RecountView]:
    """New versions of calendars, and outages, the last one first, and how many cases each has moved; for operations."""
    return list(services.recounting.latest(limit))
