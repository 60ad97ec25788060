"""Why a case stands where it stands."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import ActorIn, LocaleIn, ServicesIn
from api.exact import ExactRoute
from engine.describe.explain import Explanation

router = APIRouter(prefix="/cases", tags=["cases"], route_class=ExactRoute)


@router.get("/{case_id}/explain")
def explain(case_id: str, services: ServicesIn, actor: ActorIn, locale: LocaleIn) -> Explanation:
    """Its active states with their lines in the workflow file, each event with what stands against it, each deadline
    with how it was counted."""  # noqa: D209
    return services.cases.explain(case_id, actor, locale=locale)
