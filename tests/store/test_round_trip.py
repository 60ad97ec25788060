"""Any case survives the store, also after steps that write only what changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.case import (
    Actor,
    Case,
    Child,
    Memory,
    Parent,
    Position,
    Record,
    Snapshot,
    Step,
    Tie,
    Timer,
    Track,
)
from engine.store.codec import changed_sections
from engine.store.store import Store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (bounds are naive)
spans = st.timedeltas(timedelta(0), timedelta(days=4000))
names = st.sampled_from(["a", "b", "c.d", "c.e", "c.e.f"])
plain = (
    texts | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | moments | st.dates()
)
values = st.recursive(
    plain,
    lambda inner: st.dictionaries(texts, inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=3,
)
people = st.lists(texts, max_size=3).map(tuple)
by_name = lambda item: st.dictionaries(names, item, max_size=3)  # noqa: E731

positions = st.lists(
    st.builds(Position, names, st.integers(1, 9), moments, st.booleans()), max_size=4, unique_by=lambda p: p.state
).map(tuple)
timers = st.lists(
    st.builds(
        Timer,
        names,
        st.integers(1, 2),
        st.sampled_from(["x", "y"]),
        st.sampled_from(["due", "remind"]),
        st.integers(0, 1),
        moments,
    ),
    max_size=6,
    unique_by=lambda t: t.key,
).map(tuple)
tracks = st.builds(
    Track,
    fired=st.none() | moments,
    count=st.integers(0, 3),
    extensions=st.integers(0, 2),
    paused_days=st.integers(0, 9),
    paused=spans,
    paused_since=st.none() | moments,
    shift=spans,
)
children = st.lists(
    st.builds(
        Child,
        id=texts,
        workflow=texts,
        key=st.none() | texts,
        number=st.none() | texts,
        ended=st.booleans(),
        outcome=st.none() | texts,
        origins=people,
    ),
    max_size=2,
).map(tuple)
memories = st.builds(
    Memory,
    entries=by_name(st.integers(1, 9)),
    entered=by_name(moments),
    tracks=by_name(tracks),
    left=by_name(st.builds(Snapshot, moments, positions)),
    answers=by_name(st.lists(st.dictionaries(texts, values, max_size=3), max_size=2).map(tuple)),
    acts=by_name(people),
    declared=by_name(people),
    acted_as=by_name(people),
    excluded=by_name(people),
    gave=by_name(texts),
    offered=people,
    children=children,
)
actors = st.builds(
    Actor,
    id=texts,
    kind=st.sampled_from(["person", "system", "case"]),
    roles=st.frozensets(texts, max_size=3),
    attributes=st.dictionaries(texts, texts | people, max_size=3),
    name=texts,
    ties=st.lists(st.builds(Tie, texts, st.none() | moments), max_size=2).map(tuple),
    workflow=st.none() | texts,
    relation=st.none() | st.sampled_from(["parent", "child", "other"]),
)
paths = st.sampled_from(["top", "other", "one.a", "one.b", "two.a", "certificate.number"])
changing = {
    "data": st.dictionaries(paths, values, max_size=5),
    "positions": positions,
    "timers": timers,
    "memory": memories,
    "closed_at": st.none() | moments,
    "outcome": st.none() | texts,
    "turn": people.map(lambda who: tuple(dict.fromkeys(who))),
    "revision": st.integers(0, 99),
    "number": st.none() | texts,
}
cases = st.builds(
    Case,
    id=st.uuids().map(str),
    workflow=st.just("w"),
    opened_at=moments,
    opened_by=actors,
    last_at=moments,
    parent=st.none() | st.builds(Parent, texts, texts, people),
    seq=st.just(1),
    **changing,
)
indexes = st.dictionaries(paths, texts, max_size=3)
later = st.lists(st.tuples(st.fixed_dictionaries({}, optional=changing), indexes), max_size=3)


def step_to(case):
    """A step that leads to this case."""
    record = Record(case.seq, "event", "go", {"id": "x"}, NOW, payload={"changes": dict(case.data)})
    return Step(case, record)


def read_anew(store, case_id):
    """The case as the rows have it; what the store keeps of it says the same in the same order."""
    kept = store.read(lambda r: r.case(case_id)).case
    store._engine.forget()
    read = store.read(lambda r: r.case(case_id)).case
    assert (kept, json.dumps(dict(kept.data), default=str)) == (read, json.dumps(dict(read.data), default=str))
    return read


@given(cases, indexes, later)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_case_is_what_was_saved(first, index, changes):
    """load(save(case)) == case after every one of a sequence of saves, and the chain of records is whole."""
    store = Store("sqlite://", machine_now=lambda: NOW)
    version = store.write(lambda tx: tx.add_version(workflow="w", digest="d", source="", file="", templates={})).id
    store.write(lambda tx: tx.insert_case(step_to(first), version_id=version, unique_key=None, index=index))
    case = first
    assert read_anew(store, first.id) == case
    for change, next_index in changes:
        before, case = case, replace(case, seq=case.seq + 1, **change)

        def work(tx, before=before, case=case, index=next_index):
            assert tx.lock_case(case.id).case == before
            tx.save(step_to(case), unique_key=None, index=index)

        store._engine.forget()
        store.write(work)
        assert read_anew(store, first.id) == case
    assert store.read(lambda r: r.chain_is_whole(first.id))
    store.close()


def test_what_counts_as_a_change():
    """A value that equals but is of another type is a change; one that is gone is one too."""
    assert changed_sections({"a.x": True}, {"a.x": 1}) == {"a"}
    assert changed_sections({"a.x": 1, "b.y": 2}, {"a.x": 1}) == {"b"}
    assert changed_sections({"a.x": Decimal(1)}, {"a.x": Decimal(1)}) == set()
