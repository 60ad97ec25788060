"""Every request has an id, which is in its answer, in the log lines that it causes, and in one line of its own."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("milepost.requests")

REQUEST: ContextVar[str] = ContextVar("milepost_request", default="")
"""The id of the request that is being answered here, "" where none is."""
ACTOR = "milepost.actor"
"""Where the door leaves the actor's id in a request's scope."""
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Traced:
    """Takes `X-Request-Id` where it is a name, else makes one; logs method, route, status and time, never a token or a body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name, status, began = _id_of(scope), 500, perf_counter()
        token = REQUEST.set(name)

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = name
            await send(message)

        try:
            await self.app(scope, receive, named)
        finally:
            if log.isEnabledFor(logging.INFO):
                _write(scope, status, perf_counter() - began)
            REQUEST.reset(token)


def _id_of(scope: Scope) -> str:
    given = next((value for key, value in scope["headers"] if key == b"x-request-id"), b"")
    return given.decode() if _GIVEN.fullmatch(given) else uuid4().hex


def _write(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "-")  # not the path: a certificate's token may be in it
    about = {
        "method": scope["method"],
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "actor": scope.get(ACTOR),
        "case": scope.get("path_params", {}).get("case_id"),
    }
    log.info("%s %s %s", scope["method"], route, status, extra={"about": about})
