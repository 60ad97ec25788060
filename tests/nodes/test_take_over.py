"""A node that dies, sleeps or is told to stop in the middle of a delivery: another takes over, and nobody does harm."""

from __future__ import annotations

import base64
import json
import signal
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from cluster import running, until

SHORT, LONG = "2", "600"


class Receiver(ThreadingHTTPServer):
    """A receiver of webhooks that keeps the first post waiting until it is let go; it counts which messages came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Post)
        self.came, self.let_go, self.messages = threading.Event(), threading.Event(), []

    @property
    def settings(self):
        """Where nodes send to."""
        return {
            "MILEPOST_WEBHOOK_URL": f"http://127.0.0.1:{self.server_port}/",
            "MILEPOST_WEBHOOK_SECRET": "whsec_" + base64.b64encode(b"k" * 32).decode(),
            "MILEPOST_WEBHOOK_PRIVATE": "yes",
        }


class Post(BaseHTTPRequestHandler):
    """One delivery."""

    def do_POST(self):
        """Answer it, the first one late."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        first = not self.server.messages
        self.server.messages.append(body["data"]["message_id"])
        self.server.came.set()
        if first:
            self.server.let_go.wait(60)
        try:
            self.send_response(204)
            self.end_headers()
        except OSError:
            return  # who asked is dead

    def log_message(self, *args):
        """Says nothing."""


@contextmanager
def receiving():
    """A receiver that listens."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.let_go.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def scene(postgres_url, tmp_path):
    """Makes a node that is in the middle of a delivery: (cluster, receiver, that node)."""
    with ExitStack() as stack:

        def make(lease):
            receiver = stack.enter_context(receiving())
            settings = receiver.settings | {"MILEPOST_LEASE_SECONDS": lease}
            cluster = stack.enter_context(running(postgres_url, tmp_path, **settings))
            token = cluster.token("carl", "clerk")
            holder = cluster.start("holder", "serve", "--port", "0", shift=300)
            with holder.client(token) as client:
                answer = client.post("/cases", json={"workflow": "errand", "data": {"errand.text": "one"}})
                assert answer.status_code == 201, answer.text
            assert receiver.came.wait(60)
            return cluster, receiver, holder

        yield make


def effects(cluster):
    """(status, attempt) of every effect."""
    return cluster.sql("SELECT status, attempt FROM effect ORDER BY id")


def test_a_node_that_dies(scene):
    """Killed in the middle of a delivery, its work is taken over when the lease has ended, under the same key."""
    cluster, receiver, holder = scene(SHORT)
    cluster.start("other", "schedule", shift=-300)
    holder.end(signal.SIGKILL)
    until(lambda: effects(cluster) == [("done", 2)])
    assert len(receiver.messages) == 2
    assert len(set(receiver.messages)) == 1
    assert cluster.sql("SELECT kind, text FROM incident") == []


def test_a_node_that_sleeps(scene):
    """Stopped in the middle of a delivery and woken when another has finished it, it changes nothing: the attempt fences."""
    cluster, receiver, holder = scene(SHORT)
    cluster.start("other", "schedule", shift=-300)
    holder.send(signal.SIGSTOP)
    until(lambda: effects(cluster) == [("done", 2)])
    before = cluster.sql("SELECT key, status, attempt, tries, result FROM effect")
    receiver.let_go.set()
    holder.send(signal.SIGCONT)
    assert holder.end() == 0  # it has finished what it was at, and ended in order
    assert cluster.sql("SELECT key, status, attempt, tries, result FROM effect") == before
    assert cluster.sql("SELECT kind, text FROM incident") == []
    assert cluster.sql("SELECT kind FROM step") == [("opened",)]
    assert (len(receiver.messages), len(set(receiver.messages))) == (2, 1)
    assert "Traceback" not in holder.said


def test_a_node_that_is_told_to_stop(scene):
    """SIGTERM: what is being delivered is finished, nothing new is begun; what is left others do at once, in spite of the lease."""
    cluster, receiver, holder = scene(LONG)
    token = cluster.token("dora", "clerk")
    with holder.client(token) as client:
        for number in range(3):
            client.post("/cases", json={"workflow": "errand", "data": {"errand.text": f"more {number}"}})
    holder.send(signal.SIGTERM)
    until(lambda: not answers(holder))
    receiver.let_go.set()
    assert holder.process.wait(60) == 0
    assert effects(cluster)[0] == ("done", 1)
    assert {status for status, _ in effects(cluster)} <= {"done", "pending"}
    cluster.start("next", "schedule")
    until(lambda: {status for status, _ in effects(cluster)} == {"done"})
    assert (len(receiver.messages), len(set(receiver.messages))) == (7, 7)


def answers(node):
    """Whether it still takes requests."""
    try:
        return httpx.get(f"{node.address}/healthz", trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False
