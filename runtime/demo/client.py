"""An ordinary client of the API: JSON over HTTP with a person's token; it knows nothing of what is behind it."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Any, Self

import httpx

from runtime.demo.problem import NotAsTold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import TracebackType

    from runtime.demo.people import Person

SECONDS = 30.0
PAUSE = 0.1


class Refusal(Exception):
    """The answer of the API is a problem (RFC 9457)."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("detail") or body))
        self.status, self.body = status, body


class Client:
    """Calls as somebody. Every method raises Refusal for what the API refuses."""

    def __init__(self, address: str, tokens: Mapping[str, str]) -> None:
        self._http = httpx.Client(base_url=address, timeout=SECONDS, trust_env=False, headers={"Accept-Language": "en"})
        self._tokens = tokens

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ready(self) -> dict[str, Any]:
        """What the server says of itself."""
        return dict(self._answer(self._send("GET", "/readyz")))

    def get(self, who: Person, path: str, **query: Any) -> Any:
        """One resource."""
        return self._answer(self._send("GET", path, params=query, headers=self._as(who)))

    def post(self, who: Person, path: str, body: Mapping[str, Any], key: str | None = None) -> Any:
        """A command; `key` makes it safe to send again."""
        headers = {**self._as(who), **({"Idempotency-Key": key} if key else {})}
        return self._answer(self._send("POST", path, json=body, headers=headers))

    def upload(self, who: Person, content: bytes, **query: Any) -> Any:
        """The report of a table whose good rows are imported: sent, committed, and waited for."""
        headers = {**self._as(who), "Content-Type": "text/csv"}
        job = self._answer(self._send("POST", "/imports", content=content, params=query, headers=headers))["job"]
        path = f"/imports/{job['id']}"
        job = self._answer(self._send("POST", f"{path}/commit", params={"rows": "good"}, headers=self._as(who)))
        while job["status"] != "done":
            sleep(PAUSE)
            job = self.get(who, path)
        return self.get(who, f"{path}/report")

    def keep(self, who: Person, name: str, content: bytes) -> str:
        """Uploads a document; what cases refer to it by."""
        headers = {**self._as(who), "Content-Type": "application/octet-stream"}
        answer = self._answer(self._send("POST", "/documents", content=content, params={"name": name}, headers=headers))
        return str(answer["sha256"])

    def document(self, who: Person, case: str, sha256: str) -> bytes:
        """The content of a document, from a case that refers to it."""
        return self._content(who, f"/cases/{case}/documents/{sha256}")

    def pdf(self, who: Person, number: str) -> bytes:
        """The file of a certificate."""
        return self._content(who, f"/certificates/{number}/pdf")

    def verify(self, who: Person, pdf: bytes) -> Any:
        """What a file is that is said to be a certificate."""
        headers = {**self._as(who), "Content-Type": "application/pdf"}
        return self._answer(self._send("POST", "/certificates/verify", content=pdf, headers=headers))

    def _content(self, who: Person, path: str) -> bytes:
        response = self._send("GET", path, headers=self._as(who))
        if response.status_code != httpx.codes.OK:
            raise Refusal(response.status_code, response.json())
        return response.content

    def public(self, path: str) -> Any:
        """What anybody may read, without a token."""
        return self._answer(self._send("GET", path))

    def move_clock(self, who: Person, to: datetime) -> Any:
        """Time passes; what falls due on the way happens."""
        return self.post(who, "/clock", {"to": to.isoformat()})

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise NotAsTold(
                f"{method} {path} got no answer ({error or type(error).__name__}); see server.log"
            ) from None

    def _as(self, who: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[who.id]}"}

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        try:
            body = response.json()
        except ValueError:
            raise NotAsTold(f"{response.request.url.path} answered {response.status_code} without JSON") from None
        if response.is_error:
            raise Refusal(response.status_code, body)
        return body
