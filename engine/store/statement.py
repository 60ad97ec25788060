"""Statements written once as SQLAlchemy Core, compiled once per database to text; link.py gives them to its driver.

Where databases differ (style of binds, how instants travel) is decided here and in columns.py; what is asked is not.
"""

from __future__ import annotations

from collections import namedtuple
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Table, bindparam, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql import visitors

from engine.core.frozen import frozen
from engine.store.columns import Instant, from_text, from_timestamp, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Insert
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.dml import ReturningInsert

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    SQLITE: lambda: sqlite.dialect(paramstyle="qmark"),
    POSTGRESQL: lambda: psycopg.dialect(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
}
"""Values go by place: sqlite3 looks up names anew for each row, and psycopg takes a text apart to find them."""


class Executable(Protocol):
    """A Core statement that can be compiled."""

    is_dml: bool

    @property
    def exported_columns(self) -> Any:
        """What a row of its result has."""

    def compile(self, *, dialect: Dialect) -> Any:
        """Its text for a database."""


@frozen
class Text:
    """A statement's text for one database: values that stand in it, and which binds and columns are instants.

    `placed` makes of binds by name what the driver is given.
    """

    sql: str
    placed: Callable[[dict[str, Any]], Any]
    constants: Mapping[str, Any]
    bound_instants: tuple[str, ...]
    instants: tuple[int, ...]
    read_instant: Callable[[Any], Any]
    row: Callable[[Iterable[Any]], Any]

    def given(self, binds: dict[str, Any]) -> Any:
        """What goes to the driver with the text."""
        return self.placed({**self.constants, **binds} if self.constants else binds)


class Statement:
    """A Core statement; binds are its `bindparam` names, rows named tuples of its columns.

    `tables` are the names of those it looks at or changes, `writes` whether it changes one.
    """

    def __init__(self, core: Executable) -> None:
        self.core = core
        self.writes = core.is_dml
        self.tables = frozenset(str(item.name) for item in visitors.iterate(core) if isinstance(item, Table))  # type: ignore[arg-type]
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
            placed=_in_order(compiled.positiontup),
            constants={name: bind.effective_value for bind, name in binds.items() if not bind.required},
            bound_instants=tuple(
                sorted({n for b, n in binds.items() if isinstance(b.type, Instant) and b.required and as_text})
            ),
            instants=tuple(i for i, c in enumerate(columns) if isinstance(c.type, Instant)),
            read_instant=from_text if as_text else from_timestamp,
            row=_row_of([c.key for c in columns]),
        )


def _in_order(names: Sequence[str]) -> Callable[[dict[str, Any]], Any]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda binds: tuple(binds[name] for name in names)


def _row_of(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    kind: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024  (names known at run time only)
    make: Callable[[Iterable[Any]], Any] = kind._make
    return make


def given_columns(table: Table) -> list[str]:
    """The columns of a new row: all but an own number, which the database gives."""
    own = {
        c.name for c in table.primary_key if c.autoincrement is True or (c.name in {"id", "pos"} and c.default is None)
    }
    return [c.name for c in table.columns if c.name not in own or table.name == "clock"]


def insert_into(table: Table, *returning: str) -> Insert | ReturningInsert[Any]:
    """An INSERT of all columns but an own number; `returning` names columns to give back."""
    core = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in given_columns(table)})
    return core.returning(*(table.c[name] for name in returning)) if returning else core.inline()
