"""Clocks that count one side's turn only, their pauses, and what `keep` does to deadlines (LANGUAGE §2.7, §3.9)."""

from __future__ import annotations

import pytest

from engine.errors import GuardFailed


def two_turns(term: str) -> str:
    """A stage whose deadline counts the operator's time; inside it the turn goes to the buyer and back."""
    return f"""
states:
  s:
    turn: clerk
    deadlines: {{d: {{{term}, counts: operator, to: over}}}}
    initial: ours
    events: {{out: {{by: clerk, to: away}}}}
    states:
      ours: {{events: {{ask: {{by: clerk, to: theirs}}, note: {{by: clerk, set: {{n: n + 1}}}}}}}}
      theirs: {{turn: buyer, events: {{answer: {{by: buyer, to: ours}}}}}}
      nobody: {{turn: none, events: {{wake: {{by: clerk, to: ours}}}}}}
  away: {{turn: clerk, events: {{back: {{by: clerk, to: s, keep: all}}}}}}
  over: {{final: true}}
"""


@pytest.mark.parametrize(
    ("term", "before", "after"),
    [
        # paused from Monday the 12th 09:00 to Monday the 19th 15:00
        ("after: 10 days, roll: none", "2026-01-23 00:00", "2026-01-30 00:00"),  # 7 days
        ("after: 10 working days", "2026-01-27 00:00", "2026-02-03 00:00"),  # 5 working days
        ("after: 100 hours", "2026-01-16 13:00", "2026-01-23 19:00"),  # 7 days and 6 hours
        ("after: 1 month, roll: none", "2026-02-13 00:00", "2026-02-20 00:00"),
        ("after: 10 days", "2026-01-23 00:00", "2026-01-30 00:00"),
        ("every: 100 hours", "2026-01-16 13:00", "2026-01-23 19:00"),
        ("after: 12 working hours", "2026-01-13 13:00", "2026-01-21 10:00"),  # 45 working hours
        ("every: 12 working hours", "2026-01-13 13:00", "2026-01-21 10:00"),
    ],
)
def test_a_pause_moves_a_clock_by_what_it_lasted(play, term, before, after) -> None:
    """While it is the other side's turn nothing is due; afterwards it is moved by the days (hours) of the pause."""
    case = play(two_turns(term)).open()
    assert case.due("d") == before
    case.send("ask")
    assert case.due("d") is None
    case.until("2026-01-19 15:00").send("answer", by="bob")
    assert case.due("d") == after


def test_pauses_add_up(play) -> None:
    """Two pauses of two working days each move the clock by four."""
    case = play(two_turns("after: 10 working days")).open()
    for start, end in (("2026-01-13 10:00", "2026-01-15 10:00"), ("2026-01-19 10:00", "2026-01-21 10:00")):
        case.until(start).send("ask").until(end).send("answer", by="bob")
    assert case.due("d") == "2026-01-31 00:00"  # the 26th and four working days: the 30th


def test_a_pause_within_a_day_costs_no_day(play) -> None:
    """A clock by days that stops and goes on on one day is where it was."""
    case = (
        play(two_turns("after: 10 working days")).open().send("ask").until("2026-01-12 18:00").send("answer", by="bob")
    )
    assert case.due("d") == "2026-01-27 00:00"


def test_a_step_in_a_running_clock_leaves_it(play) -> None:
    """Only a change of the turn stops a clock."""
    case = play(two_turns("after: 10 working days")).open().until("2026-01-14 12:00").send("note")
    assert case.due("d") == "2026-01-27 00:00"
    assert (case.last.armed, case.last.cancelled) == ((), ())


def test_a_clock_may_begin_paused(play) -> None:
    """Entered in the other side's turn, a clock counts from when the turn comes."""
    source = two_turns("after: 10 working days").replace("initial: ours", "initial: theirs")
    case = play(source).open()
    assert case.due("d") is None
    case.until("2026-01-19 15:00").send("answer", by="bob")
    assert case.due("d") == "2026-02-03 00:00"


def test_nobodys_turn_stops_every_clock(play) -> None:
    """`turn: none`: neither side's clock runs."""
    source = two_turns("after: 10 working days").replace(
        "answer: {by: buyer, to: ours}", "answer: {by: buyer, to: nobody}"
    )
    case = play(source).open().send("ask").send("answer", by="bob")
    assert case.case.turn == ()
    assert case.due("d") is None
    assert (
        play(source.replace("counts: operator", "counts: applicant").replace("to: over", "escalate: [chief]"))
        .open()
        .send("ask")
        .send("answer", by="bob")
        .due("d")
        is None
    )


