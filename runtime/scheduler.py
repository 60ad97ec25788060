"""The tickers of a node on APScheduler: timers that are due, effects that wait; the work itself is the services'."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from engine.errors import Unavailable
from runtime.composition import machine_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.service.services import Services

log = logging.getLogger("milepost.scheduler")


class Scheduler:
    """`start` ticks in threads of its own; `stop` waits for the tick that runs. No job store: it must not be shared."""

    def __init__(self, services: Services, *, tick_seconds: float) -> None:
        self._services = services
        self._tick = tick_seconds
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tick; a first look happens at once."""
        for name, work in (("timers", self._fire_due), ("effects", self._deliver)):
            self._scheduler.add_job(
                _guarded(name, work),
                "interval",
                seconds=self._tick,
                id=name,
                next_run_time=machine_now() + timedelta(milliseconds=20),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """No new tick; the one that runs is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def wake(self) -> None:
        """Look for effects now: something has just been committed."""
        if self._scheduler.running:
            self._scheduler.modify_job("effects", next_run_time=machine_now())

    def _fire_due(self) -> None:
        while self._services.timers.fire_due():
            pass

    def _deliver(self) -> None:
        while self._services.effects.deliver_pending():
            pass


def _guarded(name: str, work: Callable[[], None]) -> Callable[[], None]:
    def tick() -> None:
        try:
            work()
        except Unavailable as error:
            log.warning("%s: %s; the next tick tries again", name, error)
        except Exception:
            log.exception("%s: a tick failed; the next one tries again", name)

    return tick
