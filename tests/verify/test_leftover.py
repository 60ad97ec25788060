"""What is left open when a case closes."""

from __future__ import annotations

import pytest

from engine.core.loader.load import load
from engine.verify.check import check
from engine.verify.rules import RULES

PANEL = """\
one: {turn: clerk, events: {go: {by: clerk, to: vote}}}
vote:
  panel: {ask: {clerk: 3}, form: [x], into: rows, need: 2, rest: go_on}
  done: [{to: DONE}]
EVENTSreading: {turn: clerk, events: {read: {by: clerk, to: end}}}
end: {final: true}
"""


@pytest.mark.parametrize(
    ("done", "events", "expected"),
    [
        ("end", "", ["WF064", "WF110"]),
        ("end", "  events: {stop: {by: clerk, to: end}}\n", ["WF064", "WF110"]),
        ("reading", "", []),
        ("end", "  events: {stop: {by: clerk, to: reading}}\n", []),
    ],
)
def test_late_answers(codes, done, events, expected):
    """They can be given while the case goes on somewhere; one way on is enough."""
    found = codes(PANEL.replace("DONE", done).replace("EVENTS", events))
    assert sorted(found) == expected


CHILDREN = """\
one:
  turn: clerk
  cases: {of: small, add: [clerk], rest: REST}
  events: {stop: {by: clerk, to: TOACTIONS}}
  done: [{to: end}]
two: {turn: clerk, cases: {of: small, rest: go_on}, done: [{to: end}], events: {back: {by: clerk, to: one}}}
three: {turn: clerk, events: {stop: {by: clerk, to: end}, on: {by: clerk, to: two}}}
end: {final: true}
"""


def children(*, rest="go_on", to="end", actions=""):
    """A case of many, with a way past the wait."""
    return CHILDREN.replace("REST", rest).replace("TO", to).replace("ACTIONS", actions)


def test_children_that_outlive_the_case(verify):
    """Straight to the end, or by another state; the way is told."""
    found = {message for code, _, message in verify(children()) if code == "WF111"}
    assert found == {"children of 'one' can outlive the case: stop"}
    found = {message for code, _, message in verify(children(to="three")) if code == "WF111"}
    assert found == {"children of 'one' can outlive the case: stop → stop"}


@pytest.mark.parametrize(
    "states",
    [
        children(rest="cancel"),
        children(to="two"),
        children(actions=", actions: [{send: stop, to: children}]"),
    ],
)
def test_children_that_are_thought_of(codes, states):
    """They are cancelled with the state, waited for in another one, or told."""
    assert "WF111" not in codes(states)


def test_all_that_were_waited_for(codes):
    """`done` of all leaves nobody behind; with `need: any` it does."""
    states = (
        "one: {turn: clerk, cases: {of: small, add: [clerk], NEEDrest: go_on}, done: [{to: end}]}\nend: {final: true}\n"
    )
    assert codes(states.replace("NEED", "")) == []
    assert codes(states.replace("NEED", "need: any, "), profile="production") == ["WF111"]


def test_a_certificate_that_is_neither_issued_nor_ended():
    """The way is told; issue by a service state, or any verb that ends it, is enough."""

    def codes(source):
        loaded = load(source, file="sample.yaml")
        said = check(loaded.workflow, others={}, calendars={}, templates=None, profile="production")
        return [one.code for one in said.found]

    bad = RULES["WF112"].bad
    assert codes(bad) == ["WF112"]
    for verb in ("withdraw", "terminate", "expire", "supersede", "annul"):
        assert (
            codes(bad.replace("dropped: {final: true", f"dropped: {{final: true, enter: [{{certificate: {verb}}}]"))
            == []
        )
    assert codes(bad.replace("dropped: {final: true", "dropped: {final: true, enter: [{certificate: suspend}]")) == [
        "WF112"
    ]