def regions(counts: str) -> str:
    """Two regions, one of each side, and a clock around them."""
    return f"""
states:
  p:
    deadlines: {{d: {{after: 10 working days, counts: {counts}, escalate: [chief]}}}}
    parallel:
      ours: {{turn: clerk, initial: w, states: {{w: {{events: {{ready: {{by: clerk, to: f}}}}}}, f: {{final: true}}}}}}
      theirs: {{turn: buyer, initial: w, states: {{w: {{events: {{sent: {{by: buyer, to: f}}}}}}, f: {{final: true}}}}}}
    events: {{next: {{by: [clerk, buyer], to: over}}}}
  over: {{final: true}}
"""


def test_the_operators_clock_runs_while_any_turn_is_his(play) -> None:
    """With turns on both sides the operator's clock runs and the applicant's does not."""
    case = play(regions("operator")).open()
    assert case.due("d") == "2026-01-27 00:00"
    assert case.until("2026-01-13 10:00").send("ready").due("d") is None
    other = play(regions("applicant")).open()
    assert other.due("d") is None
    assert other.until("2026-01-13 10:00").send("ready").due("d") == "2026-01-28 00:00"


def test_the_applicants_clock_runs_while_all_turns_are_his(play) -> None:
    """Once his side alone is left his clock runs; when nobody is left none does."""
    case = play(regions("applicant")).open().send("ready")
    assert case.due("d") == "2026-01-27 00:00"
    assert case.send("sent", by="bob").due("d") is None


def test_reminders_and_escalations_pause_with_their_deadline(play) -> None:
    """While the clock stands nobody is reminded or told."""
    source = two_turns("after: 5 working days, remind: [1 working day], escalate: [{to: chief, after: 1 working day}]")
    case = play(source).open().send("ask")
    assert case.case.timers == ()
    case.until("2026-01-26 10:00").send("answer", by="bob")
    assert case.sent("reminder") == case.sent("escalation") == []
    assert case.due("d", "remind") == "2026-01-31 00:00"


def test_a_clock_that_has_fired_is_not_moved_any_more(play) -> None:
    """A pause after it was due does not make it due again."""
    source = two_turns("after: 2 working days").replace("to: over}", "set: {m: m + 1}}")
    case = play(source).open().until("2026-01-15 10:00")
    assert case["m"] == 1
    case.send("ask").until("2026-01-20 10:00").send("answer", by="bob").until("2026-02-20 10:00")
    assert case["m"] == 1


def test_an_extension_counts_on_top_of_a_pause(play) -> None:
    """Paused by two working days and extended by three: five later."""
    source = two_turns("after: 5 working days, extend: {by: chief, times: 1, add: 3 working days}")
    case = play(source).open().send("ask").until("2026-01-14 10:00").send("answer", by="bob")
    case.send("extend_d", {"reasons": "x"}, by="cyd")
    assert case.due("d") == "2026-01-27 00:00"  # the 20th (exclusive), two and three working days


def test_pauses_of_a_clock_in_working_hours_add_up(play) -> None:
    """A pause moves it by the office hours it took: none at night, one from Friday 17:00 to Monday 9:00; and then an extension."""
    source = two_turns("after: 12 working hours, extend: {by: chief, times: 1, add: 4 working hours}")
    case = play(source).open().until("2026-01-12 20:00").send("ask").until("2026-01-13 08:00").send("answer", by="bob")
    assert case.due("d") == "2026-01-13 13:00"
    case = play(source.replace("12 w", "50 w")).open().until("2026-01-16 17:00").send("ask")
    case.until("2026-01-19 09:00").send("answer", by="bob")
    assert case.due("d") == "2026-01-20 12:00"  # ten hours of the second week and one
    case.send("extend_d", {"reasons": "x"}, by="cyd")
    assert case.due("d") == "2026-01-20 17:00"


def test_an_extension_in_a_pause_counts_when_it_is_over(play) -> None:
    """A clock that stands may be extended."""
    source = two_turns("after: 5 working days, extend: {by: chief, times: 1, add: 3 working days}")
    case = play(source).open().send("ask").send("extend_d", {"reasons": "x"}, by="cyd")
    assert case.due("d") is None
    assert case.until("2026-01-14 10:00").send("answer", by="bob").due("d") == "2026-01-27 00:00"


# ── keep ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def kept(timing: str) -> str:
    """A state with a deadline that is left and brought back."""
    return f"""
states:
  a:
    turn: clerk
    deadlines: {{d: {{{timing}, escalate: [chief]}}}}
    events: {{out: {{by: clerk, to: q}}}}
  q: {{turn: clerk, events: {{back: {{by: clerk, to: a, keep: all}}, anew: {{by: clerk, to: a}}}}}}
"""


