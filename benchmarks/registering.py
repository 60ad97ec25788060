"""The register with a hundred thousand entries: how long a search takes at its slowest, kind by kind."""

from __future__ import annotations

import random
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, insert

from adapters.templates import MessageTemplates
from benchmarks.measuring import Row
from engine.core.values import canonical
from engine.ports import Adapters
from engine.service.services import build_services
from engine.store import tables
from engine.store.codec import words
from engine.store.store import Store, parsed_url
from tests.servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.service.register import Register

ENTRIES = 100_000
MAKERS, CODES = 2000, 500
KINDS = ("valve", "gate", "pump", "pipe", "cable", "sensor")
SEARCHES = 100
MOST = 50.0
"""Milliseconds."""
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CHUNK = 20_000


def measure() -> list[Row]:
    """The slowest kind of search, by the 99th of a hundred, on either database."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        rows = [_measured("SQLite", f"sqlite:///{Path(folder).resolve() / 'register.db'}")]
    server = Postgres("fsync = off")
    try:
        rows.append(_measured("PostgreSQL", server.new_database()))
    finally:
        server.close()
    return rows


def _measured(name: str, url: str) -> Row:
    store = Store(url, machine_now=lambda: NOW)
    _fill(url)
    register = build_services(
        store, Adapters([], MessageTemplates, lambda _: None), public_url="https://milepost.example"
    ).register
    slowest = max((_p99(search), kind) for kind, search in searches(register).items())
    store.close()
    work = f"search {ENTRIES:,} register entries, {name}, p99 of the slowest kind ({slowest[1]})"
    return Row(work, slowest[0], "ms", None, None, "< 50 ms", slowest[0] < MOST)


def searches(register: Register) -> dict[str, Callable[[], Any]]:
    """Every kind, of random things."""
    dice = random.Random(2)
    tax_id, item = lambda: _tax_id(dice.randrange(MAKERS)), lambda: f"Z-{dice.randrange(1, ENTRIES)}"
    return {
        "all": register.search,
        "a status": lambda: register.search(status="suspended"),
        "a tax id": lambda: register.search(tax_id=tax_id()),
        "a designation": lambda: register.search(designation=item()),
        "a code": lambda: register.search(code=f"28.{dice.randrange(CODES)}"),
        "a rare word": lambda: register.search(q=item()),
        "a frequent word": lambda: register.search(q=dice.choice(KINDS)),
        "frequent words and a rarer one": lambda: register.search(q="sample dn100 valve"),
        "the beginning of a frequent word": lambda: register.search(q="s"),
        "an earlier day": lambda: register.search(on=date(2024, 6, 1)),
        "as was known": lambda: register.search(known_at=NOW - timedelta(days=700)),
        "a frequent word on an earlier day": lambda: register.search(q="valve", on=date(2024, 6, 1)),
        "a page far back": lambda: register.search(cursor=str(ENTRIES // 2)),
        "the tender question": lambda: register.eligibility(tax_id(), item()),
    }


def _p99(search: Callable[[], Any]) -> float:
    search()
    took = []
    for _ in range(SEARCHES):
        start = time.perf_counter()
        search()
        took.append(1000 * (time.perf_counter() - start))
    return sorted(took)[int(SEARCHES * 0.99) - 1]


def _fill(url: str) -> None:
    """One case has all entries, every third one with a second revision."""
    server = url.startswith("postgresql")
    engine = create_engine(parsed_url(url).set(drivername="postgresql+psycopg") if server else url)
    entries, found = _rows()
    with engine.begin() as connection:
        if server:
            connection.exec_driver_sql("SET session_replication_role = replica")
        connection.execute(insert(tables.CASE), [_case()])
        for table, rows in ((tables.REGISTER_ENTRY, entries), (tables.REGISTER_WORD, found)):
            for at in range(0, len(rows), CHUNK):
                connection.execute(insert(table), rows[at : at + CHUNK])
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def _rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    dice = random.Random(1)
    entries: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for n in range(1, ENTRIES + 1):
        maker = dice.randrange(MAKERS)
        facts = {
            "tax_id": _tax_id(maker),
            "designation": f"Z-{n}",
            "code": f"28.{n % CODES}",
            "holder": f"{dice.choice(KINDS)} DN{dice.randrange(10, 999)} Sample Maker {maker}",
        }
        for revision, status in ((1, "listed"), (2, dice.choice(("listed", "suspended", "delisted"))))[
            : 1 + (n % 3 == 0)
        ]:
            row, at = len(entries) + 1, NOW - timedelta(days=dice.randrange(1, 900))
            named = {name: facts[name] for name in ("tax_id", "designation", "code")}
            entries.append(
                {
                    "id": row,
                    "entry_no": f"R-{n:06d}",
                    "revision": revision,
                    "case_id": 1,
                    "verb": "list",
                    "status": status,
                }
                | {"facts": canonical(facts), "reason": "", "effective_from": at, "recorded_at": at}
                | named
            )
            found += [{"word": word, "entry_id": row} for word in words([f"R-{n:06d}", *facts.values()])]
    return entries, found


def _case() -> dict[str, Any]:
    empty = dict.fromkeys(
        ("number", "unique_key", "closed_at", "outcome", "parent", "next_due", "overdue_since", "pruned_at")
    )
    texts = {"leaves": "[]", "turn": "[]", "memory": "{}", "search": "{}", "opened_by": "{}", "hash": "0" * 64}
    plain = {"id": 1, "public_id": "case", "workflow": "x", "version_id": 1, "seq": 1, "revision": 1}
    return plain | empty | texts | {"opened_at": NOW, "last_at": NOW}


def _tax_id(maker: int) -> str:
    return f"77{maker:08d}"
