"""Incidents and effects over HTTP: what operations read, have tried again, end by hand and close."""

from __future__ import annotations

import pytest


@pytest.fixture
def unsent(world):
    """A case whose message reached nobody: its key, and the incident as operations read it."""
    for token in world.services.people.tokens():
        if token.actor_id == "anna":
            world.services.people.revoke(token.id)
    world.secrets["petra"], _ = world.services.people.create_token(
        "petra", "Petra", ["officer"], {}, email="petra@people.example"
    )
    case = world.open("petra")
    assert world.send("oleg", case["id"], "return", {"reasons": "x"}).status_code == 200
    world.services.clock.settle()
    (incident,) = world.as_("ops").get("/incidents").json()
    return case, incident


def test_an_incident_tells_everything(world, unsent):
    """The case by id and number, the effect with its tries; the same alone as in the list."""
    case, incident = unsent
    ops = world.as_("ops")
    assert ops.get(f"/incidents/{incident['id']}").json() == incident
    assert (incident["case_id"], incident["number"], incident["closed_at"]) == (case["id"], case["number"], None)
    effect = incident["effect"]
    assert (effect["key"], effect["kind"], effect["status"]) == (f"{case['id']}/2/1", "notify", "dead")
    assert (effect["adapter"], effect["what"], effect["tries"]) == ("notify", "asked to applicant", [])
    assert ops.get("/incidents", params={"case": case["number"]}).json() == [incident]
    assert ops.get("/incidents", params={"after": incident["id"]}).json() == []
    assert [ops.get(f"/incidents/{which}").status_code for which in ("77", "x")] == [404, 422]


def test_retry_over_http(world, unsent):
    """The key stands in the path as it is; without a reason it is refused; a second time it is a conflict."""
    case, incident = unsent
    ops, path = world.as_("ops"), f"/effects/{incident['effect']['key']}/retry"
    for body in ({}, {"reason": ""}, {"reason": "x", "more": 1}, {"reason": "x" * 1001}, {"reason": "   "}):
        assert ops.post(path, json=body).status_code == 422
    world.services.people.create_token("anna", "Anna", ["applicant"], {"party": "1234567890"}, email="anna@a.example")
    answer = ops.post(path, json={"reason": "Anna has a token again"})
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    again = ops.post(path, json={"reason": "once more"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:milepost:problem:handling-refused")
    assert ops.get("/incidents").json() == []
    (closed,) = ops.get("/incidents", params={"closed": True}).json()
    assert (closed["closed_by"], closed["answer"]) == ("ops", "Anna has a token again")
    record = world.as_("oleg").get(f"/cases/{case['id']}/history").json()[-1]
    assert (record["kind"], record["note"]) == ("effect", "Anna has a token again")
    world.services.clock.settle()
    (effect,) = world.as_("oleg").get(f"/cases/{case['id']}/effects").json()
    assert effect["status"] == "done"
    assert [(tried["by"], tried["reason"]) for tried in effect["tries"]] == [("ops", "Anna has a token again")]


def test_resolve_over_http(world, unsent):
    """By the case's number too; the ETag of the case stays."""
    case, _ = unsent
    before = world.as_("oleg").get(f"/cases/{case['id']}").headers["ETag"]
    path = f"/effects/{case['number']}/2/1/resolve"
    refused = world.as_("ops").post(path, json={"reason": "told by phone", "result": {"x": 1}})
    assert (refused.status_code, refused.json()["problems"][0]["path"]) == (422, "result")
    answer = world.as_("ops").post(path, json={"reason": "told by phone"})
    assert (answer.status_code, answer.json()["status"]) == (200, "done")
    assert world.as_("oleg").get(f"/cases/{case['id']}").headers["ETag"] == before
    assert world.as_("ops").get("/incidents").json() == []


def test_a_certificate_is_not_issued_by_hand(world):
    """409, and what to do instead."""
    case = world.open()
    for name, event, data in (("oleg", "score", {"review.score": 80}), ("oleg", "accept", {}), ("olga", "grant", {})):
        assert world.send(name, case["id"], event, data).status_code == 200
    answer = world.as_("ops").post(f"/effects/{case['id']}/4/1/resolve", json={"reason": "printed"})
    assert (answer.status_code, "retry the effect" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize("key", ["{id}/2/9", "{id}/99/1", "nobody/2/1", "{id}/2147483647/1"])
def test_effects_that_are_not_there(world, unsent, key):
    """404, for who may ask."""
    case, _ = unsent
    answer = world.as_("ops").post(f"/effects/{key.format(id=case['id'])}/retry", json={"reason": "x"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:milepost:problem:effect-not-found")


def test_closing_over_http(world, unsent):
    """With an answer, once; the figure for operators goes down."""
    _, incident = unsent
    ops, path = world.as_("ops"), f"/incidents/{incident['id']}/close"
    assert "milepost_incidents_open 1" in ops.get("/metrics").text
    assert ops.post(path, json={}).status_code == 422
    closed = ops.post(path, json={"answer": "told by phone"}).json()
    assert (closed["closed_by"], closed["answer"], closed["effect"]["status"]) == ("ops", "told by phone", "dead")
    assert ops.post(path, json={"answer": "again"}).status_code == 404
    assert "milepost_incidents_open 0" in ops.get("/metrics").text
