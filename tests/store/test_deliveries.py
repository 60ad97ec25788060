"""What subscriptions are owed, on every database: order per case, leases, and who is too late finishes nothing."""

from __future__ import annotations

import pytest

from engine.core.case import Actor
from engine.store.deliveries import DUE, NEXT_AT, OWING
from engine.store.link import Link
from engine.store.subscription_records import DEAD, DELIVERING, DONE, WAITING, Place, Subscription

LEASE = 60


@pytest.fixture
def made(store, clock):
    """A subscription that is owed three steps of one case and one of another; its key."""
    one = Subscription(
        row=0, id="s1", actor=Actor("oleg", roles=frozenset({"officer"})), party="", url="https://receiver.example/",
        secret="whsec_x", workflow=None, type=None, case_party=None, pos=0, created_at=clock.now,
    )  # fmt: skip
    store.write(lambda tx: tx.add_subscription(one))
    row = store.read(lambda reader: reader.subscription("s1")).row
    owe(store, row, 0, 4, [Place(1, "a", 1), Place(2, "a", 2), Place(3, "b", 1), Place(4, "a", 3)])
    return row


def owe(store, row, after, last, places):
    """One look at the feed."""

    def work(tx):
        assert tx.advance_subscription(row, after, last)
        return tx.add_deliveries(row, after, last, places)

    return store.write(work)


def take(store, row, *, most=10, at_once=4):
    """What may be posted now."""

    def work(tx):
        return tx.claim_deliveries(tx.lock_free_subscription(row), most=most, at_once=at_once, lease_seconds=LEASE)

    return store.write(work)


def end(store, taken, status=DONE, **more):
    """What came of it."""
    said = {"tries": taken.tries, "error": None, "next_at": None, **more}
    return store.write(lambda tx: tx.finish_delivery(taken, status, **said))


def test_one_of_a_case_at_a_time(store, made):
    """The first of each case; the next when it is over, whether done or dead; never more than may be on their way."""
    first = take(store, made)
    assert [(one.case_id, one.seq, one.status, one.attempt) for one in first] == [
        ("a", 1, DELIVERING, 1),
        ("b", 1, DELIVERING, 1),
    ]
    assert take(store, made) == ()
    assert end(store, first[0], DEAD)
    assert take(store, made, at_once=1) == ()
    (second,) = take(store, made)
    assert end(store, second)
    (third,) = take(store, made)
    assert third.seq == 3


def test_who_is_too_late(store, made, clock):
    """When the lease has ended another takes it, and what the first one says counts for nothing."""
    (first, *_) = take(store, made, most=1)
    clock.forward(seconds=LEASE)
    (other, *_) = take(store, made, most=1)
    assert (other.row, other.attempt, other.tries) == (first.row, 2, 1)
    assert not end(store, first)
    assert not store.write(lambda tx: tx.drop_delivery(first))
    assert end(store, other)
    assert not end(store, other, WAITING)


def test_a_position_is_left_once(store, made):
    """Two looks from one place: the second changes nothing; a step that is owed already is not owed twice."""
    assert not store.write(lambda tx: tx.advance_subscription(made, 0, 4))
    store.write(lambda tx: tx.rewind_subscription(made, 0))
    assert owe(store, made, 0, 4, [Place(1, "a", 1), Place(4, "a", 3)]) == 0


def test_a_replay_waits_for_what_is_before_it(store, made):
    """What is on its way when everything is asked for again goes again when all before it is owed again, and not sooner."""
    (first, *_) = take(store, made, most=1)
    end(store, first)
    (second, *_) = take(store, made, most=1)
    store.write(lambda tx: (tx.rewind_subscription(made, 0), tx.owe_again(made, 0)))
    assert end(store, second)
    assert take(store, made) == ()
    assert store.read(lambda reader: (reader.owing(), reader.next_delivery_at(4))) == ((), None)
    assert owe(store, made, 0, 4, [Place(1, "a", 1), Place(2, "a", 2), Place(4, "a", 3)]) == 2
    for seq in (1, 2, 3):
        (taken,) = take(store, made)
        assert taken.seq == seq
        end(store, taken)


def test_when_there_is_something(store, made, clock):
    """At once, at the end of a lease, or when a receiver wants to be asked again; never while it is paused."""
    when = lambda at_once=4: store.read(lambda reader: reader.next_delivery_at(at_once))  # noqa: E731
    assert [(one.row, one.in_flight) for one in store.read(lambda reader: reader.owing())] == [(made, 0)]
    assert when() == clock.now
    taken = take(store, made)
    assert store.read(lambda reader: reader.owing()) == ()
    assert when() == when(2) == taken[0].next_at
    later = clock.now.replace(hour=9)
    end(store, taken[0], WAITING, next_at=later)
    end(store, taken[1])
    assert when() == later
    store.write(lambda tx: tx.hold_subscription(made, later.replace(hour=11)))
    assert when() == later.replace(hour=11)
    clock.now = later.replace(hour=10)
    assert store.read(lambda reader: reader.owing()) == ()
    store.write(lambda tx: tx.pause_subscription(made, "so"))
    assert when() is None
    assert store.write(lambda tx: tx.lock_free_subscription(made)) is None
    store.write(lambda tx: tx.resume_subscription(made))
    assert when() == later


@pytest.mark.parametrize("statement", [OWING, NEXT_AT, DUE])
def test_only_what_is_open_is_looked_at(file_store, statement):
    """What was done before is not gone through: deliveries are found by an index of those that are not over."""

    def plan(tx):
        sql = statement.text(Link.dialect).sql
        cursor = tx.link.connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))
        return [row[3] for row in cursor.fetchall()]

    looked = [step for step in file_store.write(plan) if " delivery" in step or " other" in step]
    assert len(looked) >= 2
    assert [step for step in looked if "ix_delivery_subscription_id_" not in step] == []
