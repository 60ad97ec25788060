"""Deadlines of running cases after a calendar has changed or an outage was declared: what moves, what stays, what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from engine.core.calendars.moments import end_of_day
from engine.core.calendars.zones import rules_of
from engine.core.machine.chart import build_chart
from engine.errors import ActorNotAllowed, InvalidPayload, InvalidWorkflow
from engine.service.catalog import Change
from tests.service.conftest import START, person

TASK = """
milepost: 1
workflow: task
title: Task
calendar: here
timezone: Europe/Moscow
number: "T-{seq:4}"
roles:
  applicant:     {title: Applicant, side: applicant, sees: all}
  clerk:         {title: Clerk, sees: all}
  process_owner: {title: Process owner, sees: all}
data: {product: {name: text}}
event_data: {reasons: text}
open: {by: [clerk, applicant]}
initial: check
states:
  check:
    turn: clerk
    events: {ask: {by: clerk, to: answer}, hold: {by: clerk, to: done}}
    deadlines:
      decide: {after: 5 working days, remind: [1 working day], escalate: [{to: process_owner, after: 2 working days}]}
  answer:
    turn: applicant
    events: {reply: {by: applicant, to: check}}
    deadlines:
      late:   {after: 3 working days, to: done, extend: {by: clerk, times: 1, add: 2 working days}}
      within: {after: 100 hours}
  done: {final: true}
"""
CLERK, ANNA, OWNER = person("carl", "clerk"), person("anna", "applicant"), person("olga", "process_owner")


MOSCOW = ZoneInfo("Europe/Moscow")


def calendar(*off, last=2026):
    """A calendar of 2026 with these days off."""
    days = ", ".join(f"{day}: decreed" for day in off)
    later = f"  {last}: {{}}\n" if last > 2026 else ""
    return f"calendar: here\nyears:\n  2026: {{days_off: {{{days}}}}}\n{later}"


def ends(month, day):
    """The end of that day in Moscow."""
    return end_of_day(date(2026, month, day), MOSCOW)


@pytest.fixture
def tasks(world):
    """Open since Monday the 2nd of March, 09:00: five working days end with the 9th, three with the 5th."""
    world.publish(TASK, calendars={"here": calendar()})
    return world


def change(world, *off, **more):
    """A new version of the calendar."""
    return world.services.catalog.publish_calendar("here", calendar(*off), Change(**more))


def work(world):
    """Until all cases were gone through."""
    while world.services.recounting.run_once():
        pass


def due(world, case):
    """Due moments by deadline and kind."""
    timers = world.services.cases.timers(case.id, CLERK)
    return {(t.deadline, t.kind): t.due for t in timers}


def history(world, case):
    """The records of what moved deadlines."""
    return [step for step in world.services.cases.history(case.id, CLERK) if step.kind == "recount"]


def leaves(world, case):
    """Where it is."""
    return tuple(state.path for state in world.services.cases.get(case.id, CLERK).states)


def test_later_by_itself(tasks):
    """The due moment, its reminder and its escalation; the case's history says from when to when, by what, and why."""
    case = tasks.open("task", {}, CLERK)
    assert due(tasks, case)["decide", "due"] == ends(3, 9)
    change(tasks, "2026-03-06", reason="decree 12")
    work(tasks)
    assert due(tasks, case) == {
        ("decide", "due"): ends(3, 10),
        ("decide", "remind"): ends(3, 9),
        ("decide", "escalate"): ends(3, 12),
    }
    (step,) = history(tasks, case)
    assert (step.name, step.note, step.actor["id"]) == ("calendar", "decree 12", "system")
    assert step.said["version"] == 2
    (moved,) = step.said["moved"]
    assert (moved["deadline"], moved["from"], moved["to"]) == ("decide", ends(3, 9), ends(3, 10))
    (view,) = tasks.services.recounting.latest()
    assert (view.kind, view.name, view.version, view.cases, view.done_at is not None) == (
        "calendar",
        "here",
        2,
        1,
        True,
    )


def test_earlier_only_when_asked_for(tasks):
    """Otherwise the old moment holds, also when it is extended; a later change counts from the calendar, not from that."""
    change(tasks, "2026-03-04", "2026-03-05")
    case = tasks.open("task", {}, CLERK)
    tasks.send(case.id, "ask", CLERK)
    assert due(tasks, case)["late", "due"] == ends(3, 9)
    change(tasks)
    work(tasks)
    assert due(tasks, case)["late", "due"] == ends(3, 9)
    assert history(tasks, case) == []
    tasks.send(case.id, "extend_late", CLERK, {"reasons": "asked for"})
    assert due(tasks, case)["late", "due"] >= ends(3, 11)
    other = tasks.open("task", {}, CLERK)
    tasks.send(other.id, "ask", CLERK)
    assert due(tasks, other)["late", "due"] == ends(3, 5)
    change(tasks, earlier=True, reason="the decree was withdrawn")
    assert len(tasks.services.recounting.latest()) == 2  # the same text is no new version


