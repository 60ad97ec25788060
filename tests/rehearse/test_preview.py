"""The nominal path: when everybody moves, and that its due dates are those of hand-counted calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.core.calendars.moments import last_day
from engine.core.loader.load import load_or_raise
from engine.describe.timeline import happens
from engine.rehearse.scenes import moved
from tests.rehearse.paths import STORY, TERM, WORKFLOWS, dues, look

MOSCOW = ZoneInfo("Europe/Moscow")

BRANCHES = """\
milepost: 1
workflow: branches
title: Branches
calendar: plain
timezone: Europe/Moscow
roles: {clerk: {title: Clerk}, maker: {title: Maker, side: applicant}}
data: {work: {from: date, at: datetime, memo: text, parts: {type: list, of: {part: text, on: date}}, letter: document}}
event_data: {back_on: date}
open: {by: maker, form: [work.from, work.at, work.parts, work.letter]}
deadlines: {everything: {after: 200 days, to: lapsed}}
initial: working
states:
  working:
    deadlines: {whole: {after: 20 days, escalate: [clerk]}}
    parallel:
      short: {initial: s1, states: {s1: {turn: clerk, events: {s_next: {by: clerk, to: s2}}, deadlines: {s: {after: 3 days, escalate: [clerk]}}}, s2: {turn: clerk, events: {s_end: {by: clerk, to: s_over}}, deadlines: {s: {after: 4 days, escalate: [clerk]}}}, s_over: {final: true}}}
      long: {initial: l1, states: {l1: {turn: maker, events: {note: {by: maker, form: [work.memo]}, l_end: {by: maker, form: [work.from!, back_on!], to: l_over}}, deadlines: {l: {after: 30 days, to: l_over}}}, l_over: {final: true}}}
    done: [{to: visit}]
  visit:
    turn: clerk
    events: {visited: {by: clerk, to: resting}}
    deadlines: {on: {at: work.from, escalate: [clerk]}}
  resting:
    turn: none
    deadlines: {wake: {after: 6 months, roll: none, to: slow}}
  slow:
    turn: maker
    events: {end: {by: maker, to: finished}}
    deadlines: {slow: {after: 90 days, to: lapsed}}
  finished: {final: true, outcome: done}
  lapsed: {final: true, outcome: lapsed}
"""
BRANCHES_STORY = """\
workflow: branches.yaml
clock: 2026-01-12 09:00
people: {ana: {roles: [clerk]}, zoya: {roles: [maker]}}
scenarios:
  - name: told one branch after the other
    open: {by: zoya, with: {work.from: 2026-01-10, work.at: "2026-01-13T18:00:00+03:00", work.parts: [{part: a, on: 2026-01-14}], work.letter: {number: A-1, approved_on: 2025-12-01}}}
    steps:
      - {do: s_next, by: ana}
      - refuse: {do: s_next, by: ana}
      - {do: s_end, by: ana}
      - {do: note, by: zoya, with: {work.memo: begun}}
      - until: 2026-01-20 09:00
      - {do: l_end, by: zoya, with: {work.from: 2026-02-10, back_on: 2026-01-25}}
      - {do: visited, by: ana}
      - until: 2026-08-01 09:00
      - expect: {in: lapsed}
"""


@pytest.fixture(scope="module")
def roadmap():
    """The qualification's nominal path from 12 January 2026, looked at once."""
    return look(WORKFLOWS / "qualification.yaml")


# ── the roadmap ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_roadmap_is_gone_through_from_the_draft_to_the_expiry(roadmap):
    """Intake, requirements, both regions, review, decision, certificate, listing, surveillance twice, expiry."""
    assert (roadmap.stopped, roadmap.outcome) == (None, "delisted")
    assert [stay.path.rpartition(".")[2] for stay in roadmap.stays if not stay.case] == [
        *("draft", "regional_review", "in_regional_list", "intake_check"),
        *("assessment", "requirements_check", "asked", "asking", "agreement", "awaiting_signature"),
        *("evaluation", "audit_planning", "test_program", "on_site", "sampling", "audit_report", "in_laboratory"),
        *("report_check", "technical_review", "decision", "certificate_issue", "registration"),
        *("certified", "listed", "expired"),
    ]
    assert [(stay.case[-16:], stay.path) for stay in roadmap.stays if stay.case] == [
        (f"(surveillance {n})", path) for n in (1, 2) for path in ("planning", "performing", "passed")
    ]
    assert {stay.path: stay.turn for stay in roadmap.stays}["certified.listed"] == ()
    asked = next(stay for stay in roadmap.stays if stay.path.endswith("asked"))
    assert asked.turn == ("Technical expert",)


