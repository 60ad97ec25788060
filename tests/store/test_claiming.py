"""Effects are taken within the limits of their adapters, by however many nodes at once, and cheaply whatever waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from engine.store.claiming import DUE
from engine.store.lanes import HOLDING, LANES
from engine.store.limits import Limit, Limits
from engine.store.store import Store

LEASE = 60


@pytest.fixture
def ask(store, version_id, maker):
    """Opens so many cases, each with effects of an adapter; their keys."""

    def made(adapter, cases, each=1):
        keys = []
        for _ in range(cases):
            opened = maker.opened()
            step = maker.next(opened.case, effects=each)
            effects = tuple(replace(effect, adapter=adapter) for effect in step.effects)
            step = replace(step, effects=effects)
            store.write(
                lambda tx, opened=opened, step=step: (
                    tx.insert_case(opened, version_id=version_id, unique_key=None, index={}),
                    tx.save(step, unique_key=None, index={}),
                )
            )
            keys += [effect.key for effect in effects]
        return keys

    return made


@pytest.fixture
def nodes(store, store_url):
    """Opens the same database with a clock that goes: by two nodes, or by one where a file has one owner."""
    real = None if store_url.startswith("postgresql") else lambda: datetime.now(UTC)
    opened = []

    def open_all():
        store.close()
        opened.extend(Store(store_url, machine_now=real) for _ in range(2 if real is None else 1))
        return opened

    yield open_all
    for node in opened:
        node.close()


def claim(store, limits=None, **more):
    """Takes what may be taken."""
    found = limits or Limits()
    return store.write(lambda tx: tx.claim_effects(lease_seconds=LEASE, limits=found, **more))


def only(adapter, **limit):
    """A limit of one adapter."""
    return Limits({adapter: Limit(**limit)})


def test_no_more_leases_than_allowed(store, ask, clock):
    """So many hold at one time; one that is finished, or whose time is over, makes room for the next."""
    ask("laboratory", 3)
    limits = only("laboratory", at_once=2)
    first = claim(store, limits)
    assert (len(first), claim(store, limits)) == (2, ())
    assert store.read(lambda r: r.next_effect_at(limits)) == clock.now + timedelta(seconds=LEASE)
    store.write(lambda tx: tx.finish_effect(first[0].key, 1, "done"))
    assert store.read(lambda r: r.next_effect_at(limits)) == clock.now
    assert len(claim(store, limits)) == 1
    clock.forward(seconds=LEASE)
    again = claim(store, limits)
    assert [effect.attempt for effect in again] == [2, 2]
    assert again[0].tries == ({"at": clock.now, "error": "no answer came before the lease ended"},)
    assert store.read(lambda r: r.effect(again[0].key)).tries == again[0].tries


def test_not_more_often_than_allowed(store, ask, clock):
    """After one the next may begin a while later, and it is told when; time that was not used is not made up for."""
    ask("notify", 4)
    limits = only("notify", spacing=timedelta(seconds=10))
    assert (len(claim(store, limits)), len(claim(store, limits))) == (1, 0)
    assert store.read(lambda r: r.next_effect_at(limits)) == clock.now + timedelta(seconds=10)
    assert store.read(lambda r: r.next_effect_at()) == clock.now
    clock.forward(seconds=9.999)
    assert claim(store, limits) == ()
    clock.forward(seconds=25)
    assert (len(claim(store, limits)), len(claim(store, limits))) == (1, 0)


def test_limits_are_of_an_adapter_alone(store, ask):
    """Others have their own, or the one for all others; what goes between cases has none."""
    for adapter in ("cases", "laboratory", "notify"):
        ask(adapter, 3)
    limits = Limits({"laboratory": Limit(at_once=1)}, others=Limit(at_once=2))
    taken = [effect.adapter for effect in claim(store, limits)]
    assert sorted(taken) == ["cases"] * 3 + ["laboratory"] + ["notify"] * 2


def test_what_was_asked_first_is_first(store, ask, clock):
    """Across adapters, in order of the moments; of each as many as there is room for."""
    late, early = ask("notify", 2), []
    clock.forward(seconds=-5)
    early += ask("laboratory", 2)
    clock.forward(seconds=5)
    found = claim(store, room=lambda _, before: 2 - before.get("laboratory", 0))
    assert [effect.key for effect in found] == early
    assert [effect.key for effect in claim(store)] == late


def test_together_they_keep_to_how_many(ask, nodes):
    """Eight claimers on all nodes at once: at no time do more leases hold than allowed, and all is done once."""
    keys, done, held = ask("laboratory", 60), [], []
    limits = only("laboratory", at_once=3)

    def take(tx):
        found = tx.claim_effects(lease_seconds=LEASE, limits=limits)
        return found, tx.link.row(HOLDING, adapter="laboratory", now=tx.machine_now()).leases

    def work(node):
        while len(done) < len(keys):
            found, leases = node.write(take)
            held.append(leases)
            for effect in found:
                assert node.write(lambda tx, e=effect: tx.finish_effect(e.key, e.attempt, "done"))
                done.append(effect.key)

    together(nodes(), work)
    assert (sorted(done), max(held)) == (sorted(keys), 3)


def test_leases_that_hold_are_never_too_many(ask, nodes):
    """Claimers that finish nothing: all at once they get what the limit allows, not one more."""
    ask("laboratory", 40)
    limits, got = only("laboratory", at_once=5), []
    together(nodes(), lambda node: got.extend(claim(node, limits)))
    assert len(got) == 5


def test_together_they_keep_to_how_often(ask, nodes):
    """Eight claimers on all nodes at once: from each beginning to the next it is as long as asked, by the store's clock."""
    spacing = timedelta(milliseconds=20)
    keys, begun = ask("notify", 25), []
    limits = only("notify", spacing=spacing)

    def work(node):
        while len(begun) < len(keys):
            begun.extend(effect.next_at - timedelta(seconds=LEASE) for effect in claim(node, limits))

    together(nodes(), work)
    begun.sort()
    assert min(b - a for a, b in pairwise(begun)) >= spacing
    assert len(begun) == len(keys)


