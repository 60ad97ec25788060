"""The services over a store whose connections may fail, closed and opened again on the same database; real adapters' ports."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from psycopg_pool import ConnectionPool

from adapters.documents import DocumentFolder
from adapters.templates import MessageTemplates
from engine.core.case import Actor
from engine.errors import MilepostError
from engine.ports import Adapters, RenderedCertificate
from engine.service.bundles import Bundle
from engine.service.services import build_services
from engine.store import postgres
from engine.store.store import Store
from tests.crash.faults import Faults, postgres_connections, sqlite_connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.service.services import Services

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LETTER = "Subject: {{ case.number }}\n\nDear {{ to.name }}, {{ link }}\n"
TEMPLATES = {f"{name}.en.txt": LETTER for name in ("receipt", "reminder", "escalation", "deadline_moved")}
TEMPLATES["daily.en.txt"] = "Subject: {{ case.number }}\nDigest: daily\n\nDear {{ to.name }}, {{ link }}\n"
TEMPLATES["certificate.typ"] = "= Certificate"

PERMIT = """
milepost: 1
workflow: permit
title: Permit
timezone: Europe/Moscow
number: "P-{seq:6}"
unique: [applicant.tax_id, product.designation]
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  officer:   {title: Officer, sees: all}
data:
  applicant: {tax_id: text}
  product:   {designation: text, drawing: file}
  decision:  {on: date, notes: {type: integer, default: 0}}
open: {by: [applicant, officer], form: [applicant.tax_id!, product.designation!]}
certificate:
  number: "OGN1.RU.{body}.P{seq:5}-{check}"
  template: certificate
  holder: applicant.tax_id
  product: product.designation
  valid_from: decision.on
  valid_until: add_days(add_months(decision.on, 36), -1)
register:
  tax_id: applicant.tax_id
  designation: product.designation
initial: draft
states:
  draft:
    turn: officer
    events:
      note:  {by: officer, set: {decision.notes: decision.notes + 1}, actions: [{notify: officer, template: receipt}]}
      tell:  {by: officer, actions: [{notify: officer, template: daily}]}
      draw:  {by: officer, form: [product.drawing!]}
      ask:   {by: officer, to: waiting}
      grant: {by: officer, set: {decision.on: today}, to: issuing, actions: [{certificate: reserve}]}
      visit: {by: officer, to: visited}
      weigh: {by: officer, to: weighing}
  waiting:
    turn: applicant
    events: {answer: {by: applicant, to: draft}}
    deadlines:
      no_answer: {after: 10 days, remind: [3 days], to: closed}
  weighing:
    call: laboratory.weigh
    with: {designation: product.designation}
    done: [{to: draft}]
  visited:
    turn: none
    cases: {of: visit, with: {place.name: product.designation}, add: [officer], rest: go_on}
    events:
      remind_all: {by: officer, actions: [{send: hurry, to: children}]}
      back: {by: officer, to: draft}
    done: [{to: closed}]
  issuing:
    call: certificate.issue
    done: [{to: listed, actions: [{register: list}]}]
  listed:
    turn: none
    events:
      suspend:  {by: officer, to: suspended, actions: [{certificate: suspend}, {notify: officer, template: receipt}]}
      withdraw: {by: officer, to: closed, actions: [{certificate: withdraw}]}
  suspended:
    turn: officer
    events:
      reinstate: {by: officer, to: listed, actions: [{certificate: reinstate}]}
  closed: {final: true, outcome: closed}
"""

VISIT = """
milepost: 1
workflow: visit
title: Visit
timezone: Europe/Moscow
number: "V-{seq:6}"
roles: {officer: {title: Officer, sees: all}}
data: {place: {name: text, hurries: {type: integer, default: 0}}}
open: {by: [permit, officer], form: [place.name]}
initial: planned
states:
  planned:
    turn: officer
    events:
      hurry: {by: permit, set: {place.hurries: place.hurries + 1}}
      finish: {by: officer, to: over}
  over: {final: true, outcome: done}
