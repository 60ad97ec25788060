"""A register to look at: permits in every status, on certificates that are really rendered, signed and read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import bindparam, func, update

from adapters.certificates import TypstCertificates, signature_look
from adapters.signatures.confined import ConfinedReader
from adapters.signatures.keys import Key
from adapters.signatures.signing import PadesSigner
from adapters.templates import MessageTemplates
from engine.core.case import Actor, Event
from engine.ports import Adapters, RenderedCertificate
from engine.service.bundles import Bundle, read_templates
from engine.service.services import build_services
from engine.store.statement import Statement
from engine.store.store import Store
from engine.store.tables import CERTIFICATE, REGISTER_ENTRY
from tests.adapters.signing_keys import Authority

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # Monday, 09:00 in Moscow
TEMPLATES = read_templates(Path(__file__).parents[2] / "workflows" / "templates")
PERMIT = """
milepost: 1
workflow: permit
title: {en: Permit, ru: Допуск}
timezone: Europe/Moscow
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  officer:   {title: Officer, sees: all}
data:
  applicant: {tax_id: text, name: text, address: text}
  product:
    designation: text
    name: text
    code: text
    items: {type: list, of: text}
    out: {type: list, of: text}
    pressure: {type: number, title: {en: "Pressure, MPa", ru: "Давление, МПа"}}
    kind: {type: choice, options: {gate: {en: gate valve, ru: задвижка}, ball: {en: ball valve, ru: кран шаровой}}, title: {en: Kind, ru: Вид}}
  decision: {first: date, last: date, ends: date, replaces: text}
open: {by: applicant, form: [applicant.tax_id!, applicant.name!, applicant.address, product.designation!, product.name, product.code, product.items, product.pressure, product.kind, decision.replaces]}
certificate:
  number: "OGN1.RU.{body}.P.{seq:5}-{check}"
  template: certificate
  body: '"Ogniva Sample Certification Body"'
  holder: applicant.name
  holder_address: applicant.address
  product: product.designation
  product_name: product.name
  scope: product.items
  nominal_pressure: product.pressure
  kind: product.kind
  replaces: decision.replaces
  valid_from: decision.first
  valid_until: decision.last
register:
  tax_id: applicant.tax_id
  designation: product.designation
  holder: applicant.name
  code: product.code
  scope: product.items
  suspended_items: product.out
  kind: product.kind
  valid_from: decision.first
  valid_until: decision.last
initial: decision
states:
  decision:
    turn: officer
    events:
      grant: {by: officer, form: [decision.first, decision.last], to: issuing, actions: [{certificate: reserve}]}
  issuing:
    call: certificate.issue
    done: [{to: listed, actions: [{register: list}]}]
  listed:
    turn: none
    events:
      suspend: {by: officer, to: suspended, actions: [{certificate: suspend}]}
      prolong: {by: officer, form: [decision.last!], to: listed, actions: [{certificate: new_issue}, {call: certificate.issue}]}
      except: {by: officer, form: [product.out!], actions: [{register: update}]}
      withdraw:  {by: officer, to: ended, actions: [{certificate: withdraw}]}
      terminate: {by: officer, to: ended, actions: [{certificate: terminate}]}
      expire:    {by: officer, to: ended, actions: [{certificate: expire}]}
      supersede: {by: officer, to: ended, actions: [{certificate: supersede}]}
      annul: {by: officer, form: [decision.ends!], to: ended, actions: [{certificate: annul, with: {effective_from: decision.ends}}]}
  suspended:
    turn: officer
    events:
      reinstate: {by: officer, to: listed, actions: [{certificate: reinstate}]}
  ended: {final: true, outcome: delisted}
