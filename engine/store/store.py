"""The store: opens a database by its URL and runs work in transactions and snapshots; what they can do is in transaction.py."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import delete, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from engine.errors import MilepostError, Unavailable
from engine.store import migrate, sqlite
from engine.store.statement import Link, Statement
from engine.store.tables import CALENDAR_VERSION, METADATA, WORKFLOW_VERSION
from engine.store.transaction import Reader, Transaction
from engine.store.writer import Priority, Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from engine.store.codec import Held

__all__ = ["Priority", "Store"]

T = TypeVar("T")

KEPT = 1024
"""How many cases are remembered as their last transaction left them."""

CLEARING = tuple(
    Statement(delete(table))
    for table in reversed(METADATA.sorted_tables)
    if table not in {WORKFLOW_VERSION, CALENDAR_VERSION}
)


class Engine(Protocol):
    """One kind of database: how transactions and snapshots are run on it."""

    def submit(self, work: Callable[[Link], Any], priority: Priority) -> Future[Any]:
        """Runs work in a transaction, sooner or later."""

    def write(self, work: Callable[[Link], T]) -> T:
        """Runs work in a transaction and waits for its COMMIT."""

    def read(self, work: Callable[[Link], T]) -> T:
        """Runs work on a snapshot."""

    def close(self) -> None:
        """Does what is waiting, and ends."""


class FileEngine:
    """SQLite in a file: one writer thread, a pool of readers, a lock file."""

    def __init__(self, path: Path) -> None:
        self._lock = sqlite.LockFile(path)
        try:
            migrate.upgrade(lambda: sqlite.connect_writer(path))
            writing = sqlite.connect_writer(path)
        except (sqlite3.Error, DatabaseError) as error:
            self._lock.release()
            raise sqlite.unusable(path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._writing = writing
        self._writer = Writer(Link(writing, sqlite.DIALECT))
        self._readers = sqlite.Readers(path)
        self._closed = False

    def submit(self, work: Callable[[Link], Any], priority: Priority) -> Future[Any]:
        """Queues it for the writer."""
        return self._writer.submit(work, priority)

    def write(self, work: Callable[[Link], T]) -> T:
        """Queues it and waits."""
        value: T = self._writer.submit(work, Priority.PEOPLE).result()
        return value

    def read(self, work: Callable[[Link], T]) -> T:
        """On a reader of the pool."""
        return self._readers.read(work)

    def close(self) -> None:
        """Drains the writer, folds the log into the file, gives the file free."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._readers.close()
        self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writing.close()
        self._lock.release()


class MemoryEngine:
    """SQLite in memory: everything on one connection, one at a time, in the thread that asks."""

    def __init__(self) -> None:
        self._link: Link | None = Link(sqlite.connect_memory(), sqlite.DIALECT)
        self._lock = sqlite.Reentrant()

    def submit(self, work: Callable[[Link], Any], priority: Priority) -> Future[Any]:  # noqa: ARG002  (nobody waits here)
        """Runs it at once."""
        future: Future[Any] = Future()
        try:
            future.set_result(self.write(work))
        except Exception as error:  # noqa: BLE001  (it belongs to who asks for the result)
            future.set_exception(error)
        return future

    def write(self, work: Callable[[Link], T]) -> T:
        """Runs it at once, whole or not at all."""
        with self._lock:
            link = self._open()
            link.connection.execute("BEGIN")
            try:
                value = work(link)
                link.connection.execute("COMMIT")
            except BaseException:
                if link.connection.in_transaction:
                    link.connection.execute("ROLLBACK")
                raise
            return value

    def read(self, work: Callable[[Link], T]) -> T:
        """On the same connection."""
        with self._lock:
            return sqlite.snapshot(self._open(), work)

    def copy(self) -> sqlite3.Connection:
        """All that it holds now, in a database of its own."""
        with self._lock:
            return sqlite.copied(self._open().connection, sqlite.connect(None))

    def restore(self, copy: sqlite3.Connection) -> None:
        """As it was when the copy was made."""
        with self._lock:
            sqlite.copied(copy, self._open().connection)

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            if self._link is not None:
                self._link.connection.close()
                self._link = None

    def _open(self) -> Link:
        if self._link is None:
            raise Unavailable("the store is closed")
        return self._link


def engine_of(url: str) -> Engine:
    """The engine that a database URL asks for."""
    example = "give one like sqlite:///milepost.db, or sqlite:// for a database in memory"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise MilepostError(f"this is no database URL; {example}") from None
    if parsed.drivername != "sqlite":
        raise MilepostError(f"this release runs on SQLite, not on {parsed.get_backend_name()}; {example}")
    if parsed.database in {None, "", ":memory:"}:
        return MemoryEngine()
    return FileEngine(Path(str(parsed.database)))


class Store:
    """A database of cases. `machine_now` gives machine time; under `manual_clock` business time is set by hand."""

    def __init__(self, url: str, *, machine_now: Callable[[], datetime], manual_clock: bool = False) -> None:
        self.machine_now = machine_now
        self.manual_clock = manual_clock
        self._kept: OrderedDict[str, Held] = OrderedDict()
        self._engine = engine_of(url)
        self._start_clock()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs work in a transaction and waits until it is durable.

        It may run more than once, in a transaction shared with others: it keeps nothing outside and talks to nobody. If
        it raises, nothing of it stays.
        """
        return self._engine.write(lambda link: self._transact(link, work))

    def submit(self, work: Callable[[Transaction], T], *, priority: Priority = Priority.PEOPLE) -> Future[T]:
        """As `write`, without waiting."""
        return self._engine.submit(lambda link: self._transact(link, work), priority)

    def read(self, work: Callable[[Reader], T]) -> T:
        """Runs work on a snapshot in which nothing changes."""
        return self._engine.read(lambda link: work(Reader(link, self.machine_now, manual_clock=self.manual_clock)))

    def close(self) -> None:
        """Takes no more, does what is waiting, and ends."""
        self._engine.close()

    def start_again(self) -> None:
        """Empties a store in memory, but for published versions and calendars."""
        memory = self._memory()
        self._kept.clear()
        memory.write(lambda link: [link.run(statement) for statement in CLEARING])
        self._start_clock()

    def copy(self) -> sqlite3.Connection:
        """What a store in memory holds now, to come back to."""
        return self._memory().copy()

    def restore(self, copy: sqlite3.Connection) -> None:
        """Makes a store in memory what it was when the copy was made."""
        self._kept.clear()
        self._memory().restore(copy)

    def _memory(self) -> MemoryEngine:
        if not isinstance(self._engine, MemoryEngine):
            raise MilepostError("only a store in memory can start again; open another file")
        return self._engine

    def _start_clock(self) -> None:
        if self.manual_clock:
            self.write(lambda tx: tx.set_clock(tx.business_now()))

    def _transact(self, link: Link, work: Callable[[Transaction], T]) -> T:
        transaction = Transaction(link, self.machine_now, manual_clock=self.manual_clock, kept=self._kept.get)
        value = work(transaction)
        self._keep(transaction.held)
        return value

    def _keep(self, held: dict[str, Held]) -> None:
        """Remembers cases as they are now; a lock compares seq and hash, so a rolled back one is never taken."""
        for case_id, case in held.items():
            self._kept[case_id] = case
            self._kept.move_to_end(case_id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
