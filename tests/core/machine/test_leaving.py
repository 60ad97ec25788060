"""What ends with a state and with a case, and what is recorded of what comes too late (LANGUAGE §3.7, §3.8)."""

from __future__ import annotations

import pytest

from engine.core.case import SYSTEM, Actor, Cancelled, ChildEnded, ChildOpened, EffectResult, Event, TimerFired
from engine.core.machine.step import dropped
from engine.errors import EventNotAllowed

OPEN_WORK = """
workflow: small
data:
  n: {type: integer, default: 0}
  votes: {rows: {type: list, of: {role: text, yes: boolean}}}
open: {by: [clerk, small]}
states:
  p:
    turn: clerk
    events: {out: {by: clerk, to: b}, again: {by: clerk, to: p}}
    deadlines: {late: {after: 2 days, remind: [1 day], escalate: [chief], to: b}}
    parallel:
      ask: {panel: {ask: {clerk: 2}, form: [yes!], into: votes.rows, rest: REST}}
      weigh: {initial: w, states: {w: {call: scales.weigh, result: {kg: integer}, done: [{set: {n: result.kg}, to: f}]}, f: {final: true}}}
      kids: {cases: {of: small, with: {n: 1}, rest: REST}}
  b: {turn: clerk, events: {back: {by: clerk, to: p}, end: {by: clerk, to: over}}}
  over: {final: true}
"""
CANCEL, GO_ON = OPEN_WORK.replace("REST", "cancel"), OPEN_WORK.replace("REST", "go_on")


def child(case) -> str:
    """The id of the only child."""
    return case.case.memory.children[-1].id


def test_leaving_cancels_timers(play) -> None:
    """Leaving a state cancels its timers, and the step says which."""
    case = play(CANCEL).open()
    timers = case.case.timers
    assert {timer.kind for timer in timers} == {"due", "remind"}
    assert set(case.send("out").last.cancelled) == set(timers)


def test_a_late_result_is_recorded_and_dropped(play) -> None:
    """A call's answer after its state was left changes nothing, even if the state was entered anew."""
    case = play(CANCEL).open().send("out").answer("call", {"kg": 7})
    assert (case.last.record.kind, case["n"], case.leaves) == ("dropped", 0, ("b",))
    assert "left" in case.last.record.note
    case.send("back").answer("call", {"kg": 8}, back=2)
    assert (case.last.record.kind, case["n"]) == ("dropped", 0)
    assert case.answer("call", {"kg": 9})["n"] == 9


def test_a_second_result_is_dropped(play) -> None:
    """A call is answered once."""
    case = play(CANCEL).open().answer("call", {"kg": 7}).answer("call", {"kg": 8})
    assert (case.last.record.kind, case["n"]) == ("dropped", 7)


def test_a_panels_open_work_ends_with_it(play) -> None:
    """rest: cancel: an answer after the panel was left is refused; entered anew it asks anew."""
    case = play(CANCEL).open().send("answer", {"yes": True}).send("out")
    case.refused(EventNotAllowed, "answer", {"yes": True}, by="ben")
    case.send("back")
    assert case["votes.rows"] is None
    case.send("answer", {"yes": False})
    assert [row["yes"] for row in case["votes.rows"]] == [False]


def test_late_answers_are_recorded_where_the_rest_goes_on(play) -> None:
    """rest: go_on: panel answers are still recorded, and nothing moves."""
    case = play(GO_ON).open().send("answer", {"yes": True}).send("out")
    case.send("answer", {"yes": False}, by="ben")
    assert [row["yes"] for row in case["votes.rows"]] == [True, False]
    assert (case.leaves, case.last.record.entered) == (("b",), ())


def test_children_are_cancelled_or_live_on(play) -> None:
    """rest: cancel asks for the children's end; go_on lets them live."""
    case = play(CANCEL).open()
    kid = child(case)
    assert [e.payload["child_id"] for e in case.send("out").last.effects if e.kind == "cancel"] == [kid]
    case = play(GO_ON).open()
    assert [e for e in case.send("out").last.effects if e.kind == "cancel"] == []


