"""Many cases quickly: copies of one that really went its way, made by SQL alone. Their histories prove nothing; sizes and plans are real."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ALIKE = ("case_section", "position", "timer", "case_index", "step", "effect")
"""Tables whose rows belong to a case by `case_id`; not the feed, as nobody has to seal what proves nothing."""
MARK = "Z-0"
"""The designation of the case that is copied; each copy gets one of its own."""


def _own(column: str) -> str:
    return f"replace(s.{column}, '{MARK}', 'Z-' || n.n)"


OWN = {
    "case": {
        "public_id": "printf('%032x', n.n)",
        "number": "'Q-2026-' || printf('%07d', n.n)",
        "unique_key": _own("unique_key"),
        "search": _own("search"),
    },
    "case_section": {"data": _own("data")},
    "case_index": {"value": _own("value")},
    "effect": {"key": "s.key || '/' || n.n", "next_at": "NULL", "status": "'done'"},
    "step": {"command": "NULL"},
}
AT_ONCE = 50_000


def clone(path: Path, case_id: str, count: int) -> None:
    """So many copies of a case, with all of its rows; on a database that nobody has open."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -512000")
    (row, top) = connection.execute(
        'SELECT id, (SELECT max(id) FROM "case") FROM "case" WHERE public_id = ?', (case_id,)
    ).fetchone()
    for first in range(top + 1, top + 1 + count, AT_ONCE):
        last = min(first + AT_ONCE, top + 1 + count)
        connection.execute("BEGIN")
        for table in ("case", *ALIKE):
            connection.execute(*_copying(connection, table, row, first, last))
        connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


def _copying(connection: sqlite3.Connection, table: str, row: int, first: int, last: int) -> tuple[str, dict[str, int]]:
    columns = [name for _, name, *_ in connection.execute(f'PRAGMA table_info("{table}")')]
    own = {**OWN.get(table, {}), **({"id": "n.n"} if table == "case" else {"case_id": "n.n"})}
    names = [name for name in columns if name in own or name not in {"id", "pos"}]
    values = ", ".join(own.get(name, f"s.{name}") for name in names)
    where = "id" if table == "case" else "case_id"
    text = (
        f"WITH RECURSIVE n(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :last) "  # noqa: S608
        f'INSERT INTO "{table}" ({", ".join(names)}) SELECT {values} FROM n, "{table}" s WHERE s.{where} = :row'
    )
    return text, {"first": first, "last": last, "row": row}
