"""Every request has an id, which is in its answer, in the log lines that it causes, and in one line of its own."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import MutableHeaders

from engine.ports import NO_SPANS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from engine.ports import Span, Spans

log = logging.getLogger("milepost.requests")

REQUEST: ContextVar[str] = ContextVar("milepost_request", default="")
"""The id of the request that is being answered here, "" where none is."""
ACTOR = "milepost.actor"
"""Where the door leaves the actor's id in a request's scope."""
BEGAN = "milepost.began"
"""When a request came in, by `perf_counter`."""
_TRACE = frozenset({b"traceparent", b"tracestate"})
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Traced:
    """Takes `X-Request-Id` where it is a name, else makes one; logs method, route, status and time, never a token or a body."""

    def __init__(self, app: ASGIApp, *, spans: Spans = NO_SPANS) -> None:
        self.app, self._spans = app, spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name, status, began = _id_of(scope), 500, perf_counter()
        scope[BEGAN] = began
        token = REQUEST.set(name)

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = name
            await send(message)

        try:
            with self._spans.span(scope["method"], _caller(scope)) as span:
                try:
                    await self.app(scope, receive, named)
                finally:
                    _tell(span, scope, name, status)
        finally:
            if log.isEnabledFor(logging.INFO):
                _write(scope, status, perf_counter() - began)
            REQUEST.reset(token)


def _id_of(scope: Scope) -> str:
    given = next((value for key, value in scope["headers"] if key == b"x-request-id"), b"")
    return given.decode() if _GIVEN.fullmatch(given) else uuid4().hex


def _caller(scope: Scope) -> dict[str, str]:
    """The headers that say of which trace the request is a part (W3C Trace Context)."""
    return {key.decode(): value.decode("latin-1") for key, value in scope["headers"] if key in _TRACE}


def _route(scope: Scope) -> str:
    """Not the path: a certificate's token may be in it."""
    return str(getattr(scope.get("route"), "path", "-"))


def _case(scope: Scope) -> str | None:
    found: str | None = scope.get("path_params", {}).get("case_id")
    return found


def _tell(span: Span, scope: Scope, name: str, status: int) -> None:
    about = {"http__request__method": scope["method"], "http__route": _route(scope), "milepost__request": name}
    case = _case(scope)
    if case is not None:
        about["milepost__case"] = case
    span.tell(f"{scope['method']} {_route(scope)}", failed=status >= 500, http__response__status_code=status, **about)


def _write(scope: Scope, status: int, seconds: float) -> None:
    route = _route(scope)
    about = {
        "method": scope["method"],
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "actor": scope.get(ACTOR),
        "case": _case(scope),
    }
    log.info("%s %s %s", scope["method"], route, status, extra={"about": about})
