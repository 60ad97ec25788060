"""JSON bodies read without losing anything: numbers as written, sizes and depths bounded."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from engine.service.clean import check_asked

MAX_BODY = 1_048_576
MAX_UPLOAD = 20 * 1_048_576
MAX_DOCUMENT = 50 * 1_048_576
MAX_FORM = MAX_UPLOAD + 65_536
"""A file as a browser sends it, with what is around it."""
MAX_HEADERS = 32_768
MAX_DEPTH = 64
SLOWEST = 30.0
"""Seconds that a body may take to arrive."""
SLOWEST_DOCUMENT = 600.0
"""The same for a document: 90 KiB a second are enough for the largest."""


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class ExactRequest(Request):
    """A request whose JSON keeps decimals exact."""

    async def json(self) -> Any:
        """The body; raises json.JSONDecodeError for everything that is no JSON, endless nesting and NaN included."""
        body = await self.body()
        try:
            text = body.decode("utf-8")
            _check_depth(text)
            value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
            if "\\u" in text:
                json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")  # half a character is none
        except (UnicodeError, RecursionError, ValueError) as error:
            if isinstance(error, json.JSONDecodeError):
                raise
            raise json.JSONDecodeError(str(error), "", 0) from None
        return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members come once each: which of two was meant, nobody knows."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member comes twice in one object")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"the body is nested more than {MAX_DEPTH} deep")
        elif token[0] in "]}":
            depth -= 1


class ExactRoute(APIRoute):
    """A route that reads its body through ExactRequest, takes JSON only, and no query parameter that it does not know."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler around an ExactRequest."""
        handler = super().get_route_handler()
        takes_body = self.body_field is not None
        known = _query_names(self.dependant)

        async def exact(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if takes_body and kind != "application/json":
                raise HTTPException(415, "the body has to be JSON; send it with Content-Type: application/json")
            check_asked(
                (name, str(text)) for name, text in (*request.path_params.items(), *request.query_params.multi_items())
            )
            asked = request.query_params
            unknown = next((name for name in asked if name not in known), None)
            if unknown is not None:
                have = ", ".join(known) or "none"
                raise HTTPException(422, f"there is no query parameter '{unknown[:40]}' here; there are {have}")
            if len(asked.multi_items()) > len(asked):
                raise HTTPException(422, "a query parameter comes twice; which of them is meant, nobody knows")
            return await handler(ExactRequest(request.scope, request.receive))

        return exact


async def whole_body(request: Request) -> bytes:
    """The body of a request that takes a file. Raises HTTPException where it breaks off."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(400, "the body did not come to its end") from None


def _query_names(dependant: Dependant) -> list[str]:
    own = [param.alias for param in dependant.query_params]
    return own + [name for inner in dependant.dependencies for name in _query_names(inner)]


def _bounds(path: str) -> tuple[int, float]:
    """How many bytes a body may have, and how many seconds it may take."""
    if path == "/documents":
        return MAX_DOCUMENT, SLOWEST_DOCUMENT
    if path == "/public/verify":
        return MAX_FORM, SLOWEST
    return (MAX_UPLOAD if path.startswith(("/imports", "/certificates/verify")) else MAX_BODY), SLOWEST


class BoundedBody:
    """Refuses headers that are too large, bodies that are, by their declared or their real length, and those that do not come to an end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
            await problem(431, "too-large", f"the headers are longer than {MAX_HEADERS} bytes")(scope, receive, send)
            return
        bound, slowest = _bounds(scope["path"])
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > bound:
            await problem(413, "too-large", f"the body is larger than {bound} bytes")(scope, receive, send)
            return
        seen, whole, end = 0, False, asyncio.get_running_loop().time() + slowest

        async def counted() -> Message:
            nonlocal seen, whole
            if whole:  # what comes now is that he has gone
                return await receive()
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, f"the body did not arrive within {slowest:.0f} seconds") from None
            seen, whole = seen + len(message.get("body", b"")), not message.get("more_body", False)
            if seen > bound:
                raise HTTPException(413, f"the body is larger than {bound} bytes")
            return message

        await self.app(scope, counted, send)