"""

OFFICER = Actor("oleg", roles=frozenset({"officer"}), name="Oleg")


@dataclass
class MachineClock:
    """Machine time that passes only when told to."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The present moment."""
        return self.at


@dataclass
class Outside:
    """Notifier, caller and renderer in one; keeps what it was given."""

    name: str = "outside"
    letters: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    rendered: list[str] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)

    def address(self, message: Any) -> str | None:
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message: Any) -> None:
        """A letter."""
        self.letters.append(message.message_id)

    def call(self, operation: str, values: Any, *, key: str) -> dict[str, Any]:  # noqa: ARG002  (the port's signature)
        """A work order, answered at once."""
        self.orders.append(key)
        return {"weight": 1}

    def refusal(self, url: str) -> str | None:  # noqa: ARG002  (the port's signature)
        """Every address is fine."""
        return None

    def post(self, url: str, secret: str, body: bytes, message_id: str) -> None:  # noqa: ARG002  (as above)
        """An event."""
        self.posted.append(message_id)

    def check(self, _name: str) -> list[str]:
        """Every template is good."""
        return []

    def render(self, view: Any) -> RenderedCertificate:
        """Bytes that differ at every rendering, so that a second one would be seen."""
        self.rendered.append(view.number)
        pdf = f"%PDF {view.number} try {len(self.rendered)}".encode()
        return RenderedCertificate(pdf, sha256(pdf).hexdigest())


class House:
    """Services that can be closed, whatever state they are in, and opened again."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url, self.faults, self.machine, self.outside = url, Faults(), MachineClock(), Outside()
        self.folder = folder
        self._numbers = count(1)
        self._parsed: dict[Any, Any] = {}
        with failing(self.faults):
            self.open()

    services: Services
    store: Store

    def open(self) -> None:
        """A new store and new services on the same database."""
        self.store = Store(self.url, machine_now=self.machine, manual_clock=True)
        plugged = Adapters(
            notifiers=[self.outside],
            templates=MessageTemplates,
            renderer=lambda _: self.outside,
            callers={"laboratory": self.outside},
            tables=None,
            events=self.outside,
            documents=None if self.folder is None else DocumentFolder(self.folder),
        )
        self.services = build_services(
            self.store,
            plugged,
            public_url="https://milepost.example",
            body="0042",
            new_id=lambda: f"case-{next(self._numbers):08}",
        )
        self.services.catalog._parsed.update(self._parsed)  # reading the text again would prove nothing

    def reopen(self) -> None:
        """As after a crash: what was not committed is gone."""
        self.close()
        self.faults.disarm()
        with failing(self.faults):
            self.open()

    def close(self) -> None:
        """Gives the database free, also when it does not answer any more."""
        self._parsed.update(self.services.catalog._parsed)
        with suppress(MilepostError, sqlite3.Error):
            self.store.close()

    def publish(self, *sources: str) -> Any:
        """Publishes workflows with letters for all they send."""
        bundles = [Bundle(source, f"w{n}.yaml", TEMPLATES, {}) for n, source in enumerate(sources)]
        return self.services.catalog.publish_all(bundles)

    def set_clock(self, moment: datetime) -> None:
        """Business time, back too: every story begins at the same moment."""
        self.store.write(lambda tx: tx.set_clock(moment))

    def at_rest(self) -> None:
        """Leases have ended, and everything that is due is done."""
        self.machine.at += timedelta(hours=2)
        self.services.clock.settle()


@contextmanager
def failing(faults: Faults) -> Iterator[None]:
    """Stores that are opened inside have connections with these faults."""
    with pytest.MonkeyPatch.context() as patch:
        connections = sqlite_connections(faults)
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=connections))
        pool = partial(ConnectionPool, connection_class=postgres_connections(faults))
        patch.setattr(postgres, "ConnectionPool", pool)
        yield
