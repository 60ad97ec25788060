"""Deadlines: when they are due, remind, escalate, move; what a timer does when it fires (LANGUAGE §2.7, §3.6, §3.11, §3.16)."""

from __future__ import annotations

import pytest

from engine.core.case import SYSTEM, Event, TimerFired
from engine.core.machine.step import step
from engine.errors import ActorNotAllowed, GuardFailed, GuardRefused, InvalidPayload
from engine.service.stepping import next_due


def one(timing: str, more: str = "") -> str:
    """A workflow with one deadline in its first state."""
    return f"""
states:
  a:
    turn: clerk
    events:
      tell: {{by: [clerk, buyer], form: [day, at, n, flag, word]}}
      again: {{by: clerk, to: a}}
      go: {{by: clerk, to: b}}
    deadlines: {{late: {{{timing}{more}}}}}
  b: {{turn: clerk}}
  over: {{final: true}}
"""


@pytest.mark.parametrize(
    ("timing", "due"),
    [
        ("after: 1 day", "2026-01-14 00:00"),
        ("after: 5 days", "2026-01-20 00:00"),  # the 17th is a Saturday: the end of the next working day
        ("after: 5 days, roll: none", "2026-01-18 00:00"),
        ("after: 5 working days", "2026-01-20 00:00"),
        ("after: 1 month", "2026-02-13 00:00"),
        ("after: 24 hours", "2026-01-13 09:00"),
        ("after: 125 hours", "2026-01-17 14:00"),
        ("after: 125 hours, roll: next", "2026-01-19 14:00"),
        ("after: 10 minutes", "2026-01-12 09:10"),
        ("every: 2 days", "2026-01-15 00:00"),
        ("after: 10 working days, before: 2 working days", "2026-01-23 00:00"),
        ("after: 8 working hours", "2026-01-12 18:00"),
        ("after: 9 working hours, roll: next", "2026-01-13 10:00"),
        ("after: 40 working hours, before: 1 working hour", "2026-01-16 17:00"),
        ("every: 12 working hours", "2026-01-13 13:00"),
        ("after: 5 days, roll: none, before: 4 working hours", "2026-01-16 14:00"),  # before the end of Saturday
        ("after: 8 working hours, before: 24 hours", "2026-01-11 18:00"),
    ],
)
def test_when_a_term_is_due(play, timing, due) -> None:
    """Days end with a day, exclusively; the term starts on the day after; hours are hours."""
    assert play(one(timing, ", escalate: [chief]")).open().due("late") == due


@pytest.mark.parametrize(
    ("timing", "said", "due"),
    [
        ("at: day", {"day": "2026-01-20"}, "2026-01-21 00:00"),
        ("at: day", {"day": "2026-01-17"}, "2026-01-18 00:00"),
        ("at: day, roll: next", {"day": "2026-01-17"}, "2026-01-20 00:00"),
        ("at: at", {"at": "2026-01-17T12:00:00+03:00"}, "2026-01-17 12:00"),
        ("at: at, roll: next", {"at": "2026-01-17T12:00:00+03:00"}, "2026-01-19 12:00"),
        ("at: 'add_days(day, 2)'", {"day": "2026-01-20"}, "2026-01-23 00:00"),
        ("at: day, before: 1 day", {"day": "2026-01-20"}, "2026-01-20 00:00"),
        ("after: 2 days, from: day", {"day": "2026-01-20"}, "2026-01-23 00:00"),
        ("after: 2 hours, from: at", {"at": "2026-01-20T12:00:00+03:00"}, "2026-01-20 14:00"),
        ("after: 2 hours, from: day", {"day": "2026-01-20"}, "2026-01-20 02:00"),
        ("every: 7 days, from: day", {"day": "2026-01-20"}, "2026-01-28 00:00"),
        ("after: 8 working hours, from: day", {"day": "2026-01-20"}, "2026-01-20 18:00"),
        ("at: day, before: 4 working hours", {"day": "2026-01-17"}, "2026-01-16 14:00"),
        ("at: at, before: 4 working hours", {"at": "2026-01-19T10:00:00+03:00"}, "2026-01-16 15:00"),
    ],
)
def test_at_and_from_follow_the_data(play, timing, said, due) -> None:
    """Not armed while there is no value; computed again after every step; taken away with the value."""
    case = play(one(timing, ", escalate: [chief]")).open()
    assert case.due("late") is None
    case.send("tell", said)
    assert case.due("late") == due
    assert [timer.deadline for timer in case.last.armed] == ["late"]
    case.send("tell", dict.fromkeys(said))
    assert case.due("late") is None
    assert [timer.deadline for timer in case.last.cancelled] == ["late"]


