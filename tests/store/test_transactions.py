"""Work is done whole or not at all, alone or among others, and nobody is answered before it is durable."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event

import psycopg
import pytest

from engine.errors import MilepostError, Refused, Unavailable
from engine.store.kept import MOST
from engine.store.store import Priority, Store
from engine.store.writer import WAITING


class Broken(Exception):
    """What a work function raises in these tests."""


def insert(step, version_id, **kwargs):
    """Work that stores a new case."""
    return lambda tx: tx.insert_case(step, version_id=version_id, unique_key=None, index={}, **kwargs)


def further(maker, case_id):
    """Work that takes a case one step further."""
    return lambda tx: tx.save(maker.next(tx.lock_case(case_id).case), unique_key=None, index={})


def held_up(store):
    """Keeps the writer busy until the event is set, so that what is submitted meanwhile forms one group."""
    gate, busy = Event(), Event()

    def work(tx):
        busy.set()
        gate.wait(10)

    store.submit(work, priority=Priority.PEOPLE)
    busy.wait(10)
    return gate


def test_work_that_raises_leaves_nothing(store, version_id, maker):
    """Everything a work function has written before it raises is gone: rows, numbers, feed."""
    step = maker.opened()

    def work(tx):
        insert(step, version_id)(tx)
        tx.next_number("Q", "2026")
        raise Broken

    with pytest.raises(Broken):
        store.write(work)
    assert store.read(lambda r: (r.case(step.case.id), r.feed(), r.next_due())) == (None, (), None)
    assert store.write(lambda tx: tx.next_number("Q", "2026")) == 1


def test_a_group_survives_one_that_breaks(file_store, publishing, maker):
    """In one group: those that succeed are stored, the one that refuses and the one that breaks are not."""
    store = file_store
    version_id = publishing(store)
    good, bad, last = maker.opened(), maker.opened(), maker.opened()

    def breaks(tx):
        insert(bad, version_id)(tx)
        raise Broken

    def refuses(tx):
        raise Refused("no; later")

    def collides(tx):
        tx.link.connection.execute("INSERT INTO clock (id, moment) VALUES (7, NULL)")

    gate = held_up(store)
    futures = [
        store.submit(work) for work in (insert(good, version_id), breaks, refuses, collides, insert(last, version_id))
    ]
    gate.set()
    assert [type(f.exception(10)) for f in futures] == [type(None), Broken, Refused, sqlite3.IntegrityError, type(None)]
    stored = store.read(lambda r: [r.case(step.case.id) is not None for step in (good, bad, last)])
    assert stored == [True, False, True]
    assert [entry.pos for entry in store.read(lambda r: r.feed())] == [1, 2]


def test_a_transaction_that_the_driver_ends(file_store, publishing, maker):
    """Where the database rolls back by itself (a full disk does), all of the group is done again, each alone."""
    store = file_store
    version_id = publishing(store)
    first, second = maker.opened(), maker.opened()
    attempts = []

    def rolled_back(tx):
        insert(second, version_id)(tx)
        attempts.append(1)
        tx.link.connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    gate = held_up(store)
    futures = [store.submit(insert(first, version_id)), store.submit(rolled_back)]
    gate.set()
    assert futures[0].exception(10) is None
    assert isinstance(futures[1].exception(10), Unavailable)
    assert len(attempts) == 2
    assert store.read(lambda r: (r.case(first.case.id) is not None, r.case(second.case.id))) == (True, None)


def test_people_before_timers_before_imports(file_store):
    """Whoever waits, a person goes first."""
    store = file_store
    order = []
    gate = held_up(store)
    futures = [store.submit(lambda _, p=p: order.append(p), priority=p) for p in reversed(Priority)]
    gate.set()
    for future in futures:
        future.result(10)
    assert order == list(Priority)


def test_a_queue_that_is_full(file_store):
    """When too many wait, one more is told to come again; the others are served."""
    store = file_store
    gate = held_up(store)
    futures = [store.submit(lambda _: None) for _ in range(WAITING)]
    with pytest.raises(Unavailable):
        store.submit(lambda _: None)
    gate.set()
    assert {future.result(10) for future in futures} == {None}


def test_close_drains(tmp_path, clock):
    """What was taken before `close` is done; after it nothing is taken."""
    store = Store(f"sqlite:///{tmp_path}/drain.db", machine_now=clock)
    gate = held_up(store)
    futures = [store.submit(lambda tx: tx.next_number("N", "")) for _ in range(100)]
    gate.set()
    store.close()
    assert [future.result(0) for future in futures] == list(range(1, 101))
    for ask in (store.write, store.read):
        with pytest.raises(Unavailable):
            ask(lambda _: None)


def test_sixteen_at_once(store, version_id, maker, feed_of):
    """Sixteen threads: no step is lost, numbers have no gap, every chain is whole."""
    opened = [maker.opened() for _ in range(16)]
    shared = maker.opened()
    store.write(insert(shared, version_id))
    start = Barrier(16)

    def client(step):
        start.wait()
        store.write(insert(step, version_id))
        case, numbers = step.case, []
        for turn in range(20):

            def work(tx, case=case, turn=turn):
                held = tx.lock_case(case.id).case
                tx.save(maker.next(held, effects=1), unique_key=None, index={})
                tx.save(maker.next(tx.lock_case(shared.case.id).case), unique_key=None, index={})
                number = tx.next_number("C", "2026")
                if turn % 5 == 4:
                    raise Broken
                return number

            with suppress(Broken):
                numbers.append(store.write(work))
        return numbers

    with ThreadPoolExecutor(16) as pool:
        numbers = sorted(n for found in pool.map(client, opened) for n in found)
    assert numbers == list(range(1, 16 * 16 + 1))
    assert [store.read(lambda r, s=s: r.case(s.case.id)).case.seq for s in opened] == [17] * 16
    assert store.read(lambda r: r.case(shared.case.id)).case.seq == 1 + 16 * 16
    assert all(store.read(lambda r, s=s: r.chain_is_whole(s.case.id)) for s in [*opened, shared])
    assert len(feed_of(store)) == 17 + 2 * 16 * 16


@pytest.mark.parametrize("priority", list(Priority))
def test_who_goes_through_cases_and_who_works_on_them(store, version_id, maker, priority):
    """Lots and single works change the same cases in turn: each starts from what the other has left, and no step is lost."""
    opened = [maker.opened() for _ in range(40)]
    for step in opened:
        store.write(insert(step, version_id))

    ids = [step.case.id for step in opened]
    for _ in range(3):
        store.write(further(maker, ids[0]))
        store.write(further(maker, ids[20]))
        outcomes = store.together([(one, further(maker, one)) for one in ids], priority=priority)
        assert [one.error for one in outcomes] == [None] * 40
    steps = [store.read(lambda r, one=one: r.case(one)).case.seq for one in ids]
    assert steps == [7 if one in {ids[0], ids[20]} else 4 for one in ids]
    assert all(store.read(lambda r, one=one: r.chain_is_whole(one)) for one in ids)


def test_a_lot_of_timers_pushes_out_nothing(file_store, maker, publishing):
    """A case that people work on is not read again after timers have gone through more cases than are kept."""
    version = publishing(file_store)
    worked, *others = (maker.opened() for _ in range(MOST + 100))

    def go_through(work):
        for start in range(0, len(others), 200):
            lot = [(step.case.id, work(step)) for step in others[start : start + 200]]
            assert {one.error for one in file_store.together(lot, priority=Priority.TIMERS)} == {None}

    go_through(lambda step: insert(step, version))
    file_store.write(insert(worked, version))
    go_through(lambda step: further(maker, step.case.id))
    assert file_store.write(lambda tx: tx.unit.kept(worked.case.id).case.seq) == 1
    file_store.write(further(maker, worked.case.id))
    assert file_store.write(lambda tx: tx.lock_case(worked.case.id).case.seq) == 2


def test_a_snapshot_stands_still(store, opened, maker):
    """A read sees one moment of the database, whatever is written meanwhile."""

    def work(reader):
        before = reader.case(opened.id).case.seq
        store.write(lambda tx: (tx.lock_case(opened.id), tx.save(maker.next(opened), unique_key=None, index={})))
        return before, reader.case(opened.id).case.seq, len(reader.history(opened.id))

    assert store.read(work) == (1, 1, 1)
    assert store.read(lambda r: r.case(opened.id)).case.seq == 2


def test_readers_cannot_write(store):
    """A read that tries to write is refused by the database."""
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.ReadOnlySqlTransaction), match=r"read-?only"):
        store.read(lambda r: r.link.connection.execute("DELETE FROM step"))


def test_no_transaction_inside_another(store, clock):
    """Asking the store for a transaction from inside one is an error and no deadlock."""
    for each in (store, Store("sqlite://", machine_now=clock)):
        with pytest.raises(RuntimeError, match="inside another"):
            each.write(lambda _, each=each: each.write(lambda _: None))


def test_memory(clock, maker):
    """In memory the same holds, and the store can start again without publishing anew."""
    store = Store("sqlite://", machine_now=clock, manual_clock=True)
    version = store.write(lambda tx: tx.add_version(workflow="w", digest="d", source="", file="", templates={}))
    step = maker.opened()

    def breaks(tx):
        insert(step, version.id)(tx)
        raise Broken

    assert isinstance(store.submit(breaks).exception(), Broken)
    assert store.read(lambda r: r.case(step.case.id)) is None
    store.write(insert(step, version.id))
    store.write(lambda tx: tx.set_clock(clock.forward(days=3)))
    store.start_again()
    assert store.read(lambda r: (r.case(step.case.id), r.latest_version("w"))) == (None, version)
    store.write(insert(step, version.id))
    store.close()
    with pytest.raises(Unavailable):
        store.read(lambda _: None)


def test_business_time_by_hand(tmp_path, clock):
    """Under a manual clock business time stands still, also over a restart, while machine time goes on."""
    url = f"sqlite:///{tmp_path}/clock.db"
    store = Store(url, machine_now=clock, manual_clock=True)
    start = clock.now
    clock.forward(hours=5)
    assert store.read(lambda r: r.business_now()) == start
    store.close()
    store = Store(url, machine_now=clock, manual_clock=True)
    assert store.read(lambda r: r.business_now()) == start
    with pytest.raises(MilepostError, match="in memory"):
        store.start_again()
    store.close()
