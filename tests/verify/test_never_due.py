"""Deadlines that never come, or at once."""

from __future__ import annotations

import pytest

STATES = """\
one: {{turn: {turn}, events: {{go: {{by: clerk, to: end}}}}, deadlines: {{d: {{{deadline}, escalate: [clerk]}}}}}}
end: {{final: true}}
"""


@pytest.mark.parametrize(
    ("deadline", "turn", "words"),
    [
        ("after: 5 days, counts: applicant", "clerk", "never comes: it counts the applicant's time"),
        ("after: 5 days, counts: applicant", "[maker, clerk]", "never comes: it counts the applicant's time"),
        ("after: 5 days, counts: operator", "maker", "never comes: it counts the operator's time"),
        ("after: 5 days, counts: operator", "none", "never comes: it counts the operator's time"),
        ("after: 5 days, before: 5 days", "clerk", "comes at once: it is due 5 days before a term of 5 days is over"),
        ("after: 1 month, before: 2 months", "clerk", "comes at once: it is due 2 months before a term of 1 month"),
    ],
)
def test_what_cannot_fall_due(verify, deadline, turn, words):
    """The clock that it counts stands still for ever, or it is due before it begins."""
    ((code, severity, message),) = verify(STATES.format(deadline=deadline, turn=turn))
    assert (code, severity) == ("WF118", "warning")
    assert message.startswith(f"the deadline 'd' of 'one' {words}")


@pytest.mark.parametrize(
    ("deadline", "turn"),
    [
        ("after: 5 days, counts: applicant", "maker"),
        ("after: 5 days, counts: operator", "[maker, clerk]"),
        ("after: 5 days, counts: operator", "clerk.supervisor"),
        ("after: 5 days, before: 4 days", "clerk"),
        ("after: 1 month, before: 20 days", "clerk"),
        ("after: 5 days, from: now, before: 9 days", "clerk"),
        ("at: now, before: 9 days", "clerk"),
    ],
)
def test_what_can(codes, deadline, turn):
    """The side has the turn, the units differ, or the term begins elsewhere."""
    assert codes(STATES.format(deadline=deadline, turn=turn)) == []


@pytest.mark.parametrize("deadline", ["after: 5 days, from: day", "at: day", "at: day, before: 1 day"])
def test_what_begins_with_nothing(verify, codes, deadline):
    """A field that nobody gives; what is made of it is an error each time it is asked (WF098)."""
    states = STATES.format(deadline=deadline, turn="clerk")
    assert verify(states, data="day: date\n") == [
        ("WF118", "warning", "the deadline 'd' of 'one' never comes: nobody ever gives 'day'")
    ]
    assert codes(states, data="day: date\n", form="day") == []
    assert codes(states.replace(": day,", ": 'add_days(day, 1)',"), data="day: date\n") == ["WF098"]


def test_turns_inside_and_beside(codes):
    """A stage has the turns of its states; a region the operator's time of those beside it."""
    states = """\
one:
  parallel:
    left:
      initial: l
      deadlines: {d: {after: 5 days, counts: operator, escalate: [clerk]}}
      states: {l: {turn: maker, events: {a: {by: maker, to: lf}}}, lf: {final: true}}
    right: {initial: r, states: {r: {turn: WHO, events: {b: {by: [maker, clerk], to: rf}}}, rf: {final: true}}}
  done: [{to: end}]
end: {final: true}
"""
    assert codes(states.replace("WHO", "clerk")) == []
    assert codes(states.replace("WHO", "maker")) == ["WF118"]


def test_a_state_that_is_left_at_once(verify):
    """What begins with its end is never waited in."""
    states = """\
one: {turn: clerk, events: {go: {by: clerk, to: two}}}
two:
  initial: over
  deadlines: {d: {after: 5 days, escalate: [clerk]}}
  states: {over: {final: true}}
  done: [{to: end}]
end: {final: true}
"""
    found = [message for code, _, message in verify(states) if code == "WF118"]
    assert found == ["the deadline 'd' of 'two' never comes: the state is left in the step that enters it"]
