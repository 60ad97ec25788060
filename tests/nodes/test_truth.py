"""The checks that end the other tests of this folder find what they look for."""

from __future__ import annotations

import psycopg
from truth import CHECKS, faults
from worker import CARL, services_of

from engine.core.case import Event

COLUMNS = "case_id, kind, name, record, payload, payload_hash, hash, at, recorded_at, arrived_at"
HARM = {
    "a timer that fired twice": (
        f"INSERT INTO step (seq, {COLUMNS}) SELECT 900, {COLUMNS} FROM step WHERE kind = 'deadline' LIMIT 1"
    ),
    "a step that is missing or too many": "DELETE FROM step WHERE seq = 2",
    "a step that has no place in the feed, or two": "DELETE FROM feed WHERE pos = 2",
    "a place in the feed without its step": "UPDATE feed SET hash = 'x' WHERE pos = 2",
    "a gap in the feed": "UPDATE feed SET pos = 900 WHERE pos = 2",
    "a case whose steps are out of order in the feed": "UPDATE feed SET pos = -pos",
    "a gap in the numbers": 'UPDATE "case" SET number = \'E-2026-000900\' WHERE id = (SELECT min(id) FROM "case")',
    "an open incident": "INSERT INTO incident (kind, subject, text, opened_at) VALUES ('x', 'x', 'x', now())",
    "an effect that is not done": "UPDATE effect SET status = 'dead'",
    "a child that its parent does not know, or knows twice": "UPDATE step SET name = 'x' WHERE name = 'child_opened'",
}


def test_each_check_finds_its_harm(postgres_url):
    """A whole database has no faults; after each harm the check of that name has something to say."""
    services = services_of(postgres_url)
    case = services.cases.open_case("knot", {"knot.name": "n", "knot.group": "a"}, CARL).case.id
    now = services.clock.now().isoformat()
    for event in (Event("child", {"knot.group": "b"}), Event("bell", {"knot.until": now}), Event("add")):
        services.cases.send_event(case, event, CARL)
    while services.effects.deliver_pending() or services.timers.fire_due():
        pass
    services.store.write(lambda tx: tx.sequence_steps())
    services.store.close()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE \"case\" SET number = replace(number, 'K-', 'K-2026-')")  # as in the other workflow

        def sql(text):
            return connection.execute(text).fetchall()

        assert faults(sql) == {}
        found = {}
        for name, harm in HARM.items():
            with connection.transaction(force_rollback=True):
                connection.execute(harm)
                found[name] = name in faults(sql)
        assert found == dict.fromkeys(CHECKS, True)
