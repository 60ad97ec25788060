"""The page to which people bring a file: is it the certificate that was issued, and what does the register say of it today?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from api.auth import ServicesIn
from api.limits import Doors, address_of
from api.pages.facts import Telling
from api.pages.frame import Frame, frame_of
from api.pages.language import LANGUAGES, words
from api.pages.rendering import fill, line, page
from api.pages.route import PageRoute
from api.pages.shown import tone
from api.room import Room
from engine.errors import CertificateNotFound
from engine.service.services import Services
from engine.service.verification import MAX_FILE, Finding, Particulars, Verdict

router = APIRouter(tags=["public"], route_class=PageRoute)

FORM = "multipart/form-data"
_FILE: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}
_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
LangIn = Annotated[str | None, Query(description=f"the language: {' or '.join(LANGUAGES)}")]


@router.get("/public/verify", response_class=HTMLResponse, responses=_HTML)
def verify_page(request: Request, lang: LangIn = None) -> HTMLResponse:  # noqa: ARG001  (the frame's)
    """A page for people: the form that takes the file of a certificate."""
    return page("verify.html", frame_of(request), wrong="")


@router.post(
    "/public/verify",
    response_class=HTMLResponse,
    responses=_HTML,
    openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": _FILE}}}},
)
async def verify_upload(
    request: Request,
    services: ServicesIn,
    lang: LangIn = None,  # noqa: ARG001  (the frame's)
) -> HTMLResponse:
    """A page for people: whether the file is a certificate as it was issued, and what the register says of it today."""
    doors: Doors = request.app.state.doors
    room: Room = request.app.state.brought
    doors.brought.take(address_of(request))
    with room.taken(address_of(request)):
        pdf = await _file(request)
        frame = frame_of(request)
        if not pdf:
            return page("verify.html", frame, status=422, wrong="missing" if pdf is None else "empty")
        return await run_in_threadpool(_verdict, services, frame, pdf)


async def _file(request: Request) -> bytes | None:
    """The file of the form, None where none was chosen. Raises HTTPException for what is no such form, or too much."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, f"the body has to be a form; send it with Content-Type: {FORM}")
    try:
        async with request.form(max_files=1, max_fields=5) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                return None
            content = await file.read(MAX_FILE + 1)
            if len(content) > MAX_FILE:
                raise HTTPException(413, f"the file is larger than {MAX_FILE} bytes")
            return content if content or file.filename else None
    except ClientDisconnect:
        raise HTTPException(400, "the body did not come to its end") from None
    except FormParserError:
        raise HTTPException(400, "the form cannot be read") from None


def _verdict(services: Services, frame: Frame, pdf: bytes) -> HTMLResponse:
    verdict = services.verification.verify(pdf)
    said = words(frame.language)
    telling = Telling(said, frame.language, services.public.zone())
    token = _token(services, verdict)
    answer = services.public.check(token).answer if token else ""
    name = str(verdict.finding)
    if verdict.finding is Finding.GENUINE:
        name = "genuine_valid" if verdict.valid else "genuine_invalid"
    return page(
        "verdict.html",
        frame,
        verdict=verdict,
        name=name,
        tone=_tone(verdict),
        detail=_detail(verdict.particulars, telling),
        token=token,
        stands=said["status"][answer] if answer else "",
        stands_tone=tone(answer),
        tell=telling,
    )


def _detail(particulars: Particulars, telling: Telling) -> str:
    """What there is to say beside the finding, "" where that is all."""
    sentence = telling.words["particulars"].get(particulars.code)
    if sentence is None:
        return ""
    said = {name: _said(value, telling) for name, value in particulars.values.items()}
    return fill(sentence, **said)


def _said(value: object, telling: Telling) -> object:
    """Names of facts by their labels, numbers as people write them; what the file says of itself stays apart."""
    if isinstance(value, tuple):
        return ", ".join(name if name == "…" else telling.label(name) for name in value)
    return telling.count(value) if isinstance(value, int) else line(value)


def _tone(verdict: Verdict) -> str:
    if verdict.finding is Finding.GENUINE:
        return "good" if verdict.valid else "held"
    return "held" if verdict.finding is Finding.SUPERSEDED else "ended"


def _token(services: Services, verdict: Verdict) -> str:
    """Where the certificate is checked whose number the file says; "" where there is none."""
    if verdict.status is None or verdict.number is None:
        return ""
    try:
        return services.public.token_of(verdict.number)
    except CertificateNotFound:
        return ""
