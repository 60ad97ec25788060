"""A whole database into another, empty one, of either kind: how cases that began in a file move to a server.

Everything is copied in one transaction and read again on both sides before its COMMIT, so that a copy is whole or not there.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import LargeBinary, func, insert, select
from sqlalchemy.exc import DatabaseError, DBAPIError

from engine.core.frozen import frozen
from engine.errors import MilepostError
from engine.store import migrate, postgres, sqlite
from engine.store.store import parsed_url
from engine.store.tables import CASE, METADATA, STEP, UNSEQUENCED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import URL, Connection, Row, Select, Table

    Told = Callable[[str, int, int], None]

BATCH = 1000
FILES = 20
"""Rows that are held at once where each may be a file."""
OWN_NUMBERS = ("id", "pos")


@frozen
class Copied:
    """How much was copied, by table."""

    rows: Mapping[str, int]

    @property
    def cases(self) -> int:
        """How many cases."""
        return self.rows[CASE.name]

    @property
    def steps(self) -> int:
        """How many lines of histories."""
        return self.rows[STEP.name]


def copy(source_url: str, target_url: str, *, told: Told) -> Copied:
    """Copies all rows; `told` hears (table, rows done, rows in all). Raises MilepostError, and nothing was copied then.

    A file is owned while it is copied from, and brought up to date before. A server's nodes are to be stopped: what they
    commit after the beginning is not copied.
    """
    with _source(source_url) as source, _target(target_url) as target:
        _check_placed(source, target)
        full = next((table.name for table in METADATA.sorted_tables if _count(target, table)), None)
        if full is not None:
            raise MilepostError(f"the target has rows already, in {full}; name a database that is new")
        totals = {table: _count(source, table) for table in METADATA.sorted_tables}
        everything, done = sum(totals.values()), 0
        for table in METADATA.sorted_tables:
            for many in _copied(source, target, table):
                done += many
                told(table.name, done, everything)
            if _digest(source, table) != _digest(target, table):
                raise MilepostError(f"the rows of {table.name} do not read back as they were; nothing was copied")
        _go_on_counting(target)
    return Copied({table.name: count for table, count in totals.items()})


def _copied(source: Connection, target: Connection, table: Table) -> Iterator[int]:
    write = _streamed if target.dialect.name == "postgresql" else _inserted
    for part in source.execute(_all(table)).partitions():
        try:
            write(target, table, part)
        except (DBAPIError, psycopg.Error) as error:
            cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise MilepostError(f"a row of {table.name} cannot be stored there ({cause}); nothing was copied") from None
        yield len(part)


def _inserted(target: Connection, table: Table, rows: Sequence[Row[Any]]) -> None:
    target.execute(insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001  (the library's public name)


def _streamed(target: Connection, table: Table, rows: Sequence[Row[Any]]) -> None:
    """Several times as fast as statements, where a server takes it."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    cursor: psycopg.Cursor = target.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN'.encode()) as stream:
        for row in rows:
            stream.write_row(tuple(row))


def _all(table: Table) -> Select[Any]:
    files = any(isinstance(column.type, LargeBinary) for column in table.columns)
    return select(table).order_by(*table.primary_key.columns).execution_options(yield_per=FILES if files else BATCH)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _digest(connection: Connection, table: Table) -> str:
    """What differs where any value of any row does: both kinds give the same values in the same order."""
    digest = sha256()
    for part in connection.execute(_all(table)).partitions():
        for row in part:
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _check_placed(source: Connection, target: Connection) -> None:
    """Only where several processes write steps wait for their place; a file has nobody who would give it to them."""
    if target.dialect.name == "sqlite" and _count(source, UNSEQUENCED):
        raise MilepostError(
            "steps still wait for their place in the feed; let a node run for a second, stop it, copy then"
        )


def _go_on_counting(target: Connection) -> None:
    """A server counts apart from the rows: it is told where they end, and what they are like."""
    if target.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        (key, *_) = table.primary_key.columns
        if key.name in OWN_NUMBERS:
            last = select(func.max(key)).scalar_subquery()
            counter = func.pg_get_serial_sequence(f'"{table.name}"', key.name)
            target.execute(select(func.setval(counter, func.coalesce(last, 1), last.is_not(None))))
    target.exec_driver_sql("ANALYZE")


@contextmanager
def _source(url: str) -> Iterator[Connection]:
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "postgresql":
        with migrate.open_postgres(partial(_snapshot, postgres.address_of(parsed))) as connection:
            if migrate.is_behind(connection):
                raise MilepostError(f"{migrate.said_of(connection)}; bring the source up to date: milepost db upgrade")
            yield connection
        return
    path = _path(parsed)
    if not path.is_file():
        raise MilepostError(f"there is no file {path}; name the one that holds the cases")
    with _file(path) as connection:
        yield connection


@contextmanager
def _target(url: str) -> Iterator[Connection]:
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "postgresql":
        postgres.upgrade(parsed)
        with migrate.open_postgres(partial(postgres.connect, postgres.address_of(parsed))) as connection:
            yield connection
        return
    with _file(_path(parsed)) as connection:
        yield connection


@contextmanager
def _file(path: Path) -> Iterator[Connection]:
    lock = sqlite.LockFile(path)
    try:
        try:
            with migrate.open_sqlite(partial(sqlite.connect_writer, path)) as connection:
                migrate.upgrade(connection)
        except (sqlite3.Error, DatabaseError) as error:
            raise sqlite.unusable(path, error) from error
        with migrate.open_sqlite(partial(sqlite.connect_writer, path)) as connection:
            yield connection
    finally:
        lock.release()


def _path(url: URL) -> Path:
    if url.drivername != "sqlite" or url.database in {None, "", ":memory:"}:
        raise MilepostError(
            f"{url.drivername} is nothing to copy; name two of sqlite:///FILE and postgresql://host/name"
        )
    return Path(str(url.database))


def _snapshot(address: str) -> psycopg.Connection:
    connection = postgres.connect(address)
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection
