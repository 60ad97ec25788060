"""What runs beside the API, as far as the API has to know it: told of new commits, held while the clock is moved."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Background(Protocol):
    """Timers and deliveries of this node."""

    def wake(self) -> None:
        """Something may have been committed: look for effects now. Does not block."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is fired or delivered inside."""


class NoBackground:
    """Nothing runs beside the API."""

    def wake(self) -> None:
        """Nobody to wake."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing to hold."""
        return nullcontext()


class Waking:
    """Wakes what runs beside as soon as a command's answer begins to leave."""

    def __init__(self, app: ASGIApp, background: Background) -> None:
        self.app, self.background = app, background

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return

        async def waking(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                self.background.wake()
            await send(message)

        await self.app(scope, receive, waking)
