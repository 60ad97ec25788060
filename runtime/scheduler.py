"""The tickers of a node on APScheduler: timers that are due, effects that wait; the work itself is the services'."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from engine.errors import Unavailable
from runtime.composition import machine_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.service.services import Services

log = logging.getLogger("milepost.scheduler")


class Ticker:
    """One kind of work: run until nothing is left; asked for while it runs, it looks again."""

    def __init__(self, name: str, run_once: Callable[[], int]) -> None:
        self.name = name
        self.free = Lock()
        self._run_once = run_once
        self._asked, self._stopped = Event(), Event()

    def ask(self) -> None:
        """Another look is wanted."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether a look is wanted that has not begun."""
        return self._asked.is_set()

    def stop(self) -> None:
        """No further round; the one that runs ends."""
        self._stopped.set()

    def tick(self) -> None:
        """Work until there is none. Never raises: the next tick tries again."""
        try:
            with self.free:
                self._asked.clear()
                while not self._stopped.is_set() and (self._run_once() or self._asked.is_set()):
                    self._asked.clear()
        except Unavailable as error:
            log.warning("%s: %s; the next tick tries again", self.name, error)
        except Exception:
            log.exception("%s: a tick failed; the next one tries again", self.name)


class Scheduler:
    """`start` ticks in threads of its own; `stop` waits for the ticks that run. No job store: it must not be shared."""

    def __init__(self, services: Services, *, tick_seconds: float) -> None:
        self._services = services
        self._tick = tick_seconds
        self._timers = Ticker("timers", services.timers.fire_due)
        self._effects = Ticker("effects", services.effects.deliver_pending)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is still running is no news

    def start(self) -> None:
        """Begin to tick; a first look happens at once."""
        self._services.effects.watch(self.wake)
        for ticker, work in ((self._timers, self._fire), (self._effects, self._deliver)):
            self._scheduler.add_job(
                work,
                "interval",
                seconds=self._tick,
                id=ticker.name,
                next_run_time=machine_now() + timedelta(milliseconds=20),
                max_instances=2,  # one that begins while another ends, so that no wake is lost; they wait for each other
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Drain: no new tick, no new round; what is being fired or delivered is waited for."""
        for ticker in (self._timers, self._effects):
            ticker.stop()
        self._services.effects.close()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def wake(self) -> None:
        """Look for effects now: something has just been committed. Does not block."""
        self._effects.ask()
        if self._scheduler.running:
            self._scheduler.modify_job(self._effects.name, next_run_time=machine_now())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is fired or delivered inside; ticks wait."""
        with self._timers.free, self._effects.free:
            yield

    def _deliver(self) -> None:
        """Deliver what is due, and be there when an adapter may be used again."""
        self._effects.tick()
        try:
            wait = self._services.effects.until_next()
        except Unavailable:
            return
        if wait is not None and 0 < wait < self._tick and self._scheduler.running:
            self._scheduler.modify_job(self._effects.name, next_run_time=machine_now() + timedelta(seconds=wait))
            if self._effects.asked:  # while it was put off
                self.wake()

    def _fire(self) -> None:
        """Fire what is due, deliver what it asks for, and be there when the next one is due."""
        self._timers.tick()
        self.wake()
        if self._services.clock.manual:
            return
        try:
            due = self._services.timers.next_due()
        except Unavailable:
            return
        now = machine_now()
        if due is not None and now < due < now + timedelta(seconds=self._tick) and self._scheduler.running:
            self._scheduler.modify_job(self._timers.name, next_run_time=due)
