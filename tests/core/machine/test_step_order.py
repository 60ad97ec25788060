"""What a step does in which order, and that it is whole or not at all (LANGUAGE §3.1, §3.2, §3.14, §3.15)."""

from __future__ import annotations

from copy import deepcopy

import pytest

from engine.core.case import Event
from engine.core.machine.step import open_case, step
from engine.errors import (
    ActorNotAllowed,
    DutyConflict,
    EventNotAllowed,
    GuardFailed,
    GuardRefused,
    InvalidPayload,
    StepTooLong,
)

ORDER = """
states:
  a:
    turn: clerk
    leave: {notify: clerk, template: leave_a}
    initial: b
    states:
      b:
        leave: {notify: clerk, template: leave_b}
        events:
          go: {by: clerk, form: [n], set: {m: n + 1}, actions: {notify: clerk, template: arm}, to: x.y}
  x:
    turn: clerk
    set: {n: n + m}
    enter: {notify: clerk, template: enter_x, if: n == 5}
    initial: y
    states:
      y:
        set: {word: 'string(n)'}
        enter: {notify: clerk, template: enter_y, if: word == "5"}
"""


def test_a_step_leaves_inner_first_acts_and_enters_outer_first(play) -> None:
    """Form, then `set`, then leave inner first, the arm's actions, enter outer first with `set` before `enter`."""
    case = play(ORDER).open().send("go", {"n": 2})
    assert case.told() == ["leave_b", "leave_a", "arm", "enter_x", "enter_y"]
    assert (case["m"], case["n"], case["word"]) == (3, 5, "5")


def test_a_record_tells_the_whole_step(play) -> None:
    """The record says who, when, along which arms, what was left, entered, said and changed."""
    case = play(ORDER).open().send("go", {"n": 2})
    record = case.last.record
    assert (record.seq, record.kind, record.name, record.state) == (2, "event", "go", "a.b")
    assert record.actor == {"id": "ana", "kind": "person", "name": "Ana", "role": "clerk"}
    assert record.arms == ("a.b:go",)
    assert (record.left, record.entered) == (("a.b", "a"), ("x", "x.y"))
    assert record.payload == {"said": {"n": 2}, "changes": {"m": 3, "n": 5, "word": "5"}}
    assert record.effects[0] == "1:notify:leave_b"


def test_set_is_computed_all_at_once(play) -> None:
    """Two assignments of one arm see the same data: they can swap."""
    case = play("states: {a: {turn: clerk, events: {swap: {by: clerk, set: {n: m, m: n}}}}}").open({"n": 7})
    assert (case.send("swap")["n"], case["m"]) == (0, 7)


def test_null_empties_a_field(play) -> None:
    """`null` in `set` takes the value away."""
    case = play("states: {a: {turn: clerk, events: {clear: {by: clerk, set: {word: null}}}}}").open({"word": "x"})
    assert case.send("clear")["word"] is None
    assert "word" not in case.case.data


def test_choices_follow_each_other_in_one_step(play) -> None:
    """Choose, need, done, again until nothing moves; these see all that was written."""
    source = """
    states:
      a: {turn: clerk, events: {go: {by: clerk, form: [n], to: one}}}
      one: {choose: [{when: n > 5, set: {m: 1}, to: two}, {to: end}]}
      two: {choose: [{when: m == 1, to: s}, {to: end}]}
      s: {initial: f, states: {f: {final: true}}, done: [{set: {m: m + 1}, to: end}]}
      end: {final: true, outcome: fine}
    """
    case = play(source).open().send("go", {"n": 6})
    assert case.last.record.arms == ("a:go", "one:choose#1", "two:choose#1", "s:done")
    assert (case["m"], case.case.outcome) == (2, "fine")


def test_a_final_state_without_outcome_gives_its_name(play) -> None:
    """The outcome of a case is the final's `outcome`, else the final's name."""
    case = play("states: {a: {turn: clerk, events: {go: {by: clerk, to: over}}}, over: {final: true}}").open()
    assert case.send("go").case.outcome == "over"
    assert case.case.closed_at == case.now


REFUSALS = """
define: {enough: n > 3}
duties: {d-1: {different: [b, a]}}
states:
  a:
    turn: clerk
    events:
      go: {by: clerk, form: [n!], when: enough and day < today, to: b}
      odd: {by: clerk, form: [n!], choose: [{when: n == 1, to: b}, {when: n == 3, to: b}]}
      word: {by: clerk, when: word == "x", to: b}
      part: {by: clerk, set: {ratio: 10 / n}, to: b}
      fine: {by: clerk, form: [n!], to: b}
      hop: {by: chief, to: b}
  b: {turn: clerk, events: {on: {by: clerk}}}
"""


def test_a_refusal_names_what_is_false_and_what_is_missing(play) -> None:
    """No arm fits: the defined names that are false, and the fields without a value."""
    error = play(REFUSALS).open().refused(GuardRefused, "go", {"n": 1})
    assert (error.false, error.missing) == (("enough", "day < today"), ("day",))
    error = play(REFUSALS).open({"day": "2026-01-01"}).refused(GuardRefused, "go", {"n": 1})
    assert (error.false, error.missing) == (("enough",), ())


