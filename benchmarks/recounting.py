"""A holiday is decreed: how long until a hundred thousand running timers stand where the new calendar has them."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.cloning import clone
from benchmarks.measuring import Row
from benchmarks.roadmap import new_cases, opened, send
from benchmarks.stepping import WORKFLOWS
from engine.core.calendars.reading import read_calendar

TIMERS = 100_000
MOST = 60.0
"""Seconds."""
SOON = timedelta(days=2)


def measure() -> list[Row]:
    """Seconds, on SQLite: every case has to be read, moved, and its new moments with their record stored."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        path = Path(name).resolve() / "running.db"
        with opened(f"sqlite:///{path}") as services:
            (waiting,) = new_cases(services, 0, 1)
            for place in range(2):  # returned by the region: the applicant has 30 working days
                send(services, waiting, place)
        with sqlite3.connect(path) as connection:
            each = connection.execute("SELECT count(*) FROM timer").fetchone()[0]
        clone(path, waiting, TIMERS // each)
        text = with_a_day_off((WORKFLOWS / "calendars" / "ru.yaml").read_text("utf-8"))
        with opened(f"sqlite:///{path}") as services:
            start = time.perf_counter()
            services.catalog.publish_calendar("ru", text)
            while services.recounting.run_once():
                pass
            took = time.perf_counter() - start
            moved = services.recounting.latest()[0].cases
    if moved < TIMERS // each:
        raise RuntimeError(f"only {moved} cases moved")
    return [Row(f"a new calendar for {TIMERS:,} running timers", took, "s", None, None, "≤ 60 s", took <= MOST)]


def with_a_day_off(text: str) -> str:
    """The calendar with the next working day off, but for the coming two."""
    calendar, _ = read_calendar(text, file="ru.yaml")
    assert calendar is not None
    day = datetime.now(UTC).date() + SOON
    while not calendar.is_working(day):
        day += timedelta(days=1)
    head, year, rest = text.partition(f"\n  {day.year}:\n")
    before, days, after = rest.partition("    days_off:\n")
    return f"{head}{year}{before}{days}      {day}: decreed\n{after}"
