"""Rounds between two sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.verify.loops import _circles

STATES = """\
one: {turn: clerk, events: {ask: {by: clerk, ASKto: two}, go: {by: clerk, to: end}}}
two: {turn: TURN, events: {say: {by: [maker, clerk], SAYto: one}}DEADLINE}
end: {final: true}
"""


def text(*, ask="", say="", turn="maker", deadline=""):
    """A request and its answer."""
    return STATES.replace("ASK", ask).replace("SAY", say).replace("TURN", turn).replace("DEADLINE", deadline)


@pytest.mark.parametrize(
    "states",
    [
        text(),
        text(ask="when: n < 3, "),  # nothing changes n
        text(ask="set: {n: n + 1}, "),  # nothing looks at it
        text(ask="when: ok, form: [ok], "),  # what the sender says himself is no limit
        text(deadline=", deadlines: {late: {after: 5 days, to: end}}"),  # of each round, not of all
    ],
)
def test_nobody_counts(verify, states):
    """No condition on what the round changes: a note, in production a warning, at the request."""
    for profile, severity in (("draft", "note"), ("team", "note"), ("production", "warning")):
        assert verify(states, profile=profile) == [
            ("WF113", severity, "'one' and 'two' may send a case back and forth for ever: nobody counts 'ask'")
        ]


@pytest.mark.parametrize(
    "states",
    [
        text(ask="when: n < 3, set: {n: n + 1}, "),
        text(ask="set: {n: n + 1}, ", say="when: n < 3, "),
        text(ask="when: few, set: {n: n + 1}, "),
        text(turn="clerk"),
        text(turn="none"),
    ],
)
def test_somebody_counts(codes, states):
    """At the request or at the answer, by a defined name too; one side alone, or nobody's turn, is no dispute."""
    assert codes(states, extra="define: {few: n < 3}" if "few" in states else "", profile="production") == []


def test_a_deadline_around_ends_it(codes):
    """One that leads out of the stage; one that only tells does not."""
    states = """\
talk:
  initial: one
  deadlines: {whole: {at: date("2026-01-12"), DOES}}
  states:
    one: {turn: clerk, events: {ask: {by: clerk, to: two}, go: {by: clerk, to: over}}}
    two: {turn: maker, events: {say: {by: maker, to: one}}}
    over: {final: true}
  done: [{to: end}]
end: {final: true}
"""
    assert codes(states.replace("DOES", "to: end"), initial="talk") == []
    assert codes(states.replace("DOES", "escalate: [clerk]"), initial="talk") == ["WF113"]


def test_through_a_choice_and_by_the_third_state(codes):
    """The way back may be long."""
    states = """\
one: {turn: clerk, events: {ask: {by: clerk, to: two}, go: {by: clerk, to: end}}}
two: {turn: maker, events: {say: {by: maker, to: sort}}}
sort: {choose: [{when: ok, to: three}, {to: end}]}
three: {turn: clerk, events: {back: {by: clerk, COUNTto: one}}}
end: {final: true}
"""
    assert codes(states.replace("COUNT", "")) == ["WF113"]
    assert codes(states.replace("COUNT", "when: n < 2, set: {n: n + 1}, ")) == []


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_circles_are_what_leads_to_each_other(edges):
    """The two walks find the same groups as asking each pair."""
    ahead = {node: {node} for node in range(8)}
    for _ in range(8):
        for source, target in edges:
            for reach in ahead.values():
                if source in reach:
                    reach.add(target)
    wanted = {
        frozenset(str(other) for other in range(8) if other in ahead[node] and node in ahead[other])
        for node in range(8)
    }
    loops = {frozenset({str(source)}) for source, target in edges if source == target}
    found = _circles([(str(source), None, str(target)) for source, target in edges])
    assert len(found) == len(set(found))
    assert set(found) == {group for group in wanted if len(group) > 1 or group in loops}