def test_each_arms_conditions_are_named(play) -> None:
    """A refusal lists the conditions of all arms."""
    error = play(REFUSALS).open().refused(GuardRefused, "odd", {"n": 2})
    assert error.false == ("n == 1", "n == 3")


def test_a_missing_value_that_decides_is_never_false(play) -> None:
    """An error in a condition refuses with the expression, the values and the line."""
    error = play(REFUSALS).open().refused(GuardFailed, "word")
    assert (error.expression, error.values) == ('word == "x"', {"word": None})
    assert error.line > 0


def test_an_error_in_set_refuses_the_step(play) -> None:
    """A division by zero stores nothing."""
    error = play(REFUSALS).open().refused(GuardFailed, "part")
    assert error.expression == "10 / n"


def test_errors_are_told_apart(play) -> None:
    """Wrong sender, unknown event, bad form, a duty: each has its own error."""
    case = play(REFUSALS).open()
    assert case.refused(ActorNotAllowed, "hop").by == ("chief",)
    assert set(case.refused(EventNotAllowed, "on").allowed) >= {"go", "fine"}
    problem = case.refused(InvalidPayload, "fine", {"n": None}).problems[0]
    assert (problem.path, problem.code) == ("n", "missing")
    case.send("fine", {"n": 1}).refused(DutyConflict, "on")


def test_a_choice_with_no_fitting_arm_stores_nothing(play) -> None:
    """`choose` without a fitting arm is an error at run time."""
    source = """
    states:
      a: {turn: clerk, events: {go: {by: clerk, form: [n], to: c}}}
      c: {choose: [{when: n > 5, to: a}, {when: n > 7, to: a}]}
    """
    error = play(source).open().refused(GuardRefused, "go", {"n": 1})
    assert error.false == ("n > 5", "n > 7")


def test_a_loop_that_never_rests_is_an_error(play) -> None:
    """A bound stops a livelock; nothing is stored."""
    source = """
    states:
      a: {turn: clerk, events: {go: {by: clerk, to: c}}}
      c: {choose: [{when: n < 0, to: a}, {to: d}]}
      d: {choose: [{when: n < 0, to: a}, {to: c}]}
    """
    assert "c:choose" in str(play(source).open().refused(StepTooLong, "go"))


def test_ninety_nine_automatic_arms_are_allowed(play) -> None:
    """The bound is 100 automatic arms in one step: 99 pass, 100 do not."""
    source = """
    states:
      a: {turn: clerk, events: {go: {by: clerk, form: [n], to: c}}}
      c: {choose: [{when: n > 0, set: {n: n - 1, m: m + 1}, to: c}, {to: a}]}
    """
    assert play(source).open().send("go", {"n": 98})["m"] == 98
    play(source).open().refused(StepTooLong, "go", {"n": 100})


def test_a_step_is_pure(play) -> None:
    """The same input twice gives equal steps, and the case that was given is not changed."""
    case = play(ORDER).open()
    before, seen = case.case, deepcopy(case.case)
    one, two = (step(case.chart, before, Event("go", {"n": 2}), play.people["ana"], now=case.now) for _ in range(2))
    assert one == two
    assert before == seen
    twice = [open_case(case.chart, Event("open"), play.people["ana"], case_id="c1", now=case.now) for _ in range(2)]
    assert twice[0] == twice[1]


def test_a_refused_step_changes_nothing_of_the_case(play) -> None:
    """Whole or not at all: what a step wrote before it failed is gone."""
    case = play(REFUSALS).open()
    before, seen = case.case, deepcopy(case.case)
    for event, data in (("go", {"n": 9}), ("part", {}), ("word", {}), ("odd", {"n": 9})):
        with pytest.raises((GuardFailed, GuardRefused)):
            step(case.chart, before, Event(event, data), play.people["ana"], now=case.now)
    assert before == seen


def test_revision_grows_with_leaves_or_data_only(play) -> None:
    """`seq` grows with every record, `revision` where the case looks different."""
    source = """
    states:
      a: {turn: clerk, events: {note: {by: clerk, form: [reasons!]}, same: {by: clerk, set: {n: 0}},
                                up: {by: clerk, set: {n: n + 1}}, again: {by: clerk, to: a}}}
    """
    case = play(source).open()
    seen = [
        (case.send(e, {"reasons": "x"} if e == "note" else {}).case.seq, case.case.revision)
        for e in ("note", "same", "up", "again")
    ]
    assert seen == [(2, 1), (3, 1), (4, 2), (5, 3)]


def test_effect_keys_are_unique_and_never_change(play) -> None:
    """An effect's key is the case, the step's number and its own."""
    case = play(ORDER).open().send("go", {"n": 2})
    assert [effect.key for effect in case.last.effects] == [f"c1/2/{n}" for n in range(1, 6)]
