"""Lists that arrive as tables."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.auth import ActorIn, ServicesIn
from api.exact import ExactRoute
from engine.service.views import ImportReport

router = APIRouter(tags=["imports"], route_class=ExactRoute)


@router.post(
    "/imports",
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def import_table(
    request: Request,
    services: ServicesIn,
    actor: ActorIn,
    workflow: Annotated[str, Query(max_length=63)],
    name: Annotated[str, Query(max_length=200)] = "table.csv",
    parent: Annotated[str | None, Query(max_length=80)] = None,
    *,
    preview: bool = False,
) -> ImportReport:
    """Open a case a row; the report names every cell that is not right. With `preview=true` nothing is stored."""
    content = await request.body()
    run = services.imports.preview if preview else services.imports.commit
    return await asyncio.to_thread(lambda: run(content, name, workflow, actor, parent=parent))
