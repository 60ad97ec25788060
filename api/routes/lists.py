"""Lists that people work from: cases by what is asked, how many there are, and what waits for who asks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from api.auth import ActorIn, LocaleIn, ServicesIn
from api.bodies import Moment
from api.exact import ExactRoute
from engine.errors import FieldProblem, InvalidPayload
from engine.service.ahead import Asked
from engine.service.searching import CaseFilters
from engine.service.views import CaseCounts, CaseLine, DueLine, LateLine, Page, WorkLine

router = APIRouter(tags=["lists"], route_class=ExactRoute)

Text = Annotated[str | None, Query(max_length=200)]
Cursor = Annotated[str | None, Query(max_length=80)]
Limit = Annotated[int, Query(ge=1, le=200)]


def filters_of(
    actor: ActorIn,
    *,
    workflow: Text = None,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="of this workflow")] = None,
    state: Annotated[str | None, Query(max_length=500, description="a leaf, or what contains it")] = None,
    turn: Annotated[str | None, Query(max_length=200, description="a role, role.supervisor or id:person")] = None,
    assignee: Annotated[str | None, Query(max_length=200, description="who has work or is offered it; me: you")] = None,
    party: Text = None,
    q: Annotated[
        str | None, Query(max_length=200, description="beginnings of words of number and searchable fields")
    ] = None,
    q_in: Annotated[
        str | None, Query(max_length=1000, description="of these searchable fields only: path;path")
    ] = None,
    where: Annotated[
        str | None, Query(max_length=1000, description="values of searchable fields: path=value;path=value")
    ] = None,
    outcome: Text = None,
    parent: Annotated[str | None, Query(max_length=80)] = None,
    overdue: bool = False,
    due_before: Annotated[Moment | None, Query(description="the next deadline is before this moment")] = None,
    open: Annotated[bool, Query(description="only cases that are not closed")] = False,  # noqa: A002
) -> CaseFilters:
    """What is looked for."""
    return CaseFilters(
        workflow=workflow,
        version=version,
        state=state,
        turn=turn,
        assignee=actor.persons[-1] if assignee == "me" else assignee,
        party=party,
        q=q,
        q_in=tuple(path.strip() for path in (q_in or "").split(";") if path.strip())[:10],
        fields=_fields(where),
        outcome=outcome,
        parent=parent,
        overdue=overdue,
        due_before=due_before,
        open_only=open,
    )


FiltersIn = Annotated[CaseFilters, Depends(filters_of)]


@router.get("/cases")
def find_cases(
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    filters: FiltersIn,
    *,
    sort: Annotated[
        Literal["newest", "due"], Query(description="due: those with a deadline to come, the next first")
    ] = "newest",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CaseLine]:
    """The cases you may see, the newest or the most urgent first. A page's `cursor` asks for what follows it."""
    asked = filters if sort == "newest" else filters.sorted_by_due()
    return services.cases.find(asked, actor, cursor=cursor, limit=limit, locale=locale)


@router.get("/cases/counts")
def count_cases(services: ServicesIn, actor: ActorIn, filters: FiltersIn) -> CaseCounts:
    """How many of the cases you may see are in each state; of ten thousand at most."""
    return services.cases.counts(filters, actor)


@router.get("/deadlines")
def look_ahead(
    services: ServicesIn,
    actor: ActorIn,
    locale: LocaleIn,
    since: Annotated[Moment, Query(alias="from", description="the first moment")],
    to: Annotated[Moment, Query(description="before this moment")],
    *,
    workflow: Text = None,
    role: Annotated[str | None, Query(max_length=200, description="whose turn the case is")] = None,
    party: Text = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    limit: Limit = 50,
) -> Page[DueLine]:
    """What falls due in the cases you may see, the next first, each with how it was counted."""
    asked = Asked(since, to, workflow, role, party)
    return services.cases.ahead(asked, actor, cursor=cursor, limit=limit, locale=locale)


@router.get("/deadlines/lateness")
def how_late(services: ServicesIn, actor: ActorIn, locale: LocaleIn, workflow: Text = None) -> list[LateLine]:
    """How late cases are by state and by whose turn it is, in the workflows of which you see every case."""
    return list(services.cases.lateness(actor, workflow=workflow, locale=locale))


@router.get("/me/work")
def my_work(
    services: ServicesIn, actor: ActorIn, locale: LocaleIn, *, cursor: Cursor = None, limit: Limit = 50
) -> Page[WorkLine]:
    """Your inbox: what you have claimed or are offered, and cases whose move is yours; the most urgent first."""
    return services.cases.inbox(actor, cursor=cursor, limit=limit, locale=locale)


def _fields(where: str | None) -> tuple[tuple[str, str], ...]:
    found = []
    for part in filter(None, (part.strip() for part in (where or "").split(";"))):
        path, equals, value = part.partition("=")
        if not (path.strip() and equals and value.strip()):
            raise InvalidPayload(
                [FieldProblem("where", "pattern", f"'{part[:60]}' is not like product.designation=V-1")]
            )
        found.append((path.strip(), value.strip()))
    return tuple(found[:10])