def test_a_moved_due_moment_cancels_the_old_timer(play) -> None:
    """Other data, another moment: the old timer is cancelled and the new one armed, once each."""
    case = play(one("at: day", ", escalate: [chief]")).open({"day": "2026-01-20"})
    case.send("tell", {"day": "2026-01-21"})
    assert (len(case.last.armed), len(case.last.cancelled), len(case.case.timers)) == (1, 1, 1)


def test_from_may_be_when_a_state_was_entered(play) -> None:
    """`from: entered("a")` counts from the last entry of a state, also one that is left."""
    source = """
    states:
      a: {turn: clerk, events: {go: {by: clerk, to: b}}}
      b: {turn: clerk, deadlines: {late: {after: 24 hours, from: 'entered("a")', escalate: [chief]}}}
    """
    case = play(source).open().until("2026-01-12 15:00").send("go")
    assert case.due("late") == "2026-01-13 09:00"


def test_a_deadline_fires_once_per_due_moment(play) -> None:
    """It fires once; with a new due moment it fires again."""
    case = play(one("at: day", ", set: {m: m + 1}")).open({"day": "2026-01-13"}).until("2026-01-20 00:00")
    assert (case["m"], case.due("late")) == (1, None)
    case.send("tell", {"n": 3}).until("2026-01-21 00:00")
    assert case["m"] == 1
    case.send("tell", {"day": "2026-01-22"}).until("2026-02-01 00:00")
    assert case["m"] == 2


def test_due_already_when_entered_fires_as_the_next_step(play) -> None:
    """A due moment that is past is armed and fires at once, late; reminders that are past are not sent."""
    source = one("at: day", ", remind: [5 days, 1 day], set: {m: m + 1}")
    case = play(source).open({"day": "2026-01-05"})
    assert [timer.kind for timer in case.case.timers] == ["due"]
    case.until(case.now)
    assert (case["m"], case.last.record.kind) == (1, "deadline")
    assert case.sent("reminder") == []


def test_every_comes_again_and_again(play) -> None:
    """`every` counts from its start, so that it does not drift; each moment is a step."""
    case = play(one("every: 24 hours", ", set: {m: m + 1}")).open().until("2026-01-15 09:00")
    assert (case["m"], case.due("late")) == (3, "2026-01-16 09:00")


def test_reminders_and_escalations_in_working_hours(play) -> None:
    """So many working hours before and after a due moment, whatever the deadline counts."""
    told = "remind: [3 working hours], escalate: [chief, {to: chief, after: 2 working hours}]"
    case = play(one(f"after: 10 working hours, {told}")).open()
    assert case.due("late") == "2026-01-13 11:00"
    assert (case.due("late", "remind"), case.due("late", "escalate", 1)) == ("2026-01-12 17:00", "2026-01-13 13:00")
    case = play(one(f"after: 5 days, roll: none, {told}")).open()
    assert case.due("late") == "2026-01-18 00:00"  # the end of a Saturday
    assert (case.due("late", "remind"), case.due("late", "escalate", 1)) == ("2026-01-16 15:00", "2026-01-19 11:00")


def test_a_deadline_without_to_lets_the_state_stand(play) -> None:
    """No `to`: nothing is left; the deadline does its `set` and actions."""
    case = play(one("after: 24 hours", ", set: {m: 7}, actions: {notify: chief, template: said}")).open()
    case.until("2026-01-13 09:00")
    assert (case.leaves, case["m"], case.told()) == (("a",), 7, ["said"])
    assert case.last.record.actor["kind"] == "system"


def test_a_deadline_may_move_the_case(play) -> None:
    """`to` when due, at the due moment."""
    case = play(one("after: 24 hours", ", to: over")).open().until("2026-02-01 00:00")
    assert case.case.outcome == "over"
    assert case.case.closed_at == play.moment("2026-01-13 09:00")


def test_when_false_is_recorded_and_nothing_happens(play) -> None:
    """`when` false: recorded, nothing happens, and the timer has fired."""
    case = play(one("after: 24 hours", ", when: n > 3, to: over")).open().until("2026-01-14 00:00")
    assert (case.last.record.kind, case.last.record.arms, case.leaves) == ("deadline", (), ("a",))
    assert "false" in case.last.record.note
    assert case.case.timers == ()


def test_a_deadline_may_choose(play) -> None:
    """`choose` when due: the first arm that fits."""
    case = play(one("after: 24 hours", ", choose: [{when: n > 3, to: over}, {to: b}]")).open().until("2026-01-14 00:00")
    assert case.leaves == ("b",)


