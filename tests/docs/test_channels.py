"""The channel of docs/messages.md is installed as a package, and a server that is told of it delivers by it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import httpx
import pytest
from documents import blocks

from runtime.channels import plugged_in
from runtime.settings import BadSetting, read_settings

WAIT = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The page's files, its package installed beside them and not into what the tests run in."""
    made = tmp_path_factory.mktemp("channels")
    for block in blocks("docs/messages.md"):
        if block.mark.startswith("file: "):
            file = made / block.mark.removeprefix("file: ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    how = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *how, "--target", made / "site", made / "pager"], check=True
    )
    return made


@pytest.fixture
def gateway():
    """A real one on the loopback: what it was posted, and the answers that it still has to give."""

    class Gateway(BaseHTTPRequestHandler):
        posts: ClassVar[list] = []
        answers: ClassVar[list] = []

        def do_POST(self):
            """Keep it."""
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            Gateway.posts.append((self.headers["Authorization"], body))
            self.send_response(Gateway.answers.pop(0) if Gateway.answers else 204)
            self.end_headers()

        def log_message(self, *_):
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Gateway, f"http://127.0.0.1:{server.server_port}/messages"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def environment(folder, gateway, tmp_path):
    """As the page says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    return {
        **own,
        "PYTHONPATH": str(folder / "site"),
        "MILEPOST_DATABASE_URL": f"sqlite:///{tmp_path / 'milepost.db'}",
        "MILEPOST_MAILBOX": str(tmp_path / "mailbox"),
        "MILEPOST_WORKFLOWS": str(folder),
        "MILEPOST_CHANNELS": "pager",
        "MILEPOST_CHANNEL_PAGER_URL": gateway[1],
        "MILEPOST_CHANNEL_PAGER_KEY": "sesame",
    }


def milepost(environment, *words, code=0):
    """A command of ours, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "runtime.cli.main", *words],
        env=environment, capture_output=True, text=True, timeout=WAIT, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def served(environment, port):
    """A server in a process of its own, once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli.main", "serve", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz")
            return process
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the server does not answer")


def letters(client):
    """What is on record of a new case, once it is all there: to whom, by which channel, where, and how it went."""
    case = client.post("/cases", json={"workflow": "paper", "data": {"paper.pages": 1}}).json()["case"]
    rows, until = [], time.monotonic() + WAIT
    while len(rows) < 3 and time.monotonic() < until:
        rows = client.get(f"/cases/{case['id']}/letters").json()["items"]
        time.sleep(0.1)
    return case["number"], {(row["to"], row["channel"]): (row["address"], row["status"], row["reason"]) for row in rows}


def test_a_channel_that_is_plugged_in(environment, gateway):
    """It delivers beside mail to who has a phone; where it is refused for good, everybody has his mail all the same."""
    posts, answers = gateway[0].posts, gateway[0].answers
    clerk = milepost(environment, "token", "create", "--actor", "clara", "--name", "Clara", "--role", "clerk").split()[
        -1
    ]
    for who, more in (("rosa", ("--attribute", "phone=+79990000000")), ("rudi", ())):
        given = ("--actor", who, "--name", who, "--role", "reader", "--email", f"{who}@reader.example", *more)
        milepost(environment, "token", "create", *given)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = served(environment, port)
    headers = {"Authorization": f"Bearer {clerk}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=WAIT) as client:
            number, good = letters(client)
            answers.append(400)
            _, refused = letters(client)
    finally:
        process.terminate()
        process.wait(WAIT)
    by_mail = {(who, "mailbox"): (f"{who}@reader.example", "sent", None) for who in ("rosa", "rudi")}
    assert good == {**by_mail, ("rosa", "pager"): ("+79990000000", "sent", None)}
    assert refused == {**by_mail, ("rosa", "pager"): ("+79990000000", "failed", "the gateway answered 400")}
    said = {"id": posts[0][1]["id"], "to": "+79990000000", "text": f"{number}: 1 page to read"}
    assert posts[0] == ("Bearer sesame", said)
    assert len(list(Path(environment["MILEPOST_MAILBOX"]).iterdir())) == 4


def test_what_cannot_be_plugged_in(environment):
    """A name that nobody installed, a channel that lacks a setting, a setting of a channel that is not used."""
    said = milepost({**environment, "PYTHONPATH": ""}, "serve", code=2)
    assert "no channel 'pager' is installed; there are: none" in " ".join(said.split())
    lacking = {name: value for name, value in environment.items() if name != "MILEPOST_CHANNEL_PAGER_KEY"}
    assert "the channel 'pager' cannot be used: KeyError: 'key'" in " ".join(milepost(lacking, "serve", code=2).split())
    with pytest.raises(BadSetting, match="no setting MILEPOST_CHANNEL_PAGER_URL"):
        read_settings({"MILEPOST_CHANNEL_PAGER_URL": "x"})
    with pytest.raises(BadSetting, match="is no name of a channel"):
        read_settings({"MILEPOST_CHANNELS": "../pager"})
    assert plugged_in((), {}) == []
    assert "sesame" not in repr(read_settings({"MILEPOST_CHANNELS": "p", "MILEPOST_CHANNEL_P_KEY": "sesame"}))
