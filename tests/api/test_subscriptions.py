"""Subscriptions over HTTP: a secret that is shown once, filters and addresses that are refused, pages, and a real receiver."""

from __future__ import annotations

import json

import pytest

from engine.service.subscriptions import MOST
from tests.servers.receiver import Receiver


@pytest.fixture
def receiver():
    """A real one."""
    made = Receiver()
    yield made
    made.close()


def published(world):
    """All that is due."""
    while world.services.feed.sequence() or world.services.publishing.run_once():
        pass


def test_from_the_first_call_to_the_last(anywhere, receiver):
    """Made, heard of, given up, tried again, replayed, ended; the secret is in the first answer only."""
    client = anywhere.as_("anna")
    made = client.post("/subscriptions", json={"url": receiver.url, "workflow": "offer"})
    assert made.status_code == 201
    secret, one = made.json()["secret"], made.json()["subscription"]
    path = f"/subscriptions/{one['id']}"
    assert (one["owner"], one["workflow"], one["position"], one["paused_at"]) == ("anna", "offer", 0, None)
    receiver.answer = lambda _: (400, {})
    case = anywhere.open()
    published(anywhere)
    (post,) = receiver.got
    assert post.is_signed_with(secret)
    assert post.event["subject"] == case["id"]
    (dead,) = client.get(f"{path}/deliveries", params={"status": "dead"}).json()["items"]
    assert (dead["event"], dead["last_error"]) == (f"{case['id']}/1", "the receiver answered 400")
    receiver.answer = lambda _: (200, {})
    assert client.post(f"{path}/deliveries/{dead['id']}/retry").json()["status"] == "waiting"
    published(anywhere)
    assert client.post(f"{path}/replay", json={"from": "2026-03-02T06:00:00Z"}).json()["position"] == 0
    published(anywhere)
    assert [each.id for each in receiver.got] == [post.id] * 3
    assert client.post(f"{path}/pause").json()["paused_why"] == "Anna has paused it"
    assert client.post(f"{path}/resume").json()["paused_why"] is None
    assert client.get(path).json()["waiting"] == 0
    said = [client.get(each).text for each in (path, "/subscriptions", f"{path}/deliveries")]
    assert not any(secret in text for text in said)
    figures = anywhere.as_("ops").get("/metrics").text
    assert 'milepost_event_posts_total{outcome="done"} 2.0' in figures
    assert 'milepost_event_posts_total{outcome="dead"} 1.0' in figures
    assert 'milepost_event_deliveries{status="dead"} 0.0' in figures
    assert "milepost_events_lag_steps 0.0" in figures
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/subscriptions").json() == {"items": [], "cursor": None}


def test_entries_of_the_register(anywhere, receiver):
    """A tender hears of what becomes of its entries, though it sees no case; a number that is none is named."""
    entry = anywhere.listed()["data"]["register"]["entry_no"]
    published(anywhere)
    tender = anywhere.as_("lena")
    refused = tender.post("/subscriptions", json={"url": receiver.url, "entries": [entry, "R-9"], "workflow": "offer"})
    assert (refused.status_code, [one["path"] for one in refused.json()["problems"]]) == (422, ["workflow"])
    refused = tender.post("/subscriptions", json={"url": receiver.url, "entries": [entry, "R-9"]})
    problem = {"path": "entries", "code": "unknown-entry", "text": "the register has no entry 'R-9'"}
    assert (refused.status_code, refused.json()["problems"]) == (422, [problem])
    made = tender.post("/subscriptions", json={"url": receiver.url, "entries": [entry, entry]}).json()
    assert made["subscription"]["entries"] == [entry]
    case = anywhere.as_("oleg").get("/register").json()["items"][0]["case_id"]
    assert anywhere.send("oleg", case, "withdraw").status_code == 200
    published(anywhere)
    (post,) = receiver.got
    assert post.is_signed_with(made["secret"])
    seen = tender.get(f"/register/{entry}").json()["entry"]
    shown = post.event["data"]
    assert {name: shown[name] for name in ("entry_no", "revision", "status", "facts", "reason")} == {
        name: seen[name] for name in ("entry_no", "revision", "status", "facts", "reason")
    }
    assert shown["status"] == "delisted"
    assert case not in post.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 7},
        {"url": "ftp://receiver.example/"},
        {"url": "x" * 2001},
        {"url": "http://127.0.0.1/", "secret": "whsec_mine"},
        {"url": "http://127.0.0.1/", "workflow": "No Name"},
        {"url": "http://127.0.0.1/", "party": "a\u0000b"},
        {"url": "http://127.0.0.1:99999/"},
        {"url": "http://127.0.0.1/", "entries": []},
        {"url": "http://127.0.0.1/", "entries": ["R-000001"] * 501},
        {"url": "http://127.0.0.1/", "entries": [7]},
    ],
)
def test_bodies_that_are_refused(world, body):
    """422; and nothing was made."""
    assert world.as_("anna").post("/subscriptions", json=body).status_code == 422
    assert world.as_("anna").get("/subscriptions").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [{}, {"after": 0, "from": "2026-03-02T06:00:00Z"}, {"after": -1}, {"after": "0"}, {"after": 7}, {"from": 1},
     {"from": "2026-03-02T06:00:00"}, {"since": "2026-03-02T06:00:00Z"}],
)  # fmt: skip
def test_replays_that_are_refused(world, body):
    """One of both, a position that was reached, a moment with its offset."""
    made = world.as_("anna").post("/subscriptions", json={"url": "http://127.0.0.1:9/"}).json()["subscription"]
    assert world.as_("anna").post(f"/subscriptions/{made['id']}/replay", json=body).status_code == 422


def test_too_many(world):
    """409 in a line that says what to do; pages of the list."""
    client = world.as_("boris")
    for _ in range(MOST):
        assert client.post("/subscriptions", json={"url": "http://127.0.0.1:9/"}).status_code == 201
    refused = client.post("/subscriptions", json={"url": "http://127.0.0.1:9/"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:milepost:problem:too-many-subscriptions")
    page = client.get("/subscriptions", params={"limit": 15}).json()
    rest = client.get("/subscriptions", params={"limit": 15, "cursor": page["cursor"]}).json()
    assert (len(page["items"]), len(rest["items"]), rest["cursor"]) == (15, 5, None)
    assert client.get("/subscriptions", params={"cursor": "x"}).status_code == 422


def test_the_document_has_no_secret_but_the_first(world):
    """Of all answers only that of a new subscription has a member `secret`."""
    parts = world.app.openapi()["components"]["schemas"]
    assert [name for name, part in parts.items() if "secret" in json.dumps(part.get("properties", {}))] == [
        "NewSubscription"
    ]
