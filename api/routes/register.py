"""The register: search, one entry with its history, and the tender question."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import ActorIn, ServicesIn
from api.bodies import Day, Moment
from api.exact import ExactRoute
from engine.service.views import Eligibility, EntryHistory, EntryView, Page

router = APIRouter(prefix="/register", tags=["register"], route_class=ExactRoute)

Text = Annotated[str | None, Query(max_length=200)]
MAX_DESIGNATION = 4000


@router.get("")
def search_register(
    services: ServicesIn,
    actor: ActorIn,  # noqa: ARG001 (a token is needed)
    q: Text = None,
    tax_id: Text = None,
    designation: Annotated[str | None, Query(max_length=MAX_DESIGNATION)] = None,
    code: Text = None,
    status: Text = None,
    on: Day | None = None,
    known_at: Moment | None = None,
    cursor: Text = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[EntryView]:
    """Entries as they are, or as they were `on` a day, as far as was known at a moment."""
    return services.register.search(
        q=q,
        tax_id=tax_id,
        designation=designation,
        code=code,
        status=status,
        on=on,
        known_at=known_at,
        cursor=cursor,
        limit=limit,
    )


@router.get("/eligibility")
def eligibility(
    services: ServicesIn,
    actor: ActorIn,  # noqa: ARG001
    tax_id: Annotated[str, Query(max_length=40)],
    designation: Annotated[str, Query(max_length=MAX_DESIGNATION)],
    on: Day | None = None,
    known_at: Moment | None = None,
) -> Eligibility:
    """May this bidder offer this product on that day: yes or no, with the entry and the reasons."""
    return services.register.eligibility(tax_id, designation, on=on, known_at=known_at)


@router.get("/{entry_no}")
def get_entry(entry_no: str, services: ServicesIn, actor: ActorIn) -> EntryHistory:  # noqa: ARG001
    """One entry with every revision; nothing is ever deleted."""
    return services.register.entry(entry_no)
