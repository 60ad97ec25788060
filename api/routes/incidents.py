"""What needs a person: incidents, and the effects that most of them are about. All for the role `operations`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.auth import OperationsIn, ServicesIn
from api.bodies import MAX_NUMBER, CaseRef, CloseBody, ResolveBody, RetryBody
from api.exact import ExactRoute
from engine.service.views import EffectView, IncidentView

router = APIRouter(tags=["incidents"], route_class=ExactRoute)

Number = Annotated[int, Path(ge=0, le=MAX_NUMBER)]


@router.get("/incidents")
def find_incidents(
    services: ServicesIn,
    actor: OperationsIn,  # noqa: ARG001  (the role is needed)
    *,
    case: Annotated[CaseRef | None, Query(description="of this case only")] = None,
    closed: Annotated[bool, Query(description="closed ones too")] = False,
    after: Annotated[int, Query(ge=0, le=MAX_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[IncidentView]:
    """What needs a person, oldest first: effects that are dead, with every try; timers and results that were refused."""
    return list(services.incidents.find(case_id=case, open_only=not closed, after=after, limit=limit))


@router.get("/incidents/{incident_id}")
def get_incident(incident_id: Number, services: ServicesIn, actor: OperationsIn) -> IncidentView:  # noqa: ARG001
    """One incident, open or closed."""
    return services.incidents.get(incident_id)


@router.post("/incidents/{incident_id}/close")
def close_incident(incident_id: Number, body: CloseBody, services: ServicesIn, actor: OperationsIn) -> IncidentView:
    """It has been seen to, as `answer` says. The effect that it is about stays as it is."""
    return services.incidents.close(incident_id, actor, answer=body.answer)


@router.post("/effects/{case_id}/{seq}/{n}/retry")
def retry_effect(
    case_id: CaseRef, seq: Number, n: Number, body: RetryBody, services: ServicesIn, actor: OperationsIn
) -> EffectView:
    """Have an effect tried again that is dead, or that reached nobody; its key is the path. Closes its incident."""
    return services.handling.retry(f"{case_id}/{seq}/{n}", actor, reason=body.reason)


@router.post("/effects/{case_id}/{seq}/{n}/resolve")
def resolve_effect(
    case_id: CaseRef, seq: Number, n: Number, body: ResolveBody, services: ServicesIn, actor: OperationsIn
) -> EffectView:
    """End an effect that is dead or waits as done by hand; a waiting state takes `result`. Closes its incident."""
    return services.handling.resolve(f"{case_id}/{seq}/{n}", actor, reason=body.reason, result=body.result)