def test_earlier_where_it_is_asked_for(tasks):
    """With a reason, and never into the past."""
    change(tasks, "2026-03-04", "2026-03-05")
    case = tasks.open("task", {}, CLERK)
    tasks.send(case.id, "ask", CLERK)
    change(tasks, "2026-03-04", earlier=True, reason="the 5th is worked")
    work(tasks)
    assert due(tasks, case)["late", "due"] == ends(3, 6)
    assert history(tasks, case)[0].note == "the 5th is worked"
    tasks.wait(days=4)  # the 6th
    change(tasks, earlier=True, reason="all are worked")  # it would have been due on the 5th
    work(tasks)
    assert due(tasks, case)["late", "due"] == ends(3, 6)
    assert len(history(tasks, case)) == 1


def test_what_has_passed_stays_passed(tasks):
    """A deadline that fell due does not come back, nor does its escalation come twice."""
    case = tasks.open("task", {}, CLERK)
    tasks.wait(days=8)  # the 10th: due since the 9th
    fired = [s.name for s in tasks.services.cases.history(case.id, CLERK) if s.kind == "deadline"]
    assert fired == ["decide"]
    change(tasks, "2026-03-06", "2026-03-10", "2026-03-11")
    work(tasks)
    tasks.wait(days=30)
    kinds = [s.kind for s in tasks.services.cases.history(case.id, CLERK)]
    assert kinds == ["opened", "reminder", "deadline", "escalation"]


def test_who_comes_first_finds_the_new_calendar(tasks):
    """A case is counted by the new calendar before anything else happens to it, whether it was its turn or not."""
    case = tasks.open("task", {}, CLERK)
    tasks.send(case.id, "ask", CLERK)
    change(tasks, "2026-03-05")
    tasks.services.clock.advance(ends(3, 5) + timedelta(hours=1))  # when it would have been over
    assert leaves(tasks, case) == ("answer",)
    tasks.send(case.id, "reply", ANNA)
    assert [s.kind for s in tasks.services.cases.history(case.id, CLERK)][2] == "recount"


def test_a_preview_names_every_case(tasks):
    """Before it happens, and nothing is stored."""
    first, second = tasks.open("task", {}, CLERK), tasks.open("task", {}, CLERK)
    tasks.send(second.id, "ask", CLERK)
    found = tasks.services.recounting.preview_calendar(calendar("2026-03-05"), file="here.yaml")
    assert [(m.number, m.deadline, m.due, m.new, m.stays) for m in found] == [
        (first.number, "decide", ends(3, 9), ends(3, 10), ""),
        (second.number, "late", ends(3, 5), ends(3, 6), ""),
    ]
    assert due(tasks, first)["decide", "due"] == ends(3, 9)
    change(tasks, "2026-03-05")
    work(tasks)
    (kept, _) = tasks.services.recounting.preview_calendar(calendar(), file="here.yaml")
    assert kept.stays == "it would be earlier, which was not asked for"
    (moved, _) = tasks.services.recounting.preview_calendar(calendar(), file="here.yaml", earlier=True)
    assert (moved.stays, moved.new) == ("", ends(3, 9))
    with pytest.raises(InvalidWorkflow):
        tasks.services.recounting.preview_calendar("calendar: here", file="here.yaml")


def test_a_calendar_that_ends_too_early_is_said(tasks):
    """In the preview; the due moment stays as it was."""
    tasks.services.catalog.publish_calendar("here", calendar(last=2027))
    tasks.services.clock.advance(datetime(2026, 12, 29, 6, tzinfo=UTC))
    case = tasks.open("task", {}, CLERK)
    old = due(tasks, case)["decide", "due"]
    (found,) = tasks.services.recounting.preview_calendar(calendar(), file="here.yaml")
    assert found.new is None
    assert "calendar here covers 2026 to 2026" in found.stays
    change(tasks)
    work(tasks)
    assert due(tasks, case)["decide", "due"] == old


def test_many_cases_in_batches(tasks):
    """More than one batch, and what was gone through is not gone through again."""
    cases = [tasks.open("task", {}, CLERK) for _ in range(210)]
    change(tasks, "2026-03-06")
    assert tasks.services.recounting.run_once() == 200
    assert tasks.services.recounting.run_once() == 10
    work(tasks)
    assert tasks.services.recounting.latest()[0].cases == 210
    assert {due(tasks, case)["decide", "due"] for case in cases} == {ends(3, 10)}