def test_a_condition_that_cannot_be_decided_refuses_the_timer(play) -> None:
    """A missing value in a deadline's `when` is an error, not false."""
    case = play(one("after: 24 hours", ', when: word == "x", to: over')).open()
    timer = case.case.timers[0]
    with pytest.raises(GuardFailed):
        step(case.chart, case.case, TimerFired(timer), SYSTEM, now=timer.due)


def test_reminders_go_to_the_turn(play) -> None:
    """The short form reminds whose turn it is, before it is due, with the due moment."""
    case = play(one("after: 10 working days", ", remind: [5 working days, 24 hours], escalate: [chief]")).open()
    assert (case.due("late"), case.due("late", "remind", 0)) == ("2026-01-27 00:00", "2026-01-20 00:00")
    assert case.due("late", "remind", 1) == "2026-01-26 00:00"
    case.until("2026-01-20 00:00")
    payload = case.last.effects[0].payload
    assert (payload["to"], payload["reason"]) == (("clerk",), "reminder")
    assert payload["due"] == play.moment("2026-01-27 00:00")
    assert case.last.record.kind == "reminder"
    assert case.until("2026-01-26 12:00").sent("reminder") == [("clerk",), ("clerk",)]


def test_the_long_form_says_to_whom_and_with_what(play) -> None:
    """`remind: {before, to, template}` reminds these."""
    case = play(
        one("after: 3 days", ", remind: {before: 1 day, to: [chief, clerk.supervisor], template: soon}, to: over")
    )
    assert case.open().until("2026-01-15 12:00").sent("soon") == [("chief", "clerk.supervisor")]


def test_a_reminder_changes_nothing_but_the_history(play) -> None:
    """A reminder grows `seq` and not `revision`."""
    case = play(one("after: 3 days", ", remind: [1 day], to: over")).open()
    revision, seq = case.case.revision, case.case.seq
    case.until("2026-01-15 12:00")
    assert (case.case.revision, case.case.seq) == (revision, seq + 1)


def test_a_panel_is_reminded_where_answers_are_missing(play) -> None:
    """A panel's turn is who has not answered: they are reminded."""
    source = """
    data: {votes: {rows: {type: list, of: {role: text, yes: boolean}}}}
    open: {by: clerk}
    states:
      a:
        turn: clerk
        initial: ask
        states:
          ask:
            panel: {ask: {clerk: 1, chief: 1}, form: [yes!], into: votes.rows}
            deadlines: {late: {after: 3 days, remind: [1 day], to: over}}
            done: [{to: over}]
      over: {final: true}
    """
    case = play(source).open().send("answer", {"yes": True}).until("2026-01-15 12:00")
    assert case.sent("reminder") == [("chief",)]


def test_escalation_informs_and_never_decides(play) -> None:
    """Addressees without `after` are told when it is due, the others later; the state stands."""
    source = one("after: 2 working days", ", escalate: [chief, {to: chief.supervisor, after: 3 working days}]")
    case = play(source).open().until("2026-01-15 00:00")
    assert (case.last.record.kind, case.sent("escalation")) == ("deadline", [("chief",)])
    assert case.due("late", "escalate", 1) == "2026-01-20 00:00"
    case.until("2026-01-21 00:00")
    assert (case.last.record.kind, case.leaves) == ("escalation", ("a",))
    assert case.sent("escalation")[1] == ("chief.supervisor",)
    assert case.last.effects[0].payload["due"] == play.moment("2026-01-15 00:00")


def test_entering_anew_starts_the_term_anew(play) -> None:
    """A new entry has its own timers; the old ones are cancelled."""
    case = play(one("after: 24 hours", ", to: over")).open().until("2026-01-12 20:00").send("again")
    assert case.due("late") == "2026-01-13 20:00"
    assert {timer.entry for timer in case.case.timers} == {2}


def test_a_stale_timer_does_nothing(play) -> None:
    """A timer only asks: one that is no longer armed gives no step, of a closed case too."""
    case = play(one("after: 24 hours", ", to: over")).open()
    timer = case.case.timers[0]
    case.send("again")
    assert step(case.chart, case.case, TimerFired(timer), SYSTEM, now=timer.due) is None
    last = case.case.timers[0]
    case.until("2026-01-14 00:00")
    assert step(case.chart, case.case, TimerFired(last), SYSTEM, now=last.due) is None


# ── extensions ───────────────────────────────────────────────────────────────────────────────────────────────────────

EXTENDED = one(
    "after: 5 working days", ", to: over, extend: {by: chief, times: 2, add: 3 working days, notify: [turn, buyer]}"
)


