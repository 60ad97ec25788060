"""A hundred thousand of a million timers that are due at once, fired by a server while people go on working through its API."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.cloning import clone
from benchmarks.measuring import Row
from benchmarks.roadmap import new_cases, opened, send
from benchmarks.serving import STEPS, load, milepost, token_of
from benchmarks.stepping import PATH

ALIVE, TIMERS = 1_000_000, 100_000
PEOPLE = 4
PAUSE = 0.05
"""Seconds that each of them rests after an answer: some fifty events a second together, a busy morning."""
CASES = 160
LETTERS = "notify=4,10/s"
"""Each timer asks for a letter; they leave as slowly as a mail server wants them."""
EACH = 'SELECT count(*) FROM timer JOIN "case" c ON c.id = case_id WHERE public_id = ?'
DUE = (
    'UPDATE timer SET due = (SELECT c.last_at FROM "case" c WHERE c.id = timer.case_id) WHERE (case_id, key) IN'
    " (SELECT case_id, key FROM timer WHERE kind = 'remind' AND rung = 0 AND deadline = 'no_response' ORDER BY case_id DESC LIMIT ?)"
)
"""The first reminders of so many cases."""
FAR = "2126-01-01T00:00:00.000000Z"


def measure() -> list[Row]:
    """Timers a second, on SQLite, where people and timers share the one writer; and the people's 99th percentile."""
    with tempfile.TemporaryDirectory(dir=".") as name, ThreadPoolExecutor(PEOPLE) as pool:
        folder = Path(name).resolve()
        path = folder / "due.db"
        with opened(f"sqlite:///{path}") as services:
            (waiting,) = new_cases(services, 0, 1)
            for place in range(2):  # returned by the region: the applicant is reminded before it lapses
                send(services, waiting, place)
            busy = new_cases(services, 1, CASES)
            tokens = {role: token_of(services, role) for role, _, _ in PATH[:STEPS]}
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE timer SET due = ?", (FAR,))
            ((each,),) = connection.execute(EACH, (waiting,))
        clone(path, waiting, -(-ALIVE // each))
        with sqlite3.connect(path) as connection:
            connection.execute(DUE, (TIMERS,))
        with milepost(folder, path, ADAPTER_LIMITS=LETTERS) as port, sqlite3.connect(path) as connection:
            before, start = _left(connection), time.perf_counter()
            _, slowest = load(pool, port, busy, tokens, PEOPLE, PAUSE)
            after, took = _left(connection), time.perf_counter() - start
    rate = (before - after) / took
    return [
        Row(f"{TIMERS:,} timers due at once, of {ALIVE:,}", rate, "fired/s", None, None, "≥ 1,500", rate >= 1500),
        Row("the same, p99 of people meanwhile", slowest, "ms", None, None, "< 100 ms", slowest < 100),
    ]


def _left(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM timer WHERE due < ?", (FAR,)).fetchone()[0]
    return count
