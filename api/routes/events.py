"""Many events in one call, each its own step, a result a line."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.auth import ActorIn, LocaleIn, ServicesIn
from api.bodies import BatchBody
from api.exact import ExactRoute
from api.problems import of_error
from engine.core.case import Event
from engine.service.cases import BatchLine, BatchResult

router = APIRouter(tags=["cases"], route_class=ExactRoute)


@router.post("/events")
def send_events(
    body: BatchBody, services: ServicesIn, actor: ActorIn, locale: LocaleIn
) -> dict[str, list[dict[str, Any]]]:
    """A batch: the answer has a line for each event, an outcome or a problem; one refusal holds up no other."""
    lines = [
        BatchLine(line.case, Event(line.event, line.data, frozenset(line.declares)), line.if_match, line.key)
        for line in body.events
    ]
    results = services.cases.batch(lines, actor, locale=locale)
    return {"results": [_line(result) for result in results]}


def _line(result: BatchResult) -> dict[str, Any]:
    if result.outcome is None:
        return {
            "status": 500 if result.error is None else of_error(result.error)["status"],
            "problem": result.error and of_error(result.error),
        }
    case = result.outcome.case
    return {
        "status": 200,
        "case": case.id,
        "number": case.number,
        "seq": result.outcome.step.seq,
        "etag": case.etag,
        "states": [s.path for s in case.states if s.leaf],
    }
