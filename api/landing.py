"""From the store's threads to the event loop: what was answered together wakes the loop once.

Each wake-up is a call of the system in the middle of the writer's work; one for every answer made both threads wait for each
other (DESIGN §5).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

    from engine.store.store import Store

T = TypeVar("T")


class Landing:
    """For one event loop."""

    def __init__(self, store: Store) -> None:
        self._together = store.answers_together
        self._arrived: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._here = 0
        store.on_answers(self._wake)

    async def wait(self, future: Future[T]) -> T:
        """What the future holds once it is done, or what it raises."""
        if self._loop is None:
            self._loop, self._here = asyncio.get_running_loop(), get_ident()
        waiting: asyncio.Future[T] = self._loop.create_future()
        future.add_done_callback(partial(self._land, waiting))
        return await waiting

    def _land(self, waiting: asyncio.Future[Any], future: Future[Any]) -> None:
        self._arrived.append((waiting, future))
        if not self._together or get_ident() == self._here:  # here: it was answered before anybody waited
            self._wake()

    def _wake(self) -> None:
        if self._loop is not None and self._arrived:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits in it any more
                self._loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        while self._arrived:
            waiting, future = self._arrived.popleft()
            if waiting.done():  # who waited has gone
                continue
            error = future.exception()
            if error is None:
                waiting.set_result(future.result())
            else:
                waiting.set_exception(error)
