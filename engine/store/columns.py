"""Column types and functions that differ between databases, and the base of all tables; what the tables are is left to tables.py.

Instants are fixed-width UTC text on SQLite (text order is time order) and timestamptz on PostgreSQL. JSON is kept as text,
in the canonical form of engine.core.values or of packing.py. Text is ordered by its code points on every database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, DateTime, Integer, MetaData, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from engine.core.values import instant, parse_instant

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine


class Instant(TypeDecorator[datetime]):
    """A moment; statement.py converts by `to_driver` and `from_driver`."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, timestamptz elsewhere."""
        if is_text(dialect.name):
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """What the driver is given."""
        return to_text(value) if is_text(dialect.name) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """What the driver gave."""
        return from_text(value) if is_text(dialect.name) else from_timestamp(value)


def is_text(dialect: str) -> bool:
    """Whether this database keeps instants as text."""
    return dialect == "sqlite"


def to_text(moment: datetime | None) -> str | None:
    """An instant as SQLite keeps it."""
    return None if moment is None else instant(moment)


def from_text(text: str | None) -> datetime | None:
    """The reverse of `to_text`."""
    return None if text is None else parse_instant(text)


def from_timestamp(moment: datetime | None) -> datetime | None:
    """An instant as a driver with timestamps gives it, in UTC."""
    return None if moment is None else moment.astimezone(UTC)


class _Function(FunctionElement[str]):
    """A function of SQL that gives a text, and how it is spelt (`{}`: its arguments) on PostgreSQL and on SQLite."""

    type = Text()
    inherit_cache = True
    postgresql: str
    sqlite: str


@compiles(_Function)
def _on_postgresql(element: _Function, compiler: SQLCompiler, **more: Any) -> str:
    return element.postgresql.format(compiler.process(element.clauses, **more))


@compiles(_Function, "sqlite")
def _on_sqlite(element: _Function, compiler: SQLCompiler, **more: Any) -> str:
    return element.sqlite.format(compiler.process(element.clauses, **more))


class together(_Function):  # noqa: N801  (a function of SQL)
    """The texts of a group's rows as one, with commas between them; NULL where there is none."""

    name = "together"
    postgresql, sqlite = "string_agg({}, ',')", "group_concat({}, ',')"


class listed(_Function):  # noqa: N801  (a function of SQL)
    """The text of a JSON array of columns; instants in it are texts that `parse_instant` reads."""

    name = "listed"
    postgresql, sqlite = "json_build_array({})::text", "json_array({})"


BIG = BigInteger().with_variant(Integer(), "sqlite")
"""Keys and positions: 64 bits everywhere; SQLite numbers only INTEGER PRIMARY KEY by itself."""

STRING = String().with_variant(String(collation="C"), "postgresql")
LONG = Text().with_variant(Text(collation="C"), "postgresql")
"""Text by code points, as SQLite has it: beginnings of words are found by comparing, and locks are taken in one order."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """Base of every table; rows never leave engine/store."""

    metadata = MetaData(naming_convention=NAMES)
