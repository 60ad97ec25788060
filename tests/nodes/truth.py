"""What must hold of a database after any number of nodes have worked on it, whatever happened to them; each finding is a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CHECKS = {
    "a timer that fired twice": (  # without a new entry of its state, or another moment, in between
        "SELECT fired.case_id, fired.seq, fired.name FROM (SELECT case_id, seq, name, record::json->>'state' AS state,"
        " lag(seq) OVER (PARTITION BY case_id, name, at, record::json->>'state', record::json->>'note' ORDER BY seq)"
        " AS before FROM step WHERE kind IN ('deadline', 'reminder', 'escalation')) AS fired"
        " WHERE before IS NOT NULL AND NOT EXISTS (SELECT FROM step s WHERE s.case_id = fired.case_id"
        " AND s.seq BETWEEN before AND fired.seq AND (s.record::json->>'entered' LIKE '%' || state || '%'"
        " OR s.kind = 'event' AND s.name IN ('bell', 'remind_at')))"
    ),
    "a step that is missing or too many": (
        'SELECT c.public_id FROM "case" c LEFT JOIN step s ON s.case_id = c.id GROUP BY c.id, c.public_id, c.seq'
        " HAVING count(s.id) <> c.seq OR max(s.seq) <> c.seq OR count(DISTINCT s.seq) <> c.seq"
    ),
    "a step that has no place in the feed, or two": (
        "SELECT s.case_id, s.seq FROM step s LEFT JOIN feed f ON f.case_id = s.case_id AND f.seq = s.seq"
        " GROUP BY 1, 2 HAVING count(f.pos) <> 1"
    ),
    "a place in the feed without its step": (
        "SELECT f.pos FROM feed f LEFT JOIN step s ON s.case_id = f.case_id AND s.seq = f.seq AND s.hash = f.hash"
        " WHERE s.id IS NULL"
    ),
    "a gap in the feed": "SELECT max(pos), count(*) FROM feed HAVING max(pos) <> count(*) OR min(pos) <> 1",
    "a case whose steps are out of order in the feed": (
        "SELECT case_id, seq FROM (SELECT case_id, seq, lag(seq) OVER (PARTITION BY case_id ORDER BY pos) AS before"
        " FROM feed) AS placed WHERE seq <> coalesce(before, 0) + 1"
    ),
    "a gap in the numbers": (
        "SELECT max(split_part(number, '-', 3)::int), count(*) FROM \"case\""
        " HAVING max(split_part(number, '-', 3)::int) <> count(*)"
    ),
    "an open incident": "SELECT kind, subject, text FROM incident WHERE closed_at IS NULL",
    "an effect that is not done": "SELECT key, status, attempt FROM effect WHERE status <> 'done'",
    "a child that its parent does not know, or knows twice": (
        "SELECT l.case_id FROM case_link l LEFT JOIN step s ON s.case_id = l.parent_id AND s.name = 'child_opened'"
        " AND s.record::json->'actor'->>'id' = (SELECT public_id FROM \"case\" WHERE id = l.case_id)"
        " GROUP BY 1 HAVING count(s.id) <> 1"
    ),
}
TWICE = "SELECT key, attempt FROM effect WHERE attempt <> 1"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def faults(sql: Callable[[str], list[Any]]) -> dict[str, list[Any]]:
    """What does not hold, by name."""
    found = {name: sql(text)[:5] for name, text in CHECKS.items()}
    return {name: rows for name, rows in found.items() if rows}


def broken_chains(url: str) -> list[str]:
    """Cases whose history is not what was written."""
    store = Store(url, machine_now=None)
    try:
        return store.read(
            lambda reader: [
                entry.case_id
                for entry in reader.feed(0, 10**7)
                if entry.seq == 1 and not reader.chain_is_whole(entry.case_id)
            ]
        )
    finally:
        store.close()
