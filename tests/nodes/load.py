"""People at work on several nodes at once: each request that has a key is sent twice, to two nodes, at the same time."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import uuid4

import httpx


@dataclass
class Told:
    """What was answered: codes (0: nothing), adds and letters by case, keys with their two answers."""

    codes: Counter[int] = field(default_factory=Counter)
    adds: Counter[str] = field(default_factory=Counter)
    pairs: list[tuple[str | None, str | None]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=Lock)


class Crowd:
    """Threads that send to cases which they all share."""

    def __init__(self, clients: list[httpx.Client], *, people: int, cases: int) -> None:
        self.clients, self.people, self.told = clients, people, Told()
        self._twins = ThreadPoolExecutor(2 * people)
        self.cases = [self._open(random.Random(number), f"shared {number}") for number in range(cases)]

    def work(self, seconds: float) -> Told:
        """All of them, for so long."""
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(self.people) as pool:
            for done in [pool.submit(self._person, random.Random(number), end) for number in range(self.people)]:
                done.result()
        self._twins.shutdown()
        return self.told

    def _person(self, chance: random.Random, end: float) -> None:
        acts = (self._add, self._add, self._letter, self._child, self._tell, self._ask, self._bell, self._batch)
        while time.monotonic() < end:
            if chance.random() < 0.08:
                self._open(chance, "one more")
            else:
                chance.choice(acts)(chance)

    def _post(self, client: httpx.Client, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        """As a client should: what is answered 503, or not at all, is sent again under the same key."""
        while True:
            began = time.monotonic()
            try:
                answer = client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
            except httpx.TransportError:
                with self.told.lock:
                    self.told.codes[0] += 1
                continue
            with self.told.lock:
                self.told.seconds.append(time.monotonic() - began)
                self.told.codes[answer.status_code] += 1
                if answer.status_code not in {200, 201, 409, 503}:
                    self.told.odd.append(answer.text[:300])
            if answer.status_code != 503:
                return answer

    def _twice(self, chance: random.Random, path: str, body: dict[str, Any]) -> Any:
        """The same request with the same key to two nodes at once; an answer, that of the step where there is one."""
        key, two = uuid4().hex, chance.sample(self.clients, 2)
        first, second = [self._twins.submit(self._post, client, path, body, key) for client in two]
        answers = first.result(), second.result()
        with self.told.lock:
            self.told.pairs.append(tuple(_step(answer) for answer in answers))
        return max(answers, key=lambda answer: answer.is_success)

    def _open(self, chance: random.Random, text: str) -> str:
        soon = datetime.now(UTC) + timedelta(seconds=chance.uniform(0.5, 3))
        body = {"workflow": "errand", "data": {"errand": {"text": text, "until": soon.isoformat()}}}
        return self._twice(chance, "/cases", body).json()["case"]["id"]

    def _event(self, chance: random.Random, name: str, **data: Any) -> Any:
        case = chance.choice(self.cases)
        answer = self._twice(chance, f"/cases/{case}/events", {"event": name, "data": data})
        if name == "add" and answer.status_code == 200:
            with self.told.lock:
                self.told.adds[case] += 1
        return answer

    def _add(self, chance: random.Random) -> None:
        self._event(chance, "add")

    def _letter(self, chance: random.Random) -> None:
        self._event(chance, "letter")

    def _child(self, chance: random.Random) -> None:
        self._event(chance, "child")

    def _tell(self, chance: random.Random) -> None:
        self._event(chance, "tell")

    def _ask(self, chance: random.Random) -> None:
        self._event(chance, "ask")

    def _bell(self, chance: random.Random) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=chance.uniform(0.2, 2))
        self._event(chance, "remind_at", errand={"until": soon.isoformat()})

    def _batch(self, chance: random.Random) -> None:
        events = [{"case": chance.choice(self.cases), "event": "add", "key": uuid4().hex} for _ in range(8)]
        while events:
            lines = self._post(chance.choice(self.clients), "/events", {"events": events}).json()["results"]
            with self.told.lock:
                for event, line in zip(events, lines, strict=True):
                    self.told.adds[event["case"]] += line["status"] == 200
            events = [event for event, line in zip(events, lines, strict=True) if line["status"] == 503]


def _step(answer: httpx.Response) -> str | None:
    """Which step an answer tells of; a refusal tells of none: it is not kept, and the same may be taken a moment later."""
    if not answer.is_success:
        return None
    step = answer.json()["step"]
    return f"{step['case_id']}/{step['seq']}"
