"""One kind of database each: how transactions and snapshots are run on SQLite, in a file or in memory; PostgreSQL is in postgres.py."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy.exc import DatabaseError

from engine.errors import Unavailable
from engine.store import migrate, sqlite
from engine.store.codec import as_read
from engine.store.kept import Kept
from engine.store.link import Link
from engine.store.outcome import Outcome
from engine.store.rewinding import Rows, put_back, rows_of
from engine.store.writer import Priority, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from engine.store.news import Heard
    from engine.store.unit import Unit

T = TypeVar("T")

Work = Callable[["Unit"], Any]


class Engine(Protocol):
    """One kind of database. Work may run more than once, and again after a COMMIT that nobody learned of.

    `answers_together`: futures of several commands are answered one right after the other, and then it is told.
    """

    answers_together: bool

    def submit(self, work: Work, priority: Priority) -> Future[Any]:
        """Runs work in a transaction, sooner or later."""

    def together(self, works: Sequence[tuple[str, Work]], priority: Priority) -> list[Outcome[Any]]:
        """Runs each of these whole or not at all, several in one transaction where that is quicker, and waits for the last.

        With each work stands the id of the case that it locks first.
        """

    def write(self, work: Callable[[Unit], T]) -> T:
        """Runs work in a transaction and waits for its COMMIT."""

    def read(self, work: Callable[[Link], T]) -> T:
        """Runs work on a snapshot."""

    def forget(self) -> None:
        """Takes nothing for known of what transactions have left."""

    def close(self) -> None:
        """Does what is waiting, and ends."""


class FileEngine:
    """SQLite in a file: one writer, a pool of readers, a lock file."""

    answers_together = True

    def __init__(self, path: Path, clock: Callable[[], datetime], heard: Heard, answered: Callable[[], None]) -> None:
        self._lock = sqlite.LockFile(path)
        try:
            sqlite.check_writable(path)
            with migrate.open_sqlite(lambda: sqlite.connect_writer(path)) as connection:
                migrate.upgrade(connection)
            writing = sqlite.connect_writer(path)
        except (sqlite3.Error, DatabaseError) as error:
            self._lock.release()
            raise sqlite.unusable(path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._writing = writing
        self._kept = Kept()
        self._writer = Writer(Link(writing, clock), self._kept, heard, answered)
        self._readers = sqlite.Readers(path, clock)
        self._closed = False

    def submit(self, work: Work, priority: Priority) -> Future[Any]:
        """Queues it for the writer."""
        return self._writer.submit(work, priority)

    def together(self, works: Sequence[tuple[str, Work]], priority: Priority) -> list[Outcome[Any]]:
        """The writer groups what waits. What does not get a place is refused."""
        return self._writer.write_all(works, priority)

    def write(self, work: Callable[[Unit], T]) -> T:
        """Waits until it is written."""
        value: T = self._writer.write(work, Priority.PEOPLE)
        return value

    def read(self, work: Callable[[Link], T]) -> T:
        """On a reader of the pool."""
        return self._readers.read(work)

    def forget(self) -> None:
        """The next transaction reads anew."""
        self._kept.clear()

    def close(self) -> None:
        """Drains the writer, folds the log into the file, gives the file free."""
        if self._closed:
            return
        self._closed = True
        try:
            self._writer.close()
            self._readers.close()
            with suppress(sqlite3.Error):  # on a full disk the log stays a log; the next one who opens reads it
                if self._writing.in_transaction:  # else a cursor that somebody still has would keep the file locked
                    self._writing.execute("ROLLBACK")
                self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writing.close()
        finally:
            self._lock.release()


class MemoryEngine:
    """SQLite in memory: everything on one connection, one at a time, in the thread that asks.

    Nobody else changes anything, so readers too are given cases as the last transactions left them.
    """

    answers_together = False

    def __init__(self, clock: Callable[[], datetime], heard: Heard) -> None:
        self._heard = heard
        self._link: Link | None = Link(sqlite.connect_memory(), clock)
        self._kept = Kept()
        self._link.kept = self._kept.get
        self._lock = sqlite.Reentrant()

    def submit(self, work: Work, priority: Priority) -> Future[Any]:  # noqa: ARG002  (nobody waits here)
        """Runs it at once."""
        future: Future[Any] = Future()
        self._outcome(work).answer(future)
        return future

    def together(self, works: Sequence[tuple[str, Work]], priority: Priority) -> list[Outcome[Any]]:  # noqa: ARG002
        """One after the other."""
        return [self._outcome(work) for _, work in works]

    def _outcome(self, work: Work) -> Outcome[Any]:
        try:
            return Outcome(self.write(work))
        except Exception as error:  # noqa: BLE001  (it belongs to who asks for the result)
            return Outcome(error=error)

    def write(self, work: Callable[[Unit], T]) -> T:
        """Runs it at once, whole or not at all."""
        with self._lock:
            link = self._open()
            unit = self._kept.unit(link)
            link.connection.execute("BEGIN")
            try:
                value = work(unit)
                unit.write_out()
                link.connection.execute("COMMIT")
            except BaseException:
                unit.drop()
                self._kept.clear()
                if link.connection.in_transaction:
                    link.connection.execute("ROLLBACK")
                raise
            self._kept.keep({one: as_read(held, self._kept.get(one)) for one, held in unit.held.items()}, unit.gone)
        if unit.news is not None:
            self._heard(unit.news)
        return value

    def read(self, work: Callable[[Link], T]) -> T:
        """On the same connection; nothing changes meanwhile, for nobody else has it."""
        with self._lock:
            return work(self._open())

    def rows(self) -> Rows:
        """What cases have left by now."""
        with self._lock:
            return Rows(rows_of(self._open().connection), self._kept.cases())

    def rewind(self, rows: Rows) -> None:
        """As it was when these rows were read."""
        self.write(lambda unit: put_back(unit.link.connection, rows.tables))
        self._kept.clear()
        self._kept.keep(rows.cases)

    def forget(self) -> None:
        """The next transaction reads anew."""
        self._kept.clear()

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
