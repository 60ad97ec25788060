"""A durable step on SQLite against raw sqlite3 writing the same rows: one client, sixteen at once, a hundred in one call."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import Row
from benchmarks.roadmap import ACTORS, DECLARED, new_cases, opened, recorded, walk
from benchmarks.stepping import PATH
from engine.core.case import Event
from engine.service.cases import BatchLine
from engine.store.sqlite import connect_writer
from runtime.collector import settle_collector

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from benchmarks.roadmap import Written
    from engine.service.services import Services

BLOCKS = 9
CLIENTS = 16
BATCH = 100


def measure() -> list[Row]:
    """Steps a second, and the ratio to the floor of the same rows."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = Path(folder)
        return [
            _one_client(path),
            _sixteen(path),
            _batch(path),
        ]


def _one_client(folder: Path) -> Row:
    def work(services: Services, cases: list[str]) -> int:
        return sum(walk(services, case) for case in cases)

    return _against_floor(folder / "one", work, cases=6, name="a durable step, SQLite, one client", reach=0.45)


def _sixteen(folder: Path) -> Row:
    def work(services: Services, cases: list[str]) -> int:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return sum(pool.map(lambda case: walk(services, case), cases))

    return _against_floor(folder / "many", work, cases=CLIENTS, name=f"the same, {CLIENTS} clients", reach=0.8)


def _batch(folder: Path) -> Row:
    def work(services: Services, cases: list[str]) -> int:
        for role, name, data in PATH:
            lines = [BatchLine(case, Event(name, data, DECLARED)) for case in cases]
            for result in services.cases.batch(lines, ACTORS[role]):
                if result.error is not None:
                    raise result.error
        return len(PATH) * len(cases)

    return _against_floor(
        folder / "batch", work, cases=BATCH, name=f"a batch of {BATCH} events in one call", reach=1.4, blocks=3
    )


def _against_floor(
    folder: Path,
    work: Callable[[Services, list[str]], int],
    *,
    cases: int,
    name: str,
    reach: float,
    blocks: int = BLOCKS,
) -> Row:
    """Blocks of the work and of its rows take turns, each on a database of its own that began alike."""
    folder.mkdir()
    measured, copied, raw = (folder / f"{kind}.db" for kind in ("measured", "copied", "raw"))
    with opened(f"sqlite:///{measured}") as services:
        ids = new_cases(services, 0, cases * (blocks + 1))
    for copy in (copied, raw):
        shutil.copy(measured, copy)
    parts = [ids[n : n + cases] for n in range(0, len(ids), cases)]
    written = recorded(f"sqlite:///{copied}", ids, len(PATH))
    connection = connect_writer(raw)
    rates: list[tuple[float, float]] = []
    with opened(f"sqlite:///{measured}") as services:
        settle_collector()
        for block in parts:
            start = time.perf_counter()
            steps = work(services, block)
            middle = time.perf_counter()
            for case in block:
                for transaction in written[case]:
                    write_raw(connection, transaction)
            end = time.perf_counter()
            rates.append((steps / (middle - start), len(PATH) * len(block) / (end - middle)))
    connection.close()
    ours, floor = (statistics.median(column) for column in zip(*rates[1:], strict=True))
    ratio = statistics.median(a / b for a, b in rates[1:])
    return Row(name, ours, "steps/s", floor, ratio, f"≥ {reach}", ratio >= reach)


def write_raw(connection: sqlite3.Connection, transaction: Written) -> None:
    """The floor: the statements of one step in a transaction, and nothing else."""
    connection.execute("BEGIN IMMEDIATE")
    for sql, parameters in transaction:
        if isinstance(parameters, list):
            connection.executemany(sql, parameters)
        else:
            connection.execute(sql, parameters)
    connection.execute("COMMIT")
