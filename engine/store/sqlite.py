"""SQLite by its driver: opening connections, the lock file, the pool of readers; transactions are left to engines.py and writer.py."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from functools import cache
from queue import Empty, LifoQueue
from threading import Lock, RLock
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from engine.errors import MilepostError, Unavailable
from engine.store.link import Link
from engine.store.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

T = TypeVar("T")

READERS = 8
WAIT_FOR_READER = 10.0
"""Seconds that a read waits for a free connection."""
WAIT_FOR_LOCK = 5.0
"""Seconds that a writer waits for somebody else's lock: a tool that looks at the file, never another Milepost."""
OURS = frozenset({"SQLITE_ERROR", "SQLITE_READONLY"})
"""Errors of who asks, not of the database."""


def connect(path: Path | None) -> sqlite3.Connection:
    """A connection to a file (None: to a new database in memory) that begins and ends transactions only when told."""
    connection = sqlite3.connect(
        ":memory:" if path is None else str(path), isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute(f"PRAGMA busy_timeout = {WAIT_FOR_LOCK * 1000:.0f}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes: durable at every COMMIT."""
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -32000")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def unusable(path: Path, error: Exception) -> MilepostError:
    """What a file that cannot be opened and brought up to date is refused with."""
    cause = str(getattr(error, "orig", error))
    return MilepostError(
        f"{path} cannot be used as a database ({cause}); name a file of Milepost that can be written, or a new one"
    )


def check_writable(path: Path) -> None:
    """Raises OperationalError for a file that may only be read: SQLite itself would say so at the first write."""
    if path.exists() and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise sqlite3.OperationalError("it may only be read")


def connect_memory() -> sqlite3.Connection:
    """A new database in memory with all tables."""
    connection = connect(None)
    template, lock = _template()
    with lock:
        template.backup(connection)
    return connection


@cache
def _template() -> tuple[sqlite3.Connection, Lock]:
    connection = connect(None)
    METADATA.create_all(create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool))
    return connection, Lock()


class LockFile:
    """One process owns a database: a second one is refused, and the lock ends with the process."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}.lock")
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MilepostError(
                f"{self.path} cannot be opened ({error.strerror}); the database needs a folder that exists and can be written"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise Unavailable(
                f"{database} is in use by another Milepost (process {owner or 'unknown'});"
                " stop it first, or talk to it through its API"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Gives the database free; the file stays, so that nobody locks one that is being removed."""
        os.close(self._descriptor)


class Readers:
    """A pool of connections that cannot write; each read is one snapshot."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._free: LifoQueue[Link | None] = LifoQueue()
        self._closed = False
        for _ in range(READERS):
            self._free.put(None)

    def read(self, work: Callable[[Link], T]) -> T:
        """What `work` makes of a snapshot."""
        try:
            link = self._free.get(timeout=WAIT_FOR_READER)
        except Empty:
            raise Unavailable("all readers of the database are busy; try again") from None
        try:
            if self._closed:
                raise Unavailable("the store is closed; nothing can be read")
            if link is None:
                link = Link(connect_reader(self._path), self._clock)
            return snapshot(link, work)
        except sqlite3.OperationalError as error:
            if link is not None:
                link.connection.close()
                link = None  # the next one begins with a connection that is in order
            if error.sqlite_errorname in OURS:
                raise
            raise Unavailable(f"the database could not be read ({error}); try again") from error
        finally:
            self._free.put(link)

    def close(self) -> None:
        """Waits for the reads under way and closes all."""
        self._closed = True
        for link in [self._free.get() for _ in range(READERS)]:
            if link is not None:
                link.connection.close()
            self._free.put(None)


def snapshot(link: Link, work: Callable[[Link], T]) -> T:
    """Runs a read in a transaction of its own, and leaves nothing of it."""
    link.connection.execute("BEGIN")
    try:
        return work(link)
    finally:
        if link.connection.in_transaction:
            link.connection.execute("ROLLBACK")


class Reentrant:
    """An RLock that knows whether this thread has it, so that a transaction inside another one is refused."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._busy = False

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._busy:
            self._lock.release()
            raise RuntimeError("a transaction inside another one; use the one at hand")
        self._busy = True

    def __exit__(self, *_: object) -> None:
        self._busy = False
        self._lock.release()
