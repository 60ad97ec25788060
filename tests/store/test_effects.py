"""Effects are taken under a lease, finished once, in order within their lane."""

from __future__ import annotations

from datetime import timedelta

import pytest


@pytest.fixture
def asked(store, opened, maker):
    """A case with two effects in one lane; their keys."""
    step = maker.next(opened, effects=2)
    store.write(lambda tx: (tx.lock_case(opened.id), tx.save(step, unique_key="one", index={})))
    return [effect.key for effect in step.effects]


def claim(store):
    """Takes what is due for a minute."""
    return store.write(lambda tx: tx.claim_effects(lease_seconds=60, limit=10))


def test_as_it_was_asked(store, opened, asked):
    """An effect is stored as the step asked for it, and is due at once."""
    first, second = store.read(lambda r: r.effects(opened.id))
    assert [first.key, second.key] == asked
    assert first == store.read(lambda r: r.effect(asked[0]))
    assert (first.kind, first.payload, first.status) == (
        "notify",
        {"to": ("applicant",), "template": "receipt"},
        "pending",
    )
    assert store.read(lambda r: (r.pending_effects(), r.next_effect_at())) == (2, first.next_at)


def test_one_after_the_other(store, asked, clock):
    """Within a lane the second is not due before the first is over."""
    assert [e.key for e in claim(store)] == asked[:1]
    assert claim(store) == ()
    assert store.read(lambda r: r.next_effect_at()) == clock.now + timedelta(seconds=60)
    assert store.write(lambda tx: tx.finish_effect(asked[0], 1, "done", result={"delivered_at": clock.now}))
    assert store.read(lambda r: r.effect(asked[0])).result == {"delivered_at": clock.now}
    assert [e.key for e in claim(store)] == asked[1:]


def test_who_lost_the_lease_does_not_finish(store, asked, clock):
    """After the lease has ended another takes it; the first comes too late and changes nothing."""
    (first,) = claim(store)
    clock.forward(seconds=60)
    (second,) = claim(store)
    assert (first.attempt, second.attempt) == (1, 2)
    assert not store.write(lambda tx: tx.finish_effect(first.key, first.attempt, "dead", error="late"))
    assert store.write(lambda tx: tx.finish_effect(second.key, second.attempt, "done"))
    assert not store.write(lambda tx: tx.finish_effect(second.key, second.attempt, "done"))
    assert not store.write(lambda tx: tx.finish_effect("nothing", 1, "done"))
    assert store.read(lambda r: r.effect(first.key)).status == "done"


def test_again_later_and_never(store, asked, clock):
    """A try that failed is noted and comes again at its time; a dead one only when it is asked for."""
    later = clock.now + timedelta(minutes=5)
    (first,) = claim(store)
    store.write(lambda tx: tx.finish_effect(first.key, 1, "pending", error="busy", next_at=later))
    assert claim(store) == ()
    clock.now = later
    (again,) = claim(store)
    assert again.tries == ({"at": later - timedelta(minutes=5), "error": "busy"},)
    store.write(lambda tx: tx.finish_effect(again.key, 2, "dead", error="refused"))
    assert [e.key for e in claim(store)] == asked[1:]
    dead = store.read(lambda r: r.effect(again.key))
    assert store.write(lambda tx: tx.retry_effect(dead, by="ops", reason="put right"))
    assert not store.write(lambda tx: tx.retry_effect(dead, by="ops", reason="put right"))
    (retried,) = claim(store)
    assert (retried.attempt, retried.tries[2]) == (4, {"at": later, "by": "ops", "reason": "put right"})
    with pytest.raises(ValueError, match="next_at"):
        store.write(lambda tx: tx.finish_effect(again.key, 4, "done", next_at=later))


def test_an_internal_effect_needs_no_lease(store, asked):
    """What is done in one transaction with its result is finished by the attempt that was read."""
    assert store.write(lambda tx: tx.finish_effect(asked[0], tx.effect(asked[0]).attempt, "recorded"))
    assert store.read(lambda r: r.pending_effects()) == 1
