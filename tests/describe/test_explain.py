"""Why a case stands where it stands: what is said of events and deadlines agrees with what the machine does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.calendars.reading import read_calendar
from engine.core.case import Actor, Event, Track
from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case, step
from engine.core.sight import allowed
from engine.describe.explain import explain_case

SOURCE = """
milepost: 1
workflow: offer
title: Offer
calendar: ru
timezone: Europe/Moscow
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  officer:   {title: Officer, sees: all}
data:
  applicant: {tax_id: text}
  review: {score: {type: integer, default: 0}, remark: text, until: date}
event_data: {reasons: text}
define: {good_enough: review.score >= 70}
duties: {four-eyes: {different: [check, decision]}}
open: {by: applicant, form: [applicant.tax_id!]}
initial: check
states:
  check:
    turn: officer
    events:
      score:  {by: officer, form: [review.score!, review.until]}
      accept: {by: officer, when: good_enough && has(review.remark), to: decision}
      praise: {by: officer, form: [review.remark!], when: review.remark != "", to: decision}
    deadlines:
      decide: {after: 10 working days}
      total:  {after: 20 working days, counts: operator}
      expire: {at: review.until}
  decision:
    turn: applicant
    events:
      grant: {by: officer, to: done}
  done: {final: true}
"""
NOW = datetime(2025, 12, 29, 9, 0, tzinfo=UTC)
CALENDAR = read_calendar(
    (Path(__file__).parents[2] / "workflows" / "calendars" / "ru.yaml").read_text(encoding="utf-8"), file="ru.yaml"
)[0]
CHART = build_chart(load_or_raise(SOURCE, file="offer.yaml"), CALENDAR)
ANNA = Actor("anna", roles=frozenset({"applicant"}), attributes={"party": "1"})
OLEG = Actor("oleg", roles=frozenset({"officer"}))
OLGA = Actor("olga", roles=frozenset({"officer"}))


def opened():
    """A case in `check`."""
    return open_case(CHART, Event("open", {"applicant.tax_id": "1"}), ANNA, case_id="c", now=NOW).case


def events(case, actor):
    """The explained events by name."""
    return {found.event: found for found in explain_case(CHART, case, actor, now=case.last_at).events}


def against(case, actor, event):
    """What stands against one event."""
    return [(one.kind, one.text) for one in events(case, actor)[event].against]


def test_false_conditions_are_named():
    """Each part by its name; what looks at the form is left open."""
    case = opened()
    assert against(case, OLEG, "accept") == [
        ("false", "good_enough is false"),
        ("false", "has(review.remark) is false"),
    ]
    assert (events(case, OLEG)["praise"].allowed, events(case, OLEG)["praise"].arms[0].open) == (True, True)


def test_who_may_send_is_named():
    """For somebody without the role, and for the holder of a role that fits other cases."""
    case = opened()
    assert against(case, ANNA, "score") == [("who", "may be sent by officer; you have none of these roles")]


def test_a_duty_is_named():
    """The earlier act stands against the person, and against nobody else."""
    case = step(CHART, opened(), Event("praise", {"review.remark": "good"}), OLEG, now=NOW + timedelta(hours=1)).case
    assert [kind for kind, _ in against(case, OLEG, "grant")] == ["duty"]
    assert against(case, OLGA, "grant") == []


def test_it_agrees_with_what_is_allowed():
    """An event is explained as allowed exactly where it is."""
    first = opened()
    second = step(CHART, first, Event("praise", {"review.remark": "x"}), OLEG, now=NOW).case
    for case in (first, second):
        for actor in (ANNA, OLEG, OLGA):
            can = {found.event for found in allowed(CHART, case, actor, now=case.last_at)}
            assert can == {name for name, found in events(case, actor).items() if found.allowed}


def test_a_deadline_is_counted_day_by_day():
    """Ten working days over the New Year: due as the machine has it, with the days off named."""
    case = opened()
    decide = next(d for d in explain_case(CHART, case, OLEG, now=NOW).deadlines if d.name == "decide")
    assert next(timer.due for timer in case.timers if timer.deadline == "decide") == decide.due
    assert [day.number for day in decide.days if day.number is not None] == list(range(1, 11))
    assert decide.said == (
        "10 working days from 29 December 2025, 31 December, 1, 2, 5, 6, 7, 8 and 9 January off, "
        "due 22 January 2026 24:00 Europe/Moscow"
    )
    assert (decide.line.text, decide.fired_at) == ("decide: {after: 10 working days}", None)


def test_a_deadline_that_stands_still_or_has_no_start():
    """A clock of the other side says since when it stands; what is not armed says so."""
    case = step(CHART, opened(), Event("score", {"review.score": 1}), OLEG, now=NOW).case
    found = {d.name: d for d in explain_case(CHART, case, OLEG, now=NOW).deadlines}
    assert (found["expire"].due, found["expire"].why) == (
        None,
        ("not armed: what it is counted from has no value yet",),
    )
    assert found["total"].due is not None


def test_a_pause_in_working_hours_is_said_as_such():
    """How much working time the pauses took, and the days with the spans that were counted."""
    source = SOURCE.replace("20 working days, counts: operator", "20 working hours, counts: operator")
    chart = build_chart(load_or_raise(source, file="offer.yaml"), CALENDAR)
    case = open_case(chart, Event("open", {"applicant.tax_id": "1"}), ANNA, case_id="c", now=NOW).case
    total = next(d for d in explain_case(chart, case, OLEG, now=NOW).deadlines if d.name == "total")
    assert [day.spans for day in total.days if day.number is not None][:2] == [
        ("12:00-13:00", "14:00-18:00"),
        ("09:00-13:00", "14:00-18:00"),
    ]
    tracks = {"check#1:total": Track(paused=timedelta(hours=3, minutes=30))}
    paused = replace(case, memory=replace(case.memory, tracks=tracks))
    later = next(d for d in explain_case(chart, paused, OLEG, now=NOW).deadlines if d.name == "total")
    assert "3:30:00 of working time later for the pauses so far" in later.why
    assert later.due - total.due >= timedelta(hours=3, minutes=30)


def test_states_have_their_lines():
    """The line of the file, as it stands there; a closed case has no events."""
    case = opened()
    said = explain_case(CHART, case, OLEG, now=NOW)
    assert [(state.path, state.line.text, state.turn) for state in said.states] == [("check", "check:", ("officer",))]
    case = step(CHART, case, Event("praise", {"review.remark": "x"}), OLEG, now=NOW).case
    case = step(CHART, case, Event("grant"), OLGA, now=NOW).case
    said = explain_case(CHART, case, OLEG, now=NOW)
    assert (said.events, said.deadlines, "no event" in (said.closed or "")) == ((), (), True)


@pytest.mark.parametrize(
    ("start", "term", "said"),
    [
        (
            "2026-04-24",
            "10 working days",
            "10 working days from 24 April 2026, 1 and 11 May off, due 12 May 2026 24:00 Europe/Moscow",
        ),
        (
            "2024-04-26",
            "2 working days",
            "2 working days from 26 April 2024, 29 and 30 April, 1 May off, 27 April worked, due 2 May 2024 24:00 Europe/Moscow",
        ),
        (
            "2026-04-11",
            "1 month",
            "1 month from 11 April 2026, 11 May 2026 is a day off, due 12 May 2026 24:00 Europe/Moscow",
        ),
        (
            "2026-04-30",
            "12 working hours",
            "12 working hours from 30 April 2026 12:00, 1 May off, due 4 May 2026 17:00 Europe/Moscow",
        ),
        ("2026-04-24", "30 hours", "30 hours from 24 April 2026 12:00, due 25 April 2026 18:00 Europe/Moscow"),
    ],
)
def test_a_deadline_in_one_sentence(start, term, said):
    """From when, which days of the week did not count, and until when."""
    source = SOURCE.replace("after: 10 working days", f"after: {term}")
    chart = build_chart(load_or_raise(source, file="offer.yaml"), CALENDAR)
    now = datetime.fromisoformat(f"{start}T12:00+03:00").astimezone(UTC)
    case = open_case(chart, Event("open", {"applicant.tax_id": "1"}), ANNA, case_id="c", now=now).case
    assert explain_case(chart, case, OLEG, now=now).deadlines[0].said == said
