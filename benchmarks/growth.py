"""How much a database grows: bytes a case and a step, by table, on SQLite and PostgreSQL, and what a step writes.

The cases are the roadmap's, on the path of stepping.py. Databases are packed before they are measured; what they keep free is
not counted.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from adapters.certificates import TypstCertificates
from adapters.templates import MessageTemplates
from benchmarks.measuring import Row
from benchmarks.stepping import OPENING, PATH, actors
from engine.core.case import Event
from engine.ports import Adapters
from engine.service.bundles import read_folder
from engine.service.services import Services, build_services
from engine.store.link import Link
from engine.store.pipelined import Pipelined
from engine.store.sqlite import connect
from engine.store.store import Store
from tests.servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from engine.store.statement import Statement

WORKFLOWS = Path(__file__).parent.parent / "workflows"
CASES = 60
STEPS = 1 + len(PATH)
MOST = 3 * 1024 * STEPS
"""Bytes that such a case may take, keys and indexes included."""
SHOWN = 6
DUTIES = frozenset({"sod-1", "sod-2", "sod-3"})

Sizes = dict[str, int]


def measure() -> list[Row]:
    """Kibibytes a case by table, the largest first, and the text that a step writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "growth.db"
        rows = _grown("SQLite", f"sqlite:///{file}", lambda: _of_file(file))
    server = Postgres()
    try:
        url = server.new_database()
        rows += _grown("PostgreSQL", url, lambda: _of_server(url))
    finally:
        server.close()
    return rows


def _grown(kind: str, url: str, sizes: Callable[[], Sizes]) -> list[Row]:
    store = Store(url, machine_now=lambda: datetime.now(UTC))
    adapters = Adapters([], MessageTemplates, TypstCertificates)
    services = build_services(store, adapters, public_url="https://milepost.example")
    services.catalog.publish_new(read_folder(WORKFLOWS))
    store.close()
    before = sizes()
    store = Store(url, machine_now=lambda: datetime.now(UTC))
    with _writing() as written:
        walk(build_services(store, adapters, public_url="https://milepost.example"), CASES)
    store.close()
    after = sizes()
    grown = Counter({table: (size - before.get(table, 0)) / CASES for table, size in after.items()})
    whole = sum(grown.values())
    rows = [
        _row(f"{kind}: a case of {STEPS} steps", whole, f"≤ {MOST // 1024} KiB", met=whole <= MOST),
        _row(f"{kind}: a step", whole / STEPS, "–"),
        *(_row(f"{kind}: a case, {table}", size, "–") for table, size in grown.most_common(SHOWN)),
    ]
    texts = Counter({table: size / CASES / STEPS for table, size in written.items()})
    rows.append(_row(f"{kind}: what a step sends", sum(texts.values()), "–"))
    return rows + [_row(f"{kind}: what a step sends, {table}", size, "–") for table, size in texts.most_common(SHOWN)]


def _row(work: str, size: float, target: str, *, met: bool = True) -> Row:
    return Row(work, size / 1024, "KiB", None, None, target, met)


def walk(services: Services, cases: int) -> None:
    """Opens cases and takes each along the path."""
    people = actors()
    for number in range(cases):
        product = {**OPENING["product"], "designation": f"Z-{number:05}"}
        opened = services.cases.open_case("qualification", {**OPENING, "product": product}, people["applicant"])
        for role, name, data in PATH:
            services.cases.send_event(opened.case.id, Event(name, data, declares=DUTIES), people[role])


@contextmanager
def _writing() -> Iterator[Counter[str]]:
    """Counts the characters of the values that are sent to be written, by table."""
    written: Counter[str] = Counter()
    many, write = Link.many, Pipelined.write

    def counted(link: Link, statement: Statement, rows: Sequence[dict[str, Any]]) -> None:
        (table, *_) = statement.tables
        written[table] += sum(_length(row) for row in rows)
        many(link, statement, rows)

    Link.many = counted  # type: ignore[method-assign]
    Pipelined.write = Link.write  # type: ignore[method-assign]  # table by table
    try:
        yield written
    finally:
        Link.many = many  # type: ignore[method-assign]
        Pipelined.write = write  # type: ignore[method-assign]


def _length(row: Mapping[str, Any]) -> int:
    return sum(len(value.encode()) if isinstance(value, str) else 8 for value in row.values() if value is not None)


def _of_file(file: Path) -> Sizes:
    connection = connect(file)
    connection.execute("VACUUM")
    sizes = dict(
        connection.execute(
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY m.tbl_name"
        ).fetchall()
    )
    connection.close()
    return sizes


def _of_server(url: str) -> Sizes:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        return dict(
            connection.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
        )