def test_every_due_date_of_the_roadmap_is_as_counted_by_hand(roadmap):
    """With 9 March, 1 and 11 May, 12 June and 4 November 2026 off; the audit 18 days after its plan, as in the story."""
    assert dues(roadmap) == {
        ("draft", "campaign_closed"): ["2026-02-27"],
        ("regional_review", "decide"): ["2026-03-16"],  # 2-6, 10-13, 16 March
        ("intake_check", "check"): ["2026-03-23"],  # 17-20, 23 March
        ("assessment", "explain_delay"): ["2026-08-13"],  # 4 months, and 21 days of the applicant's turn
        ("assessment", "total_decision"): ["2026-10-14"],  # 6 months, and those 21 days
        ("requirements_check", "decide"): ["2026-04-20"],  # 24-31 March is 6, 1-17 April is 13, 20 April
        ("asked", "opinion"): ["2026-04-06"],  # 6 in March, 1, 2, 3, 6 April
        ("asking", "answer"): ["2026-04-06"],
        ("agreement", "offer"): ["2026-05-13"],  # 21-30 April is 8, 4-8 May is 5, 12, 13 May
        ("awaiting_signature", "no_response"): ["2026-06-03"],  # 14-29 May is 12, 1, 2, 3 June
        ("audit_planning", "plan"): ["2026-06-18"],  # 4, 5, 8-11, 15-18 June
        ("test_program", "program"): ["2026-06-18"],
        ("on_site", "visit"): ["2026-07-06"],
        ("sampling", "seal"): ["2026-07-09"],  # 19-30 June is 8, 1-9 July is 7
        ("audit_report", "report"): ["2026-07-20"],
        ("in_laboratory", "tests"): ["2026-10-01"],  # 16 in July, 21 in August, 22 in September, 1 October
        ("report_check", "check"): ["2026-10-08"],
        ("technical_review", "review"): ["2026-10-22"],
        ("decision", "decide"): ["2026-10-29"],
        ("certificate_issue", "issue"): ["2026-11-03"],
        ("registration", "enter"): ["2026-11-06"],  # 30 October, 2, 3, 5, 6 November
        ("certified", "certificate_expired"): ["2029-10-28"],  # 36 months from 29 October, and that day is the last
        ("certified", "surveillance_opens"): ["2027-08-30", "2028-08-30", "2029-08-30"],  # 60 days before 29 October
        ("listed", "surveillance_overdue"): ["2029-12-31"],  # where it came to lie last; 29 December is a Saturday
        ("listed", "condition_missed"): [None],
        ("listed", "items_suspended_long"): [None],
        ("planning", "plan"): ["2027-09-28", "2028-09-28"],
        ("performing", "visit"): ["2027-10-13", "2028-10-13"],
    }


def test_everybody_moves_in_the_last_second_and_nobody_later(roadmap):
    """What falls due on the way is the operator's six months, which all terms together outlast, and what opens surveillance."""
    passed = [(stay.path, due.name) for stay in roadmap.stays for due in stay.dues if happens(due, stay) == "falls due"]
    assert passed == [
        ("assessment", "explain_delay"),
        ("assessment", "total_decision"),
        *[("certified", "surveillance_opens")] * 3,
    ]
    review = next(stay for stay in roadmap.stays if stay.path == "assessment.technical_review")
    assert review.left == datetime(2026, 10, 22, 20, 59, 59, tzinfo=UTC)
    assert [happens(due, stay) for stay in roadmap.stays for due in stay.dues if due.name == "certificate_expired"] == [
        "moves on"
    ]


