"""One signed POST to a party outside (Standard Webhooks 1.0), and a GET of our own: no redirects, bounded answer.

What others gave us as an address is public, or not posted to.

What is said is left to webhooks. Owner of httpx.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from adapters.public_addresses import resolve
from engine.errors import DeliveryFailed, ReceiverGone

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from datetime import datetime

MAX_ANSWER = 1 << 20
RETRY_SECONDS = 60.0
MAX_RETRY_SECONDS = 86_400.0
MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to post and with which secret (`whsec_` and base64, at least 24 bytes). `http` and private addresses only
    with `private`.
    """

    url: str
    secret: str = field(repr=False)
    private: bool = False
    wait_seconds: float = 10.0
    whole_seconds: float = 30.0
    retry_seconds: float = RETRY_SECONDS  # where the receiver does not say when

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise ValueError(f"no web address: {error}") from error
        if url.scheme not in {"https", "http"} or not url.host or url.userinfo:
            raise ValueError("a web address is https://host/path, without a user in it")
        if not 0 < (url.port or 443) <= MAX_PORT:
            raise ValueError(f"{url.port} is no port; there are 1 to {MAX_PORT}")
        if url.scheme == "http" and not self.private:
            raise ValueError("http is for private addresses only; use https")
        secret_bytes(self.secret)

    def address(self) -> str:
        """The address to connect to, looked up now. Raises DeliveryFailed: for good where it is not public and has to be."""
        url = httpx.URL(self.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            return resolve(url.host, port, private=self.private)
        except PermissionError as error:
            raise DeliveryFailed(f"{error}; allow it in the endpoint's settings", retry_after=None) from error
        except (OSError, UnicodeError) as error:
            words = f"'{url.host}' cannot be found: {error}"
            raise DeliveryFailed(words, retry_after=self.retry_seconds) from error


def trust() -> ssl.SSLContext:
    """Who may vouch for receivers: what is trusted everywhere, read once."""
    return httpx.create_ssl_context(trust_env=False)


def fetch_json(url: str, *, wait_seconds: float = 5.0) -> dict[str, Any]:
    """The JSON object at an address that our own settings lead to; no redirects. Raises OSError, ValueError."""
    try:
        with (
            httpx.Client(timeout=wait_seconds, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json", "User-Agent": "Milepost"}) as answer,
        ):
            if answer.status_code != 200:
                raise ConnectionError(f"{url} answered {answer.status_code}")
            body, end = b"", time.monotonic() + 2 * wait_seconds
            for part in answer.iter_raw():
                body += part
                if len(body) > MAX_ANSWER or time.monotonic() > end:
                    raise ConnectionError(f"the answer of {url} does not come to an end")
    except httpx.HTTPError as error:
        raise ConnectionError(f"no answer from {url}: {str(error) or type(error).__name__}") from error
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError(f"{url} is no JSON object")  # noqa: TRY004  (their fault, not the program's)
    return value


def secret_bytes(secret: str) -> bytes:
    """The key inside `whsec_…`; raises ValueError where it is none or too short."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 24:
        raise ValueError("a webhook secret is 'whsec_' and the base64 of 24 to 64 random bytes")
    return key


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256 over id.timestamp.body>`."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret_bytes(secret), signed, hashlib.sha256)).decode()


class Outbound:
    """Posts to one endpoint. `machine_now` stamps each try; `ticks` measures how long the whole answer takes.

    `trusted`: who may vouch for receivers, where that was read before: reading it takes longer than a post.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        machine_now: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._machine_now = machine_now
        self._ticks = ticks
        # Without proxies of the environment: they would look the name up again, out of our sight.
        self._client = httpx.Client(
            timeout=endpoint.wait_seconds,
            trust_env=False,
            follow_redirects=False,
            verify=True if trusted is None else trusted,
        )

    @property
    def host(self) -> str:
        """The machine that it posts to."""
        return httpx.URL(self._endpoint.url).host

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def post(
        self, body: bytes, *, message_id: str, content_type: str = "application/json", answered: bool = True
    ) -> bytes:
        """The body of a 2xx answer, empty where it is not to be `answered`; raises DeliveryFailed otherwise: 4xx but 408 and
        429 for good (410: ReceiverGone), the rest for now.
        """
        url = httpx.URL(self._endpoint.url)
        try:
            with self._client.stream(
                "POST",
                url.copy_with(host=self._endpoint.address()),
                content=body,
                headers={
                    **self._signed(body, message_id),
                    "Content-Type": content_type,
                    "Host": url.netloc.decode("ascii"),
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as answer:
                if not answer.is_success:
                    raise self._not_taken(answer)
                return self._read(answer) if answered else b""
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise DeliveryFailed(
                f"no answer from {url.host}: {reason}", retry_after=self._endpoint.retry_seconds
            ) from error

    def _signed(self, body: bytes, message_id: str) -> dict[str, str]:
        timestamp = int(self._machine_now().timestamp())
        return {
            "Accept-Encoding": "identity",
            "User-Agent": "Milepost",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(
                self._endpoint.secret, message_id=message_id, timestamp=timestamp, body=body
            ),
        }

    def _read(self, answer: httpx.Response) -> bytes:
        end, parts, size = self._ticks() + self._endpoint.whole_seconds, [], 0
        for part in answer.iter_raw():
            size += len(part)
            if size > MAX_ANSWER:
                raise DeliveryFailed(f"the answer is longer than {MAX_ANSWER >> 20} MiB", retry_after=None)
            if self._ticks() > end:
                raise DeliveryFailed("the answer does not come to an end", retry_after=self._endpoint.retry_seconds)
            parts.append(part)
        return b"".join(parts)

    def _not_taken(self, answer: httpx.Response) -> DeliveryFailed:
        code = answer.status_code
        words = f"the receiver answered {code}"
        if code == httpx.codes.GONE:
            return ReceiverGone(words)
        if 400 <= code < 500 and code not in {408, 429}:
            return DeliveryFailed(words, retry_after=None)
        asked = _retry_after(answer, self._machine_now())
        return DeliveryFailed(words, retry_after=self._endpoint.retry_seconds if asked is None else asked)


def _retry_after(answer: httpx.Response, now: datetime) -> float | None:
    """Seconds (RFC 9110 10.2.3), None where nothing is said; a date is counted from the answer's own Date, so that clocks need not agree."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        seconds = float(asked[:9])
    else:
        until = _date(asked)
        if until is None:
            return None
        seconds = (until - (_date(answer.headers.get("Date", "")) or now)).total_seconds()
    return min(max(seconds, 1.0), MAX_RETRY_SECONDS)


def _date(text: str) -> datetime | None:
    """An HTTP date; None: it is none, or says nothing of its zone."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else None
