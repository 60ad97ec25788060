"""`POST /cases/{id}/events` against bare FastAPI with sqlite3 writing the same rows: steps a second, and how long the slowest wait."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import Row
from benchmarks.roadmap import ACTORS, new_cases, opened, recorded
from benchmarks.stepping import PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = 7
"""So far people send the events of the path themselves; then the campaign does."""
BLOCKS = 7
CLIENTS, FEW = 16, 4
EACH = 2
"""Cases a client walks in a block."""
START = 30.0


def measure() -> list[Row]:
    """Requests a second and the 99th percentile of their times, at sixteen clients and at four."""
    with tempfile.TemporaryDirectory(dir=".") as name, ThreadPoolExecutor(CLIENTS) as pool:
        folder = Path(name).resolve()
        served, raw, copy = folder / "served.db", folder / "raw.db", folder / "copy.db"
        with opened(f"sqlite:///{served}") as services:
            ids = new_cases(services, 0, CLIENTS * EACH * (BLOCKS + 2))
            tokens = {role: token_of(services, role) for role, _, _ in PATH[:STEPS]}
        shutil.copy(served, raw)
        shutil.copy(served, copy)
        parts = [ids[n : n + CLIENTS * EACH] for n in range(0, len(ids), CLIENTS * EACH)]
        written = folder / "written.pickle"
        written.write_bytes(pickle.dumps(recorded(f"sqlite:///{copy}", ids, STEPS)))
        with milepost(folder, served) as ours, _floor(raw, written) as floor:
            found = [
                (load(pool, ours, part, tokens, CLIENTS), load(pool, floor, part, tokens, CLIENTS))
                for part in parts[: BLOCKS + 1]
            ][1:]
            few = load(pool, ours, parts[-1], tokens, FEW)[1]
    return _rows(found, few)


def _rows(found: list[tuple[tuple[float, float], tuple[float, float]]], few: float) -> list[Row]:
    rate = statistics.median(a[0] / b[0] for a, b in found)
    slow = statistics.median(a[1] / b[1] for a, b in found)
    (ours, slowest), (floor, slowest_floor) = (
        [statistics.median(one[side][which] for one in found) for which in (0, 1)] for side in (0, 1)
    )
    name = "POST /cases/{id}/events"
    return [
        Row(f"{name}, {CLIENTS} clients", ours, "steps/s", floor, rate, "≥ 0.7", rate >= 0.7),
        Row(f"the same, p99 at {CLIENTS} clients", slowest, "ms", slowest_floor, slow, "≤ 1.5", slow <= 1.5),
        Row(f"the same, p99 at {FEW} clients", few, "ms", None, None, "< 50 ms", few < 50),
    ]


def token_of(services: Any, role: str) -> str:
    """A token for who plays a role in the path."""
    actor = ACTORS[role]
    secret: str = services.people.create_token(actor.id, role, [role], actor.attributes)[0]
    return secret


def load(
    pool: ThreadPoolExecutor, port: int, cases: list[str], tokens: dict[str, str], clients: int, pause: float = 0.0
) -> tuple[float, float]:
    """(requests a second, the 99th percentile of their times in ms) of so many clients that share the cases.

    `pause`: seconds that each rests after an answer.
    """
    shares = [cases[n::clients] for n in range(clients)]
    start = time.perf_counter()
    times = sorted(
        one for share in pool.map(lambda share: _client(port, share, tokens, pause), shares) for one in share
    )
    took = time.perf_counter() - start
    return len(times) / took, times[int(len(times) * 0.99)] * 1000


def _client(port: int, cases: list[str], tokens: dict[str, str], pause: float) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    for case in cases:
        for role, name, data in PATH[:STEPS]:
            body = json.dumps({"event": name, "data": data})
            headers = {"Authorization": f"Bearer {tokens[role]}", "Content-Type": "application/json"}
            start = time.perf_counter()
            connection.request("POST", f"/cases/{case}/events", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            times.append(time.perf_counter() - start)
            if answer.status != 200:
                raise RuntimeError(said.decode())
            time.sleep(pause)
    connection.close()
    return times


@contextmanager
def milepost(folder: Path, database: Path, **more: str) -> Iterator[int]:
    """The port of `milepost serve` over a database, ended at the end; `more` are settings."""
    settings = {
        "DATABASE_URL": f"sqlite:///{database}",
        "MAILBOX": folder / "mailbox",
        "WORK_ORDERS": folder / "orders",
        "DOCUMENTS": folder / "documents",
        "REQUESTS_PER_SECOND": "100000",
        **more,
    }
    environment = {**os.environ, **{f"MILEPOST_{name}": str(value) for name, value in settings.items()}}
    log = folder / "serve.log"
    command = [sys.executable, "-m", "runtime.cli.main", "serve", "--port", "0"]
    with log.open("wb") as file, _process(command, stdout=file, stderr=file, env=environment):
        until = time.monotonic() + START
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text("utf-8"))) is None:
            if time.monotonic() > until:
                raise RuntimeError("milepost serve did not start; see its log")
            time.sleep(0.05)
        yield int(found[1])


@contextmanager
def _floor(database: Path, written: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _process([sys.executable, "-m", "benchmarks.floor_app", database, written, str(port)]):
        until = time.monotonic() + START
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > until:
                raise RuntimeError("the floor did not start")
            time.sleep(0.05)
        yield port


@contextmanager
def _process(command: list[Any], **more: Any) -> Iterator[None]:
    process = subprocess.Popen(command, **more)  # noqa: S603  (our own interpreter and arguments)
    try:
        yield
    finally:
        process.terminate()
        process.wait(START)
