"""The application over a real store in memory behind a real server, with a manual clock and people who hold real tokens."""

from __future__ import annotations

import shutil
import socket
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import httpx
import pytest
import uvicorn

from adapters.documents import DocumentFolder
from adapters.letter_reading import LetterFiles
from adapters.seals import Ed25519Seal
from adapters.signatures.reading import read
from adapters.tables import FileTables
from adapters.templates import MessageTemplates
from adapters.webhooks import EventWebhooks
from api.app import create_app
from api.limits import Doors, Rate
from api.patience import Patience
from engine.ports import Adapters, FileReading, RenderedCertificate
from engine.service.bundles import Bundle
from engine.service.services import build_services
from engine.store.store import Store

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # Monday, 09:00 in Moscow

OFFER = """
milepost: 1
workflow: offer
title: {en: Offer, ru: Предложение}
timezone: Europe/Moscow
number: "O-{year}-{seq:4}"
unique: [applicant.tax_id, product.designation]
roles:
  applicant:  {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own, hides: [review]}
  officer:    {title: {en: Officer, ru: Сотрудник}, sees: all}
  laboratory: {title: Laboratory, sees: assigned, fields: [product]}
data:
  applicant: {tax_id: {type: text, pattern: "^[0-9]{10}$"}}
  product:
    designation: text
    price: {type: number, min: 0}
    drawing: file
  review: {score: {type: integer, default: 0}, remark: text, decided: date, minutes: file}
event_data: {reasons: text}
define: {good_enough: review.score >= 70}
duties: {four-eyes: {different: [check, decision]}}
open: {by: [applicant, officer], form: [applicant.tax_id!, product.designation!, product.price, product.drawing]}
certificate:
  number: "T.{seq:5}-{check}"
  template: certificate
  holder: applicant.tax_id
  designation: product.designation
  valid_from: review.decided
  valid_until: add_months(review.decided, 12)
register: {tax_id: applicant.tax_id, designation: product.designation}
initial: check
states:
  check:
    turn: officer
    events:
      score:  {by: officer, form: [review.score!, review.remark, review.minutes]}
      accept: {by: officer, when: good_enough, to: decision}
      return: {by: officer, form: [reasons!], to: correction}
    deadlines:
      decide: {after: 5 days, remind: [1 day], escalate: [officer]}
  correction:
    turn: applicant
    enter: [{notify: applicant, template: asked}]
    events:
      answer: {by: applicant, form: [product.designation], to: check}
    deadlines:
      no_response: {after: 10 days, to: closed}
  decision:
    turn: officer
    events:
      grant: {by: officer, set: {review.decided: today}, to: issuing, actions: [{certificate: reserve}]}
  issuing:
    turn: officer
    call: certificate.issue
    done: [{to: listed, actions: [{register: list}]}]
  listed:
    turn: none
    events:
      withdraw: {by: officer, to: closed, actions: [{certificate: withdraw}]}
  closed: {final: true, outcome: closed}
"""
LETTER = "Subject: {{ case.number }}\n\nDear {{ to.name }}, {{ link }}\n"
TEMPLATES = {f"{name}.en.txt": LETTER for name in ("asked", "reminder", "escalation", "deadline_moved")}
TEMPLATES["certificate.typ"] = "= Certificate"

PEOPLE = {
    "anna": (("applicant",), {"party": "1234567890"}),
    "boris": (("applicant",), {"party": "9999999999"}),
    "oleg": (("officer",), {}),
    "olga": (("officer",), {}),
    "lena": (("laboratory",), {}),
    "ops": (("operations",), {}),
}
ACME = {"applicant": {"tax_id": "1234567890"}, "product": {"designation": "V-1", "price": "1234.50"}}


@dataclass
class Letters:
    """A notifier that keeps what it delivers."""

    name: str = "letters"
    sent: list = field(default_factory=list)

    def address(self, message):
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message):
        """Keep it."""
        self.sent.append(message)


class Renderer:
    """A small file for every certificate."""

    def check(self, _name):
        """Every template is good."""
        return []

    def render(self, view):
        """The same bytes for the same number."""
        pdf = f"%PDF {view.number}".encode()
        return RenderedCertificate(pdf, sha256(pdf).hexdigest())