def together(nodes, work):
    """Eight threads on the nodes in turn, from one moment on; raises what one of them raises."""
    start = threading.Barrier(8)

    def run(node):
        start.wait()
        work(node)

    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(run, nodes[n % len(nodes)]) for n in range(8)]:
            future.result(60)


def test_what_stands_behind_waits_too(store, ask, clock):
    """Behind one that is tried later none is looked at before; when a person ends that one, the next is due at once."""
    first, second, third = ask("laboratory", 1, each=3)
    (effect,) = claim(store)
    later = clock.now + timedelta(hours=1)
    store.write(lambda tx: tx.finish_effect(first, effect.attempt, "pending", error="busy", next_at=later))
    assert [store.read(lambda r, key=key: r.effect(key)).next_at for key in (first, second, third)] == [later] * 3
    assert (claim(store), store.read(lambda r: r.next_effect_at())) == ((), later)
    waiting = store.read(lambda r: r.effect(first))
    assert store.write(lambda tx: tx.resolve_effect(waiting, {"by": "hand"}, by="ops", reason="done by phone"))
    assert [effect.key for effect in claim(store)] == [second]


def test_who_is_being_tried_is_not_handled(store, ask, clock):
    """Only when the lease is over; who had it then finishes nothing, also after it is tried again."""
    (key,) = ask("laboratory", 1)
    (effect,) = claim(store)
    leased = store.read(lambda r: r.effect(key))
    assert not store.write(lambda tx: tx.resolve_effect(leased, None, by="ops", reason="x"))
    clock.forward(seconds=LEASE)
    assert store.write(lambda tx: tx.resolve_effect(leased, None, by="ops", reason="x"))
    assert not store.write(lambda tx: tx.finish_effect(key, effect.attempt, "dead"))
    assert store.read(lambda r: r.effect(key)).status == "done"


def test_many_that_wait_cost_nothing(file_store, maker, publishing, clock):
    """A hundred thousand effects of a dead adapter: taking one of another, or of this one, costs what it costs with few."""
    version = publishing(file_store)
    opened = maker.opened()
    step = maker.next(opened.case, effects=1)
    step = replace(step, effects=(replace(step.effects[0], adapter="notify"),))
    file_store.write(
        lambda tx: (
            tx.insert_case(opened, version_id=version, unique_key=None, index={}),
            tx.save(step, unique_key=None, index={}),
        )
    )
    few = _cost(file_store, clock)

    file_store.write(_fill)
    assert _cost(file_store, clock) < 20 * few