@pytest.mark.parametrize(
    ("timing", "out", "back", "due"),
    [
        ("after: 100 hours", "2026-01-12 19:00", "2026-01-13 19:00", "2026-01-17 13:00"),
        ("after: 10 days, roll: none", "2026-01-13 10:00", "2026-01-16 10:00", "2026-01-26 00:00"),
        ("after: 5 working days", "2026-01-13 10:00", "2026-01-15 10:00", "2026-01-22 00:00"),
        ("after: 5 working days", "2026-01-16 10:00", "2026-01-19 10:00", "2026-01-21 00:00"),
        ("after: 5 working days", "2026-01-13 10:00", "2026-01-13 15:00", "2026-01-20 00:00"),
        ("after: 5 working days", "2026-01-12 10:00", "2026-01-16 10:00", "2026-01-24 00:00"),
        ("after: 12 working hours", "2026-01-12 15:00", "2026-01-13 10:00", "2026-01-13 18:00"),  # 4 working hours
        ("after: 12 working hours", "2026-01-12 19:00", "2026-01-13 08:00", "2026-01-13 13:00"),  # none
    ],
)
def test_kept_deadlines_go_on_with_the_time_that_was_left(play, timing, out, back, due) -> None:
    """A kept state's clock stood while it was not there: as after a pause, so much is left as was left."""
    case = play(kept(timing)).open().until(out).send("out")
    assert case.due("d") is None
    assert case.until(back).send("back").due("d") == due


def test_a_deadline_kept_twice_moves_twice(play) -> None:
    """Each absence moves it."""
    case = play(kept("after: 100 hours")).open()
    for out, back in (("2026-01-12 10:00", "2026-01-12 20:00"), ("2026-01-13 10:00", "2026-01-13 20:00")):
        case.until(out).send("out").until(back).send("back")
    assert case.due("d") == "2026-01-17 09:00"


def test_entered_anew_the_old_absence_does_not_count(play) -> None:
    """Without `keep` the term starts anew."""
    case = (
        play(kept("after: 100 hours"))
        .open()
        .send("out")
        .until("2026-01-13 09:00")
        .send("back")
        .send("out")
        .send("anew")
    )
    assert case.due("d") == "2026-01-17 13:00"


@pytest.mark.parametrize("term", ["after: 10 working days", "after: 10 days, roll: none", "after: 100 hours"])
def test_a_clock_left_while_it_stands_counts_its_absence_once(play, term) -> None:
    """Left in a pause and brought back in it: the whole time is one pause."""
    straight = play(two_turns(term)).open().until("2026-01-13 10:00").send("ask").until("2026-01-22 10:00")
    straight.send("answer", by="bob")
    case = play(two_turns(term)).open().until("2026-01-13 10:00").send("ask").until("2026-01-15 10:00").send("out")
    case.until("2026-01-20 10:00").send("back")
    assert case.leaves == ("s.theirs",)
    case.until("2026-01-22 10:00").send("answer", by="bob")
    assert case.due("d") == straight.due("d")


def test_a_kept_reminder_that_was_sent_is_not_sent_again_before_its_new_time(play) -> None:
    """Reminders move with their deadline."""
    case = play(kept("after: 100 hours, remind: [20 hours]")).open().send("out").until("2026-01-13 09:00").send("back")
    assert case.due("d", "remind") == "2026-01-16 17:00"


def test_what_was_before_the_term_began_is_no_pause(play) -> None:
    """A clock from a later moment is moved by what stood still after that moment only."""
    source = two_turns("after: 10 working days, from: at").replace(
        "answer: {by: buyer, to: ours}", "answer: {by: buyer, form: [at], to: ours}"
    )
    case = play(source).open().send("ask").until("2026-01-19 15:00")
    case.send("answer", {"at": "2026-01-16T12:00:00+03:00"}, by="bob")
    assert case.due("d") == "2026-02-03 00:00"  # ten working days after the 16th end on the 30th, and one
    late = play(kept("after: 24 hours, from: at").replace("out: {by", "out: {form: [at], by")).open()
    late.send("out", {"at": "2026-01-12T15:00:00+03:00"}).until("2026-01-12 16:00").send("back")
    assert late.due("d") == "2026-01-13 16:00"


def test_a_pause_beyond_the_calendar_is_said(play) -> None:
    """Working days of years that the calendar does not cover are never guessed."""
    case = play(two_turns("after: 10 working days")).open().send("ask")
    case.now = play.moment("2126-01-12 09:00")
    assert "calendar" in str(case.refused(GuardFailed, "answer", by="bob"))
    case = play(two_turns("after: 10 working hours")).open().send("ask")
    case.now = play.moment("2126-01-12 09:00")
    assert "calendar ru covers" in str(case.refused(GuardFailed, "answer", by="bob"))
