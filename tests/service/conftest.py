"""A real store in a temporary folder, a clock moved by hand, notifiers and callers that record what they are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from adapters.documents import DocumentFolder
from adapters.letter_reading import LetterFiles
from adapters.seals import Ed25519Seal
from adapters.tables import FileTables
from adapters.templates import MessageTemplates
from engine.core.case import Actor, Event
from engine.errors import DeliveryFailed
from engine.ports import Adapters, RenderedCertificate
from engine.service.bundles import Bundle
from engine.service.import_plan import Asked
from engine.service.services import build_services
from engine.store.store import Store
from tests.servers.receiver import Receiver
from tests.service.posting import posting

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # Monday, 09:00 in Moscow

LETTER = "Subject: {{ case.number }}: %s\n\nDear {{ to.name }}, {{ link }}\n"
TEMPLATES = {
    f"{name}.en.txt": LETTER % name for name in ("receipt", "reminder", "escalation", "asked", "deadline_moved")
}
TEMPLATES["listed.en.txt"] = "Subject: {{ certificate.number }}\n\nListed as {{ register.entry_no }}.\n"
TEMPLATES["broken.en.txt"] = "Subject: x\n\n{{ data.product.nowhere }}\n"
TEMPLATES["certificate.typ"] = "= Certificate"


class MachineClock:
    """Machine time that passes only when told to."""

    def __init__(self):
        self.at = START

    def __call__(self):
        """The present moment."""
        return self.at

    def forward(self, **length):
        """Let it pass."""
        self.at += timedelta(**length)


@dataclass
class Notifier:
    """Keeps what it delivers; fails as often as told before."""

    name: str = "recording"
    sent: list = field(default_factory=list)
    failures: list = field(default_factory=list)

    def address(self, message):
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message):
        """Keep it, or fail as told."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)


@dataclass
class Caller:
    """Answers from a list; an exception in it is raised."""

    name: str = "laboratory"
    answers: list = field(default_factory=list)
    calls: list = field(default_factory=list)

    def call(self, operation, values, *, key):
        """Keep the call, give the next answer."""
        self.calls.append((operation, dict(values), key))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Renderer:
    """Bytes that differ at every rendering, so that a second one would be seen."""

    views: list = field(default_factory=list)

    def check(self, _name):
        """Every template is good."""
        return []

    def render(self, view):
        """A new file."""
        self.views.append(view)
        pdf = f"%PDF {view.number} {view.issue} try {len(self.views)}".encode()
        return RenderedCertificate(pdf, sha256(pdf).hexdigest())


def person(name, *roles, party=None, **attributes):
    """An actor with roles."""
    given = {**({"party": party} if party else {}), **attributes}
    return Actor(id=name, roles=frozenset(roles), attributes=given, name=name.title())


def later(seconds=None):
    """A delivery that fails for now, or for good."""
    return DeliveryFailed("the other side is away", retry_after=seconds)


@dataclass
class World:
    """Services with all that a test looks at."""

    services: object
    store: Store
    machine: MachineClock
    notifier: Notifier
    caller: Caller
    renderer: Renderer

    person = staticmethod(person)
    later = staticmethod(later)

    def publish(self, *sources, calendars=None):
        """Check and publish together."""
        bundles = [Bundle(source, f"w{n}.yaml", TEMPLATES, calendars or {}) for n, source in enumerate(sources)]
        return self.services.catalog.publish_all(bundles)

    def open(self, workflow, data, actor, **more):
        """A new case."""
        return self.services.cases.open_case(workflow, data, actor, **more).case

    def send(self, case_id, event, actor, data=None, **more):
        """One event."""
        return self.services.cases.send_event(case_id, Event(event, data or {}), actor, **more)

    def wait(self, **length):
        """Move the clock."""
        return self.services.clock.advance(self.services.clock.now() + timedelta(**length))

    def settle(self):
        """Run what is due now."""
        return self.services.clock.settle()

    def incidents(self):
        """The open ones."""
        return [(incident.kind, incident.text) for incident in self.services.incidents.find()]


@pytest.fixture
def machine():
    """Machine time."""
    return MachineClock()


@pytest.fixture(params=["file", "memory", "postgresql"])
def world(request, tmp_path, machine):
    """Everything, over a fresh store: on a file and on a server, as people have it, and in memory, as rehearsals have it."""
    urls = {"file": f"sqlite:///{tmp_path / 'test.db'}", "memory": "sqlite://"}
    url = urls.get(request.param) or request.getfixturevalue("postgres_url")
    store = Store(url, machine_now=machine, manual_clock=True)
    notifier, caller, renderer = Notifier(), Caller(), Renderer()
    adapters = Adapters(
        notifiers=[notifier],
        templates=MessageTemplates,
        renderer=lambda _: renderer,
        callers={"laboratory": caller},
        tables=FileTables(),
        letter_files=LetterFiles(),
        seal=Ed25519Seal(tmp_path / "audit.key"),
        documents=DocumentFolder(tmp_path / "documents"),
    )
    services = build_services(store, adapters, public_url="https://milepost.example", body="0042")
    yield World(services, store, machine, notifier, caller, renderer)
    store.close()


