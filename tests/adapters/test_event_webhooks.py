"""Events posted to strangers: CloudEvents in structured mode, of whose answer only the status counts, within a bounded time."""

from __future__ import annotations

import socket
from base64 import b64encode
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from adapters.webhooks import EventWebhooks
from engine.errors import DeliveryFailed, ReceiverGone
from tests.servers.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "whsec_" + b64encode(b"an invented secret of 32 bytes!!").decode()
OTHER = "whsec_" + b64encode(b"another one that is 32 bytes too").decode()
NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)


def posting(**more) -> EventWebhooks:
    """With leave to reach the loopback."""
    return EventWebhooks(private=True, machine_now=lambda: NOW, **more)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real one."""
    made = Receiver()
    yield made
    made.close()


def test_a_post(receiver):
    """Signed with the secret that is given with it, under the id that is given with it."""
    posting().post(receiver.url, SECRET, b'{"specversion": "1.0"}', "sub-case-1")
    (post,) = receiver.got
    assert (post.id, post.body) == ("sub-case-1", b'{"specversion": "1.0"}')
    assert post.headers["content-type"] == "application/cloudevents+json"
    assert post.is_signed_with(SECRET)
    assert not post.is_signed_with(OTHER)


@pytest.mark.parametrize(
    ("code", "headers", "retry_after"),
    [
        (500, {}, 0.0),
        (503, {"Retry-After": "120"}, 120.0),
        (429, {}, 0.0),
        (429, {"Retry-After": "soon"}, 0.0),
        (307, {"Location": "/elsewhere"}, 0.0),
        (403, {"Retry-After": "9"}, None),
    ],
)
def test_answers(receiver, code, headers, retry_after):
    """Who does not say when is tried again as we like; 4xx is for good; no redirect is followed; no secret is in the words."""
    receiver.answer = lambda _: (code, headers)
    with pytest.raises(DeliveryFailed, match=f"the receiver answered {code}") as caught:
        posting().post(receiver.url, SECRET, b"{}", "m")
    assert caught.value.retry_after == retry_after
    assert [post.path for post in receiver.got] == ["/in"]
    assert SECRET not in repr(caught.value)


def test_gone(receiver):
    """410 says that there is nobody any more."""
    receiver.answer = lambda _: (410, {})
    with pytest.raises(ReceiverGone) as caught:
        posting().post(receiver.url, SECRET, b"{}", "m")
    assert caught.value.retry_after is None


def test_nobody_listens():
    """For now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(DeliveryFailed, match=r"no answer from 127\.0\.0\.1") as caught:
        posting().post(f"http://127.0.0.1:{port}/", SECRET, b"{}", "m")
    assert caught.value.retry_after == 0.0


@pytest.mark.parametrize("url", ["https://localhost/", "https://10.0.0.1/", "http://1.1.1.1/", "https://a:b@1.1.1.1/"])
def test_what_is_refused(url):
    """When it is asked, and again at each post: what is allowed may be another by then, and a name may lead elsewhere."""
    strict = EventWebhooks(private=False, machine_now=lambda: NOW)
    assert strict.refusal(url)
    assert strict.refusal("https://1.1.1.1/in") is None
    with pytest.raises(DeliveryFailed) as caught:
        strict.post(url, SECRET, b"{}", "m")
    assert caught.value.retry_after is None


def test_a_letter_a_moment():
    """A receiver that never ends its answer, and never is silent for long either, is left after the whole time."""
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                try:
                    while not ended.wait(0.02):
                        connection.sendall(b"x")
                except OSError:
                    ended.set()

        dripping = Thread(target=drip)
        dripping.start()
        with pytest.raises(DeliveryFailed) as caught:
            posting(whole_seconds=0.5).post(f"http://127.0.0.1:{port}/", SECRET, b"{}", "m")
        ended.set()
        dripping.join()
    assert caught.value.retry_after == 0.0


def test_names_inside_are_not_told():
    """What an address inside is called, and whether it is there, is told only where such addresses may be used."""
    said = {
        EventWebhooks(private=False, machine_now=lambda: NOW).refusal(f"https://{host}/")
        for host in ("localhost", "10.0.0.1", "[::1]")
    }
    assert said == {"leads to no address on the public network"}
