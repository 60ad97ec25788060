"""`milepost serve`: one process with the API, timers and deliveries, over the store of the settings."""

from __future__ import annotations

import signal
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from rich.text import Text
from starlette.concurrency import run_in_threadpool

from api.app import create_app
from api.limits import Doors, Rate
from api.patience import Patience
from engine.errors import InvalidWorkflow, MilepostError
from runtime.cli.choices import COULD_NOT_RUN, FINE
from runtime.cli.findings import refuse
from runtime.cli.printing import err
from runtime.cli.settings import settings_now
from runtime.collector import settle_collector
from runtime.composition import open_services, publish_shipped
from runtime.logs import start_log
from runtime.scheduler import Scheduler
from runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import FrameType

    from fastapi import FastAPI

    from engine.service.services import Services

BACKLOG = 2048
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  what to call them


class CannotListen(MilepostError):
    """The address is taken, or not ours."""


def run(host: str, port: int, *, manual_clock: bool) -> int:
    """Serve until SIGINT or SIGTERM; requests, timers and deliveries under way are finished first."""
    settings = settings_now()
    start_log(settings.log_kind)
    listening = _listen(host, port)
    shown = WILDCARDS.get(host) or (f"[{host}]" if ":" in host else host)
    here = f"http://{shown}:{listening.getsockname()[1]}"
    with listening:
        if settings.public_url == Settings().public_url:
            settings = replace(settings, public_url=here)
        doors = doors_of(settings)  # what cannot be is refused before anything is open
        services = open_services(settings, manual_clock=manual_clock)
        try:
            publish_shipped(services, settings)
            app = build(services, settings, here, doors)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)  # uvicorn raises them again after it has ended well
            server = Server(_config(app))
            server.run(sockets=[listening])
        except InvalidWorkflow as invalid:
            return refuse(invalid, Path(settings.workflows))
        finally:
            services.store.close()
            services.spans.close()
    return FINE if server.started else COULD_NOT_RUN


class Server(uvicorn.Server):
    """Ends streams as soon as it is told to end, so that nobody waits for them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal."""
        app: Any = self.config.app
        app.state.streams.close()
        super().handle_exit(sig, frame)


def doors_of(settings: Settings) -> Doors:
    """Limits and origins as they are set. Raises BadSetting."""
    return Doors(requests=Rate(settings.requests), visits=Rate(settings.visits), origins=settings.origins)


def build(services: Services, settings: Settings, here: str, doors: Doors) -> FastAPI:
    """The application with its tickers; they start and stop with it."""
    scheduler = Scheduler(services, tick_seconds=settings.tick)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        settle_collector()
        scheduler.start()
        _greet(services, settings, here)
        yield
        await run_in_threadpool(scheduler.stop)

    version = metadata.version("milepost")
    return create_app(services, version=version, lifespan=lifespan, background=scheduler, doors=doors)


def _config(app: FastAPI) -> uvicorn.Config:
    # No access log: it would write the tokens of certificates (/v/...) into files.
    return uvicorn.Config(
        app,
        http=Patience,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {host}:{port} ({error.strerror}); another program may have it, --port 0 takes a free one"
        ) from None
    # What is accepted inherits it; asyncio sets it only on sockets it makes itself, and without it an answer takes 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.set_inheritable(True)
    return listening


def _greet(services: Services, settings: Settings, here: str) -> None:
    names = [f"{view.name} v{view.version}" for view in services.catalog.workflows()]
    mail = "a mail server" if settings.smtp_url else f"files in {Path(settings.mailbox).resolve()}"
    lines = [
        ("Milepost", f"{here}    (documentation: {here}/docs)"),
        ("store", settings.shown_database),
        ("workflows", ", ".join(names) or "none: set MILEPOST_WORKFLOWS"),
        ("messages", mail),
        (
            "clock",
            f"manual: stands at {services.clock.now():%Y-%m-%d %H:%M} UTC until POST /clock"
            if services.clock.manual
            else "system",
        ),
        ("tokens", _tokens(services)),
    ]
    console = err()
    for name, text in lines:
        console.print(Text.assemble((f"{name:>10}  ", "bold"), text))


def _tokens(services: Services) -> str:
    count = sum(token.revoked_at is None for token in services.people.tokens())
    how = "stop with Ctrl+C, then: milepost token create --actor ID --name NAME --role ROLE"
    return f"{count}; for another {how}" if count else f"none yet; {how}"