def test_both_regions_begin_together_and_the_longer_one_decides(roadmap):
    """The story tells one after the other; the clock of the other does not wait for that."""
    by_name = {stay.path.rpartition(".")[2]: stay for stay in roadmap.stays}
    assert by_name["audit_planning"].entered == by_name["test_program"].entered == by_name["evaluation"].entered
    assert by_name["evaluation"].left == by_name["report_check"].left > by_name["audit_report"].left
    assert {stay.lane.partition("#")[0] for stay in roadmap.stays if "evaluation." in stay.path} == {
        "Readiness and tests · Readiness for mass production",
        "Readiness and tests · Tests",
    }


def test_each_due_date_says_how_it_was_counted(roadmap):
    """One sentence, with the days of the week that did not count; reminders; years without a decree are marked."""
    said = {(stay.path.rpartition(".")[2], due.name): due for stay in roadmap.stays for due in stay.dues}
    assert said["agreement", "offer"].counted == "15 working days from 20 April 2026, 1 and 11 May off"
    assert (
        said["assessment", "total_decision"].counted
        == "6 months from 23 March 2026, 21 days later for the pauses so far"
    )
    days = [last_day(moment, MOSCOW).isoformat() for moment in said["in_laboratory", "tests"].reminders]
    assert days == ["2026-09-17", "2026-09-28"]
    assert said["listed", "condition_missed"].counted == "not armed: what it is counted from has no value yet"
    provisional = [(stay.case[-2:], due.name) for stay in roadmap.stays for due in stay.dues if due.provisional]
    assert provisional == [("", "surveillance_overdue"), ("2)", "plan")]


def test_every_shipped_workflow_has_a_path_that_is_followed_to_its_end():
    """The campaign's ends where it goes on, the others' in a final state."""
    ends = {name: look(WORKFLOWS / f"{name}.yaml") for name in ("appeal", "campaign", "change_notice", "surveillance")}
    assert {name: (way.stopped, way.outcome) for name, way in ends.items()} == {
        "appeal": (None, "upheld"),
        "campaign": (None, None),
        "change_notice": (None, "no_effect"),
        "surveillance": (None, "passed"),
    }


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("begin", "term", "day", "provisional"),
    [
        ("2025-12-29", "10 working days", "2026-01-22", False),
        ("2026-04-24", "5 working days", "2026-05-04", False),
        ("2026-04-30", "10 working days", "2026-05-18", False),
        ("2026-01-03", "1 working day", "2026-01-12", False),
        ("2026-03-06", "1 working day", "2026-03-10", False),
        ("2024-04-26", "1 working day", "2024-04-27", False),
        ("2026-03-02", "20 working days", "2026-03-31", False),
        ("2028-02-29", "36 months", "2031-02-28", True),
        ("2026-02-19", "2 days", "2026-02-24", False),  # Saturday, and Monday the 23rd is off
    ],
)
def test_terms_end_where_they_end_by_hand(write, begin, term, day, provisional):
    """The roadmap's vectors, each as the only deadline of a workflow."""
    story = STORY.format(name="term") + "  - {name: nominal, open: {by: ana}, steps: [{do: finish, by: ana}]}\n"
    way = look(write("term", TERM.format(term=term), story), begin)
    assert dues(way) == {("counting", "counted"): [day]}
    assert way.stays[0].dues[0].provisional is provisional
    assert way.stays[0].entered == way.begin
    assert way.begin.astimezone(MOSCOW).isoformat() == f"{begin}T09:00:00+03:00"


def test_branches_go_beside_each_other_and_nothing_waits_as_the_story_did(write):
    """3 and 4 days, beside them 30; then a visit as far off as in the story; a day off moves each on."""
    way = look(write("branches", BRANCHES, BRANCHES_STORY), "2026-03-01")
    found = dues(way)
    assert found["", "everything"] == ["2026-09-17"]
    assert found["working", "whole"] == ["2026-03-23"]
    assert (found["s1", "s"], found["s2", "s"]) == (["2026-03-04"], ["2026-03-09"])
    assert found["l1", "l"] == ["2026-03-31"]
    assert found["visit", "on"] == ["2026-04-21"]  # 31 March and the 21 days from 20 January to 10 February
    assert found["resting", "wake"] == ["2026-10-21"]
    moments = {stay.path.rpartition(".")[2]: (stay.entered, stay.left) for stay in way.stays}
    assert moments["s1"][0] == moments["l1"][0] == way.begin
    assert moments["s1"][1] == moments["s2"][0] == datetime(2026, 3, 4, 20, 59, 59, tzinfo=UTC)
    assert moments["visit"][0] == moments["l1"][1] == datetime(2026, 3, 31, 20, 59, 59, tzinfo=UTC)


