"""Requests by their ids: in the answer, in the log, with who asked for which case, and without a token."""

from __future__ import annotations

import json
import logging
from threading import Event
from time import monotonic

import pytest

from runtime.logs import Objects


def line(caplog, route):
    """The last request to a route, as soon as it was written down: that is after its answer was sent."""
    end = monotonic() + 10
    while monotonic() < end:
        found = [record for record in caplog.records if getattr(record, "about", {}).get("route") == route]
        if found:
            return found[-1]
        Event().wait(0.005)
    raise AssertionError(f"no line for {route}")


@pytest.fixture
def logged(caplog):
    """The log of requests."""
    caplog.set_level(logging.INFO, "milepost.requests")
    return caplog


def test_an_id_of_ones_own_comes_back(world):
    """Where it is a name; else one is made, each time another."""
    assert world.as_(**{"X-Request-Id": "job-7.a_b"}).get("/healthz").headers["x-request-id"] == "job-7.a_b"
    for wrong in ("a b", "x" * 65, "é".encode(), ""):
        client = world.as_()
        made = {client.get("/healthz", headers={"X-Request-Id": wrong}).headers["x-request-id"] for _ in range(2)}
        assert len(made) == 2
        assert wrong not in made
    assert world.as_().get("/nowhere").headers["x-request-id"]


def test_a_line_of_each_request(world, logged):
    """Method, route, status, who, which case; refusals too; never the path itself, which may be a secret."""
    case = world.open()
    assert world.send("lena", case["id"], "score").status_code == 404
    world.as_().get("/v/secret-token")
    written = [line(logged, route).about for route in ("/cases", "/cases/{case_id}/events", "/v/{token}")]
    opened, refused, checked = written
    assert (opened["method"], opened["route"], opened["status"], opened["actor"]) == ("POST", "/cases", 201, "anna")
    assert (refused["route"], refused["status"], refused["case"]) == ("/cases/{case_id}/events", 404, case["id"])
    assert (checked["route"], checked["status"], checked["actor"]) == ("/v/{token}", 404, None)
    assert all(one["ms"] >= 0 for one in written)
    assert not any(secret in logged.text for secret in (*world.secrets.values(), "secret-token"))


def test_an_object_a_line(world, logged):
    """JSON that a program reads, with the request's own members."""
    world.as_("anna").get("/me")
    said = json.loads(Objects().format(line(logged, "/me")))
    assert (said["level"], said["logger"], said["route"], said["actor"]) == ("info", "milepost.requests", "/me", "anna")
    assert "case" not in said
