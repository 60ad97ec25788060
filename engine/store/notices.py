"""News between nodes on PostgreSQL: who has committed tells the others, not more often than every 20 ms.

NOTIFY inside a transaction makes commits wait for each other; after it, it costs little. Nothing depends on news: whoever
misses some looks by himself before long.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from engine.store.news import News

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from engine.store.news import Heard

log = logging.getLogger("milepost.notices")

CHANNEL = "milepost"
TOGETHER = 0.02
"""Seconds in which news are gathered."""
AGAIN = 1.0
"""Seconds before a lost connection is made anew."""
LOOK = 1.0
"""Seconds after which the listener looks whether it is to end."""


class Notices:
    """A thread that tells and one that listens; `heard` is called for news of this process at once, of others as they come."""

    def __init__(self, address: str, pool: ConnectionPool, heard: Heard) -> None:
        self._address, self._pool, self._heard = address, pool, heard
        self._waiting, self._over = Event(), Event()
        self._news = News.STEPS
        self._threads = [
            Thread(target=run, name=f"milepost-{run.__name__.strip('_')}", daemon=True)
            for run in (self._tell, self._listen)
        ]
        for thread in self._threads:
            thread.start()

    def tell(self, news: News) -> None:
        """Something was committed here. Does not block."""
        if news is News.EFFECTS:
            self._news = news
        self._waiting.set()
        self._heard(news)

    def close(self) -> None:
        """Ends both."""
        self._over.set()
        self._waiting.set()
        self._send(News.STEPS, LOOK / 2)  # the listener wakes up and sees that it is over; else after LOOK
        for thread in self._threads:
            thread.join()

    def _tell(self) -> None:
        while not self._over.is_set():
            self._waiting.wait()
            if self._over.wait(TOGETHER):
                return
            self._waiting.clear()
            news, self._news = self._news, News.STEPS
            self._send(news)

    def _send(self, news: News, wait: float = LOOK) -> None:
        with suppress(psycopg.Error, PoolTimeout, PoolClosed), self._pool.connection(timeout=wait) as connection:
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, news.value))

    def _listen(self) -> None:
        told = False
        while not self._over.is_set():
            try:
                with psycopg.connect(self._address, autocommit=True, connect_timeout=3) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    told = False
                    self._heard(News.EFFECTS)  # what came before was missed
                    while not self._over.is_set():
                        for news in connection.notifies(timeout=LOOK):
                            self._heard(News.EFFECTS if news.payload == News.EFFECTS else News.STEPS)
                            if self._over.is_set():
                                return
            except (psycopg.Error, OSError) as error:
                if not told:  # once for each outage
                    cause = next(iter(str(error).strip().splitlines()), type(error).__name__)
                    log.warning("news of other nodes are not heard (%s); connecting again", cause)
                told = True
                self._over.wait(AGAIN)
