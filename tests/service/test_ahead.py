"""What lies ahead: all deadlines of all cases in their order, for who finds the cases; pages join under writes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import InvalidPayload
from engine.service.ahead import Asked
from engine.service.searching import CaseFilters
from tests.service.conftest import person

TWO = """
milepost: 1
workflow: two
title: Two deadlines
timezone: Europe/Moscow
number: "D-{seq:3}"
roles:
  applicant:  {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  clerk:      {title: Clerk, sees: all}
  laboratory: {title: Laboratory, sees: all, fields: [days]}
data: {applicant: {tax_id: text}, days: {more: {type: integer, default: 0}}}
open: {by: clerk, form: [applicant.tax_id]}
initial: check
states:
  check:
    turn: clerk
    events: {ask: {by: clerk, to: answer}}
    deadlines:
      decide: {after: 5 days, remind: [1 day]}
      total:  {after: 20 days, title: In all}
  answer: {turn: applicant, events: {answer: {by: applicant, to: check}}, deadlines: {late: {after: 3 days}}}
"""
CLERK, LENA = person("carl", "clerk"), person("lena", "laboratory")
ANNA, BORIS = person("anna", "applicant", party="1"), person("boris", "applicant", party="2")


@pytest.fixture
def two(world):
    """Three cases, opened a day after each other: two of Anna's, one of Boris's."""
    world.publish(TWO)
    for party in ("1", "2", "1"):
        world.open("two", {"applicant.tax_id": party}, CLERK)
        world.wait(days=1)
    return world


def asked(world, days=60, **more):
    """So far ahead."""
    now = world.services.clock.now()
    return Asked(now, now + timedelta(days=days), **more)


def found(world, actor, *, cursor=None, limit=50, **more):
    """(number, deadline) in their order."""
    page = world.services.cases.ahead(asked(world, **more), actor, cursor=cursor, limit=limit)
    return [(line.number, line.deadline.name) for line in page.items], page.cursor


def test_all_deadlines_in_their_order(two):
    """Not only the next of each case; only due moments, no reminders; and each says how it was counted."""
    first = [("D-001", "decide"), ("D-002", "decide"), ("D-003", "decide")]
    last = [("D-001", "total"), ("D-002", "total"), ("D-003", "total")]
    assert found(two, CLERK) == ([*first, *last], None)
    assert found(two, CLERK, days=10) == (first, None)
    line = two.services.cases.ahead(asked(two), CLERK).items[-1]
    assert (line.deadline.title, line.turn, line.deadline.overdue) == ("In all", ("clerk",), False)
    assert line.said.startswith("20 days from ")
    assert line.said.endswith("24:00 Europe/Moscow")


def test_for_who_finds_the_cases(two):
    """One's own; by party only for who may read it; by whose turn it is."""
    assert {number for number, _ in found(two, ANNA)[0]} == {"D-001", "D-003"}
    assert {number for number, _ in found(two, BORIS)[0]} == {"D-002"}
    assert {number for number, _ in found(two, CLERK, party="2")[0]} == {"D-002"}
    assert len(found(two, LENA)[0]) == 6
    assert found(two, LENA, party="2")[0] == []
    two.send(two.services.cases.find(CaseFilters(workflow="two"), CLERK).items[0].id, "ask", CLERK)
    assert found(two, CLERK, role="applicant")[0] == [("D-003", "late")]
    assert found(two, CLERK, workflow="other")[0] == []


def test_pages_join(two):
    """Whatever is due behind a page comes on the next one, also when cases come and go between them."""
    seen, cursor = [], None
    for page in range(20):
        some, cursor = found(two, CLERK, cursor=cursor, limit=1)
        seen += some
        if page < 3:
            two.open("two", {"applicant.tax_id": "3"}, CLERK)
        if cursor is None:
            break
    old = [one for one in seen if one[0] in {"D-001", "D-002", "D-003"}]
    assert len(old) == len(set(old)) == 6
    for wrong in ("x", "1~2", "1~2026-01-01T00:00:00Z", "~~", "9" * 30 + "~2026-01-01T00:00:00.000000Z~k"):
        with pytest.raises(InvalidPayload, match="cursor"):
            found(two, CLERK, cursor=wrong)


def test_timers_say_how_they_were_counted(two):
    """Of a reminder, how its deadline was."""
    case = two.services.cases.find(CaseFilters(workflow="two"), CLERK).items[0].id
    timers = two.services.cases.timers(case, CLERK)
    assert [(timer.deadline, timer.kind) for timer in timers] == [
        ("decide", "remind"),
        ("decide", "due"),
        ("total", "due"),
    ]
    assert timers[0].said == timers[1].said != timers[2].said


def test_how_late_they_are(two):
    """By state and turn, for who finds every case; what is over or was done is not late."""
    assert two.services.cases.lateness(CLERK) == ()
    two.wait(days=4)  # the first was due two days ago, the second yesterday, the third is not
    two.wait(days=1)
    (line,) = two.services.cases.lateness(CLERK)
    assert (line.state, line.title, line.turn, line.turn_title, line.late) == ("check", "check", "clerk", "Clerk", 3)
    assert 0 < line.days < 3
    case = two.services.cases.find(CaseFilters(), CLERK).items[-1]
    two.send(case.id, "ask", CLERK)
    assert two.services.cases.lateness(CLERK)[0].late == 2
    assert two.services.cases.lateness(ANNA) == ()
    assert two.services.cases.lateness(CLERK, workflow="other") == ()