"""
MARKUP = "<script>alert(1)</script><b>Bold & Co</b> \" ' {{ 7*7 }} {% raw %}"
REVERSED = "Valve \u202egnp.exe\u202c \u2067שלום\u2069 שלום עולם Ltd"
CONTROLS = "Bell\x07 escape\x1b[31m tab\tline\nfeed \x85 \ufeff end"
LONG = ("Pneumohydraulically" * 3 + " ") * 170
UNBROKEN = "Х" * 10_000

SIGNED = ("ЗКЛ2 50-40", "NEW-2", "SP-1", "OVER-1", "TRIAL-1")
OFFICER = Actor(id="oleg", roles=frozenset({"officer"}), name="Oleg")


class Sparing:
    """Renders and signs the files that tests bring to the pages, and makes small ones for all other permits."""

    def __init__(self, key):
        self.real, self.signer = TypstCertificates(TEMPLATES), PadesSigner(key, "", signature_look)

    def check(self, name):
        """As the real one."""
        return self.real.check(name)

    def render(self, view):
        """A file."""
        if view.facts["product"] in SIGNED:
            return self.real.render(view)
        pdf = f"%PDF {view.number} {view.issue}".encode()
        return RenderedCertificate(pdf, sha256(pdf).hexdigest())

    def sign(self, made, **more):
        """The signed one, if it is real."""
        return self.signer.sign(made, **more) if len(made.pdf) > 1000 else made.pdf


class Register:
    """`services` over a store in memory with a manual clock; `entries` and `tokens` by the name that a permit was listed under."""

    def __init__(self, folder):
        self.authority = Authority()
        self.key = Key(str(self.authority.file(folder / "own.p12")), folder / "none.p12", "open sesame")
        self.store = Store("sqlite://", machine_now=lambda: START, manual_clock=True)
        self.sparing = sparing = Sparing(self.key)
        adapters = Adapters(
            [], MessageTemplates, lambda _: sparing, signer=lambda: sparing, files=ConfinedReader(self.key)
        )
        self.services = build_services(self.store, adapters, public_url="https://milepost.example", body="0042")
        self.services.catalog.publish_all([Bundle(PERMIT, "permit.yaml", TEMPLATES, {})])
        self.cases, self.entries, self.tokens, self.numbers = {}, {}, {}, {}

    def list(self, name, *events, first="2026-03-02", last="2029-03-01", tax_id="7801234567", **data):
        """A permit that is granted, and what happens to it afterwards."""
        given = {
            "applicant.tax_id": tax_id,
            "applicant.name": "Ogniva Valve Works",
            "applicant.address": "1 Example Street, Ogniva, Sample Region",
            "product.designation": name,
            "product.name": "Steel gate valve with a rising stem",
            "product.code": "28.14.13",
            "product.items": ["DN 50", "DN 80", "DN 100"],
            "product.pressure": "1234.5",
            "product.kind": "gate",
            **{path.replace("__", "."): value for path, value in data.items()},
        }
        days = {"decision.first": first, "decision.last": last}
        applicant = Actor(id="anna", roles=frozenset({"applicant"}), attributes={"party": tax_id}, name="Anna")
        case = self.services.cases.open_case("permit", given, applicant).case
        self.cases[name] = case.id
        self.send(name, "grant", {path: day for path, day in days.items() if day})
        for event in events:
            self.send(name, *(event if isinstance(event, tuple) else (event,)))
        data = self.services.cases.get(case.id, OFFICER).data
        self.entries[name] = data["register"]["entry_no"]
        self.numbers[name] = data["certificate"]["number"]
        self.tokens[name] = self.services.certificates.by_number(self.numbers[name]).token
        return self.entries[name]

    def send(self, name, event, data=None):
        """An event of the officer's, and what it asks for."""
        self.services.cases.send_event(self.cases[name], Event(event, data or {}), OFFICER)
        self.services.clock.settle()

    def wait(self, **length):
        """Time goes on."""
        self.services.clock.advance(self.services.clock.now() + timedelta(**length))

    def rewrite(self, old, new):
        """What no form would take, in the stored facts: pages do not rely on forms."""
        for table in (REGISTER_ENTRY, CERTIFICATE):
            changed = Statement(
                update(table).values(
                    facts=func.replace(table.c.facts, bindparam("old"), bindparam("new")),
                )
            )
            self.store.write(lambda tx, one=changed: tx.link.run(one, old=json.dumps(old), new=json.dumps(new)))

    def pdf(self, name, issue=None):
        """The file of a permit's certificate."""
        return self.services.certificates.pdf(self.numbers[name], issue).pdf


def fill(made):
    """Permits in every status, and names that mean it ill."""
    made.list(
        "ЗКЛ2 50-40", applicant__name="АО «Огнивский арматурный завод»", product__name="Задвижка клиновая стальная"
    )
    made.list("KSh-100", product__kind="ball", product__name="Steel ball valve")
    made.list("WD-1", "withdraw")
    made.list("TM-1", "terminate")
    made.list("EX-1", "expire")
    made.list("SU-1", "supersede")
    made.list("AN-1", ("annul", {"decision.ends": "2026-03-02"}))
    made.list("EARLY-1", first="2026-09-01")
    made.list("LAPSED-1", first="2026-03-02", last="2026-03-05")
    made.list("OPEN-1", first="", last="")
    made.list("NEW-2")
    made.list("SP-1")
    made.list("PART-1")
    made.list("AGAIN-1")
    made.list("OVER-1", last="2026-03-20")
    for number in range(1, 26):
        made.list(f"Pump {number}", product__code="99.99", product__name="Centrifugal pump")
    made.wait(days=8)
    made.send("NEW-2", "prolong", {"decision.last": "2030-03-01"})
    made.send("SP-1", "suspend")
    made.send("AGAIN-1", "suspend")
    made.send("PART-1", "except", {"product.out": ["DN 80"]})
    made.wait(days=20)
    made.send("AGAIN-1", "reinstate")
    made.list("markup", product__designation="M-1 <i>x</i>", applicant__name=MARKUP)
    made.list("reversed", product__designation="R-1", applicant__name=REVERSED)
    made.list("controls", product__designation="C-1", applicant__name="CONTROLS")
    made.rewrite("CONTROLS", CONTROLS)
    made.list("long", product__designation="L-1 " + "pump " * 300, applicant__name=LONG[:10_000])
    made.list("SU-2", decision__replaces=made.numbers["SU-1"])
    made.list("unbroken", product__designation="Ш" * 300, applicant__name=UNBROKEN)
