"""The real application over real HTTP, in a thread of its own on a free port."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from api.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.service.services import Services


@contextmanager
def over_http(services: Services) -> Iterator[httpx.Client]:
    """A client of an officer."""
    secret, _ = services.people.create_token("oleg", "Oleg", ["officer"])
    app: Any = create_app(services, version="1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, lifespan="off", log_level="critical", access_log=False)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
                headers={"Authorization": f"Bearer {secret}"},
                trust_env=False,
                timeout=60,
                limits=httpx.Limits(max_connections=64),
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
