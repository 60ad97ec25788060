"""A durable step on PostgreSQL, eight clients, against psycopg writing the same rows a statement at a time."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import make_url

from benchmarks.measuring import Row
from benchmarks.roadmap import new_cases, opened, recorded, walk
from benchmarks.stepping import PATH
from engine.store.postgres import address_of
from runtime.collector import settle_collector
from tests.servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.roadmap import Written

CLIENTS = 8
BLOCKS = 7
EACH = 2
"""Cases that a client walks in a block."""


def measure() -> list[Row]:
    """Steps a second, and the ratio to the floor."""
    server = Postgres()
    try:
        return [_against_floor(server)]
    finally:
        server.close()


def _against_floor(server: Postgres) -> Row:
    """Blocks take turns, on a database for each that began alike."""
    measured = server.new_database()
    with opened(measured) as services:
        ids = new_cases(services, 0, CLIENTS * EACH * (BLOCKS + 1))
    copied, raw = server.copy_of(measured), server.copy_of(measured)
    written = recorded(copied, ids, len(PATH))
    rates = []
    with opened(measured) as services, ThreadPoolExecutor(CLIENTS) as pool, _clients(raw) as connections:
        settle_collector()
        for first in range(0, len(ids), CLIENTS * EACH):
            part = ids[first : first + CLIENTS * EACH]
            shares = [[step for case in part[n::CLIENTS] for step in written[case]] for n in range(CLIENTS)]
            start = time.perf_counter()
            steps = sum(pool.map(partial(walk, services), part))
            middle = time.perf_counter()
            done = sum(pool.map(_write, connections, shares))
            end = time.perf_counter()
            rates.append((steps / (middle - start), done / (end - middle)))
    ours, floor = (statistics.median(column) for column in zip(*rates[1:], strict=True))
    ratio = statistics.median(a / b for a, b in rates[1:])
    name = f"a durable step, PostgreSQL, {CLIENTS} clients"
    return Row(name, ours, "steps/s", floor, ratio, "≥ 0.8", ratio >= 0.8)


@contextmanager
def _clients(url: str) -> Iterator[list[psycopg.Connection]]:
    connections = [
        psycopg.connect(address_of(make_url(url)), prepare_threshold=2, cursor_factory=psycopg.RawCursor)
        for _ in range(CLIENTS)
    ]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def _write(connection: psycopg.Connection, transactions: list[Written]) -> int:
    """The floor: the statements of each step one after the other, and COMMIT."""
    for transaction in transactions:
        for sql, parameters in transaction:
            for row in parameters if isinstance(parameters, list) else [parameters]:
                connection.execute(sql, row)
        connection.commit()
    return len(transactions)
