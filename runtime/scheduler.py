"""The tickers of a node: timers that are due, effects that wait, imports, steps without a place or a seal, events for subscriptions; the work itself is the services'.

APScheduler asks at intervals, news of commits ask at once; one thread for each kind of work does it.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from engine.errors import MilepostError, Unavailable
from engine.store.news import News

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.service.services import Services

DIGESTS = 60.0
"""Seconds between two looks for digests that are to go out."""
FORGETTING = 3600.0
"""Seconds between two looks for answers and files that need not be kept any more."""

log = logging.getLogger("milepost.scheduler")

REST = 0.05
"""Seconds between two looks at what many commits ask for together: what is due sooner after its commit may be late by it."""
REST_OF_NEWS = 0.1
"""The same for events that are posted to others, who are not in such a hurry."""
LONGEST = 5.0
"""Seconds after which everybody looks, whatever was heard. APScheduler goes by the wall clock, which may be set back."""


class Ticker:
    """One kind of work in a thread of its own: asked, it works until nothing is left; asked meanwhile, it looks again.

    `until_next` says, after each look, in how many seconds there will be work unasked; None: nothing is known. `rest`
    is the least time between two looks that are asked for, `longest` the time after which it looks unasked.
    """

    def __init__(
        self,
        name: str,
        run_once: Callable[[], int],
        *,
        until_next: Callable[[], float | None] = lambda: None,
        rest: float = 0.0,
        longest: float = LONGEST,
    ) -> None:
        self.name = name
        self.free = Lock()
        self._run_once, self._until_next = run_once, until_next
        self._rest, self._longest = rest, longest
        self._asked, self._stopped = Event(), Event()
        self._thread = Thread(target=self._run, name=f"milepost-{name}", daemon=True)

    def start(self) -> None:
        """Begin with a first look."""
        self._asked.set()
        self._thread.start()

    def ask(self) -> None:
        """A look is wanted. Does not block."""
        self._asked.set()

    def stop(self) -> None:
        """No further round; the one that runs ends."""
        self._stopped.set()
        self._asked.set()

    def join(self) -> None:
        """Wait until the round that runs has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def tick(self) -> float | None:
        """Work until there is none; seconds until there will be some, where that is known. Never raises."""
        try:
            with self.free:
                self._asked.clear()
                while not self._stopped.is_set() and self._run_once():
                    pass
                return self._until_next()
        except Unavailable as error:
            log.warning("%s: %s; the next tick tries again", self.name, error)
        except Exception:
            log.exception("%s: a tick failed; the next one tries again", self.name)
        return None

    def _run(self) -> None:
        while not self._stopped.is_set():
            known = self.tick()
            # What is due already and was left has another holder now: it is looked at again, but not all the time.
            alarm = self._longest if known is None else min(max(known, REST), self._longest)
            self._stopped.wait(min(self._rest, alarm))
            self._asked.wait(max(0.0, alarm - self._rest))


class Scheduler:
    """`start` works in threads of its own; `stop` waits for what is under way. No job store: it must not be shared."""

    def __init__(self, services: Services, *, tick_seconds: float) -> None:
        self._services = services
        self._tick = tick_seconds
        self._until_due: float | None = None
        self._timers = Ticker("timers", self._fire, until_next=lambda: self._until_due, rest=REST)
        effects = services.effects
        self._effects = Ticker("effects", effects.deliver_pending, until_next=effects.until_next, rest=REST)
        self._order = Ticker("order", self._place, rest=REST)
        self._news = Ticker(
            "news", services.publishing.run_once, until_next=services.publishing.until_next, rest=REST_OF_NEWS
        )
        self._seals = Ticker("seals", services.audit.checkpoint)
        self._imports = Ticker("imports", services.imports.work.run_once)
        self._recounts = Ticker("recounts", services.recounting.run_once)
        self._answers = Ticker("answers", self._forget, longest=FORGETTING)
        self._asked = (self._timers, self._effects, self._imports, self._order, self._news, self._seals, self._recounts)
        self._digests = Ticker("digests", services.digests.gather, longest=DIGESTS)
        self._tickers = (*self._asked, self._answers, self._digests)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def start(self) -> None:
        """Begin to work; a first look happens at once."""
        self._services.store.watch(self._heard)
        self._services.effects.watch(self._effects.ask)
        self._services.imports.work.watch(self._imports.ask)
        self._services.publishing.watch(self._news.ask)
        for ticker in self._tickers:
            ticker.start()
        for ticker in self._asked:
            self._scheduler.add_job(ticker.ask, "interval", seconds=self._tick, id=ticker.name)
        self._scheduler.start()

    def stop(self) -> None:
        """Drain: nothing new is taken, what is being fired or delivered is waited for, what was not begun is given back."""
        for ticker in self._tickers:
            ticker.stop()
        self._services.effects.close()
        self._services.imports.work.close()
        self._services.publishing.close()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        for ticker in self._tickers:
            ticker.join()
        try:
            self._services.audit.close()
        except MilepostError as error:
            log.warning("the last steps are sealed when a node starts again: %s", error)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is fired or delivered inside; ticks wait."""
        with self._timers.free, self._effects.free:
            yield

    def _fire(self) -> int:
        """Fires what is due. Most looks find that nothing is, by one question."""
        self._until_due = self._services.timers.until_due()
        return 0 if self._until_due is not None and self._until_due > 0 else self._services.timers.fire_due()

    def _forget(self) -> int:
        """What need not be kept any more."""
        return self._services.pruning.forget() + self._services.documents.forget()

    def _place(self) -> int:
        """Gives steps their place; who owns the database did so when he wrote them. Then there is news."""
        placed = self._services.feed.sequence()
        self._news.ask()
        return placed

    def _heard(self, news: News) -> None:
        """Something was committed, here or on another node: a timer may be due sooner than was known."""
        if news is News.EFFECTS:
            self._effects.ask()
        self._timers.ask()
        self._order.ask()
