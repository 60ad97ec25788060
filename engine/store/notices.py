"""News between nodes on PostgreSQL: who has committed tells the others, not more often than every 20 ms.

NOTIFY inside a transaction makes commits wait for each other; after it, it costs little. Nothing depends on news: whoever
misses some looks by himself before long.
"""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg

from engine.store.news import News

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.store.news import Heard

log = logging.getLogger("milepost.notices")

CHANNEL = "milepost"
TOGETHER = 0.02
"""Seconds in which news are gathered after some were told."""
AGAIN = 1.0
"""Seconds before a lost connection is made anew."""
LOOK = 1.0
"""Seconds after which the listener looks whether it is to end."""


class Notices:
    """A thread that tells and one that listens; `heard` is called for news of this process at once, of others as they come.

    Each has a connection of its own, so that news do not wait behind the work of the pool.
    """

    def __init__(self, address: str, heard: Heard) -> None:
        self._address, self._heard = address, heard
        self._me = uuid4().hex[:12]  # what is told here comes back here, and is no news then
        self._waiting, self._over, self._lock = Event(), Event(), Lock()
        self._news = News.STEPS
        self._threads = [
            Thread(target=self._connected, args=(run,), name=f"milepost-{name}", daemon=True)
            for name, run in (("tell", self._tell), ("listen", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    def tell(self, news: News) -> None:
        """Something was committed here. Does not block."""
        self._gather(news)
        self._heard(news)

    def close(self) -> None:
        """Tells what waits, and ends both."""
        self._over.set()
        self._waiting.set()
        for thread in self._threads:
            thread.join()

    def _gather(self, news: News) -> None:
        with self._lock:
            if news is News.EFFECTS:
                self._news = news
        self._waiting.set()

    def _gathered(self) -> News:
        with self._lock:
            self._waiting.clear()
            news, self._news = self._news, News.STEPS
        return news

    def _connected(self, run: Callable[[psycopg.Connection], None]) -> None:
        """Runs it over a connection, and over a new one where that is lost; an outage is said once."""
        said = False
        while not self._over.is_set():
            try:
                with psycopg.connect(
                    self._address, autocommit=True, connect_timeout=3, application_name="milepost news"
                ) as connection:
                    said = False
                    run(connection)
            except (psycopg.Error, OSError) as error:
                if not said:
                    cause = next(iter(str(error).strip().splitlines()), type(error).__name__)
                    log.warning("no news between nodes (%s); connecting again", cause)
                said = True
                self._over.wait(AGAIN)

    def _tell(self, connection: psycopg.Connection) -> None:
        while True:
            self._waiting.wait()
            over, news = self._over.is_set(), self._gathered()
            try:
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{news} {self._me}"))
            except psycopg.Error:
                self._gather(news)  # told over the next connection
                raise
            if over:
                return
            self._over.wait(TOGETHER)

    def _listen(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        self._heard(News.EFFECTS)  # what came before was missed
        while not self._over.is_set():
            for notice in connection.notifies(timeout=LOOK):
                news, _, who = notice.payload.partition(" ")
                if who != self._me:
                    self._heard(News.EFFECTS if news == News.EFFECTS else News.STEPS)
                if self._over.is_set():
                    return
