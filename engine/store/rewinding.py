"""What cases a database in memory holds, to come back to; published versions and calendars stay as they are.

Rows are put back as they lay: a copy of the whole database would make SQLite prepare every statement of the connection anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, insert, select

from engine.core.frozen import frozen
from engine.store.statement import DIALECTS, SQLITE
from engine.store.tables import CALENDAR_VERSION, METADATA, WORKFLOW_VERSION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from engine.store.codec import Held

    Tables = Mapping[str, list[tuple[Any, ...]]]
    """The rows of each table that has any."""

_TABLES = [table for table in METADATA.sorted_tables if table not in {WORKFLOW_VERSION, CALENDAR_VERSION}]
_FILLED, *_OTHERS = (
    str(core.compile(dialect=DIALECTS[SQLITE]()))
    for core in (
        select(*(exists(select(1).select_from(table)) for table in _TABLES)),
        *(core for table in _TABLES for core in (select(table), delete(table), insert(table))),
    )
)
_TEXTS = {table.name: _OTHERS[3 * place : 3 * place + 3] for place, table in enumerate(_TABLES)}
"""How each is read, emptied, filled."""


@frozen
class Rows:
    """What a store in memory holds; `cases` are those among it that are known without being read."""

    tables: Tables
    cases: Mapping[str, Held]


def rows_of(connection: sqlite3.Connection) -> Tables:
    """All that cases, people and what is sent have left."""
    return {name: connection.execute(_TEXTS[name][0]).fetchall() for name in _filled(connection)}


def put_back(connection: sqlite3.Connection, rows: Tables) -> None:
    """These rows and no others, inside a transaction."""
    for name in reversed(_filled(connection)):
        connection.execute(_TEXTS[name][1])
    for name, of_table in rows.items():
        connection.executemany(_TEXTS[name][2], of_table)


def _filled(connection: sqlite3.Connection) -> list[str]:
    """Tables with rows in them, those that others refer to first."""
    return [name for name, filled in zip(_TEXTS, connection.execute(_FILLED).fetchone(), strict=True) if filled]
