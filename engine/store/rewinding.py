"""What cases a database in memory holds, to come back to; published versions and calendars stay as they are.

Rows are put back as they lay: a copy of the whole database would make SQLite prepare every statement of the connection anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from engine.store.statement import DIALECTS, SQLITE
from engine.store.tables import CALENDAR_VERSION, METADATA, WORKFLOW_VERSION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    Rows = Mapping[str, list[tuple[Any, ...]]]
    """Of each table that has any."""

_TABLES = [table for table in METADATA.sorted_tables if table not in {WORKFLOW_VERSION, CALENDAR_VERSION}]
_TEXTS = {
    table.name: [
        str(core.compile(dialect=DIALECTS[SQLITE]())) for core in (select(table), delete(table), insert(table))
    ]
    for table in _TABLES
}


def rows_of(connection: sqlite3.Connection) -> Rows:
    """All that cases, people and what is sent have left."""
    found = {name: connection.execute(reading).fetchall() for name, (reading, _, _) in _TEXTS.items()}
    return {name: rows for name, rows in found.items() if rows}


def put_back(connection: sqlite3.Connection, rows: Rows) -> None:
    """These rows and no others, inside a transaction."""
    for _, deleting, _ in reversed(_TEXTS.values()):
        connection.execute(deleting)
    for name, of_table in rows.items():
        connection.executemany(_TEXTS[name][2], of_table)
