"""Lists that arrive as tables: a preview, a commit, how far it is, and the report."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api.auth import ActorIn, ServicesIn
from api.exact import ExactRoute
from engine.service.import_plan import Asked
from engine.service.import_views import ImportReport, ImportView
from engine.service.views import Page

router = APIRouter(tags=["imports"], route_class=ExactRoute)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_WORKBOOK: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: _BINARY}, "description": "a workbook"}}
Name = Annotated[str, Query(max_length=63)]


@router.post(
    "/imports",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"text/csv": _BINARY, XLSX: _BINARY}}},
)
async def preview_import(
    request: Request,
    services: ServicesIn,
    actor: ActorIn,
    workflow: Name,
    name: Annotated[str, Query(max_length=200)] = "table.csv",
    parent: Annotated[str | None, Query(max_length=80)] = None,
    sheet: Annotated[str | None, Query(max_length=100)] = None,
) -> ImportReport:
    """Keep a table, and say by row and column what commit would find. No case is opened."""
    content = await request.body()
    asked = Asked(workflow, name, parent, sheet)
    return await asyncio.to_thread(lambda: services.imports.preview(content, asked, actor))


@router.get("/imports")
def list_imports(
    services: ServicesIn,
    actor: ActorIn,
    cursor: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ImportView]:
    """Your own imports, the youngest first."""
    return services.imports.jobs(actor, cursor=cursor, limit=limit)


@router.get("/imports/template.xlsx", response_class=Response, responses=_WORKBOOK)
def import_template(services: ServicesIn, actor: ActorIn, workflow: Name) -> Response:
    """The workbook to fill in for a workflow."""
    return _workbook(services.imports.template(workflow, actor), f"{workflow}.xlsx")


@router.post("/imports/{import_id}/commit", status_code=202)
def commit_import(import_id: str, services: ServicesIn, actor: ActorIn, rows: Literal["all", "good"]) -> ImportView:
    """Open a case for each row: for all, or not at all where one is bad; or for the good ones. It goes on by itself."""
    return services.imports.commit(import_id, rows, actor)


@router.get("/imports/{import_id}")
def get_import(import_id: str, services: ServicesIn, actor: ActorIn) -> ImportView:
    """How far an import is."""
    return services.imports.job(import_id, actor)


@router.get("/imports/{import_id}/report")
def import_report(import_id: str, services: ServicesIn, actor: ActorIn) -> ImportReport:
    """What came of each row, by row, column, code and text."""
    return services.imports.report(import_id, actor)


@router.get("/imports/{import_id}/report.xlsx", response_class=Response, responses=_WORKBOOK)
def import_report_workbook(import_id: str, services: ServicesIn, actor: ActorIn) -> Response:
    """The report as a workbook."""
    return _workbook(services.imports.workbook(import_id, actor), "report.xlsx")


def _workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)
