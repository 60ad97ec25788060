"""The pages for reading: search, an entry, the check of a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.auth import ServicesIn
from api.pages.asking import LENGTHS, NAMES, Question, read_question
from api.pages.facts import Telling
from api.pages.frame import Frame, frame_of
from api.pages.language import LANGUAGES, wants_page, words
from api.pages.rendering import page
from api.pages.route import PageRoute
from api.pages.shown import line_of, past_of, title_of, tone
from engine.service.certificate_views import PublicCertificate
from engine.service.known_facts import VALID_FROM, VALID_UNTIL
from engine.service.public import CheckPage
from engine.service.services import Services

router = APIRouter(tags=["public"], route_class=PageRoute)

A_PAGE = 20
HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


def _field(name: str) -> Any:
    return Query(json_schema_extra={"maxLength": LENGTHS[name]})


LangIn = Annotated[str | None, Query(description=f"the language: {' or '.join(LANGUAGES)}")]


@router.get("/public", response_class=HTMLResponse, responses=HTML)
def search_page(
    request: Request,
    services: ServicesIn,
    q: Annotated[str | None, _field("q")] = None,
    designation: Annotated[str | None, _field("designation")] = None,
    tax_id: Annotated[str | None, _field("tax_id")] = None,
    code: Annotated[str | None, _field("code")] = None,
    on: Annotated[str | None, Query(json_schema_extra={"format": "date"})] = None,
    cursor: Annotated[str | None, Query(json_schema_extra={"pattern": "^[0-9]{1,18}$"})] = None,
    lang: LangIn = None,  # noqa: ARG001  (the frame's)
) -> HTMLResponse:
    """A page for people: the register, searched by words, designation, tax id, code and day."""
    question = read_question({"q": q, "designation": designation, "tax_id": tax_id, "code": code, "on": on})
    frame = frame_of(request, known=(*NAMES, "cursor"))
    if question.wrong:
        return page("search.html", frame, status=422, asked=question, found=None)
    return _found(frame, services, question, cursor or None)


def _found(frame: Frame, services: Services, question: Question, cursor: str | None) -> HTMLResponse:
    found = services.public.search(
        q=question.text("q"),
        tax_id=question.text("tax_id"),
        designation=question.text("designation"),
        code=question.text("code"),
        on=question.on,
        cursor=cursor,
        limit=A_PAGE,
    )
    telling = Telling(words(frame.language), frame.language, found.zone)
    return page(
        "search.html",
        frame,
        asked=question,
        found=found,
        cursor=cursor,
        lines=[line_of(entry, stands, telling) for entry, stands in found.entries],
        tell=telling,
        tone=tone,
    )


@router.get("/public/entries/{entry_no}", response_class=HTMLResponse, responses=HTML)
def entry_page(
    entry_no: str,
    request: Request,
    services: ServicesIn,
    lang: LangIn = None,  # noqa: ARG001  (the frame's)
) -> HTMLResponse:
    """A page for people: one entry with its certificate and its history."""
    entry, frame = services.public.entry(entry_no), frame_of(request)
    telling = Telling(words(frame.language), frame.language, entry.zone, entry.fields)
    says = entry.today or entry.revisions[-1]
    return page(
        "entry.html",
        frame,
        entry=entry,
        says=says,
        days=_days(telling, says.facts),
        title=title_of(says.facts, entry_no),
        rows=telling.rows(says.facts),
        past=past_of(entry, telling),
        tell=telling,
        tone=tone,
    )


@router.get("/v/{token}", response_model=PublicCertificate, responses=HTML)
def check(
    token: str,
    request: Request,
    services: ServicesIn,
    lang: LangIn = None,  # noqa: ARG001  (the frame's)
) -> PublicCertificate | HTMLResponse:
    """The public check, no token of yours needed: what the register says of this certificate today."""
    found = services.public.check(token)
    if not wants_page(request.headers.get("accept", "")):
        return found.certificate
    frame = frame_of(request)
    telling = Telling(words(frame.language), frame.language, found.zone, found.fields)
    facts = found.certificate.facts
    return page(
        "check.html",
        frame,
        found=found,
        certificate=found.certificate,
        line=_line(found),
        days=_days(telling, facts),
        rows=telling.rows(facts),
        withheld=telling.value(found.withheld) if found.withheld else None,
        tell=telling,
        tone=tone(found.answer),
    )


def _days(telling: Telling, facts: Mapping[str, Any]) -> dict[str, str]:
    """The first and the last day that facts name, "" where they name none."""
    return {
        name: telling.day(facts[name]) if isinstance(facts.get(name), date) else ""
        for name in (VALID_FROM, VALID_UNTIL)
    }


def _line(found: CheckPage) -> str:
    """Which sentence follows the answer: one that has all its values."""
    if found.answer == "valid" and not found.certificate.facts.get(VALID_UNTIL):
        return "valid_open"
    return f"{found.answer}_line"
