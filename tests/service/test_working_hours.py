"""Working hours over the store: what is armed is due in office hours, and a newer calendar counts from then on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import InvalidWorkflow

SOURCE = """
milepost: 1
workflow: query
title: Query
calendar: office
timezone: Europe/Moscow
roles: {clerk: {title: Clerk, sees: all}, asker: {title: Asker, side: applicant}}
data: {n: {type: integer, default: 0}}
open: {by: asker}
initial: open
states:
  open:
    turn: asker
    events: {finish: {by: clerk, to: over}}
    deadlines: {answer: {after: 10 working hours, counts: applicant, to: over}}
  over: {final: true}
"""
DAYS = "calendar: office\nyears: {2025: {}, 2026: {}, 2027: {}}\n"
OFFICE = DAYS.replace("years", "hours: 09:00-13:00, 14:00-18:00\nyears")
SHORT = DAYS.replace("years", "hours: 10:00-12:00\nyears")


def due(world, case):
    """When its only deadline is due."""
    return [deadline.due for deadline in world.services.cases.get(case.id, world.person("c", "clerk")).deadlines]


def moment(text):
    """A Moscow time in UTC."""
    return datetime.fromisoformat(f"{text}+03:00").astimezone(UTC)


def test_a_term_in_working_hours_is_due_and_fires(world):
    """Armed for a moment in office hours, over a night and a lunch; the case moves when it comes, and not before."""
    world.publish(SOURCE, calendars={"office": OFFICE})
    world.services.clock.advance(moment("2026-03-06T16:00"))
    case = world.open("query", {}, world.person("a", "asker"))
    assert due(world, case) == [moment("2026-03-09T18:00")]
    world.services.clock.advance(moment("2026-03-09T17:59:59"))
    assert world.services.cases.get(case.id, world.person("c", "clerk")).closed_at is None
    world.services.clock.advance(moment("2026-03-09T18:00"))
    assert world.services.cases.get(case.id, world.person("c", "clerk")).closed_at is not None


def test_a_newer_calendar_counts_its_own_hours(world):
    """What is opened afterwards is counted in the new hours; one without any is refused beside the workflow."""
    world.publish(SOURCE, calendars={"office": OFFICE})
    world.publish(SOURCE, calendars={"office": SHORT})
    case = world.open("query", {}, world.person("a", "asker"))
    assert due(world, case) == [moment("2026-03-06T12:00")]
    with pytest.raises(InvalidWorkflow, match="office hours"):
        world.publish(SOURCE, calendars={"office": DAYS})


def test_a_newer_calendar_is_checked_where_no_workflow_is_new(world):
    """A calendar that cannot be read is refused, and the one before it goes on to count."""
    world.publish(SOURCE, calendars={"office": OFFICE})
    with pytest.raises(InvalidWorkflow, match="are no office hours"):
        world.publish(SOURCE, calendars={"office": OFFICE.replace("18:00", "25:00")})
    case = world.open("query", {}, world.person("a", "asker"))
    assert due(world, case) == [moment("2026-03-03T11:00")]
