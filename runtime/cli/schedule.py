"""`milepost schedule`: a node without the API, until it is told to stop."""

from __future__ import annotations

import signal
from threading import Event

from rich.text import Text

from runtime.cli.choices import FINE
from runtime.cli.printing import err
from runtime.cli.settings import services_now, settings_now
from runtime.collector import settle_collector
from runtime.logs import start_log
from runtime.scheduler import Scheduler


def run() -> int:
    """Fire and deliver; SIGINT or SIGTERM ends it after what is under way."""
    settings, asked = settings_now(), Event()
    start_log(settings.log_kind)
    with services_now(settings) as services:
        scheduler = Scheduler(services, tick_seconds=settings.tick)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked.set())
        settle_collector()
        scheduler.start()
        err().print(Text(f"timers and deliveries of {settings.shown_database}; Ctrl+C stops"))
        asked.wait()
        scheduler.stop()
    return FINE
