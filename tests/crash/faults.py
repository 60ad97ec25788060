"""Real connections of both drivers that fail at the k-th statement, in each of the ways a database can.

Every statement counts that the work's own threads send, COMMIT too; what pools and listeners do by themselves does not.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from threading import Lock, current_thread
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTED = ("MainThread", "milepost-writer", "milepost-people", "milepost-behind")


class Mode(StrEnum):
    """How a statement fails."""

    BEFORE = "raises before it runs"
    AFTER = "ran, but its result is lost"
    LOST = "the connection is lost before it runs"
    LOST_AFTER = "the connection is lost after it ran"
    DEAD = "before it runs, and nothing works from then on"
    DEAD_AFTER = "after it ran, and nothing works from then on"


AFTERWARDS = frozenset({Mode.AFTER, Mode.LOST_AFTER, Mode.DEAD_AFTER})
FOR_GOOD = frozenset({Mode.DEAD, Mode.DEAD_AFTER})
LOSING = frozenset({Mode.LOST, Mode.LOST_AFTER})


class Faults:
    """Counts statements, and lets the one fail that it was told to."""

    def __init__(self) -> None:
        self.count = 0
        self.dead = False
        self.happened: str | None = None
        self._at: int | None = None
        self._mode = Mode.BEFORE
        self._lock = Lock()

    def arm(self, at: int | None, mode: Mode) -> None:
        """From now on statements are counted, and the `at`-th fails (None: none does)."""
        self.count, self.happened, self._at, self._mode = 0, None, at, mode

    def disarm(self) -> None:
        """Everything works again."""
        self._at, self.dead = None, False

    def around(self, connection: Any, text: Any, run: Callable[[], Any]) -> Any:
        """Runs a statement, or fails at it; `connection` knows how to be lost."""
        if not current_thread().name.startswith(COUNTED):
            return run()
        with self._lock:
            self.count += 1
            now = self.count == self._at
        if self.dead:
            connection.lose()
            raise connection.error("nothing works any more")
        if not now:
            return run()
        mode, self.happened = self._mode, str(text)
        if mode in AFTERWARDS:
            run()
            connection.settle()
        self.dead = mode in FOR_GOOD
        if mode in LOSING or self.dead:
            connection.lose()
        raise connection.error(f"at '{text}': {mode}")


def sqlite_connections(faults: Faults) -> type[sqlite3.Connection]:
    """Connections to SQLite with these faults. A lost one has rolled back by itself, as on a full disk."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *given: Any) -> Any:
            return faults.around(self.connection, sql, lambda: super(Cursor, self).execute(sql, *given))

        def executemany(self, sql: str, *given: Any) -> Any:
            return faults.around(self.connection, sql, lambda: super(Cursor, self).executemany(sql, *given))

    class Connection(sqlite3.Connection):
        error = sqlite3.OperationalError

        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, *given: Any) -> Any:
            return faults.around(self, sql, lambda: super(Connection, self).execute(sql, *given))

        def settle(self) -> None:
            """Every statement has run when it returns."""

        def lose(self) -> None:
            if self.in_transaction:
                super().execute("ROLLBACK")

    return Connection


def postgres_connections(faults: Faults) -> type[psycopg.Connection]:
    """Connections to PostgreSQL with these faults. A lost one is ended by the server."""

    class Cursor(psycopg.RawCursor):
        def execute(self, query: Any, *given: Any, **more: Any) -> Any:
            return faults.around(self.connection, query, lambda: super(Cursor, self).execute(query, *given, **more))

        def executemany(self, query: Any, *given: Any, **more: Any) -> Any:
            return faults.around(self.connection, query, lambda: super(Cursor, self).executemany(query, *given, **more))

    class Connection(psycopg.Connection):
        error = psycopg.OperationalError

        @classmethod
        def connect(cls, *given: Any, **more: Any) -> Any:
            if faults.dead:
                raise psycopg.OperationalError("no server listens")
            return super().connect(*given, **{**more, "cursor_factory": Cursor})

        def commit(self) -> None:
            if self._pipeline is None:
                super().commit()
            else:
                faults.around(self, "COMMIT", super().commit)

        def settle(self) -> None:
            """What was sent has run."""
            if self._pipeline is not None:
                self._pipeline.sync()

        def lose(self) -> None:
            if not self.closed:
                with psycopg.connect(self.info.dsn, password=self.info.password, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s, 5000)", (self.info.backend_pid,))
                self.pgconn.finish()

    return Connection