PROPOSAL = """
milepost: 1
workflow: proposal
title: {en: Proposal, ru: Предложение}
timezone: Europe/Moscow
number: "P-{year}-{seq:4}"
unique: [applicant.tax_id, product.designation]
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own, hides: [review.remark]}
  officer:   {title: Officer, sees: all}
  expert:    {title: Expert, sees: assigned}
  keeper:    {title: Keeper, sees: none}
data:
  applicant:
    tax_id: {type: text, pattern: "^[0-9]{10}$", required: true}
    contact: person
  product:
    designation: {type: text, required: true}
    items: {type: list, key: item_id, of: {item_id: text, designation: text}}
  review:
    remark: text
    rounds: {type: integer, default: 0}
event_data:
  reasons: text
open: {by: [applicant, officer, list], form: [applicant.tax_id!, applicant.contact, product.designation!, product.items]}
initial: check
states:
  check:
    turn: officer
    events:
      accept: {by: officer, form: [review.remark], to: expertise}
      return: {by: officer, form: [reasons!], set: {review.rounds: review.rounds + 1}, to: correction}
      dispatched: {by: list, form: [review.remark]}
      seal: {by: keeper}
    deadlines:
      decide: {after: 5 days, remind: [1 day], escalate: [officer]}
  correction:
    turn: applicant
    enter: [{notify: applicant, template: asked}]
    events:
      answer: {by: applicant, form: [product.designation], to: check}
    deadlines:
      no_response: {after: 10 days, to: closed}
  expertise:
    turn: expert
    events:
      agree: {by: expert, to: done}
  done:   {final: true, outcome: completed}
  closed: {final: true, outcome: closed}
"""

LIST = """
milepost: 1
workflow: list
title: Regional list
timezone: Europe/Moscow
number: "L-{seq:2}"
roles:
  coordinator: {title: Coordinator, where: {party: region.name}, sees: own}
  officer:     {title: Officer, sees: all}
  applicant:   {title: Applicant, side: applicant, sees: none}
data:
  region: {name: text}
  sent: {times: {type: integer, default: 0}}
open: {by: coordinator, form: [region.name!]}
initial: collecting
states:
  collecting:
    turn: coordinator
    cases: {of: proposal, add: [coordinator, applicant], rest: go_on}
    events:
      dispatch: {by: coordinator, set: {sent.times: sent.times + 1}, actions: [{send: dispatched, to: children, with: {review.remark: '"from the list"'}}]}
      run: {by: coordinator, to: running}
  running:
    turn: none
    cases: {of: proposal, rest: go_on}
    done: [{to: over}]
  over: {final: true, outcome: completed}
"""


@pytest.fixture
def proposals(world):
    """A list with proposals as children."""
    world.publish(PROPOSAL, LIST)
    return world


PRODUCT = {"applicant.tax_id": "1234567890", "product.designation": "V-1"}


@pytest.fixture
def product():
    """What a proposal is opened with."""
    return dict(PRODUCT)


@pytest.fixture
def acme():
    """The applicant."""
    return person("anna", "applicant", party="1234567890")


@pytest.fixture
def officer():
    """The officer."""
    return person("oleg", "officer")


@dataclass
class Stored:
    """Three cases of a few steps each, two checkpoints over all of them, and a shell to the database."""

    world: object
    a: str
    b: str
    c: str

    @property
    def audit(self):
        """The service."""
        return self.world.services.audit

    def sql(self, *texts):
        """Runs statements behind the back of the program; the rows of the last one."""

        def work(tx):
            for text in texts:
                cursor = tx.link.connection.execute(text.format(**self.rows(tx)))
            return cursor.fetchall() if texts[-1].startswith("SELECT") else cursor.rowcount

        found = self.world.store.write(work)
        self.world.store._engine.forget()
        return found

    def rows(self, tx):
        """The cases by their row."""
        named = {name: tx.case_row(getattr(self, name)) for name in "abc"}
        return {name: row for name, row in named.items() if row is not None}

    def export(self):
        """The lines of an export."""
        lines = []
        self.audit.export(lambda: lines.clear() or lines.append)
        return lines

    def seal(self):
        """All that was committed gets its place and a checkpoint."""
        while self.world.services.feed.sequence():
            pass
        self.world.machine.forward(seconds=1)
        assert self.audit.checkpoint()


@pytest.fixture
def stored(proposals, acme, officer):
    """Cases a (four steps, closed), b (two), c (one)."""
    a, b, c = (
        proposals.open("proposal", {"applicant.tax_id": "1234567890", "product.designation": f"V-{n}"}, acme).id
        for n in range(1, 4)
    )
    made = Stored(proposals, a, b, c)
    proposals.send(a, "return", officer, {"reasons": "page 3"})
    made.seal()
    proposals.send(a, "answer", acme, {"product.designation": "V-10"})
    proposals.send(a, "accept", officer, {"review.remark": "good"})
    proposals.send(b, "return", officer, {"reasons": "page 4"})
    made.seal()
    return made


@pytest.fixture
def receiver():
    """A real receiver of events."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def out(proposals, receiver):
    """Services that post events to it."""
    return posting(proposals, receiver)


@pytest.fixture
def clara(proposals):
    """Who may open proposals by herself and below a list."""
    return proposals.person("clara", "coordinator", "officer", party="Kaluga")


@pytest.fixture
def parent(proposals, clara):
    """Her list."""
    return proposals.open("list", {"region.name": "Kaluga"}, clara).id


@pytest.fixture
def send(proposals, clara, parent):
    """A preview below the list."""
    return lambda content, name="list.csv": proposals.services.imports.preview(
        content, Asked("proposal", name, parent), clara
    )


@pytest.fixture
def take(proposals, clara, send):
    """From the file to the report of the good rows."""

    def run(content, name="list.csv", rows="good"):
        imports = proposals.services.imports
        job = imports.commit(send(content, name).job.id, rows, clara)
        assert imports.work.run_once() == 1
        return imports.report(job.id, clara)

    return run