def _fill(tx):
    """Two thousand more cases with fifty effects each, of one adapter that is due and one that is to be tried later."""
    run = tx.link.connection.execute
    names = [f'"{row[1]}"' for row in run('PRAGMA table_info("case")')]
    own = {'"id"': "1000 + i", '"public_id"': "'x' || i", '"number"': "NULL"}
    columns, values = ", ".join(names), ", ".join(own.get(name, name) for name in names)
    counted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    run(f'{counted} INSERT INTO "case" ({columns}) SELECT {values} FROM n, "case"')
    run("""
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
        INSERT INTO effect (key, case_id, seq, kind, adapter, payload, state, entry, status, attempt, tries, next_at)
        SELECT 'x/' || i, 1001 + i / 50, 2, 'call', 'dead' || (i / 50 % 2), '{}', '', 0, 'pending', 3, '[]',
               CASE WHEN i / 50 % 2 THEN next_at ELSE '2099-01-01T00:00:00.000000Z' END
        FROM n, effect WHERE key NOT LIKE 'x/%'
    """)


def _cost(store, clock):
    """Instructions of SQLite's machine for a claim that finds the one effect of `notify`, which is then given back."""
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    def work(tx):
        connection = tx.link.connection
        connection.set_progress_handler(count, 10)
        found = tx.claim_effects(lease_seconds=LEASE, limit=1, limits=Limits(others=Limit(at_once=1)))
        connection.set_progress_handler(None, 10)
        assert "notify" in [effect.adapter for effect in found]
        for effect in found:
            tx.finish_effect(effect.key, effect.attempt, "pending", next_at=clock.now)

    store.write(work)
    return steps


@pytest.fixture
def unknown(postgres):
    """A database of which nothing is known: one that is lent to test after test was looked at by its server on the way."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.mark.parametrize("known", [False, True], ids=["nothing-known", "analyzed"])
def test_many_that_wait_cost_nothing_on_a_server(unknown, maker, publishing, clock, known):
    """The same where a planner chooses, with or without knowledge of the table: no part of the plan looks at more than a few.

    What it knows is said here: a server looks by itself once a minute, and where it saw a table empty, or while its rows were
    being written, it takes it for that until its next look.
    """
    store = Store(unknown, machine_now=clock)
    version, opened = publishing(store), maker.opened()
    store.write(lambda tx: tx.insert_case(opened, version_id=version, unique_key=None, index={}))
    with psycopg.connect(unknown, autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
        for table in ('"case"', "effect"):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        named = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'case'")
        names = [f'"{name}"' for (name,) in named]
        own = {'"id"': "1000 + i", '"public_id"': "'x' || i", '"number"': "NULL"}
        columns, values = ", ".join(names), ", ".join(own.get(name, name) for name in names)
        connection.execute(f'INSERT INTO "case" ({columns}) SELECT {values} FROM "case", generate_series(1, 2000) i')
        connection.execute("""
            INSERT INTO effect (key, case_id, seq, kind, adapter, payload, state, entry, status, attempt, tries, next_at)
            SELECT 'x/' || i, 1001 + i / 20, 2, 'call', 'dead', '{}', '', 0, 'pending', 3, '[]', '2026-01-01 00:00:00Z'
            FROM generate_series(0, 39999) i
        """)
        if known:
            connection.execute("ANALYZE")
        seen = []
        for statement, binds in (
            (LANES, {}),
            (DUE, {"adapter": "dead", "status": "pending", "now": clock.now, "most": 3}),
            (HOLDING, {"adapter": "dead", "now": clock.now}),
        ):
            text = statement.text("postgresql")
            plan = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text.sql}", text.given(binds))
            seen += looked_at(plan.fetchone()[0][0]["Plan"])
    store.close()
    assert max(seen) <= 2000  # three lanes of twenty, each effect looking at its own


def looked_at(node):
    """How many rows each part of a plan has met."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return [own, *(count for inner in node.get("Plans", ()) for count in looked_at(inner))]