def test_a_deadline_around_that_comes_first_ends_the_path_and_is_named(write):
    """All may take 200 days: on that path nobody wakes up any more. What would have followed is not counted."""
    way = look(write("branches", BRANCHES, BRANCHES_STORY), "2026-03-01")
    assert way.stopped == "wake of resting does not fall due; the case is in lapsed"
    around = next(stay for stay in way.stays if stay.path == "")
    assert (around.title, happens(around.dues[0], around)) == ("Branches", "moves on")
    slow = next(stay for stay in way.stays if stay.path == "slow")
    assert (slow.entered, slow.left, slow.dues[0].due) == (None, None, None)


def test_an_event_is_sent_before_a_deadline_around_it_that_moves_the_case(write):
    """With 20 days for everything the other branch does not take its 30."""
    text = BRANCHES.replace("after: 200 days", "after: 20 days, roll: none")
    story = BRANCHES_STORY.partition("      - {do: visited")[0]
    way = look(write("branches", text, story.replace("told", "nominal, told")), "2026-03-01")
    last = next(stay for stay in way.stays if stay.path.endswith("l1"))
    assert (way.stopped, last.left) == (None, datetime(2026, 3, 21, 20, 59, 59, tzinfo=UTC))


def test_dates_that_are_said_keep_their_distance(write):
    """Dates, moments and those in rows of lists move with the event; what a document says of itself stays."""
    way = write("branches", BRANCHES, BRANCHES_STORY)
    workflow = load_or_raise(way.read_text("utf-8"), file="branches.yaml")
    said = {
        "work.from": "2026-01-10",
        "work": {"at": "2026-03-28T18:00:00+03:00"},
        "work.parts": [{"part": "a", "on": "2026-01-14"}, {"part": "2026-01-14", "on": None}],
        "work.letter": {"number": "A-1", "approved_on": "2025-12-01"},
        "work.memo": "2026-01-10",
        "back_on": "soon",
    }
    assert moved(said, workflow, timedelta(days=31), MOSCOW) == {
        "work.from": "2026-02-10",
        "work": {"at": "2026-04-28T15:00:00+00:00"},
        "work.parts": [{"part": "a", "on": "2026-02-14"}, {"part": "2026-01-14", "on": None}],
        "work.letter": {"number": "A-1", "approved_on": "2025-12-01"},
        "work.memo": "2026-01-10",
        "back_on": "soon",
    }


def test_the_same_question_has_the_same_answer(write):
    """Twice, from new worlds."""
    path = write("branches", BRANCHES, BRANCHES_STORY)
    assert look(path, "2026-03-01") == look(path, "2026-03-01")


def test_the_calendar_ends_and_that_is_said(write):
    """Nothing is guessed: the path stops at the step that could not be counted, and the rest of it is not counted."""
    way = look(write("branches", BRANCHES, BRANCHES_STORY), "2027-12-20")
    assert way.stopped is not None
    assert "calendar plain covers 2026 to 2027, not 2028-" in way.stopped
    assert {stay.entered for stay in way.stays} == {None}
    assert {day for days in dues(way).values() for day in days} == {None}
    later = look(WORKFLOWS / "qualification.yaml", "2032-06-01")
    assert "deadline total_decision" in (later.stopped or "")
    reached = [stay.path for stay in later.stays if stay.entered is not None]
    assert reached[-1] == "application.intake_check"
    assert dues(later)["decision", "decide"] == [None]


def test_what_was_not_taken_between_cases_is_said(write):
    """From 2031 the second surveillance does not open, as the parent could not count what follows the first."""
    way = look(WORKFLOWS / "qualification.yaml", "2031-01-13")
    assert "deadline surveillance_overdue" in (way.stopped or "")
    assert "calendar ru covers 2024 to 2032" in (way.stopped or "")
