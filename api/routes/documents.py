"""Documents: uploaded before cases refer to them, downloaded from the cases that do."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.auth import ActorIn, ServicesIn
from api.bodies import CaseRef
from api.exact import ExactRoute
from api.room import Room
from engine.service.documents import DocumentView

router = APIRouter(tags=["documents"], route_class=ExactRoute)

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
OCTETS = "application/octet-stream"
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="the SHA-256 of the content")]


@router.post(
    "/documents", status_code=201, openapi_extra={"requestBody": {"required": True, "content": {OCTETS: _BINARY}}}
)
async def upload_document(
    request: Request,
    services: ServicesIn,
    actor: ActorIn,
    name: Annotated[str, Query(max_length=400, description="for people")] = "document",
) -> DocumentView:
    """Keep the body as a document, to which cases then refer by its `sha256`."""
    uploads: Room = request.app.state.uploads
    with uploads.taken(actor.id):
        incoming = await run_in_threadpool(services.documents.begin, actor)
        try:
            async for part in request.stream():
                await run_in_threadpool(incoming.write, part)
            return await run_in_threadpool(services.documents.keep, incoming, name, actor)
        except ClientDisconnect:
            raise HTTPException(400, "the body did not come to its end") from None
        finally:
            incoming.drop()


@router.get("/documents/{sha256}")
def get_document(sha256: Digest, services: ServicesIn, actor: ActorIn) -> DocumentView:
    """What your party has uploaded: that it is there, and what it is."""
    return services.documents.get(sha256, actor)


@router.get(
    "/cases/{case_id}/documents/{sha256}",
    response_class=StreamingResponse,
    responses={200: {"content": {"*/*": _BINARY}, "description": "the content"}},
)
def download_document(case_id: CaseRef, sha256: Digest, services: ServicesIn, actor: ActorIn) -> StreamingResponse:
    """The content of a document to which a field refers that you see."""
    found, content = services.documents.of_case(case_id, sha256, actor)
    return StreamingResponse(content, headers=_headers(found))


def _headers(found: DocumentView) -> dict[str, str]:
    """To be saved, and never to be shown as a page of ours; the name in any letters (RFC 6266)."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in found.name)
    return {
        "Content-Type": found.media_type,  # of a text nobody knows the encoding
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}",
        "Content-Length": str(found.size),
        "ETag": f'"{found.sha256}"',
    }
