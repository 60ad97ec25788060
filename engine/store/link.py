"""One connection of a database's driver, spoken to in statements; what waits to be written is unit.py's.

A statement that looks at a table for which rows wait has these written first, so that nobody misses what was done before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.store.columns import to_text
from engine.store.statement import SQLITE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from engine.store.codec import Held
    from engine.store.statement import Statement, Text
    from engine.store.writes import Write

Asked = tuple["Statement", dict[str, Any]]


class Link:
    """A connection to SQLite. `clock` gives machine time; `owned`: nobody else writes to this database.

    `changes` counts what was written at once; `waiting` are the tables for which rows wait, and `write_out` writes them.
    `kept` gives cases that need not be read, as nobody else changes any.
    """

    owned = True
    dialect = SQLITE

    def __init__(self, connection: Any, clock: Callable[[], datetime] | None) -> None:
        self.connection = connection
        self.changes = 0
        self._writing = connection.cursor()
        self.waiting: set[str] = set()
        self.write_out: Callable[[], None] = _nothing
        self._clock = clock
        self.kept: Callable[[str], Held | None] = _unknown

    def now(self) -> datetime:
        """Machine time."""
        if self._clock is None:
            raise ValueError("SQLite has no clock of its own; the store is given the process's")
        return self._clock()

    def machine_time(self, told: datetime) -> datetime:
        """Machine time, where the database has `told` its own: that, unless another clock was given."""
        return told if self._clock is None else self._clock()

    def rows(self, statement: Statement, **binds: Any) -> list[Any]:
        """All rows of a result."""
        self._settle(statement)
        return self._fetched(self._execute(statement, binds), statement)

    def peek(self, *asked: Asked) -> list[list[Any]]:
        """The rows of several questions in one go, whatever waits to be written: for who knows what waits."""
        return [self._fetched(self._execute(statement, binds), statement) for statement, binds in asked]

    def row(self, statement: Statement, **binds: Any) -> Any | None:
        """The first row, or None."""
        found = self.rows(statement, **binds)
        return found[0] if found else None

    def value(self, statement: Statement, **binds: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.row(statement, **binds)
        return None if row is None else row[0]

    def run(self, statement: Statement, **binds: Any) -> int:
        """Runs it for the number of rows it changed."""
        self._settle(statement)
        count: int = self._execute(statement, binds).rowcount
        return count

    def many(self, statement: Statement, rows: Sequence[dict[str, Any]]) -> None:
        """Runs it once for each of the rows, which nobody waits for."""
        if not rows:
            return
        text = statement.text(self.dialect)
        self.changes += 1
        if len(rows) == 1:
            self._writing.execute(text.sql, _bound(text, rows[0]))
        else:
            self._writing.executemany(text.sql, [_bound(text, row) for row in rows])

    def write(self, rows: Sequence[tuple[Write, Sequence[dict[str, Any]]]]) -> None:
        """Rows of several tables, in this order, which nobody waits for."""
        for write, of_table in rows:
            self.many(write, of_table)

    def _settle(self, statement: Statement) -> None:
        if self.waiting and not self.waiting.isdisjoint(statement.tables):
            self.write_out()

    def _execute(self, statement: Statement, binds: dict[str, Any]) -> Any:
        text = statement.text(self.dialect)
        if statement.writes:
            self.changes += 1
        return self.connection.execute(text.sql, _bound(text, binds))

    def _fetched(self, cursor: Any, statement: Statement) -> list[Any]:
        found = cursor.fetchall()
        if not found:
            return []
        text = statement.text(self.dialect)
        if not text.instants:
            return [text.row(row) for row in found]
        return [text.row(_read(row, text)) for row in found]


def _nothing() -> None:
    """Nothing waits."""


def _unknown(_: str) -> None:
    """Nothing is kept."""


def _bound(text: Text, binds: dict[str, Any]) -> Any:
    for name in text.bound_instants:
        binds[name] = to_text(binds[name])
    return text.given(binds)


def _read(row: Sequence[Any], text: Text) -> list[Any]:
    values = list(row)
    for place in text.instants:
        values[place] = text.read_instant(values[place])
    return values
