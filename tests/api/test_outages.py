"""What moves deadlines over HTTP: an outage, declared by the process owner, and a calendar, published by operations."""

from __future__ import annotations

import json

import pytest

from engine.service.bundles import Bundle

TASK = """
milepost: 1
workflow: task
title: Task
timezone: Europe/Moscow
roles:
  applicant:     {title: Applicant, side: applicant, where: {party: task.tax_id}, sees: own}
  process_owner: {title: Process owner, sees: all}
data: {task: {tax_id: text}}
open: {by: applicant, form: [task.tax_id!]}
initial: answer
states:
  answer: {turn: applicant, events: {reply: {by: applicant, to: done}}, deadlines: {late: {after: 5 days, to: done}}}
  done: {final: true}
"""
HOSTILE = [{"text": f"calendar: here\nyears: {{2026: {{source: {sign}}}}}\n"} for sign in ("a\0b", "\ud800", "\x1b")]
DOWN = {"workflow": "task", "from": "2026-03-03T00:00:00+03:00", "until": "2026-03-04T12:00:00+03:00", "reason": "down"}


@pytest.fixture
def owner(world):
    """The process owner's client."""
    letters = {
        f"{name}.en.txt": "Subject: x\n\nDear {{ to.name }}\n" for name in ("reminder", "escalation", "deadline_moved")
    }
    world.services.catalog.publish(Bundle(TASK, "task.yaml", letters))
    world.secrets["paula"] = world.services.people.create_token("paula", "Paula", ["process_owner"])[0]
    return world.as_("paula")


def test_declared_by_the_process_owner(world, owner):
    """First looked at, then done: the case is due later by the days it touched, and says so."""
    case = world.as_("anna").post("/cases", json={"workflow": "task", "data": {"task.tax_id": "1234567890"}}).json()
    case_id = case["case"]["id"]
    seen = owner.post("/outages/preview", json=DOWN).json()
    assert seen["count"] == 1
    assert (seen["items"][0]["case_id"], seen["items"][0]["new"]) == (case_id, "2026-03-09T21:00:00Z")
    made = owner.post("/outages", json=DOWN)
    assert (made.status_code, made.json()["kind"], made.json()["by"]) == (201, "outage", "paula")
    world.as_("ops").post("/clock", json={"to": "2026-03-02T06:00:01Z"})
    (deadline,) = world.as_("anna").get(f"/cases/{case_id}").json()["deadlines"]
    assert deadline["due"] == "2026-03-09T21:00:00Z"
    (line,) = world.as_("ops").get("/recounts").json()
    assert (line["cases"], line["done_at"] is not None) == (1, True)
    said = owner.get(f"/cases/{case_id}/timers").json()
    assert "2 days later for the pauses so far" in str(said)


def test_what_is_wrong_with_it(world, owner):
    """An end before the beginning, no reason, a workflow that is not there, words nobody knows."""
    for wrong, status in (
        ({"until": "2026-03-01T00:00:00Z"}, 422),
        ({"reason": " "}, 422),
        ({"workflow": "nothing"}, 404),
        ({"from": "yesterday"}, 422),
        ({"for": "ever"}, 422),
    ):
        assert owner.post("/outages", json={**DOWN, **wrong}).status_code == status, wrong
    assert world.as_("ops").get("/recounts").json() == []


def test_a_calendar_is_published(world):
    """Looked at first; a reason where it is to bring deadlines forward; the same text is no new version."""
    ops = world.as_("ops")
    here = "calendar: here\nyears: {2026: {}}\n"
    assert ops.put("/calendars/here", json={"text": here}).json() == {"name": "here", "version": 1}
    assert ops.put("/calendars/here", json={"text": here}).json()["version"] == 1
    text = TASK.replace("workflow: task", "workflow: task\ncalendar: here").replace("5 days", "5 working days")
    letters = {f"{name}.en.txt": "Subject: x\n\nDear {{ to.name }}\n" for name in ("reminder", "escalation")}
    world.services.catalog.publish(Bundle(text, "task.yaml", letters, {"here": here}))
    world.as_("anna").post("/cases", json={"workflow": "task", "data": {"task.tax_id": "1234567890"}})
    new = here.replace("{2026: {}}", "{2026: {days_off: {2026-03-04: decreed}}}")
    seen = ops.post("/calendars/here/preview", json={"text": new}).json()
    assert [(one["due"], one["new"], one["stays"]) for one in seen["items"]] == [
        ("2026-03-09T21:00:00Z", "2026-03-10T21:00:00Z", "")
    ]
    assert ops.put("/calendars/here", json={"text": new, "reason": "decree"}).json()["version"] == 2
    (line,) = ops.get("/recounts").json()
    assert (line["reason"], line["by"], line["version"]) == ("decree", "ops", 2)
    for wrong in (
        {"text": new, "earlier": True},
        {"text": "calendar: there\nyears: {2026: {}}\n"},
        {"text": "!x"},
        *HOSTILE,
    ):
        answer = ops.put("/calendars/here", content=json.dumps(wrong), headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}, wrong
