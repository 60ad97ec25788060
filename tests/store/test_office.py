"""Versions, calendars, tokens, incidents, imports and answered requests."""

from __future__ import annotations

from datetime import timedelta

from engine.core.case import Tie


def test_versions(store, clock):
    """Versions count up for each workflow; an old digest that comes again is the newest; calendars only when changed."""
    add = lambda name, digest: store.write(  # noqa: E731
        lambda tx: tx.add_version(
            workflow=name,
            digest=digest,
            source="s",
            file="f",
            templates={"en/a.txt": "Ünïcode"},
            calendar="ru",
            calendar_version=1,
        )
    )
    first, second, third, other = add("q", "d1"), add("q", "d2"), add("q", "d1"), add("appeal", "d1")
    assert [v.version for v in (first, second, third, other)] == [1, 2, 3, 1]
    assert store.read(lambda r: r.versions("q")) == (first, second, third)
    assert store.read(lambda r: (r.version(first.id), r.latest_version("q"), r.version_by_digest("q", "d1"))) == (
        first,
        third,
        third,
    )
    assert store.read(lambda r: (r.version(99), r.latest_version("x"), r.version_by_digest("q", "d9"))) == (
        None,
        None,
        None,
    )
    assert store.read(lambda r: r.workflows()) == ("appeal", "q")
    calendars = [store.write(lambda tx, t=t: tx.add_calendar("ru", t)) for t in ("a", "a", "b")]
    assert [c.version for c in calendars] == [1, 1, 2]
    assert store.read(lambda r: (r.calendar("ru"), r.calendar("xx"))) == (calendars[2], None)


def test_tokens(store, clock):
    """A token is found by its hash; people are those whose token is in force."""

    def add(name, **kwargs):
        plain = {
            "id": f"t-{name}",
            "hash": f"h-{name}",
            "actor_id": name,
            "name": name.title(),
            "email": f"{name}@example.org",
        }
        return store.write(lambda tx: tx.add_token(**plain, roles=frozenset({"reviewer", "auditor"}), **kwargs))

    tie = Tie("4027000001", clock.now)
    ann = add("ann", attributes={"category": ("valves", "pumps"), "unit": "7"}, ties=(tie, Tie("x")))
    ben, _ = add("ben"), add("cy", expires_at=clock.now + timedelta(hours=1))
    assert store.read(lambda r: r.token_by_hash("h-ann")) == ann
    assert store.read(lambda r: r.token_by_hash("nothing")) is None
    assert [t.actor_id for t in store.read(lambda r: r.people("reviewer"))] == ["ann", "ben", "cy"]
    assert store.write(lambda tx: (tx.revoke_token(ben.id), tx.revoke_token(ben.id))) == (True, False)
    store.write(lambda tx: tx.touch_token(ann.id, clock.now))
    clock.forward(hours=1)
    assert [t.actor_id for t in store.read(lambda r: r.people("reviewer"))] == ["ann"]
    assert store.read(lambda r: r.people("registrar")) == ()
    assert [t.last_used_at is None for t in store.read(lambda r: r.tokens())] == [False, True, True]


def test_incidents(store, opened, clock):
    """An incident is open until it is closed, of a case or of none."""
    one = store.write(lambda tx: tx.add_incident(case_id=opened.id, kind="delivery", subject="mail", text="refused"))
    two = store.write(lambda tx: tx.add_incident(case_id=None, kind="import", subject="file", text="broken"))
    assert [(i.id, i.case_id) for i in store.read(lambda r: r.incidents())] == [(one, opened.id), (two, None)]
    assert store.write(lambda tx: (tx.close_incident(one), tx.close_incident(one))) == (True, False)
    assert store.read(lambda r: r.incidents(opened.id)) == ()
    assert [i.closed_at for i in store.read(lambda r: r.incidents(opened.id, open_only=False))] == [clock.now]


def test_answers(store, clock):
    """What was answered under a key is found for its party until it is forgotten."""
    store.write(lambda tx: tx.keep_accepted("k", "p", "body", "case-1", 4))
    found = store.read(lambda r: r.accepted("k", "p"))
    assert (found.body_hash, found.case_id, found.seq) == ("body", "case-1", 4)
    assert store.read(lambda r: r.accepted("k", "other")) is None
    assert store.write(lambda tx: tx.forget_accepted(clock.forward(days=7))) == 1
    assert store.read(lambda r: r.accepted("k", "p")) is None
