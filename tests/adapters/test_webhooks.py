"""Signed posts to a real HTTP server on the loopback."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from adapters.outbound import Endpoint, Outbound, signature
from adapters.public_addresses import is_public
from adapters.webhooks import WebhookCaller, WebhookNotifier
from adapters.work_orders import WorkOrders
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.ports import Message

SECRET = "whsec_" + b64encode(b"an invented secret of 32 bytes!!").decode()
NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)


class Receiver(ThreadingHTTPServer):
    """Keeps what it is sent and gives the answer it was told to give."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")

    @property
    def url(self) -> str:
        """Where it listens, by name."""
        return f"http://localhost:{self.server_port}/in?x=1"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        code, headers, answer = self.server.answer
        self.send_response_only(code)  # no Date of its own
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real server on a free port."""
    server = Receiver()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def outbound(receiver: Receiver) -> Iterator[Outbound]:
    """Posts to it, with leave to reach the loopback."""
    outbound = Outbound(Endpoint(receiver.url, SECRET, private=True, wait_seconds=5), machine_now=lambda: NOW)
    yield outbound
    outbound.close()


def test_signature_vector() -> None:
    """The signature is that of the Standard Webhooks documentation and its reference libraries."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_notifier(message: Message, receiver: Receiver, outbound: Outbound) -> None:
    """A message is posted once, signed over the very bytes, under the message's own id."""
    WebhookNotifier(outbound).deliver(message)
    ((path, headers, body),) = receiver.got
    assert path == "/in?x=1"
    assert headers["host"] == f"localhost:{receiver.server_port}"
    assert headers["webhook-id"] == message.message_id
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == signature(
        SECRET, message_id=message.message_id, timestamp=int(NOW.timestamp()), body=body
    )
    assert json.loads(body)["data"]["subject"] == message.subject
    assert json.loads(body)["timestamp"] == "2026-05-12T09:30:00.000000Z"


def test_caller(receiver: Receiver, outbound: Outbound) -> None:
    """A call is {operation, key, with}; the answer is a JSON object with exact numbers, or nothing."""
    caller = WebhookCaller("laboratory", outbound)
    receiver.answer = (200, {}, b'{"fee": 0.10, "ok": true}')
    values = {"on": date(2026, 5, 12), "fee": Decimal("1.50"), "samples": ("S1",)}
    assert caller.call("return_samples", values, key="c/1/0") == {"fee": Decimal("0.10"), "ok": True}
    assert json.loads(receiver.got[0][2]) == {
        "operation": "return_samples",
        "key": "c/1/0",
        "with": {"on": "2026-05-12", "fee": "1.50", "samples": ["S1"]},
    }
    receiver.answer = (204, {}, b"")
    assert caller.call("return_samples", {}, key="c/1/1") == {}


@pytest.mark.parametrize("answer", [b"[1]", b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000, b"x" * (1 << 20) + b"x"])
def test_caller_bad_answer(receiver: Receiver, outbound: Outbound, answer: bytes) -> None:
    """An answer that is no JSON object, or larger than 1 MiB, is refused for good."""
    receiver.answer = (200, {}, answer)
    with pytest.raises(DeliveryFailed) as caught:
        WebhookCaller("laboratory", outbound).call("x", {}, key="k")
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("code", "headers", "retry_after"),
    [
        (410, {}, None),
        (400, {}, None),
        (404, {"Retry-After": "9"}, None),
        (408, {}, 60.0),
        (429, {"Retry-After": "120"}, 120.0),
        (503, {"Retry-After": "99999999999"}, 86_400.0),
        (503, {"Date": "Tue, 12 May 2026 08:00:00 GMT", "Retry-After": "Tue, 12 May 2026 08:05:00 GMT"}, 300.0),
        (503, {"Retry-After": "Tue, 12 May 2026 09:35:00 GMT"}, 300.0),
        (429, {"Date": "yesterday", "Retry-After": "Tue, 12 May 2026 09:31:30 GMT"}, 90.0),
        (503, {"Date": "Tue, 12 May 2026 09:30:00 GMT", "Retry-After": "Tue, 12 May 2026 09:00:00 GMT"}, 1.0),
        (500, {"Retry-After": "soon"}, 60.0),
        (302, {"Location": "http://localhost/else"}, 60.0),
    ],
)
def test_answers(
    receiver: Receiver, outbound: Outbound, code: int, headers: dict[str, str], retry_after: float | None
) -> None:
    """4xx are refused for good but 408 and 429; others are tried again when the receiver says; redirects are not followed."""
    receiver.answer = (code, headers, b"")
    with pytest.raises(DeliveryFailed, match=str(code)) as caught:
        outbound.post(b"{}", message_id="m")
    assert caught.value.retry_after == retry_after
    assert len(receiver.got) == 1


def test_slow_answer_ends(receiver: Receiver) -> None:
    """An answer that goes on beyond the whole time is left."""
    receiver.answer = (200, {}, b"x" * 1000)
    ticks = iter([0.0, 31.0])
    outbound = Outbound(
        Endpoint(receiver.url, SECRET, private=True), machine_now=lambda: NOW, ticks=lambda: next(ticks)
    )
    with pytest.raises(DeliveryFailed, match="does not come to an end") as caught:
        outbound.post(b"{}", message_id="m")
    outbound.close()
    assert caught.value.retry_after


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "0x7f.1", "10.0.0.1", "169.254.169.254", "2130706433"]
)
def test_private_refused(host: str) -> None:
    """Private, loopback and link-local addresses are refused for good, however they are written, before connecting."""
    outbound = Outbound(Endpoint(f"https://{host}/", SECRET), machine_now=lambda: NOW)
    with pytest.raises(DeliveryFailed, match="not on the public network") as caught:
        outbound.post(b"{}", message_id="m")
    outbound.close()
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "3fff::1",
        "100.64.0.1",
        "224.0.0.1",
    ],
)
def test_hidden_private(address: str) -> None:
    """An IPv4 address inside an IPv6 address is judged as what it is; of IPv6 only what was given out is public."""
    assert not is_public(address)
    assert is_public("1.1.1.1")
    assert is_public("64:ff9b::101:101")
    assert is_public("2606:4700:4700::1111")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://x.example/", SECRET),
        ("ftp://x.example/", SECRET),
        ("https://", SECRET),
        ("https://user:pw@x.example/", SECRET),
        ("https://x.example/", "whsec_c2hvcnQ="),
        ("https://x.example/", "not base64!"),
    ],
)
def test_settings(url: str, secret: str) -> None:
    """Settings that are not safe are refused when they are read; the secret is not in their repr."""
    with pytest.raises(ValueError, match=" "):
        Endpoint(url, secret)
    assert "whsec" not in repr(Endpoint("https://x.example/", SECRET))


def test_work_orders(tmp_path: Path) -> None:
    """A call without a system behind it becomes one file, however often it is repeated."""
    caller = WorkOrders("laboratory", tmp_path)
    values = {"samples": ({"seal_no": "Пломба 7", "picked_on": date(2026, 5, 12)},)}
    for _ in range(2):
        assert caller.call("return_samples", values, key="../c/1/0") == {}
    caller.call("return_samples", {}, key="../c/1/1")
    files = sorted(tmp_path.rglob("*.json"))
    assert len(files) == 2
    order = next(order for file in files if (order := json.loads(file.read_text("utf-8")))["with"])
    assert order == {
        "adapter": "laboratory",
        "operation": "return_samples",
        "key": "../c/1/0",
        "with": {"samples": [{"seal_no": "Пломба 7", "picked_on": "2026-05-12"}]},
    }
