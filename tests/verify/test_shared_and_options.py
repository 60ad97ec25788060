"""Fields that two regions write, and options that a field can never have."""

from __future__ import annotations

import pytest

DATA = """\
g: {a: text, b: text}
keyed: {type: list, key: x, of: {x: integer, y: integer}}
"""
REGIONS = """\
one:
  parallel:
    left: {{initial: l, states: {{l: {{turn: clerk, events: {{x: {{by: clerk, {left}, to: lf}}}}}}, lf: {{final: true}}}}}}
    right: {{initial: r, states: {{r: {{turn: clerk, events: {{y: {{by: clerk, {right}, to: rf}}}}}}, rf: {{final: true}}}}}}
  done: [{{to: end}}]
end: {{final: true}}
"""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("set: {n: 1}", "set: {n: 2}"),
        ("form: [n]", "set: {n: 2}"),
        ("form: [name]", "form: [name!]"),
        ("form: [g]", "form: [g.a]"),
        ("form: [keyed]", "form: [keyed+]"),
        ("set: {n: n + 1}", "set: {n: 0}"),
        ("set: {name: null}", "form: [name]"),
    ],
)
def test_the_last_one_wins(verify, left, right):
    """Set or given, by field or by group: whoever is later overwrites."""
    states = REGIONS.format(left=left, right=right)
    found = verify(states, form="g, keyed", data=DATA)
    assert [(code, severity) for code, severity, _ in found] == [("WF114", "warning")]
    assert "(line " in found[0][2]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("set: {n: 1}", "set: {amount: 1}"),
        ("set: {n: n + 1}", "set: {n: n + 2}"),
        ("set: {ok: true}", "set: {ok: true}"),
        ("form: [keyed+]", "form: [keyed+]"),
        ("form: [keyed.y]", "form: [keyed.y]"),
        ("form: [said]", "form: [said]"),
        ("form: [g.a]", "form: [g.b]"),
    ],
)
def test_nothing_is_lost(codes, left, right):
    """Other fields, counters, the same value, rows that are added, event data."""
    states = REGIONS.format(left=left, right=right)
    extra = "event_data: {said: text}" if "said" in left else ""
    assert codes(states, form="g, keyed", data=DATA, extra=extra) == []


def test_two_panels_write_one_list(codes):
    """Each empties it on entry."""
    region = "{panel: {ask: {clerk: 2}, form: [x], into: rows, event: %s}}"
    regions = f"left: {region % 'a'}, right: {region % 'b'}"
    states = f"one: {{parallel: {{{regions}}}, done: [{{to: end}}]}}\nend: {{final: true}}\n"
    assert codes(states) == ["WF114"]
    assert codes(states.replace("into: rows", "into: other", 1), data="other: {type: list, of: {x: integer}}\n") == []


def test_one_event_in_both_is_another_finding(codes):
    """WF084 says it: such a step is refused."""
    states = REGIONS.format(left="set: {n: 1}", right="set: {n: 2}").replace("y: {by", "x: {by")
    assert codes(states) == ["WF084"]


OPTIONS = "one: {{turn: clerk, events: {{go: {{by: clerk, {set}to: end}}}}}}\nend: {{final: true}}\n"


@pytest.mark.parametrize(
    ("said", "default", "never"),
    [
        ("set: {kind: a}, ", "b", "'c'"),
        ('set: {kind: \'ok ? "a" : "c"\'}, ', "", "'b'"),
        ("", "a", "'b', 'c'"),
    ],
)
def test_an_option_that_nothing_gives(verify, said, default, never):
    """No form, no `set`, no default: the options are named, where the field is."""
    kept = f", default: {default}" if default else ""
    data = f"state: {{type: choice, options: [a, b, c]{kept}}}\n"
    found = verify(OPTIONS.format(set=said.replace("kind", "state")), data=data)
    words = f"'state' can never be {never}: no form gives it and no `set` says so"
    assert [one for one in found if one[0] == "WF115"] == [("WF115", "warning", words)]


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("", "state"),
        ("form: [state], set: {ok: true}, ", ""),
        ("set: {state: kind}, ", ""),
        ("set: {state: null}, ", "state"),
    ],
)
def test_what_may_have_any_option(codes, said, form):
    """A form gives all of them, another field may have any."""
    data = "state: {type: choice, options: [a, b, c], default: a}\n"
    assert "WF115" not in codes(OPTIONS.format(set=said), form=form, data=data)
