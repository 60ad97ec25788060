"""HTTP for clients that begin a request and do not end it, or do not read the answer: their connections are closed, and
there are not more of them than can be. Bodies are bounded in exact.py.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS = 15.0
"""Seconds from the first byte (or the connection) until all headers are there."""

READING = 30.0
"""Seconds in which a client takes what waits for it, 64 KiB of an answer or the rest of it."""
MOST = 800
"""Connections of a process: a node may have 1,024 open files where nobody says otherwise."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
    b'{"type": "urn:milepost:problem:unavailable", "title": "unavailable", "status": 503, '
    b'"detail": "too many connections are open; come again in 5 s"}'
)


class Patience(H11Protocol):
    """uvicorn's protocol, which waits for headers as long as they want it to."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._until: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Time begins."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.write(FULL)
            self._end()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Ends with the headers; begins again with the next request's first byte."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody to wait for."""
        self._rest()
        self._read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """More waits for the client than is kept for it: it has to read."""
        super().pause_writing()
        self._reading = self.loop.call_later(READING, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        self._read()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more is asked; the last answer may still wait to be read."""
        super().timeout_keep_alive_handler()
        self._end()

    def _wait(self) -> None:
        if self._until is None:
            self._until = self.loop.call_later(HEADERS, self._close)

    def _rest(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _close(self) -> None:
        self._until = None
        if self.cycle is None or self.cycle.response_complete:
            self._end()

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _end(self) -> None:
        """Closed as soon as all is read, and some time later in any case."""
        self.transport.close()
        if self._reading is None:
            self._reading = self.loop.call_later(READING, self.transport.abort)