def test_an_ended_child_is_not_cancelled(play) -> None:
    """Only children that are still open are cancelled."""
    case = play(CANCEL).open()
    case.give(ChildEnded(child(case), None, "small", "over"))
    assert [e for e in case.send("out").last.effects if e.kind == "cancel"] == []


def test_closed_cases_take_no_event(play) -> None:
    """A closed case refuses events and has no timers, no turn and nobody's clock."""
    case = play(CANCEL).open().send("out").send("end")
    assert (case.case.timers, case.case.turn, case.leaves) == ((), (), ("over",))
    error = case.refused(EventNotAllowed, "back")
    assert "closed" in str(error)
    assert error.allowed == ()


def test_what_comes_to_a_closed_case_is_recorded(play) -> None:
    """A result, a child's end: recorded; the case stays as it is."""
    case = play(CANCEL).open().send("out").send("end")
    before = case.case
    assert case.answer("call", {"kg": 3}).last.record.kind == "dropped"
    case.give(ChildEnded(child(case), "S-1", "small", "over"))
    assert case.case.memory.children[0].ended
    assert (case.case.positions, case.case.data, case.case.closed_at) == (
        before.positions,
        before.data,
        before.closed_at,
    )


def test_what_a_case_does_not_take_is_recorded(play) -> None:
    """`dropped` makes a record with the reason and leaves everything else."""
    case = play(CANCEL).open()
    sender = Actor("c9", kind="case", workflow="small", relation="other")
    made = dropped(case.chart, case.case, Event("hello"), sender, now=case.now, reason="no such event")
    assert (made.record.kind, made.record.name, made.record.note) == ("dropped", "hello", "no such event")
    assert (made.case.positions, made.case.timers, made.case.revision) == (
        case.case.positions,
        case.case.timers,
        case.case.revision,
    )
    assert (made.case.seq, made.armed, made.cancelled, made.effects) == (2, (), (), ())


def test_a_dropped_timer_leaves_the_list(play) -> None:
    """A timer whose step was refused cannot come again."""
    case = play(CANCEL).open()
    timer = case.case.timers[0]
    made = dropped(case.chart, case.case, TimerFired(timer), SYSTEM, now=timer.due, reason="refused")
    assert made.cancelled == (timer,)
    assert timer not in made.case.timers


def test_a_cancelled_case_closes(play) -> None:
    """A child whose parent no longer waits closes with the outcome `cancelled`: timers go, its own children too."""
    case = play(CANCEL).open()
    kid = child(case)
    case.give(Cancelled())
    assert (case.case.outcome, case.case.timers, case.case.turn) == ("cancelled", (), ())
    assert case.last.record.kind == "cancelled"
    assert [e.payload["child_id"] for e in case.last.effects if e.kind == "cancel"] == [kid]
    case.refused(EventNotAllowed, "out")
    assert case.give(Cancelled()).last.record.kind == "dropped"
    assert case.case.outcome == "cancelled"


def test_a_cancelled_case_takes_no_child(play) -> None:
    """Nobody adds a child to a case that is closed."""
    case = play(CANCEL.replace("rest: cancel}}\n  b", "add: clerk, rest: cancel}}\n  b")).open().give(Cancelled())
    assert case.case.closed_at is not None
    with pytest.raises(EventNotAllowed, match="closed"):
        case.give(ChildOpened("k9", "small", "S-9", by=play.people["ana"]), "ana")


def test_a_notification_that_comes_late_is_dropped(play) -> None:
    """A proven delivery for a state that was left is recorded and not written."""
    source = """
    states:
      a:
        turn: clerk
        enter: {notify: clerk, template: letter, delivered: at}
        events: {go: {by: clerk, to: b}}
      b: {turn: clerk}
    """
    case = play(source).open()
    effect = case.effects[0]
    late = play.replace(case).send("go")
    late.give(EffectResult(effect, ok=True, data={"delivered_at": case.now}))
    assert (late.last.record.kind, late["at"]) == ("dropped", None)
