"""The world of a rehearsal: the real services on SQLite in memory, a clock that only moves when told, mocked adapters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import DeliveryFailed
from engine.ports import Adapters, CertificateView, Message, RenderedCertificate
from engine.service.services import Services, build_services
from engine.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.rehearse.scenario import Answer, Person
    from engine.service.bundles import Bundle


@dataclass
class Outside:
    """Everything beyond the engine, as a scenario sees it: messages sent, calls made, calls nobody declared."""

    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)
    name: str = "rehearsal"

    def deliver(self, message: Message) -> None:
        """Remember a message; the same one again is no second one."""
        if all(message.message_id != sent.message_id for sent in self.messages):
            self.messages.append(message)

    def answer(self, call: str) -> Mapping[str, Any]:
        """The n-th declared answer of a call; the last one goes on for ever."""
        declared = self.answers.get(call, ())
        if not declared:
            self.undeclared.append(call)
            raise DeliveryFailed(f"{call} is not declared under `calls`", retry_after=None)
        answer = declared[min(self.calls.count(call), len(declared) - 1)]
        self.calls.append(call)
        if answer.fails is not None:
            raise DeliveryFailed(answer.fails, retry_after=60)
        if answer.refuses is not None:
            raise DeliveryFailed(answer.refuses, retry_after=None)
        return answer.returns


@dataclass(frozen=True)
class _Caller:
    name: str
    outside: Outside

    def call(self, operation: str, values: Mapping[str, Any], *, key: str) -> Mapping[str, Any]:  # noqa: ARG002 (the port's signature)
        return self.outside.answer(f"{self.name}.{operation}")


class _Callers(Mapping[str, _Caller]):
    """Every adapter there could be: what is not declared under `calls` is told by the call itself."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside

    def __getitem__(self, name: str) -> _Caller:
        return _Caller(name, self.outside)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


class _Messages:
    """Messages are counted, not read: the name of the template stands for the text."""

    def check(self, name: str) -> list[str]:  # noqa: ARG002
        return []

    def render(self, name: str, locale: str, values: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG002
        return name, name


@dataclass(frozen=True)
class _Renderer:
    outside: Outside

    def render(self, view: CertificateView) -> RenderedCertificate:
        if "certificate.issue" in self.outside.answers:
            self.outside.answer("certificate.issue")
        pdf = f"certificate {view.number} issue {view.issue}".encode()
        return RenderedCertificate(pdf, hashlib.sha256(pdf).hexdigest())


class World:
    """One store for many scenarios: published once, emptied before each."""

    def __init__(self, bundles: Iterable[Bundle]) -> None:
        self.outside = Outside()
        self.moment = datetime(2000, 1, 1, tzinfo=UTC)
        self.store = Store("sqlite://", machine_now=lambda: self.moment, manual_clock=True)
        plugged = Adapters(
            notifiers=[self.outside],
            templates=lambda _: _Messages(),
            renderer=lambda _: _Renderer(self.outside),
            callers=_Callers(self.outside),
        )
        self._ids = 0
        self.services: Services = build_services(
            self.store, plugged, public_url="http://rehearsal.example", new_id=self._next_id
        )
        self.published = self.services.catalog.publish_all(tuple(bundles))

    def _next_id(self) -> str:
        self._ids += 1
        return f"case-{self._ids:06d}"

    def begin(self, moment: datetime, people: Mapping[str, Person], answers: Mapping[str, tuple[Answer, ...]]) -> None:
        """Forget every case; set the clock; let these people and answers be known."""
        self.store.start_again()
        self.outside.answers = answers
        for memory in (self.outside.messages, self.outside.calls, self.outside.undeclared):
            memory.clear()
        self._ids = 0
        self.moment = moment
        self.store.write(lambda tx: tx.set_clock(moment))
        for person in people.values():
            actor = person.actor
            if actor.kind != "person":
                continue
            self.services.people.create_token(
                actor.id,
                actor.name,
                actor.roles,
                actor.attributes,
                email=person.email,
                locale=person.locale,
                ties=actor.ties,
            )

    def advance(self, to: datetime) -> None:
        """Move both clocks; timers and effects run on the way."""
        self.services.clock.advance(to)
        self.moment = max(self.moment, to)
        self.services.clock.settle()

    def close(self) -> None:
        """Give the memory back."""
        self.store.close()
