"""A condition as a tree: what each part is now and why, and nothing of what its reader may not see."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.case import Actor, Event
from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case
from engine.describe.explain import explain_case

SOURCE = """
milepost: 1
workflow: loan
title: Loan
timezone: Europe/Moscow
roles:
  clerk:  {title: Clerk, sees: all}
  porter: {title: Porter, sees: all, hides: [secret]}
data:
  paper: {pages: integer, signed: {type: boolean, default: false}, on: date}
  secret: {score: {type: integer, default: 0}}
event_data: {reasons: text}
define:
  complete: has(paper.on) && (paper.signed || paper.pages > 100)
  trusted: secret.score >= 70
open: {by: clerk, form: [paper.pages, paper.signed, paper.on, secret.score]}
initial: check
states:
  check:
    turn: clerk
    events:
      lend:   {by: [clerk, porter], when: complete && (!trusted || paper.pages < 10), to: lent}
      refuse: {by: clerk, form: [reasons!], when: event.reasons != "" && !complete, to: over}
      go:     {by: clerk, to: over}
  lent: {turn: none}
  over: {final: true}
"""
CHART = build_chart(load_or_raise(SOURCE, file="loan.yaml"), None)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLERK, PORTER = (Actor(name, roles=frozenset({name})) for name in ("clerk", "porter"))


def guards(actor=CLERK, **data):
    """The trees of a case's events, for a reader."""
    given_ = {f"{'secret' if name == 'score' else 'paper'}.{name}": value for name, value in data.items()}
    case = open_case(CHART, Event("open", given_), CLERK, case_id="c", now=NOW).case
    found = explain_case(CHART, case, actor, now=NOW).events
    return {one.event: one.arms[0] for one in found}


def test_a_tree_of_values():
    """Definitions are opened up; a leaf shows the fields that it looks at; what has no value decides nothing."""
    guard = guards(pages=3)["lend"].guard
    assert (guard.operator, guard.holds) == ("&&", False)
    complete, rest = guard.parts
    assert (complete.text, complete.operator, complete.holds) == ("complete", "=", False)
    (both,) = complete.parts
    assert (both.operator, [part.text for part in both.parts]) == (
        "&&", ["has(paper.on)", "paper.signed || paper.pages > 100"],
    )  # fmt: skip
    assert [part.holds for part in both.parts] == [False, False]
    signed, many = both.parts[1].parts
    assert (signed.text, signed.values, many.values) == ("paper.signed", {"paper.signed": False}, {"paper.pages": 3})
    assert (rest.operator, rest.holds, [part.holds for part in rest.parts]) == ("||", True, [True, True])
    assert rest.parts[0].operator == "!"
    assert guards()["lend"].guard.parts[0].parts[0].parts[1].why == "paper.pages has no value"
    assert guards()["go"].guard is None


def test_what_comes_with_the_event_is_open():
    """The rest of the condition is decided."""
    guard = guards(pages=3)["refuse"].guard
    assert [(part.holds, part.why) for part in guard.parts] == [(None, "it looks at what the sender says"), (True, "")]


def test_hidden_fields_stay_hidden():
    """Neither their values nor what follows from them."""
    for score in (0, 99):
        guard = guards(PORTER, pages=200, on="2026-03-02", score=score)["lend"].guard
        complete, rest = guard.parts
        assert (complete.holds, rest.holds, guard.holds) == (True, None, None)
        trusted, short = rest.parts
        assert (trusted.holds, trusted.why, trusted.values) == (None, "it looks at what you may not see", {})
        assert trusted.parts[0].parts[0].values == {}
        assert (short.holds, short.values) == (False, {"paper.pages": 200})


DATA = st.fixed_dictionaries(
    {},
    optional={
        "pages": st.integers(0, 200),
        "signed": st.booleans(),
        "on": st.just("2026-03-02"),
        "score": st.integers(0, 100),
    },
)


@settings(max_examples=100, deadline=None)
@given(DATA)
def test_the_tree_says_what_the_machine_does(data):
    """It holds exactly where the arm is taken; each joined part is what its parts make of it."""
    arm = guards(**data)["lend"]
    assert (arm.guard.holds is True) == arm.fits

    def agree(guard):
        holds = [part.holds for part in guard.parts]
        if None not in holds and guard.operator:
            wanted = {"&&": all(holds), "||": any(holds), "!": not holds[0], "=": holds[0]}[guard.operator]
            assert guard.holds == wanted
        for part in guard.parts:
            agree(part)

    agree(arm.guard)