def test_an_extension_moves_the_due_moment(play) -> None:
    """`extend_<name>` with reasons adds its term, so many times, and tells."""
    case = play(EXTENDED).open()
    assert case.due("late") == "2026-01-20 00:00"
    case.send("extend_late", {"reasons": "illness"}, by="cyd")
    assert case.due("late") == "2026-01-23 00:00"
    assert (case.last.record.kind, case.sent("deadline_moved")) == ("extension", [("clerk", "buyer")])
    case.send("extend_late", {"reasons": "more"}, by="cyd")
    assert case.due("late") == "2026-01-28 00:00"
    error = case.refused(GuardRefused, "extend_late", {"reasons": "more"}, by="cyd")
    assert "2 times" in str(error)


def test_an_extension_needs_its_sender_and_reasons(play) -> None:
    """Only `by` may extend, and `reasons` are asked for."""
    case = play(EXTENDED).open()
    case.refused(ActorNotAllowed, "extend_late", {"reasons": "x"}, by="ana")
    case.refused(InvalidPayload, "extend_late", {}, by="cyd")


def test_an_extension_holds_for_one_entry(play) -> None:
    """A new entry has its extensions anew."""
    case = play(EXTENDED).open()
    for _ in range(2):
        case.send("extend_late", {"reasons": "x"}, by="cyd")
    assert case.send("again").due("late") == "2026-01-20 00:00"
    assert case.send("extend_late", {"reasons": "x"}, by="cyd").due("late") == "2026-01-23 00:00"


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_due_at_the_same_moment(play) -> None:
    """By due time, then outer before inner, then file order; each its own step."""
    source = """
    deadlines: {root: {after: 24 hours, set: {log: 'log + "r"'}}}
    states:
      p:
        turn: clerk
        deadlines:
          z: {after: 24 hours, set: {log: 'log + "z"'}}
          a: {after: 24 hours, set: {log: 'log + "a"'}}
          early: {after: 23 hours, set: {log: 'log + "e"'}}
        parallel:
          one: {initial: x, states: {x: {deadlines: {y: {after: 24 hours, set: {log: 'log + "1"'}}}}}}
          two: {initial: x, states: {x: {deadlines: {b: {after: 24 hours, set: {log: 'log + "2"'}}}}}}
    """
    case = play(source).open()
    seq = case.case.seq
    case.until("2026-01-13 09:00")
    assert (case["log"], case.case.seq) == ("erza12", seq + 6)


def test_an_event_before_the_due_moment_is_on_time(play) -> None:
    """Received before the due moment: on time, though the timer is asked afterwards."""
    case = play(one("after: 24 hours", ", to: over")).open()
    case.until("2026-01-13 08:59").send("go").until("2026-01-14 09:00")
    assert case.leaves == ("b",)
    late = play(one("after: 24 hours", ", to: over")).open().until("2026-01-13 09:00")
    assert late.case.outcome == "over"


def test_the_first_due_timer_may_cancel_the_next(play) -> None:
    """Of two timers due at once the outer one goes first; what it leaves does not fire."""
    source = """
    deadlines: {root: {after: 24 hours, to: over}}
    states:
      a: {turn: clerk, deadlines: {late: {after: 24 hours, set: {m: 9}}}}
      over: {final: true}
    """
    case = play(source).open().until("2026-01-14 00:00")
    assert (case.case.outcome, case["m"]) == ("over", 0)
    assert next_due(case.chart, case.case, by=play.moment("2026-02-01 00:00")) is None


def test_now_of_a_step_is_business_time(play) -> None:
    """Two steps of one case at different times differ in their times only."""
    case = play(one("after: 24 hours", ", to: over")).open()
    later = play.moment("2026-01-12 12:00")
    made = step(case.chart, case.case, Event("again"), play.people["ana"], now=later)
    assert (made.record.at, made.case.last_at) == (later, later)


def test_one_event_may_extend_the_deadlines_of_two_regions(play) -> None:
    """Each region's deadline of that name is extended, and each is due later at once."""
    region = """{turn: clerk, initial: x, states: {x: {deadlines: {late: {after: TERM, escalate: [chief],
                 extend: {by: chief, times: 1, add: 24 hours}}}}}}"""
    source = f"""
    states:
      p:
        parallel:
          one: {region.replace("TERM", "24 hours")}
          two: {region.replace("TERM", "30 hours")}
    """
    case = play(source).open().send("extend_late", {"reasons": "x"}, by="cyd")
    due = sorted(timer.due for timer in case.case.timers)
    assert due == [play.moment("2026-01-14 09:00"), play.moment("2026-01-14 15:00")]
