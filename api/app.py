"""The FastAPI application over the services; what runs beside it is left to the runtime."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.background import Background, NoBackground
from api.description import describe
from api.exact import BoundedBody
from api.landing import Landing
from api.limits import Doors
from api.metrics import Metrics
from api.pages import routes as pages
from api.pages import upload
from api.pages.refusals import InPages
from api.room import Room
from api.routes import (
    assignments,
    cases,
    certificates,
    delegations,
    documents,
    events,
    explain,
    imports,
    incidents,
    letters,
    lists,
    outages,
    register,
    stream,
    subscriptions,
    system,
    tokens,
    workflows,
)
from api.streams import Streams
from api.tracing import Traced
from engine.service.services import Services

UPLOADS, UPLOADS_EACH = 100, 4
"""Documents that arrive at a time, in all and from one person: one may take ten minutes."""
BROUGHT, BROUGHT_EACH = 20, 2
"""Files that arrive at the public page at a time, in all and from one address: one may take half a minute."""
DESCRIPTION = (
    "Cases of staged procedures. Who acts for another sends `Act-For` with that person's id. Every request needs `Authorization: Bearer <token>`, but the public pages, the "
    "check of a certificate among them, and the health of the process. Errors are RFC 9457 problems that say what is allowed instead. "
    "Numbers with a fraction are JSON strings in answers, moments are ISO 8601 in UTC."
)


def create_app(
    services: Services,
    *,
    version: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    background: Background | None = None,
    doors: Doors | None = None,
) -> FastAPI:
    """All routes; `POST /clock` only where the services' clock is manual."""
    app = FastAPIOffline(
        title="Milepost",
        version=version,
        redoc_url=None,
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.state.landing = Landing(services.store)
    app.state.metrics = Metrics(services)
    app.state.streams = Streams(services.feed, services.newsroom)
    app.state.uploads = Room("uploads", most=UPLOADS, each=UPLOADS_EACH)
    app.state.brought = Room("files", most=BROUGHT, each=BROUGHT_EACH)
    app.state.background = background or NoBackground()
    app.state.doors = doors = doors or Doors()
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    problems.install(app)
    app.add_middleware(BoundedBody)
    app.add_middleware(InPages)
    app.add_middleware(Guarded)
    app.add_middleware(Traced, spans=services.spans)
    if doors.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=doors.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
            expose_headers=["ETag", "Idempotency-Replayed", "Retry-After"],
        )
    for module in (
        lists,
        delegations,
        cases,
        assignments,
        explain,
        outages,
        stream,
        subscriptions,
        events,
        workflows,
        register,
        certificates,
        letters,
        upload,
        pages,
        imports,
        documents,
        incidents,
        tokens,
        system,
    ):
        app.include_router(module.router)
    if services.clock.manual:
        app.include_router(system.manual_clock)
    return app


NOTHING = "default-src 'none'; frame-ancestors 'none'"
OUR_OWN = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the page that shows the API's description, whose script stands in it: all it loads comes from here."""


class Guarded:
    """Headers of every answer: taken for what it says it is, and kept by nobody on the way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add them to its answer."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Cache-Control", "no-store")
                if headers.get("Content-Type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", OUR_OWN)  # other pages say what they load
                else:
                    headers["Content-Security-Policy"] = NOTHING
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)
