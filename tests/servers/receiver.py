"""A real HTTP receiver of events on a loopback port: keeps what it is sent, answers as told, and can hold its answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 30


@dataclass(frozen=True)
class Post:
    """What has come."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its webhook-id."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def step(self) -> tuple[str, int]:
        """(case, seq)."""
        return self.event["subject"], self.event["data"]["seq"]

    def is_signed_with(self, secret: str) -> bool:
        """By the words of Standard Webhooks 1.0, and nothing of ours."""
        key = base64.b64decode(secret.split("_", 1)[1])
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{mac}" in self.headers["webhook-signature"].split(" ")


class Receiver:
    """`answer` gives (status, headers) for a post; while `go_on` is not set it waits with it."""

    def __init__(self) -> None:
        self.got: list[Post] = []
        self.answer: Callable[[Post], tuple[int, dict[str, str]]] = lambda _: (204, {})
        self.go_on = Event()
        self.go_on.set()
        self.at_once = self.most_at_once = 0
        self._changed = Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code, headers = receiver.take(Post(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                try:
                    self.send_response(code)
                    for name, value in {**headers, "Content-Length": "0"}.items():
                        self.send_header(name, value)
                    self.end_headers()
                except OSError:
                    return  # who asked is dead

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"

    def take(self, post: Post) -> tuple[int, dict[str, str]]:
        """Note it, and answer when it may."""
        with self._changed:
            self.got.append(post)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self._changed.notify_all()
        assert self.go_on.wait(WAIT)
        try:
            return self.answer(post)
        finally:
            with self._changed:
                self.at_once -= 1

    def wait_for(self, enough: Callable[[list[Post]], bool] | int) -> None:
        """Until so many have come, or what has come is enough."""
        look = (lambda got: len(got) >= enough) if isinstance(enough, int) else enough
        with self._changed:
            assert self._changed.wait_for(lambda: look(self.got), WAIT), [post.step for post in self.got]

    @property
    def steps(self) -> list[tuple[str, int]]:
        """What has come, in its order."""
        return [post.step for post in self.got]

    def close(self) -> None:
        """It is gone."""
        self.go_on.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
