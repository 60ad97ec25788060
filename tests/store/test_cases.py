"""Cases go into the store and come out as they were, in lists and by what they are found by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from engine.core.case import Parent, Position
from engine.core.values import canonical
from engine.errors import DuplicateCase
from engine.store.records import After, CaseFilter


def save(store, step, *, unique_key="one", index=None, **kwargs):
    """Stores a step of a case that is there."""

    def work(tx):
        assert tx.lock_case(step.case.id) is not None
        tx.save(step, unique_key=unique_key, index=index or {"product.designation": "Valve DN50"}, **kwargs)

    store.write(work)


def test_case_comes_back(store, opened, version_id):
    """A stored case is read as it was, with the version it runs on."""
    found = store.read(lambda r: r.case(opened.id))
    assert (found.case, found.version_id) == (opened, version_id)
    assert store.read(lambda r: r.case_id_of_number(opened.number)) == opened.id
    assert store.read(lambda r: r.case("nobody")) is None


def test_history_and_feed(store, opened, maker, clock, feed_of):
    """Every step is a line of the history, in the chain and in the feed."""
    clock.forward(hours=1)
    save(store, maker.next(opened, command="c-1"), arrived_at=clock.now)
    lines = store.read(lambda r: r.history(opened.id))
    assert [(line.seq, line.record["kind"]) for line in lines] == [(1, "opened"), (2, "event")]
    assert lines[1].record["payload"] == {"said": {"reasons": "drawing 2"}}
    assert lines[1].recorded_at == lines[1].arrived_at == clock.now
    assert store.read(lambda r: r.chain_is_whole(opened.id))
    assert [(e.pos, e.seq, e.hash) for e in feed_of(store)] == [(n, n, lines[n - 1].hash) for n in (1, 2)]
    assert store.read(lambda r: r.step_of_command("c-1")) == (opened.id, 2)
    assert store.read(lambda r: r.step_of_command("c-2")) is None


def test_changed_history_is_seen(store, opened, maker, sql):
    """A line that was changed, or taken away, breaks the chain; an erased payload does not."""
    save(store, maker.next(opened))
    run = partial(sql, store)
    run("UPDATE step SET payload = NULL WHERE seq = 1")
    assert store.read(lambda r: r.chain_is_whole(opened.id))
    assert store.read(lambda r: r.history(opened.id))[0].erased
    run("UPDATE step SET record = replace(record, 'pavel', 'paula') WHERE seq = 1")
    assert not store.read(lambda r: r.chain_is_whole(opened.id))
    run("UPDATE step SET record = replace(record, 'paula', 'pavel') WHERE seq = 1")
    assert store.read(lambda r: r.chain_is_whole(opened.id))
    run("DELETE FROM step WHERE seq = 1")
    assert not store.read(lambda r: r.chain_is_whole(opened.id))


def test_received_at_is_never_before_the_last(store, opened, maker, clock):
    """A clock that steps back does not take a case with it."""
    clock.forward(hours=2)
    save(store, maker.next(opened, last_at=clock.now))
    clock.forward(hours=-1)
    assert store.write(lambda tx: tx.lock_case(opened.id)).received_at == clock.now + timedelta(hours=1)


def test_lock_sees_what_was_saved_before(store, opened, maker):
    """Two steps of one case in one transaction: the second lock sees the first step."""

    def work(tx):
        tx.lock_case(opened.id)
        tx.save(maker.next(opened), unique_key="one", index={})
        again = tx.lock_case(opened.id).case
        tx.save(maker.next(again), unique_key="one", index={})
        return tx.case(opened.id).case.seq

    assert store.write(work) == 3
    assert store.read(lambda r: r.chain_is_whole(opened.id))


def test_only_changed_sections_are_written(store, store_url, opened, maker, sql):
    """A step that changes one group leaves the rows of the others alone."""
    places = {
        "sqlite": "SELECT section, rowid FROM case_section",
        "postgresql": "SELECT section, ctid::text FROM case_section",
    }
    rows = places[store_url.partition(":")[0]]
    before = dict(sql(store, rows))
    data = {**opened.data, "requirements.rounds": 1, "product.designation": "Valve DN80"}
    save(store, maker.next(opened, data={k: v for k, v in data.items() if k != "urgent"}))
    after = dict(sql(store, rows))
    assert set(after) == {"applicant", "product", "requirements"}
    assert after["applicant"] == before["applicant"]
    assert store.read(lambda r: r.case(opened.id)).case.data["product.designation"] == "Valve DN80"


def test_unique(store, opened, version_id, maker):
    """A unique key is taken as long as its case has it, and nothing is written for the second."""
    second = maker.opened()
    insert = lambda tx: tx.insert_case(second, version_id=version_id, unique_key="one", index={})  # noqa: E731
    with pytest.raises(DuplicateCase) as refused:
        store.write(insert)
    assert refused.value.number == opened.number
    assert store.read(lambda r: r.case(second.case.id)) is None
    assert store.read(lambda r: r.unique_holder("qualification", "one")) == (opened.id, opened.number)
    save(store, maker.next(opened), unique_key=None)
    store.write(insert)
    assert store.read(lambda r: r.unique_holder("qualification", "one"))[0] == second.case.id


def test_lists(store, opened, version_id, maker, clock):
    """Cases are found by state, turn, fields, words, deadline, parent and outcome, the youngest first."""
    child = maker.opened(parent=Parent(opened.id, "campaign", ("ann",)), turn=("reviewer", "id:ann"))
    closed = maker.opened(
        closed_at=clock.now, outcome="refused", positions=(Position("refused", 1, clock.now),), timers=(), turn=()
    )
    for step, designation in ((child, "Задвижка ЗКЛ-200"), (closed, "Valve DN80")):
        store.write(
            lambda tx, s=step, d=designation: tx.insert_case(
                s, version_id=version_id, unique_key=None, index={"product.designation": d}
            )
        )

    def ids(after=None, limit=10, **wanted):
        found = store.read(lambda r: r.cases(CaseFilter(**wanted), after, limit))
        if after is None:
            assert store.read(lambda r: r.count_cases(CaseFilter(**wanted))) == len(found)
        return [summary.id for summary in found]

    first, second, third = opened.id, child.case.id, closed.case.id
    assert ids() == [third, second, first]
    assert ids(workflow="campaign") == []
    assert ids(open_only=True) == [second, first]
    assert ids(outcome="refused") == [third]
    assert ids(state="application") == [second, first]
    assert ids(turn=("reviewer", "nobody")) == [second]
    assert ids(party_index=(("product.designation", "Valve DN50"), ("x", "y"))) == [first]
    assert ids(q="задв зкл") == [second]
    assert ids(q="VALVE dn") == [third, first]
    assert ids(q=opened.number) == [first]
    assert ids(q="%_'") == []
    assert ids(parent_id=first) == [second]
    assert ids(overdue_at=clock.now) == []
    assert ids(overdue_at=clock.now + timedelta(days=30)) == [second, first]
    page = store.read(lambda r: r.cases(CaseFilter(), None, 2))
    assert ids(after=After(page[-1].row)) == [first]
    assert [s.id for s in store.read(lambda r: r.children(first))] == [second]
    assert store.read(lambda r: r.case_ids_where("qualification", {"product.designation": "Valve DN80"})) == ()
    assert store.read(lambda r: r.case_ids_where("qualification", {"product.designation": "Valve DN50"})) == (first,)
    summary = page[1]
    assert (summary.leaves, summary.turn, summary.parent_id) == (("application.draft",), ("reviewer", "id:ann"), first)


def test_overdue_after_the_deadline_has_fired(store, opened, maker, clock):
    """A deadline that has fired keeps a case overdue until its state is left."""
    fired = maker.next(opened, timers=(), memory=maker.overdue(opened, clock.now))
    save(store, fired)
    overdue = CaseFilter(overdue_at=clock.now)
    assert [s.overdue_since for s in store.read(lambda r: r.cases(overdue))] == [clock.now]
    save(store, maker.next(fired.case, positions=(Position("application", 1, clock.now),)))
    assert store.read(lambda r: r.cases(overdue)) == ()


def test_due_timers(store, opened, maker, version_id, clock):
    """Cases with due timers come once each, in due order."""
    timer = opened.timers[0]
    soon = maker.opened(timers=(replace(timer, due=timer.due - timedelta(days=1)), replace(timer, kind="remind")))
    store.write(lambda tx: tx.insert_case(soon, version_id=version_id, unique_key=None, index={}))
    assert store.read(lambda r: r.due_timers(timer.due, 9)) == (
        (soon.case.id, timer.due - timedelta(days=1)),
        (opened.id, timer.due),
    )
    assert store.read(lambda r: r.due_timers(timer.due - timedelta(hours=1), 9)) == (
        (soon.case.id, timer.due - timedelta(days=1)),
    )
    assert store.read(lambda r: (r.next_due(), r.count_due(timer.due))) == (timer.due - timedelta(days=1), 3)
    both = store.read(lambda r: r.due_timers(timer.due, 2))  # the first one has two that are due
    assert [case_id for case_id, _ in both] == [soon.case.id, opened.id]
    save(store, maker.next(opened, timers=()))
    assert store.read(lambda r: r.count_due(timer.due)) == 2


def test_index_follows_the_case(store, opened, maker):
    """What a case was found by before is gone after the step that changes it."""
    save(store, maker.next(opened, turn=("reviewer",)), index={"product.designation": "Pump P7"})
    find = lambda **wanted: len(store.read(lambda r: r.cases(CaseFilter(**wanted))))  # noqa: E731
    assert (find(q="valve"), find(q="pump"), find(turn=("applicant",)), find(turn=("reviewer",))) == (0, 1, 0, 1)
    assert canonical(store.read(lambda r: r.cases(CaseFilter()))[0].index) == '{"product.designation":"Pump P7"}'
