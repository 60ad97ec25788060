"""The FastAPI application over the services; what runs beside it is left to the runtime."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from engine.service.services import Services
from fastapi import FastAPI

from api import problems
from api.exact import BoundedBody
from api.routes import cases, certificates, events, imports, register, system, workflows

DESCRIPTION = "Advance or inspect each case. Errors are RFC 9457 problems that say what is allowed instead."


def create_app(
    services: Services, *, version: str, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
) -> FastAPI:
    """All routes; `POST /clock` only where the services' clock is manual."""
    app = FastAPI(title="Milepost", version=version, description=DESCRIPTION, lifespan=lifespan)
    app.state.services = services
    problems.install(app)
    app.add_middleware(BoundedBody)
    for module in (cases, events, workflows, register, certificates, imports, system):
        app.include_router(module.router)
    if services.clock.manual:
        app.include_router(system.manual_clock)
    return app
