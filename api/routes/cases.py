"""Cases: open, list, read, and what belongs to one."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from api.auth import ActorIn, LocaleIn, ServicesIn
from api.bodies import MAX_NUMBER, Accepted, EventBody, OpenBody, accepted
from api.exact import ExactRoute
from api.landing import Landing
from engine.core.case import Event
from engine.service.letters import LetterView
from engine.service.views import CaseView, DryRun, EffectView, Outcome, Page, StepView, TimerView

router = APIRouter(prefix="/cases", tags=["cases"], route_class=ExactRoute)

IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=80)]


@router.post("", status_code=201)
async def open_case(
    body: OpenBody,
    request: Request,
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    response: Response,
    key: IdempotencyKey = None,
) -> Accepted:
    """Open a case; with `parent` as a child of another. With `Idempotency-Key` a repeated request opens nothing twice."""
    asked = services.cases.submit_open(
        body.workflow, body.data, actor, parent=body.parent, key=key, declares=frozenset(body.declares)
    )
    decision = await _landing(request).wait(asked)
    outcome = services.cases.answer(decision, actor, locale=locale)
    response.headers["Location"] = f"/cases/{outcome.case.id}"
    return answered(outcome, response)


@router.get("/{case_id}")
def get_case(case_id: str, services: ServicesIn, actor: ActorIn, locale: LocaleIn, response: Response) -> CaseView:
    """One case by id or number: where it is, whose turn, until when, and what you may send."""
    case = services.cases.get(case_id, actor, locale=locale)
    response.headers["ETag"] = case.etag
    return case


@router.post("/{case_id}/events")
async def send_event(
    case_id: str,
    body: EventBody,
    request: Request,
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    response: Response,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
    *,
    dry_run: bool = False,
) -> Accepted | DryRun:
    """Send an event. `If-Match`: only to the case as it was read. `dry_run=true`: the step as it would be, nothing stored."""
    event = Event(body.event, body.data, frozenset(body.declares))
    if dry_run:
        return await asyncio.to_thread(
            lambda: services.cases.dry_run(case_id, event, actor, if_match=if_match, locale=locale)
        )
    asked = services.cases.submit_event(case_id, event, actor, if_match=if_match, key=key)
    decision = await _landing(request).wait(asked)
    return answered(services.cases.answer(decision, actor, locale=locale), response)


def _landing(request: Request) -> Landing:
    landing: Landing = request.app.state.landing
    return landing


def answered(outcome: Outcome, response: Response) -> Accepted:
    """A step as it is answered: with the case's ETag, and whether it was taken before."""
    response.headers["ETag"] = outcome.case.etag
    if outcome.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return accepted(outcome)


@router.get("/{case_id}/history")
def get_history(
    case_id: str,
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    after: Annotated[int, Query(ge=0, le=MAX_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[StepView]:
    """Everything that happened, oldest first."""
    return list(services.cases.history(case_id, actor, after=after, limit=limit, locale=locale))


@router.get("/{case_id}/timers")
def get_timers(case_id: str, services: ServicesIn, actor: ActorIn) -> list[TimerView]:
    """What is armed: due moments, reminders, escalations."""
    return list(services.cases.timers(case_id, actor))


@router.get("/{case_id}/letters")
def get_letters(
    case_id: str,
    services: ServicesIn,
    actor: ActorIn,
    *,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[LetterView]:
    """Messages that went out, failed or came back: to whom, where, when and with which words; others see their own."""
    return services.cases.letters(case_id, actor, cursor=cursor, limit=limit)


@router.get("/{case_id}/effects")
def get_effects(case_id: str, services: ServicesIn, actor: ActorIn) -> list[EffectView]:
    """Messages, calls, certificates and cases this one has asked for, and how they went."""
    return list(services.cases.effects(case_id, actor))
