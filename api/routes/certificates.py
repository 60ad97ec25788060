"""Certificates, and the public check behind the QR code."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.auth import ActorIn, ServicesIn
from api.bodies import MAX_NUMBER
from api.exact import ExactRoute
from api.room import Room
from engine.service.verification import Verdict
from engine.service.views import CertificateInfo, PublicCertificate

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
    with uploads.taken(actor):
        try:
            pdf = await request.body()
        except ClientDisconnect:
            raise HTTPException(400, "the body did not come to its end") from None
        return await run_in_threadpool(services.verification.verify, pdf)


@router.get("/v/{token}", response_model=PublicCertificate, responses={200: {"content": {"text/html": {}}}})
def check(token: str, services: ServicesIn, request: Request) -> PublicCertificate | HTMLResponse:
    """The public check, no token of yours needed: what the register says of this certificate today."""
    found = services.certificates.by_token(token)
    if "text/html" not in request.headers.get("accept", ""):
        return found
    loads = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(_page(found), headers={"Content-Security-Policy": loads})


def _page(found: PublicCertificate) -> str:
    verdict = (
        "This certificate is valid today."
        if found.valid
        else f"This certificate is {found.status}: it is not valid today."
    )
    rows = "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(_said(value))}</td></tr>"
        for name, value in found.facts.items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>Certificate {escape(found.number)}</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
        "th{text-align:left;vertical-align:top;padding-right:1rem;font-weight:600}.yes{color:#0a6b2d}.no{color:#a01818}</style>"
        f"<h1>Certificate {escape(found.number)}, issue {found.issue}</h1>"
        f"<p class={'yes' if found.valid else 'no'}><strong>{escape(verdict)}</strong></p>"
        f"<table>{rows}</table><p>Checked at {found.checked_at:%Y-%m-%d %H:%M} UTC. The register is the truth; a PDF is only a view of it.</p>"
    )


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(str(item) for item in value.values())
    if isinstance(value, tuple | list):
        return ", ".join(_said(item) for item in value)
    return str(value)
