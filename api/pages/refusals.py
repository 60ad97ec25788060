"""Refusals on the public pages as pages: what is a problem document for programs is said to people in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import Request

from api.pages.frame import frame_of
from api.pages.language import wants_page
from api.pages.rendering import page
from api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OURS = ("/public/", "/v/")
NAMED = {"/v/": "check", "/public/entries/": "entry"}
"""What is not found under these is told apart."""
SAID = frozenset({404, 405, 408, 413, 422, 429, 503})
KEPT = ("Retry-After", "Allow")


def is_page(path: str) -> bool:
    """Whether a path is one of the public pages'."""
    return f"{path}/".startswith(OURS)


class InPages:
    """In place of a problem document a page, where a page of ours is asked for by somebody who reads HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and hold back the answer where it is a refusal."""
        if scope["type"] != "http" or not is_page(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if not wants_page(request.headers.get("accept", "")):
            await self.app(scope, receive, send)
            return
        held: Message | None = None

        async def told(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _is_refusal(message):
                held = message
            elif held is None:
                await send(message)
            elif not message.get("more_body", False):
                await refusal(request, held["status"], Headers(raw=held["headers"]))(scope, receive, send)

        await self.app(scope, receive, told)


def refusal(request: Request, status: int, said: Headers) -> Response:
    """The page of a refusal; what a browser has to know of its headers is kept."""
    kind = str(status) if status in SAID else "other"
    if status == 404:
        kind = next((name for start, name in NAMED.items() if request.url.path.startswith(start)), kind)
    response = page("refusal.html", frame_of(request), status=status, kind=kind, seconds=said.get("Retry-After", "1"))
    for name in KEPT:
        if name in said:
            response.headers[name] = said[name]
    return response


def _is_refusal(start: Message) -> bool:
    return start["status"] >= 400 and Headers(raw=start["headers"]).get("Content-Type", "").startswith(MEDIA_TYPE)
