"""Regions in one step: what two of them may not do together, and what a kept one takes up again."""

from __future__ import annotations

import pytest

from engine.errors import ConflictingSets

ENTERED = """
initial: wait
states:
  wait: {turn: clerk, events: {go: {by: clerk, to: both}}}
  both:
    turn: clerk
    parallel:
      left: {initial: x, states: {x: {set: {n: 1}}}}
      right: {initial: x, states: {x: {set: {FIELD: 2}}}}
"""


def test_two_regions_may_not_set_one_field_on_entry(play) -> None:
    """§3.5: the step is refused and nothing of it stays; different fields are fine."""
    case = play(ENTERED.replace("FIELD", "n")).open()
    case.refused(ConflictingSets, "go")
    case = play(ENTERED.replace("FIELD", "m")).open().send("go")
    assert (case.case.data["n"], case.case.data["m"]) == (1, 2)


def test_a_stage_around_may_set_what_a_state_inside_sets(play) -> None:
    """Outer before inner: the inner one wins, as in every nesting."""
    source = """
    initial: wait
    states:
      wait: {turn: clerk, events: {go: {by: clerk, to: outer}}}
      outer: {set: {n: 1}, initial: x, states: {x: {turn: clerk, set: {n: n + 1}}}}
    """
    assert play(source).open().send("go").case.data["n"] == 2


SERVICE = """
initial: both
states:
  both:
    turn: clerk
    events: {out: {by: clerk, to: aside}}
    parallel:
      weigh: {initial: s, states: {s: {call: scales.weigh, done: [{to: heavy}]}, heavy: {final: true}}}
      look: {initial: x, states: {x: {}}}
  aside: {turn: clerk, events: {back: {by: clerk, to: both, keep: [weigh]}}}
"""


@pytest.mark.parametrize("late", [1, 2])
def test_a_kept_call_is_asked_for_anew(play, late: int) -> None:
    """What it had asked for is dropped while it is away; either answer is taken once it is back."""
    case = play(SERVICE).open().send("out").send("back")
    assert [str(effect.kind) for effect in case.last.effects] == ["call"]
    assert "both.weigh.heavy" in case.answer("call", {}, back=late).leaves
