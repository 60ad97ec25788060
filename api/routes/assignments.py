"""Who does the work: assignments of roles, and members of panels."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.auth import ActorIn, LocaleIn, ServicesIn
from api.bodies import Accepted, AssignmentBody, ReplaceBody, VoidBody
from api.exact import ExactRoute
from api.routes.cases import IdempotencyKey, IfMatch, answered

router = APIRouter(prefix="/cases/{case_id}", tags=["assignments"], route_class=ExactRoute)

State = Annotated[str, Path(max_length=500, description="the path of the panel's state")]


@router.put("/assignments/{role}")
def change_assignment(
    case_id: str,
    role: Annotated[str, Path(max_length=100)],
    body: AssignmentBody,
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    response: Response,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Accepted:
    """Offer the work of a role in this case to persons, claim it, give it back, or hand it to another.

    Offering is for `role.supervisor`; who has claimed it may hand it on. Duties are looked at for everybody who is named.
    """
    decision = services.assignments.change(
        case_id, role, body.verb, body.persons, actor, reason=body.reason, if_match=if_match, key=key
    )
    return answered(services.cases.answer(decision, actor, locale=locale), response)


@router.post("/panels/{state}/void")
def void_opinion(
    case_id: str,
    state: State,
    body: VoidBody,
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    response: Response,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Accepted:
    """An opinion does not count, and who gave it does not answer again; it stays in the history. For the role's supervisor."""
    decision = services.assignments.void(
        case_id, state, body.person, actor, reason=body.reason, if_match=if_match, key=key
    )
    return answered(services.cases.answer(decision, actor, locale=locale), response)


@router.post("/panels/{state}/replace")
def replace_member(
    case_id: str,
    state: State,
    body: ReplaceBody,
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    response: Response,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Accepted:
    """A member leaves the panel, before or after he has answered; `by` takes his place where persons are asked by name."""
    decision = services.assignments.replace(
        case_id, state, body.person, body.by, actor, reason=body.reason, if_match=if_match, key=key
    )
    return answered(services.cases.answer(decision, actor, locale=locale), response)
