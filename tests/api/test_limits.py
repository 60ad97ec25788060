"""Callers that ask too much, too slowly or from somewhere else."""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import exact, limits, patience
from api.app import create_app
from api.limits import BURST, Doors, Rate
from engine.errors import TooManyRequests
from tests.api.conftest import ACME, World


class Ticks:
    """A clock that is moved by hand."""

    now = 50.0

    def __call__(self):
        """Seconds."""
        return self.now


def taken(rate, who="anna"):
    """How many are taken in a row."""
    for count in range(10_000):
        try:
            rate.take(who)
        except TooManyRequests:
            return count
    raise AssertionError("there is no end to it")


def test_a_burst_and_then_the_rate():
    """Four seconds' worth at once, and then as many as the seconds give; nobody takes from another."""
    ticks = Ticks()
    rate = Rate(10, ticks=ticks)
    assert taken(rate) == 10 * BURST
    assert taken(rate, "boris") == 10 * BURST
    ticks.now += 0.5
    assert taken(rate) == 5
    ticks.now += 3600
    assert taken(rate) == 10 * BURST


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_rate(pauses):
    """However they are spread: in any time no more than the burst and what the time gives."""
    ticks = Ticks()
    rate, began, count = Rate(5, ticks=ticks), ticks.now, 0
    for pause in pauses:
        ticks.now += pause
        count += taken(rate)
        assert count <= 5 * (BURST + ticks.now - began) + 1


def test_callers_that_are_remembered_are_bounded(monkeypatch):
    """Those for whom nothing counts any more are forgotten first."""
    monkeypatch.setattr(limits, "KNOWN", 100)
    ticks = Ticks()
    rate = Rate(1, ticks=ticks)
    for number in range(1000):
        rate.take(f"caller {number}")
        ticks.now += 0.5
    assert len(rate._free) <= 100


@pytest.fixture
def narrow(world):
    """The application with narrow doors."""

    def made(**doors):
        world.listening.app = create_app(world.services, version="test", doors=Doors(**doors))
        return World(world.listening.app, world.services, world.secrets, world.listening)

    return made


def test_too_many_requests_of_one_person(narrow):
    """429 with Retry-After, whichever of his tokens he uses; others go on."""
    world = narrow(requests=Rate(1))
    world.secrets["anna2"] = world.services.people.create_token("anna", "Anna", ["applicant"])[0]
    answers = [world.as_(name).get("/me") for name in ("anna", "anna2") * 5]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert len(refused) >= 4
    assert refused[0].json()["type"] == "urn:milepost:problem:too-many-requests"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert world.as_("oleg").get("/me").status_code == 200
    assert world.as_().get("/healthz").status_code == 200


def test_too_many_wrong_tokens(narrow):
    """Who guesses is slowed down; who is known already is not held up by it."""
    world = narrow(guesses=Rate(1))
    assert world.as_("anna").get("/me").status_code == 200
    world.secrets.update({f"guess {number}": f"mp_{number}" for number in range(10)})
    answers = [world.as_(f"guess {number}").get("/me").status_code for number in range(10)]
    assert answers[:4] == [401] * 4
    assert 429 in answers
    assert world.as_("anna").get("/me").status_code == 200


def test_pages_of_other_addresses(narrow):
    """Closed unless an origin is named, and then open for exactly that one, without cookies."""
    asked = {"Origin": "https://portal.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in narrow().as_("anna", **asked).options("/cases").headers
    world = narrow(origins=("https://portal.example",))
    headers = world.as_("anna", **asked).options("/cases").headers
    assert headers["access-control-allow-origin"] == "https://portal.example"
    assert "access-control-allow-credentials" not in headers
    other = world.as_("anna", Origin="https://portal.example.evil.example").get("/me")
    assert other.headers.get("access-control-allow-origin") is None


def exchange(world, *parts, until=b""):
    """What comes back for bytes that are sent as they are, until the other side ends it."""
    host, port = world.listening.socket.getsockname()
    with socket.create_connection((host, port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while piece := connection.recv(4096):
            received += piece
            if until and until in received:
                break
        return received


def narrow_socket(world):
    """A connection of which little fits into the buffers on the way."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(world.listening.socket.getsockname())
    return connection


def drain(connection):
    """All that comes."""
    received = b""
    while piece := connection.recv(2048):
        received += piece
    return received


def test_a_body_that_does_not_arrive(world, monkeypatch):
    """408 when its time is over, and nothing is stored."""
    monkeypatch.setattr(exact, "SLOWEST", 0.2)
    head = f"POST /cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secrets['anna']}\r\nContent-Type: application/json\r\n"
    said = exchange(world, head.encode() + b"Content-Length: 500\r\n\r\n", b"{", until=b"too-slow")
    assert said.startswith(b"HTTP/1.1 408")
    assert world.as_("oleg").get("/cases").json()["items"] == []


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"GET"])
def test_headers_that_do_not_arrive(world, monkeypatch, begun):
    """The connection is closed, before a first request and before a second."""
    monkeypatch.setattr(patience, "HEADERS", 0.2)
    assert exchange(world, begun) == b""
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert exchange(world, whole, begun or b"G").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "lines", [b"X-Long: " + b"x" * 100_000, b"\r\n".join(b"X-%d: 1" % number for number in range(20_000))]
)
def test_headers_that_do_not_end(world, lines):
    """Refused, or not even read to their end."""
    said = b""
    with suppress(ConnectionResetError):
        said = exchange(world, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n", until=b"too-large")
    assert said == b"" or re.match(rb"HTTP/1.1 4(00|31)", said)
    assert world.as_("anna").get("/me").status_code == 200


def test_a_patient_client_is_served(world, monkeypatch):
    """In pieces, but in time."""
    monkeypatch.setattr(patience, "HEADERS", 5.0)
    whole = f"GET /me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secrets['anna']}\r\nConnection: close\r\n\r\n"
    said = exchange(world, *(bytes([sign]) for sign in whole.encode()))
    assert said.startswith(b"HTTP/1.1 200")
    assert world.open("anna", ACME)["number"] == "O-2026-0001"


def test_an_answer_that_is_not_read(world, monkeypatch):
    """The connection is cut, and less has come than was promised; a slow reader who reads gets all."""
    monkeypatch.setattr(patience, "READING", 1.5)
    world.listening.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    whole = exchange(world, asked).partition(b"\r\n\r\n")[2]
    assert len(whole) > 100_000
    with narrow_socket(world) as connection:
        connection.sendall(asked)
        assert drain(connection).partition(b"\r\n\r\n")[2] == whole
    with narrow_socket(world) as connection:
        connection.sendall(asked)
        head = connection.recv(2048)
        assert f"content-length: {len(whole)}".encode() in head.lower()
        Event().wait(3.0)
        assert len(drain(connection)) < len(whole) / 2
    world.listening.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)


def test_more_connections_than_can_be(world, monkeypatch):
    """The next is told to come again; when one goes there is room."""
    host, port = world.listening.socket.getsockname()
    held = world.as_("anna")
    assert held.get("/me").status_code == 200
    open_now = len(world.listening.server.server_state.connections)
    monkeypatch.setattr(patience, "MOST", open_now)
    said = exchange(world)
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 5" in head
    assert json.loads(body)["type"] == "urn:milepost:problem:unavailable"
    monkeypatch.setattr(patience, "MOST", open_now + 1)
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
