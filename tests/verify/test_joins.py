"""Conditions of regions, actions and `need`, and more children than there can be."""

from __future__ import annotations

import pytest

STATES = """\
one: {{turn: clerk, events: {{go: {{by: clerk, to: par, actions: [{{notify: clerk, template: t{action}}}]}}}}}}
par:
  need: {need}
  parallel:
    left: {{{left}initial: l, states: {{l: {{turn: clerk, events: {{a: {{by: clerk, to: lf}}}}}}, lf: {{final: true}}}}}}
    right: {{initial: r, states: {{r: {{turn: clerk, events: {{b: {{by: clerk, to: rf}}}}}}, rf: {{final: true}}}}}}
  done: [{{to: end}}]
end: {{final: true}}
"""


def text(*, action="", need="all", left=""):
    """A parallel state that may wait for something."""
    return STATES.format(action=action, need=need, left=left)


@pytest.mark.parametrize(
    ("states", "what"),
    [
        (text(left="if: n > 3 && n < 2, "), "the region 'left' never runs"),
        (text(need='kind == "a" && kind == "b"'), "'par' is done only when all are in"),
        (text(action=", if: n < 0"), "this action is never done"),
    ],
)
def test_what_can_never_be_true(verify, states, what):
    """Said with what follows from it."""
    assert verify(states) == [("WF081", "warning", f"this can never be true: {what}")]


@pytest.mark.parametrize(
    "states", [text(), text(left="if: n > 3, "), text(need='in_state("par.left.lf")'), text(action=", if: ok")]
)
def test_what_can(codes, states):
    """Some values make it true, or it was not decided."""
    assert codes(states) == []


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ("with: {n: n}, need: 2", ["WF119"]),
        ("with: {n: n}, need: 1", []),
        ("with: {n: n}, need: any", []),
        ("with: {n: n}, need: 2, add: [clerk]", []),
        ("each: rows, as: row, with: {n: row.x}, need: 2", []),
        ("need: 2", []),
    ],
)
def test_more_children_than_there_can_be(codes, cases, expected):
    """One is opened by `with` alone; a list, or somebody who adds, may bring more; without both all there are count."""
    states = f"one: {{turn: clerk, cases: {{of: small, {cases}, rest: cancel}}, done: [{{to: end}}]}}\nend: {{final: true}}\n"
    assert codes(states, openers=", small") == expected
