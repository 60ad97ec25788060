"""Documents over HTTP: streamed both ways, bounded, and safe to save."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from hashlib import sha256
from threading import Event

import pytest

from api import exact
from api.app import UPLOADS_EACH
from tests.api.conftest import ACME

OCTETS = {"Content-Type": "application/octet-stream"}


def upload(world, who, content, **query):
    """One upload, answered."""
    return world.as_(who).post("/documents", content=content, params=query, headers=OCTETS)


def kept(world):
    """Files in the folder."""
    return [path for path in world.services.documents._contents._folder.rglob("*") if path.is_file()]


def case_with(world, digest):
    """A case that refers to a drawing; its id."""
    return world.open(data={**ACME, "product": {**ACME["product"], "drawing": digest}})["id"]


def test_there_and_back(anywhere):
    """Sent in parts, kept once, referred to, and read as it came, under its name."""
    parts = [b"line %d\n" % number for number in range(50_000)]
    digest = sha256(b"".join(parts)).hexdigest()
    answer = upload(anywhere, "anna", iter(parts), name='чертёж "1".txt')
    assert (answer.status_code, answer.json()["sha256"], answer.json()["media_type"]) == (201, digest, "text/plain")
    assert upload(anywhere, "anna", b"".join(parts)).json()["size"] == sum(map(len, parts))
    assert len(kept(anywhere)) == 1
    case = case_with(anywhere, digest)
    for name in ("anna", "oleg"):
        got = anywhere.as_(name).get(f"/cases/{case}/documents/{digest}")
        assert got.content == b"".join(parts)
    assert got.headers["content-disposition"] == ("attachment; filename=\"document\"; filename*=UTF-8''document")
    assert (got.headers["x-content-type-options"], got.headers["etag"]) == ("nosniff", f'"{digest}"')
    assert got.headers["content-security-policy"].startswith("default-src 'none'")


def test_its_name_cannot_break_the_header(world):
    """In any letters, and what would end the header or the quotes is not in it."""
    digest = upload(world, "anna", b"x", name='a/чертёж "1"\r\nX-Bad: 1.txt').json()["sha256"]
    got = world.as_("anna").get(f"/cases/{case_with(world, digest)}/documents/{digest}")
    assert "x-bad" not in got.headers
    assert got.headers["content-disposition"] == (
        'attachment; filename="______ _1_X-Bad: 1.txt"; '
        "filename*=UTF-8''%D1%87%D0%B5%D1%80%D1%82%D1%91%D0%B6%20%221%22X-Bad%3A%201.txt"
    )


def test_what_was_not_uploaded(world):
    """422 with the field, and what to do."""
    answer = world.as_("anna").post(
        "/cases", json={"workflow": "offer", "data": {**ACME, "product": {"designation": "V-1", "drawing": "0" * 64}}}
    )
    (problem,) = answer.json()["problems"]
    assert (answer.status_code, problem["path"], problem["code"]) == (422, "product.drawing", "unknown-document")
    assert "POST /documents first" in problem["text"]


@pytest.mark.parametrize("content", [b"", b"<html><script>alert(1)</script>", b"MZ\x90\x00"])
def test_kinds_that_are_not_taken(world, content):
    """422 in words that say what is."""
    answer = upload(world, "anna", content)
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "not-taken")
    assert kept(world) == []


def test_a_body_that_is_too_large(world, monkeypatch):
    """413 by what it says, and by what comes; nothing is kept."""
    monkeypatch.setattr(exact, "MAX_DOCUMENT", 10_000)
    assert upload(world, "anna", b"x" * 10_001).status_code == 413
    assert upload(world, "anna", iter([b"x" * 9_000, b"x" * 9_000])).status_code == 413
    assert upload(world, "anna", b"x" * 10_000).status_code == 201
    assert len(kept(world)) == 1


def test_an_upload_that_is_cut_off(world):
    """Nothing of it is left, and the next goes well."""
    host, port = world.listening.socket.getsockname()
    head = f"POST /documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secrets['anna']}\r\nContent-Length: 90000\r\n\r\n"
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(head.encode() + b"half of it")
    assert upload(world, "anna", b"whole").status_code == 201
    for _ in range(200):
        if len(kept(world)) == 1:
            break
        world.as_().get("/healthz")
    assert [path.read_bytes() for path in kept(world)] == [b"whole"]


def test_an_upload_that_does_not_come(world, monkeypatch):
    """408 when its time is over."""
    monkeypatch.setattr(exact, "SLOWEST_DOCUMENT", 0.3)
    host, port = world.listening.socket.getsockname()
    head = f"POST /documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secrets['anna']}\r\nContent-Length: 90000\r\n\r\n"
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(head.encode() + b"half of it")
        assert connection.recv(4096).startswith(b"HTTP/1.1 408")
    assert kept(world) == []


def test_a_few_uploads_at_a_time(world):
    """Who sends several slowly is told to wait with the next; others go on, and so does he when one has ended."""
    address = world.listening.socket.getsockname()
    head = f"POST /documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.secrets['anna']}\r\nContent-Length: 90000\r\n\r\nx"
    with ExitStack() as held:
        for _ in range(UPLOADS_EACH):
            connection = held.enter_context(socket.create_connection(address, timeout=20))
            connection.sendall(head.encode())
        until(lambda: world.app.state.uploads._open.get("anna") == UPLOADS_EACH)
        said = upload(world, "anna", b"more")
        assert said.status_code == 503
        assert "4 uploads of a person" in said.json()["detail"]
        assert said.headers["retry-after"] == "30"
        assert upload(world, "oleg", b"other").status_code == 201
    until(lambda: upload(world, "anna", b"more").status_code == 201)


def until(happened):
    """Comes back as soon as it is so."""
    for _ in range(1000):
        if happened():
            return
        Event().wait(0.01)
    raise AssertionError("it did not happen in time")
