"""Arms that hide each other, that never fit, that leave a gap."""

from __future__ import annotations

import pytest

STATES = """\
one: {{turn: clerk, events: {{go: {{by: clerk, to: pick}}, e: {{by: clerk, form: [n, kind], choose: [{event}]}}}}}}
pick: {{choose: [{choose}]}}
end: {{final: true}}
"""


def text(*, choose="{to: end}", event="{to: end}"):
    """A choice and an event with these arms."""
    return STATES.format(choose=choose, event=event)


@pytest.mark.parametrize(
    "arms",
    [
        '{when: kind == "a", to: end}, {when: \'kind in ["b", "c"]\', to: one}',
        "{when: n < 3, to: end}, {when: n >= 3, to: one}",
        "{when: 3 > n, to: end}, {when: n == 3, to: one}, {when: n > 3, to: end}",
        "{when: ok, to: end}, {when: '!ok', to: one}",
        "{when: ok && n > 1, to: end}, {when: not ok, to: one}, {when: n <= 1, to: end}",
        "{when: size(rows) == 0, to: end}, {when: size(rows) > 0, to: one}",
        "{when: amount < 0.5, to: end}, {when: amount >= 0.5, to: one}",
        "{when: has(name), to: end}, {when: '!has(name)', to: one}",
        "{when: n > size(rows), to: end}, {when: size(rows) >= n, to: one}",
        "{when: ready, to: end}, {when: 'n < 1', to: one}",
    ],
)
def test_arms_that_cover_everything_need_no_last_one(codes, arms):
    """Options, ranges, booleans and opposites are cut at their constants; what covers all of it is proved."""
    assert codes(text(choose=arms), extra="define: {ready: n >= 1}" if "ready" in arms else "") == []


@pytest.mark.parametrize(
    ("arms", "gap"),
    [
        ('{when: kind == "a", to: end}, {when: kind == "b", to: one}', "kind is c"),
        ("{when: n < 3, to: end}, {when: n > 3, to: one}", "n is 3"),
        ("{when: amount < 1, to: end}, {when: amount > 2, to: one}", "amount is 1"),
        ("{when: ok, to: end}", "ok is false"),
        ('{when: name == "x", to: end}, {when: name == "y", to: one}', "name is another text"),
        ("{when: n > size(rows), to: end}, {when: size(rows) > n, to: one}", "no condition is true"),
    ],
)
def test_a_gap_is_refused_with_an_example(verify, arms, gap):
    """Where no arm fits, `choose` is an error that says where; in every profile."""
    for profile in ("draft", "team", "production"):
        found = [(code, severity, message) for code, severity, message in verify(text(choose=arms), profile=profile)]
        assert found == [("WF082", "error", f"`choose` of 'pick' has no arm that fits where {gap}")]


@pytest.mark.parametrize(
    ("arms", "code"),
    [
        ("{to: end}, {when: ok, to: one}", "WF080"),
        ("{when: ok, to: end}, {when: ok, to: one}, {to: end}", "WF080"),
        ("{when: n > 1, to: end}, {when: n > 2, to: one}, {to: end}", "WF080"),
        ("{when: ok, to: end}, {when: not ok, to: one}, {to: end}", "WF080"),
        ("{when: n < 0, to: end}, {to: one}", "WF081"),
        ("{when: n > 2 && n < 1, to: end}, {to: one}", "WF081"),
    ],
)
@pytest.mark.parametrize("place", ["choose", "event"])
def test_an_arm_that_is_never_taken(codes, arms, code, place):
    """Hidden by one without a condition, by the same one, by a wider one, by all before; or never true."""
    assert codes(text(**{place: arms})) == [code]


def test_an_event_may_fit_nowhere(codes):
    """An event without a fitting arm is refused when it comes; nothing is missing in the definition."""
    assert codes(text(event="{when: n > 3, to: end}, {when: ok, to: one}")) == []


def test_too_many_combinations_are_not_guessed(verify):
    """Beyond the bound nothing is proved, and `choose` asks for a last arm."""
    conditions = " && ".join(f'name != "{n}" && size(rows) != {n} && n != {n} && amount != {n}' for n in range(12))
    arms = f"{{when: '{conditions}', to: end}}, {{when: ok, to: one}}"
    assert [code for code, _, _ in verify(text(choose=arms))] == ["WF082"]


REGIONS = """\
one:
  parallel:
    left: {{initial: l, states: {{l: {{turn: clerk, events: {{x: {{by: clerk, {left}}}, f: {{by: clerk, to: lf}}}}}}, lf: {{final: true}}}}}}
    right: {{initial: r, states: {{r: {{turn: clerk, events: {{x: {{by: clerk, {right}}}, g: {{by: clerk, to: rf}}}}}}, rf: {{final: true}}}}}}
  done: [{{to: end}}]
end: {{final: true}}
"""


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("to: end", "to: end", ["WF083"]),
        ("when: ok, to: end", "when: not ok, to: end", []),
        ("set: {n: 1}", "set: {n: 2}", ["WF084"]),
        ("set: {n: 1}", "set: {ok: true}", []),
        ("to: lf", "to: rf", []),
    ],
)
def test_one_event_in_two_regions(codes, left, right, expected):
    """Two that leave the same state, or set one field, are said, unless their conditions exclude each other."""
    assert codes(REGIONS.format(left=left, right=right)) == expected
