"""Certificates and their files; the public check behind the QR code is in api/pages/."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.auth import ActorIn, ServicesIn
from api.bodies import MAX_NUMBER
from api.exact import ExactRoute, whole_body
from api.room import Room
from engine.service.certificate_views import CertificateInfo
from engine.service.verification import Verdict

router = APIRouter(tags=["certificates"], route_class=ExactRoute)

PDF = "application/pdf"
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


@router.get("/certificates/{number}")
def get_certificate(number: str, services: ServicesIn, actor: ActorIn) -> CertificateInfo:  # noqa: ARG001 (a token is needed)
    """A certificate with its facts and today's status."""
    return services.certificates.by_number(number)


@router.get("/certificates/{number}/pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
def get_pdf(
    number: str,
    services: ServicesIn,
    actor: ActorIn,  # noqa: ARG001
    issue: Annotated[int | None, Query(ge=1, le=MAX_NUMBER)] = None,
) -> Response:
    """The file of an issue (the latest one), as it was stored at first."""
    file = services.certificates.pdf(number, issue)
    name = f"{file.number}-{file.issue}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "ETag": f'"{file.sha256}"'}
    return Response(file.pdf, media_type=PDF, headers=headers)


@router.post("/certificates/verify", openapi_extra={"requestBody": {"required": True, "content": {PDF: _BINARY}}})
async def verify_certificate(request: Request, services: ServicesIn, actor: ActorIn) -> Verdict:
    """Whether the file in the body is a certificate as it was issued, and what the register says of it today."""
    uploads: Room = request.app.state.uploads
    with uploads.taken(actor.id):
        return await run_in_threadpool(services.verification.verify, await whole_body(request))
