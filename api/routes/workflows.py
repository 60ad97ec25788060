"""Workflows that cases run on."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.auth import ActorIn, LocaleIn, ServicesIn
from api.exact import ExactRoute
from engine.describe.diagram import mermaid
from engine.service.views import VersionView, WorkflowView

router = APIRouter(prefix="/workflows", tags=["workflows"], route_class=ExactRoute)


@router.get("")
def list_workflows(services: ServicesIn, actor: ActorIn, locale: LocaleIn) -> list[WorkflowView]:  # noqa: ARG001 (a token is needed)
    """The newest version of each workflow."""
    return list(services.catalog.workflows(locale=locale))


@router.get("/{name}")
def get_workflow(name: str, services: ServicesIn, actor: ActorIn, locale: LocaleIn) -> WorkflowView:  # noqa: ARG001
    """One workflow: its roles, its states, and the form that opens a case."""
    return services.catalog.workflow(name, locale=locale)


@router.get("/{name}/versions")
def get_versions(name: str, services: ServicesIn, actor: ActorIn) -> list[VersionView]:  # noqa: ARG001
    """Every version that was published, oldest first."""
    return list(services.catalog.versions(name))


@router.get("/{name}/versions/{number}/diagram", response_class=PlainTextResponse)
def get_version_diagram(name: str, number: int, services: ServicesIn, actor: ActorIn) -> str:  # noqa: ARG001
    """A version as a Mermaid state diagram."""
    return mermaid(services.catalog.chart(services.catalog.version(name, number).id).workflow)


@router.get("/{name}/diagram", response_class=PlainTextResponse)
def get_diagram(name: str, services: ServicesIn, actor: ActorIn) -> str:  # noqa: ARG001
    """The newest version as a Mermaid state diagram."""
    return mermaid(services.catalog.chart_of(name)[1].workflow)
