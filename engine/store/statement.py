"""Statements written once as SQLAlchemy Core, compiled once per database to text and run by its driver directly.

Where databases differ (style of binds, how instants travel) is decided here and in columns.py; what is asked is not.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import bindparam, insert
from sqlalchemy.dialects import sqlite

from engine.store.columns import Instant, from_text, is_text, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Insert, Table
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.dml import ReturningInsert

DIALECTS: Mapping[str, Callable[[], Dialect]] = {"sqlite": lambda: sqlite.dialect(paramstyle="named")}


class Executable(Protocol):
    """A Core statement that can be compiled."""

    @property
    def exported_columns(self) -> Any:
        """What a row of its result has."""

    def compile(self, *, dialect: Dialect) -> Any:
        """Its text for a database."""


@dataclass(frozen=True, slots=True)
class Text:
    """A statement's text for one database: values that stand in it, and which binds and columns are instants."""

    sql: str
    constants: Mapping[str, Any]
    bound_instants: tuple[str, ...]
    instants: tuple[int, ...]
    row: Callable[[Iterable[Any]], Any]


class Statement:
    """A Core statement; binds are its `bindparam` names, rows named tuples of its columns."""

    def __init__(self, core: Executable) -> None:
        self.core = core
        self._texts: dict[str, Text] = {}

    def text(self, dialect: str) -> Text:
        """The text for this database, compiled at the first use."""
        text = self._texts.get(dialect)
        if text is None:
            text = self._texts[dialect] = self._compile(dialect)
        return text

    def _compile(self, dialect: str) -> Text:
        compiled = self.core.compile(dialect=DIALECTS[dialect]())
        columns = list(getattr(self.core, "exported_columns", ()))
        binds = compiled.bind_names
        as_text = is_text(dialect)
        return Text(
            sql=str(compiled),
            constants={name: bind.effective_value for bind, name in binds.items() if not bind.required},
            bound_instants=tuple(
                sorted({n for b, n in binds.items() if isinstance(b.type, Instant) and b.required and as_text})
            ),
            instants=tuple(i for i, c in enumerate(columns) if isinstance(c.type, Instant) and as_text),
            row=_row_of([c.key for c in columns]),
        )


def _row_of(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    kind: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024  (names known at run time only)
    make: Callable[[Iterable[Any]], Any] = kind._make
    return make


def insert_into(table: Table, *returning: str) -> Insert | ReturningInsert[Any]:
    """An INSERT of all columns but an own number; `returning` names columns to give back."""
    own = {
        c.name for c in table.primary_key if c.autoincrement is True or (c.name in {"id", "pos"} and c.default is None)
    }
    names = [c.name for c in table.columns if c.name not in own or table.name == "clock"]
    core = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})
    return core.returning(*(table.c[name] for name in returning)) if returning else core


class Link:
    """One connection of a database's driver, spoken to in statements."""

    __slots__ = ("_cursor", "connection", "dialect")

    def __init__(self, connection: Any, dialect: str) -> None:
        self.connection = connection
        self.dialect = dialect
        self._cursor = connection.cursor()

    def rows(self, statement: Statement, **binds: Any) -> list[Any]:
        """All rows of a result."""
        text = statement.text(self.dialect)
        found = self._cursor.execute(text.sql, _bound(text, binds)).fetchall()
        if not text.instants:
            return [text.row(row) for row in found]
        return [text.row(_read(row, text.instants)) for row in found]

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
        text = statement.text(self.dialect)
        count: int = self._cursor.execute(text.sql, _bound(text, binds)).rowcount
        return count

    def many(self, statement: Statement, rows: Sequence[dict[str, Any]]) -> None:
        """Runs it once for each of the rows."""
        if len(rows) == 1:
            self.run(statement, **rows[0])
        elif rows:
            text = statement.text(self.dialect)
            self._cursor.executemany(text.sql, [_bound(text, row) for row in rows])


def _bound(text: Text, binds: dict[str, Any]) -> dict[str, Any]:
    for name in text.bound_instants:
        binds[name] = to_text(binds[name])
    return {**text.constants, **binds} if text.constants else binds


def _read(row: Sequence[Any], instants: tuple[int, ...]) -> list[Any]:
    values = list(row)
    for place in instants:
        values[place] = from_text(values[place])
    return values
