"""The threads of a process that deliver to the outside, shared so that no adapter or receiver takes all; what they do is not
known here.
"""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING

from engine.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("milepost.effects")

THREADS = 16


class Hands:
    """A bounded pool. An adapter may have as many threads as it leaves free, and one where any is: the next finds some."""

    def __init__(self, threads: int = THREADS, *, what: str = "an effect") -> None:
        self._threads, self._what = threads, what
        self._pool = ThreadPoolExecutor(threads, "milepost-delivery")  # a thread begins when it is needed
        self._busy: Counter[str] = Counter()
        self._lock = Lock()
        self._watchers: list[Callable[[], None]] = []

    def share(self) -> Callable[[str, Mapping[str, int]], int]:
        """How many of an adapter may be begun from how it is now, when so many of the others are begun before."""
        with self._lock:
            busy = Counter(self._busy)

        def room(adapter: str, before: Mapping[str, int]) -> int:
            own = busy[adapter]
            free = self._threads - busy.total() - sum(before.values())
            return max(min(free, 1 - own), (free + own) // 2 - own, 0)

        return room

    def begin(self, adapter: str, work: Callable[[], None]) -> None:
        """Does it in a thread of its own. Raises Unavailable after the end."""
        with self._lock:
            self._busy[adapter] += 1
        try:
            self._pool.submit(self._run, adapter, work)
        except RuntimeError:
            self._end(adapter)
            raise Unavailable("this process ends; another delivers what is left") from None

    def watch(self, ended: Callable[[], None]) -> None:
        """Calls whenever a thread is free again. Must not block."""
        self._watchers.append(ended)

    def close(self) -> None:
        """Waits for what is under way; nothing begins any more."""
        self._pool.shutdown(wait=True)

    def _run(self, adapter: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Unavailable as error:
            log.warning("%s for %s: %s; it is tried again when its lease ends", self._what, adapter, error)
        except Exception:
            log.exception("%s for %s was not finished; it is tried again when its lease ends", self._what, adapter)
        self._end(adapter)
        for ended in self._watchers:
            ended()

    def _end(self, adapter: str) -> None:
        with self._lock:
            self._busy[adapter] -= 1
