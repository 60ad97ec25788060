"""Server-sent events on the feed's positions: one look for all clients, then each reads what is his.

A position is given to a step once everything before it has one, so who goes on from a position misses nothing.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from api.room import Room
from engine.errors import MilepostError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from engine.core.case import Actor
    from engine.service.feed import Feed
    from engine.service.news_view import Newsroom, Wanted

LOOK = 0.1
"""Seconds between two looks at the feed's end, while somebody listens."""
BEAT = 15.0
"""Seconds after which a comment is sent, so that everybody on the way knows the stream lives."""
AGAIN = 30.0
"""Seconds after which it is asked anew whether the token still opens anything."""
MOST, MOST_EACH = 200, 5
"""Streams of a process, and of one person."""


class Streams:
    """For one event loop; `close` ends them all."""

    def __init__(self, feed: Feed, newsroom: Newsroom) -> None:
        self._feed, self._newsroom = feed, newsroom
        self._end, self._closed = 0, False
        self._open = Room("streams", most=MOST, each=MOST_EACH)
        self._moved: asyncio.Event = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def close(self) -> None:
        """No stream goes on; those who listened come again elsewhere."""
        self._closed = True
        self._moved.set()

    def enter(self, actor: Actor) -> None:
        """Room for one more stream of this person. Raises Unavailable."""
        if self._closed:
            raise Unavailable("this node ends; come again", retry_after=5)
        self._open.enter(actor.id)

    async def listen(
        self, actor: Actor, wanted: Wanted, after: int, who: Callable[[], Awaitable[Actor]]
    ) -> AsyncIterator[bytes]:
        """Events after a position, as they come, until the client goes, or `who` raises; `enter` was called before."""
        loop = asyncio.get_running_loop()
        pos, beat, again = after, loop.time() + BEAT, loop.time() + AGAIN
        try:
            yield b"retry: 2000\n\n"
            while not self._closed:
                last, found = await asyncio.to_thread(self._newsroom.after, pos, actor, wanted)
                for one in found:
                    yield f"id: {one.pos}\nevent: {one.event['type']}\ndata: {json.dumps(one.event, ensure_ascii=False)}\n\n".encode()
                if loop.time() >= again:
                    actor, again = await who(), loop.time() + AGAIN
                if last > pos:
                    pos, beat = last, loop.time() + BEAT if found else beat
                    continue
                if loop.time() >= beat:
                    yield f": {pos}\n\n".encode()
                    beat = loop.time() + BEAT
                await self._wait(pos, min(beat, again) - loop.time())
        except MilepostError:  # the token, or the store, is gone: the client comes again, and is told
            return
        finally:
            self._open.leave(actor.id)

    async def _wait(self, pos: int, most: float) -> None:
        """Until the feed is longer than `pos`, or for so many seconds."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())
        end = asyncio.get_running_loop().time() + most
        while self._end <= pos and not self._closed:
            moved, left = self._moved, end - asyncio.get_running_loop().time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(moved.wait(), left)

    async def _look(self) -> None:
        """While somebody listens."""
        while self._open and not self._closed:
            with suppress(MilepostError):
                end = await asyncio.to_thread(self._feed.end)
                if end != self._end:
                    self._end = end
                    self._moved.set()
                    self._moved = asyncio.Event()
            await asyncio.sleep(LOOK)
