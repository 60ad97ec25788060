"""The stream of events: complete, in order, resumable, and only what its reader may see."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager

import httpx
import pytest

from api import streams
from engine.core.case import Actor, Event
from engine.errors import NotAuthenticated
from engine.service import news_view
from engine.service.news_view import Wanted
from tests.api.conftest import build

OLEG = Actor("oleg", roles=frozenset({"officer"}), name="Oleg")
OTHER = {"applicant": {"tax_id": "9999999999"}, "product": {"designation": "W-1"}}


@contextmanager
def listening(world, name, **asked):
    """What somebody hears, one (position, event) after the other."""
    headers = {"Authorization": f"Bearer {world.secrets[name]}"}
    if "last" in asked:
        headers["Last-Event-ID"] = str(asked.pop("last"))
    with (
        httpx.Client(base_url=world.listening.url, headers=headers, timeout=20, trust_env=False) as client,
        client.stream("GET", "/events/stream", params=asked) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield heard(answer.iter_lines())


def heard(lines):
    """The events of a stream's lines."""
    said = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line == "" and "data" in said:
            event = json.loads(said["data"])
            assert (said["event"], said["id"]) == (event["type"], event["pos"])
            yield int(said["id"]), event
        said = {} if line == "" else {**said, name: value}


def placed(world):
    """Every step has its place."""
    while world.services.feed.sequence():
        pass


def test_an_event(anywhere):
    """A CloudEvent that says which step of which case, and nothing of what was said."""
    case = anywhere.open()
    placed(anywhere)
    with listening(anywhere, "anna", after=0) as events:
        pos, event = next(events)
        assert (pos, event["specversion"], event["type"]) == (1, "1.0", "milepost.case.opened")
        assert (event["id"], event["subject"]) == (f"{case['id']}/1", case["id"])
        assert event["data"] == {
            "workflow": "offer", "number": case["number"], "seq": 1, "name": "open", "left": [], "entered": ["check"],
        }  # fmt: skip
        anywhere.send("oleg", case["id"], "score", {"review.score": 80})
        placed(anywhere)
        assert next(events)[1]["data"]["name"] == "score"


def test_only_what_one_may_see(world):
    """Another party's steps are passed over; filters narrow down further."""
    mine, theirs = world.open(), world.open("boris", OTHER)
    world.send("oleg", theirs["id"], "score", {"review.score": 1})
    world.send("oleg", mine["id"], "score", {"review.score": 1})
    with listening(world, "anna", after=0) as events:
        assert [next(events)[0] for _ in range(2)] == [1, 4]
    with listening(world, "oleg", after=0, case=theirs["number"], type="milepost.case.event") as events:
        assert next(events)[0] == 3
    with listening(world, "oleg", after=0, workflow="other") as events:
        world.app.state.streams.close()
        assert list(events) == []
    world.app.state.streams._closed = False


def test_from_now_on_and_from_where_one_was(world):
    """Without a position nothing old comes; with the last one heard it goes on behind it."""
    case = world.open()
    with listening(world, "oleg") as events:
        world.send("oleg", case["id"], "score", {"review.score": 1})
        assert next(events)[0] == 2
    world.send("oleg", case["id"], "score", {"review.score": 2})
    with listening(world, "oleg", last=2) as events:
        assert next(events)[0] == 3


def test_nothing_is_missed_under_concurrent_commits(anywhere, request):
    """Several nodes commit while the reader breaks off and comes again: it hears each position once, in order, all of them."""
    each, writers = 25, 4
    server = "postgresql" in request.node.callspec.id
    several = [anywhere.services, *([build(request.getfixturevalue("postgres_url"))] if server else [])]
    cases = [anywhere.open("oleg", {**OTHER, "product": {"designation": f"N-{n}"}})["id"] for n in range(writers)]
    total, done = writers * (each + 1), threading.Event()

    def commit(number):
        for score in range(each):
            services = several[(number + score) % len(several)]
            services.cases.send_event(cases[number], Event("score", {"review.score": score}), OLEG)

    def order():
        while not done.is_set():
            placed(anywhere)

    workers = [threading.Thread(target=commit, args=(number,)) for number in range(writers)]
    ticker = threading.Thread(target=order)
    for thread in (*workers, ticker):
        thread.start()
    positions, last = [], 0
    try:
        while len(positions) < total:
            with listening(anywhere, "oleg", last=last) as events:
                for last, _ in events:
                    positions.append(last)
                    if len(positions) % 17 == 0 or len(positions) == total:
                        break
    finally:
        for thread in workers:
            thread.join()
        done.set()
        ticker.join()
        for services in several[1:]:
            services.store.close()
    assert positions == list(range(1, total + 1))
    assert [entry.pos for entry in anywhere.services.feed.after(0, 1000)] == positions


def test_streams_are_few(world, monkeypatch):
    """503 beyond what one person may have open; who goes makes room."""
    room = world.app.state.streams._open
    monkeypatch.setattr(room, "_each", 1)
    with listening(world, "oleg", after=0):
        refused = world.as_("oleg").get("/events/stream")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        with listening(world, "olga", after=0):
            pass
    world.open()
    for _ in range(200):
        if world.as_("ops").get("/healthz").status_code == 200 and "oleg" not in room._open:
            break
    with listening(world, "oleg", after=0) as events:
        assert next(events)[0] == 1


@pytest.mark.parametrize("last", ["x", "-1", "1" * 30])
def test_positions_that_are_none(world, last):
    """422, before a stream begins."""
    assert world.as_("oleg", **{"Last-Event-ID": last}).get("/events/stream").status_code == 422


def test_a_token_that_is_revoked_meanwhile(world, monkeypatch):
    """The stream ends at the next look at it."""
    monkeypatch.setattr(streams, "AGAIN", 0.05)
    with listening(world, "olga") as events:
        token = next(one for one in world.services.people.tokens() if one.actor_id == "olga")
        world.services.people.revoke(token.id)
        assert list(events) == []


def test_a_token_is_looked_at_while_much_happens(world, monkeypatch):
    """Not only when nothing does."""
    monkeypatch.setattr(streams, "AGAIN", 0.0)
    monkeypatch.setattr(news_view, "CHUNK", 1)
    case = world.open()["id"]
    for _ in range(5):
        world.send("oleg", case, "score", {"review.score": 80})
    placed(world)

    async def gone():
        raise NotAuthenticated("the token was revoked")

    async def all_of_it():
        made = streams.Streams(world.services.feed, world.services.newsroom)
        made.enter(OLEG)
        return [part async for part in made.listen(OLEG, Wanted(), 0, gone)]

    assert len([part for part in asyncio.run(all_of_it()) if part.startswith(b"id: ")]) == 1
