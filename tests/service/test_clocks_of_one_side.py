"""A deadline that counts one side's time, as people see it in the case: running, standing still, and what is used of it."""

from __future__ import annotations

import pytest

from tests.service.conftest import START, person

CHECK = """
milepost: 1
workflow: check
title: Check
calendar: here
timezone: Europe/Moscow
roles:
  applicant: {{title: Applicant, side: applicant, sees: all}}
  clerk:     {{title: Clerk, sees: all}}
data: {{product: {{name: text}}}}
open: {{by: clerk}}
initial: whole
states:
  whole:
    initial: ours
    deadlines: {{total: {{after: {term}, roll: none, counts: operator}}, plain: {{after: 20 days}}}}
    states:
      ours:   {{turn: clerk, events: {{ask: {{by: clerk, to: theirs}}}}}}
      theirs: {{turn: applicant, events: {{answer: {{by: applicant, to: ours}}}}}}
"""
CLERK, ANNA = person("carl", "clerk"), person("anna", "applicant")
HERE = "calendar: here\nhours: '09:00-13:00, 14:00-18:00'\nyears: {2026: {}}\n"


@pytest.mark.parametrize(
    ("term", "by_wednesday", "by_friday"),
    [
        ("10 days", "2 days", "3 days"),
        ("10 working days", "2 working days", "3 working days"),
        ("100 hours", "48 hours", "72 hours"),
        ("100 working hours", "16 working hours", "24 working hours"),
    ],
)
def test_what_is_used_is_in_the_case(world, term, by_wednesday, by_friday):
    """From Monday 09:00; the applicant has it from Wednesday to Thursday, both 09:00; then it is the clerk's again."""
    world.publish(CHECK.format(term=term), calendars={"here": HERE})
    case = world.open("check", {}, CLERK)
    (total, plain) = world.services.cases.get(case.id, CLERK).deadlines
    assert (total.used.split()[0], total.paused_since, plain.used) == ("0", None, None)
    before = total.due
    world.wait(days=2)
    world.send(case.id, "ask", CLERK)
    world.wait(days=1)
    (total, plain) = world.services.cases.get(case.id, CLERK).deadlines
    assert (total.due, total.overdue, total.used) == (None, False, by_wednesday)
    assert (total.paused_since - START).days == 2
    assert plain.due is not None
    explained = {one.name: one for one in world.services.cases.explain(case.id, CLERK).deadlines}
    assert explained["total"].used == by_wednesday
    assert "stands still since 4 March 2026 09:00" in explained["total"].said
    world.send(case.id, "answer", ANNA)
    world.wait(days=1)
    (total, _) = world.services.cases.get(case.id, CLERK).deadlines
    assert (total.paused_since, total.used) == (None, by_friday)
    assert total.due > before
