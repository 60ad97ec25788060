"""The world of a rehearsal: the real services on SQLite in memory, a clock that only moves when told, mocked adapters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import DeliveryFailed, Unavailable
from engine.ports import Adapters, Caller, CertificateView, Message, RenderedCertificate
from engine.service.services import Services, build_services
from engine.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.core.machine.chart import Chart
    from engine.ports import Templates
    from engine.rehearse.scenario import Answer, Person
    from engine.service.bundles import Bundle
    from engine.service.views import IncidentView
    from engine.store.rewinding import Rows

    TemplatesOf = Callable[[Mapping[str, str]], Templates]

MAX_ROUNDS = 10_000
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Outside:
    """Everything beyond the engine, as a scenario sees it: messages sent, calls made, calls nobody declared."""

    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)  # by message id
    calls: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)
    name: str = "rehearsal"

    def address(self, message: Message) -> str | None:
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message: Message) -> None:
        """Remember a message; the same one again is no second one."""
        self.messages.setdefault(message.message_id, message)

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
class Saved:
    """A world to come back to."""

    rows: Rows
    moment: datetime
    ids: int
    messages: Mapping[str, Message]
    calls: tuple[str, ...]


@dataclass(slots=True)
class _Caller:
    name: str
    outside: Outside

    def call(self, operation: str, values: Mapping[str, Any], *, key: str) -> Mapping[str, Any]:  # noqa: ARG002 (the port's signature)
        return self.outside.answer(f"{self.name}.{operation}")


class _Callers(Mapping[str, Caller]):
    """Every adapter there could be: what is not declared under `calls` is told by the call itself."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside

    def __getitem__(self, name: str) -> Caller:
        return _Caller(name, self.outside)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


class _Letters:
    """Templates by their sources, compiled once: a version that uses some of a folder's shares those of the folder."""

    def __init__(self, templates: TemplatesOf) -> None:
        self._templates = templates
        self._made: list[tuple[Mapping[str, str], Templates]] = []

    def __call__(self, sources: Mapping[str, str]) -> Templates:
        for known, made in self._made:
            if sources.items() <= known.items():
                return made
        made = self._templates(sources)
        self._made.append((dict(sources), made))
        return made


@dataclass(frozen=True)
class _Renderer:
    outside: Outside

    def check(self, _name: str) -> list[str]:
        """Sheets are looked at where a definition is validated or published."""
        return []

    def render(self, view: CertificateView) -> RenderedCertificate:
        if "certificate.issue" in self.outside.answers:
            self.outside.answer("certificate.issue")
        pdf = f"certificate {view.number} issue {view.issue}".encode()
        return RenderedCertificate(pdf, hashlib.sha256(pdf).hexdigest())


class World:
    """One store for many scenarios: published once, emptied before each. Raises InvalidWorkflow."""

    def __init__(self, bundles: Iterable[Bundle], templates: TemplatesOf) -> None:
        self.outside = Outside()
        self.moment = datetime(2000, 1, 1, tzinfo=UTC)
        self.onlooker: Callable[[], None] | None = None  # called whenever the cases may have moved
        self.store = Store("sqlite://", machine_now=lambda: self.moment, manual_clock=True)
        plugged = Adapters(
            notifiers=[self.outside],
            templates=_Letters(templates),
            renderer=lambda _: _Renderer(self.outside),
            callers=_Callers(self.outside),
        )
        self._ids = 0
        self._known: tuple[datetime, datetime] | None = None  # when something is due next
        self.store.watch(self._stirred)
        self.services: Services = build_services(
            self.store, plugged, public_url="http://rehearsal.example", new_id=self._next_id
        )
        catalog = self.services.catalog
        try:
            published = catalog.publish_all(tuple(bundles))
        except BaseException:
            self.close()
            raise
        self.charts: Mapping[str, Chart] = {p.workflow: catalog.chart_of(p.workflow)[1] for p in published}
        self.files: Mapping[str, str] = {catalog.version(p.workflow).file: p.workflow for p in published}

    def _next_id(self) -> str:
        self._ids += 1
        return f"case-{self._ids:06d}"

    def begin(self, moment: datetime, people: Mapping[str, Person], answers: Mapping[str, tuple[Answer, ...]]) -> None:
        """Forget every case; set the clock; let these people and answers be known."""
        self.store.start_again()
        self._stirred()
        self.outside.answers = answers
        self.outside.messages.clear()
        self.outside.calls.clear()
        self.outside.undeclared.clear()
        self._ids = 0
        self.moment = moment.astimezone(UTC)
        self.store.write(lambda tx: tx.set_clock(self.moment))
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
        """Move both clocks, from one due moment to the next, of timers and of tries. Raises Unavailable."""
        to = to.astimezone(UTC)
        while (stop := min(self._ahead())) < to:
            self._move(stop)
        self._move(to)

    def _move(self, to: datetime) -> None:
        self.moment = max(to, self.moment)
        self.store.write(lambda tx: tx.set_clock(self.moment))
        self.settle()

    def settle(self) -> bool:
        """Run what is due now until nothing moves; whether there was anything. Raises Unavailable."""
        for rounds in range(MAX_ROUNDS):
            if self.onlooker is not None:
                self.onlooker()
            timers, effects = (moment <= self.moment for moment in self._ahead())
            if not timers and not effects:
                return rounds > 0
            self._known = None
            fired = self.services.timers.fire_due() if timers else 0
            tried = self.services.effects.deliver_pending() if effects else 0
            if not fired and not tried:
                raise Unavailable("what is due does not run; see the incidents")
        raise Unavailable("the cases do not come to rest: they send to each other without an end; see their histories")

    def _ahead(self) -> tuple[datetime, datetime]:
        """When the next timer and the next effect are due, read again only where cases may have changed."""
        if self._known is None:
            timer, effect = self.store.read(lambda reader: (reader.next_due(), reader.next_effect_at()))
            self._known = (timer or NEVER, effect or NEVER)
        return self._known

    def _stirred(self, _: object = None) -> None:
        self._known = None

    def save(self) -> Saved:
        """Everything as it is now, outside too."""
        outside = self.outside
        return Saved(self.store.rows(), self.moment, self._ids, dict(outside.messages), tuple(outside.calls))

    def back_to(self, saved: Saved) -> None:
        """Everything as it was then."""
        self.store.rewind(saved.rows)
        self._stirred()
        self.moment, self._ids = saved.moment, saved.ids
        self.outside.messages = dict(saved.messages)
        self.outside.calls = list(saved.calls)
        self.outside.undeclared.clear()

    def incidents(self) -> tuple[IncidentView, ...]:
        """What a person would have to look at, the first one first."""
        return self.services.incidents.find(open_only=True)

    def close(self) -> None:
        """Give the memory back."""
        self.store.close()