# ── outages ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def outage(world, since, until, actor=OWNER):
    """Declared by the process owner."""
    world.services.recounting.declare_outage("task", since, until, "the portal was down", actor)
    work(world)


def test_an_outage_moves_what_applicants_have_to_do(tasks):
    """Terms in days by each working day that it touched, terms in hours by what it took; the operator's stay."""
    ours, theirs = tasks.open("task", {}, CLERK), tasks.open("task", {}, CLERK)
    tasks.send(theirs.id, "ask", CLERK)
    before = due(tasks, theirs)["within", "due"]
    outage(tasks, START + timedelta(days=1), START + timedelta(days=2))  # Tuesday 09:00 to Wednesday 09:00
    assert due(tasks, ours)["decide", "due"] == ends(3, 9)
    assert due(tasks, theirs) == {("late", "due"): ends(3, 9), ("within", "due"): before + timedelta(days=1)}
    (step,) = history(tasks, theirs)
    assert (step.name, step.note) == ("outage", "the portal was down")
    assert {one["deadline"] for one in step.said["moved"]} == {"late", "within"}
    assert history(tasks, ours) == []
    tasks.services.clock.advance(ends(3, 6))
    assert leaves(tasks, theirs) == ("answer",)
    tasks.services.clock.advance(ends(3, 9))
    assert leaves(tasks, theirs) == ("done",)


def test_an_outage_before_the_term_or_after_it_moves_nothing(tasks):
    """Nor does one on the day on which the term began, or on days off."""
    case = tasks.open("task", {}, CLERK)
    tasks.send(case.id, "ask", CLERK)
    before = due(tasks, case)
    outage(tasks, START - timedelta(days=3), START)
    outage(tasks, START + timedelta(days=20), START + timedelta(days=21))
    assert due(tasks, case) == before
    outage(tasks, START + timedelta(hours=1), START + timedelta(hours=2))
    assert due(tasks, case)["late", "due"] == before["late", "due"]
    assert due(tasks, case)["within", "due"] == before["within", "due"] + timedelta(hours=1)


def test_who_may_declare_one(tasks):
    """The process owner, with a reason, and an end after the beginning."""
    since, until = START, START + timedelta(hours=5)
    with pytest.raises(ActorNotAllowed, match="process_owner of task"):
        outage(tasks, since, until, CLERK)
    with pytest.raises(InvalidPayload):
        outage(tasks, until, since)
    with pytest.raises(InvalidPayload):
        tasks.services.recounting.declare_outage("task", since, until, "  ", OWNER)
    case = tasks.open("task", {}, CLERK)
    tasks.send(case.id, "ask", CLERK)
    found = tasks.services.recounting.preview_outage("task", since, until + timedelta(days=1), OWNER)
    assert [(m.deadline, m.new) for m in found] == [
        ("late", ends(3, 6)),
        ("within", due(tasks, case)["within", "due"] + timedelta(days=1, hours=5)),
    ]
    assert tasks.services.recounting.latest() == ()


# ── time zones ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_zone_with_other_rules(tasks, monkeypatch):
    """Found at the start of a node; what lies ahead is at the same local time again, earlier ones too."""
    assert tasks.services.recounting.look_at_zones() == 0
    case = tasks.open("task", {}, CLERK)
    due_now = due(tasks, case)["decide", "due"]
    moved = moved_to(named("Europe/Moscow", "Asia/Yekaterinburg"))  # two hours more
    monkeypatch.setattr("engine.service.catalog.build_chart", moved)
    tasks.services.catalog._charts.clear()
    assert tasks.services.recounting.look_at_zones() == 1
    work(tasks)
    assert due(tasks, case)["decide", "due"] == due_now - timedelta(hours=2)
    (step,) = history(tasks, case)
    assert (step.name, step.said["zone"]) == ("zone", "Europe/Moscow")
    assert tasks.services.recounting.look_at_zones() == 0


def moved_to(zone):
    """Charts in this zone, under whatever name."""
    return lambda workflow, calendar: build_chart(replace(workflow, zone=zone), calendar)


def named(key, rules_of_key):
    """A zone that has another's rules, as after an update of the time zone database."""
    file = next(path for path in (Path(folder) / rules_of_key for folder in TZPATH) if path.is_file())
    with file.open("rb") as rules:
        return ZoneInfo.from_file(rules, key=key)


def test_rules_are_told_apart():
    """By any offset within the years; the same rules have the same number."""
    moscow = rules_of(MOSCOW)
    assert moscow == rules_of(ZoneInfo.no_cache("Europe/Moscow"))
    assert moscow == rules_of(ZoneInfo("Europe/Simferopol"))  # the same since 2014
    assert len({moscow, *(rules_of(ZoneInfo(key)) for key in ("Europe/Berlin", "Asia/Yekaterinburg", "UTC"))}) == 4
