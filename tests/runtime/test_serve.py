"""The server as a process of its own: it starts, serves, delivers, keeps its files, and ends well when told to."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from engine.service.bundles import read_folder
from runtime.cli.settings import services_now

WAIT = 30.0


@contextmanager
def serving(folder, *args):
    """`milepost serve` on a free port: (process, client), ended at the end."""
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime.cli.main", "serve", "--port", "0", *args],
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        found = wait_for(
            lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()) if "tokens" in log.read_text() else None,
            process,
        )
        with httpx.Client(base_url=found[0], trust_env=False, timeout=WAIT) as client:
            yield process, client
    finally:
        process.terminate()
        process.wait(WAIT)


def wait_for(look, process=None):
    """What `look` finds, as soon as it does."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        assert process is None or process.poll() is None, "the process has ended"
        a_moment()
    raise AssertionError("it did not happen in time")


def a_moment():
    """Gives the processor to others."""
    signal.sigtimedwait([], 0.02)


def bearer(secret):
    """Headers of a person."""
    return {"Authorization": f"Bearer {secret}"}


def test_a_case_over_the_wire(folder, token):
    """Published at the start, opened by HTTP, its letter in the mailbox at once; after SIGTERM all is still there."""
    carl = bearer(token("carl", "clerk", email="carl@people.example"))
    secret = carl["Authorization"].partition(" ")[2]
    with serving(folder) as (process, client):
        began = time.monotonic()
        opened = client.post("/cases", json={"workflow": "note", "data": {"paper": {"text": "hello"}}}, headers=carl)
        assert opened.status_code == 201
        (letter,) = wait_for(lambda: list((folder / "mailbox").glob("*.eml")), process)
        assert time.monotonic() - began < 5
        case = opened.json()["case"]
        assert f"{client.base_url}".rstrip("/") in letter.read_text()
        sent = client.post(f"/cases/{case['number']}/events", json={"event": "accept"}, headers=carl)
        assert sent.json()["case"]["outcome"] == "completed"
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT) == 0
    said = (folder / "serve.log").read_text()
    assert secret not in said
    assert "Traceback" not in said
    for part in ("note v1", "/docs", "mailbox", "sqlite:///milepost.db", "milepost token create"):
        assert part in said
    with serving(folder) as (_, client):
        assert client.get(f"/cases/{case['id']}", headers=carl).json()["outcome"] == "completed"
        assert client.post("/clock", json={"to": "2030-01-01T00:00:00Z"}, headers=carl).status_code == 404


def test_a_manual_clock_fires_on_the_way(folder, token):
    """POST /clock moves time over a deadline: the case has moved and its letters are sent when the answer comes."""
    carl, ops = bearer(token("carl", "clerk", email="c@people.example")), bearer(token("ops", "operations"))
    with serving(folder, "--clock", "manual") as (process, client):
        data = {"workflow": "note", "data": {"paper.text": "hello"}}
        case = client.post("/cases", json=data, headers=carl).json()["case"]
        due = case["deadlines"][0]["due"]
        assert client.post("/clock", json={"to": due}, headers=carl).status_code == 403
        moved = client.post("/clock", json={"to": due}, headers=ops).json()
        assert (due, [due], 1) == (moved["now"], moved["stops"], moved["timers"])
        assert client.get(f"/cases/{case['id']}", headers=carl).json()["outcome"] == "completed"
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT) == 0


def test_a_folder_with_a_broken_workflow_is_not_served(folder, milepost):
    """The findings are shown, and nothing is published."""
    (folder / "workflows" / "note.yaml").write_text("milepost: 1\n")
    code, _, err = milepost("serve", "--port", "0")
    assert (code, "note.yaml:1:1: error[WF011]" in err) == (1, True)


def test_an_address_that_is_taken(folder, milepost, listening):
    """One line, and the way out of it."""
    code, _, err = milepost("serve", "--port", str(listening))
    assert (code, "--port 0 takes a free one" in err, err.count("\n")) == (2, True, 1)


@pytest.fixture
def listening():
    """A port that somebody has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_a_node_without_the_api(folder, token):
    """`milepost schedule` delivers what waits, and ends when told to."""
    secret = token("carl", "clerk", email="carl@people.example")
    with services_now() as services:
        services.catalog.publish_new(read_folder(folder / "workflows"))
        services.cases.open_case("note", {"paper.text": "hello"}, services.people.actor_of(secret))
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli.main", "schedule"], cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: list((folder / "mailbox").glob("*.eml")), process)
    finally:
        process.terminate()
    assert process.wait(WAIT) == 0


def test_nobody_waits_for_streams(folder, token):
    """Told to end, the server ends streams at once: who listens comes again elsewhere."""
    carl = bearer(token("carl", "clerk"))
    with serving(folder) as (process, client), client.stream("GET", "/events/stream", headers=carl) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert list(lines) in ([], [""])
        process.wait(WAIT)
        assert time.monotonic() - began < 5
