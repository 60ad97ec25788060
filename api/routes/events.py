"""Many events in one call, each its own step, a result a line."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.auth import ActorIn, ServicesIn
from api.bodies import BatchBody
from api.exact import ExactRoute
from api.problems import of_error
from engine.core.case import Event
from engine.service.cases import BatchLine, BatchResult

router = APIRouter(tags=["cases"], route_class=ExactRoute)


@router.post("/events")
def send_events(body: BatchBody, services: ServicesIn, actor: ActorIn) -> dict[str, list[dict[str, Any]]]:
    """A batch: the answer has a line for each event, an outcome or a problem; one refusal holds up no other."""
    lines = [
        BatchLine(line.case, Event(line.event, line.data, frozenset(line.declares)), line.if_match, line.key)
        for line in body.events
    ]
    return {"results": [_line(result) for result in services.cases.batch(lines, actor)]}


def _line(result: BatchResult) -> dict[str, Any]:
    if result.error is not None:
        problem = of_error(result.error)
        return {"status": problem["status"], "problem": problem}
    return {
        "status": 200,
        "case": result.case_id,
        "number": result.number,
        "seq": result.seq,
        "etag": result.etag,
        "states": list(result.leaves),
    }