class Listening:
    """One real server on a loopback port for all tests; each test puts its application behind it."""

    def __init__(self):
        self.app = None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as runtime/cli/serve.py has it
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(
            self.serve, interface="asgi3", lifespan="off", http=Patience, log_level="error", access_log=False
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.pool = httpx.HTTPTransport(trust_env=False)

    async def serve(self, scope, receive, send):
        """Whatever application is behind it now."""
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def listening():
    """The server."""
    made = Listening()
    made.thread.start()
    yield made
    made.pool.close()
    made.server.should_exit = True
    made.thread.join()
    made.socket.close()


@dataclass
class World:
    """The application and what is behind it; `as_` is a client with somebody's token."""

    app: object
    services: object
    secrets: dict
    listening: Listening

    def anew(self):
        """An empty store, and new tokens for everybody."""
        self.services.store.start_again()
        shutil.rmtree(self.services.documents._contents._folder, ignore_errors=True)
        self.secrets.update(tokens(self.services))
        return self.secrets

    def as_(self, name=None, **headers):
        """A client with this person's token, or none."""
        token = {"Authorization": f"Bearer {self.secrets[name]}"} if name else {}
        return httpx.Client(
            base_url=self.listening.url,
            headers={**token, **headers},
            transport=self.listening.pool,
            timeout=30,
            trust_env=False,
        )

    def open(self, name="anna", data=None, **more):
        """A case, opened by HTTP."""
        answer = self.as_(name).post("/cases", json={"workflow": "offer", "data": data or ACME, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["case"]

    def send(self, name, case_id, event, data=None, **headers):
        """An event, sent by HTTP."""
        return self.as_(name, **headers).post(f"/cases/{case_id}/events", json={"event": event, "data": data or {}})

    def listed(self, filled=None):
        """A case with a certificate in the register."""
        case = self.open(data=filled)
        for name, event, data in (
            ("oleg", "score", {"review.score": 80}),
            ("oleg", "accept", {}),
            ("olga", "grant", {}),
        ):
            assert self.send(name, case["id"], event, data).status_code == 200
        self.services.clock.settle()
        return self.as_("oleg").get(f"/cases/{case['id']}").json()


class Files:
    """Reads files as the program does that is started for each, but in this process, as it is asked for hundreds."""

    def read(self, pdf, *, at):
        """What a file says; nobody is believed."""
        said = read(pdf, at, [])
        return FileReading(said["facts"], None)


def build(url="sqlite://", identity=None, documents=None):
    """Services over a store of their own, with the workflow published."""
    store = Store(url, machine_now=lambda: START, manual_clock=True)
    adapters = Adapters(
        [Letters()],
        MessageTemplates,
        lambda _: Renderer(),
        tables=FileTables(),
        letter_files=LetterFiles(),
        identity=identity,
        seal=Ed25519Seal(Path(mkdtemp()) / "audit.key"),
        events=EventWebhooks(private=True, machine_now=lambda: START),
        files=Files(),
    )
    adapters = replace(adapters, documents=DocumentFolder(documents)) if documents is not None else adapters
    services = build_services(store, adapters, public_url="https://milepost.example", body="0042")
    services.catalog.publish_all([Bundle(OFFER, "offer.yaml", TEMPLATES, {})])
    return services


def tokens(services):
    """A token for each of the people."""
    return {
        name: services.people.create_token(name, name.title(), roles, attributes, email=f"{name}@people.example")[0]
        for name, (roles, attributes) in PEOPLE.items()
    }


WIDE = Doors(guesses=Rate(1_000_000), visits=Rate(1_000_000), brought=Rate(1_000_000))
"""All come from one address."""


@pytest.fixture(scope="session")
def application(tmp_path_factory):
    """Built once; what was stored by one test is gone in the next."""
    services = build(documents=tmp_path_factory.mktemp("documents"))
    yield create_app(services, version="test", doors=WIDE)
    services.store.close()


@pytest.fixture
def world(listening, application):
    """The application with an empty store and everybody's tokens."""
    services = application.state.services
    listening.app = application
    made = World(application, services, {}, listening)
    made.anew()
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request, listening, tmp_path):
    """An application over a file, and over a server."""
    url = f"sqlite:///{tmp_path}/cases.db"
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else url
    services = build(url, documents=tmp_path / "documents")
    listening.app = create_app(services, version="test")
    yield World(listening.app, services, tokens(services), listening)
    services.store.close()


@pytest.fixture
def closing(world, application):
    """The same application, over a store that the test may close."""
    kept = application.state.services
    services = build()
    secrets = {"oleg": services.people.create_token("oleg", "Oleg", ["officer"])[0]}
    application.state.services = services
    yield World(application, services, secrets, world.listening)
    application.state.services = kept
    services.store.close()
