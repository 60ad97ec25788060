"""A process of the soak: `python worker.py URL SEED STEPS SECONDS THREADS`; threads that tie cases into each other, and the tickers.

Every kind of transaction that locks more than one thing is in it: children and parents, sends, batches, timers that take
numbers, unique keys that come and go, keys of requests that come twice.
"""

from __future__ import annotations

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

from adapters.templates import MessageTemplates
from engine.core.case import Actor, Event
from engine.errors import MilepostError, Unavailable
from engine.ports import Adapters, RenderedCertificate
from engine.service.bundles import Bundle
from engine.service.cases import BatchLine
from engine.service.services import build_services
from engine.store.records import CaseFilter
from engine.store.store import Store
from runtime.scheduler import Scheduler

CARL = Actor("carl", roles=frozenset({"clerk"}))
KNOT = """\
milepost: 1
workflow: knot
title: Knot
timezone: UTC
number: "K-{seq:8}"
unique: {of: [knot.name], while: [tied]}
roles:
  clerk: {title: Clerk, sees: all}
data:
  knot:
    name: text
    group: text
    count: {type: integer, default: 0}
    until: datetime
open:
  by: [clerk, knot]
  form: [knot.name!, knot.group!, knot.until]
  actions: [{certificate: reserve, if: knot.group == "a"}]
certificate:
  number: "C.{seq:8}-{check}"
  template: certificate
  holder: knot.name
  designation: knot.group
register: {tax_id: knot.name, designation: knot.group}
initial: tied
states:
  tied:
    turn: clerk
    events:
      add: {by: [clerk, knot], set: {knot.count: knot.count + 1}}
      up: {by: clerk, actions: [{send: add, to: parent}]}
      down: {by: clerk, actions: [{send: add, to: children}]}
      around: {by: clerk, actions: [{send: add, to: knot, where: {knot.group: knot.group}}]}
      child: {by: clerk, form: [knot.group], actions: [{open: knot, with: {knot.name: 'case.number + "/" + knot.group', knot.group: knot.group}}]}
      bell: {by: clerk, form: [knot.until!]}
      reserve: {by: clerk, when: not has(certificate.number), actions: [{certificate: reserve}]}
      issue: {by: clerk, when: certificate.status == "reserved", actions: [{call: certificate.issue}]}
      list: {by: clerk, when: certificate.status == "valid" and not has(register.entry_no), actions: [{register: list}]}
      loosen: {by: clerk, to: loose}
      finish: {by: clerk, to: done}
    deadlines:
      number: {at: knot.until, when: not has(certificate.number), actions: [{certificate: reserve}]}
      entry:
        at: knot.until
        when: has(certificate.number) and certificate.status == "valid" and not has(register.entry_no)
        actions: [{register: list}]
  loose:
    turn: clerk
    events:
      add: {by: [clerk, knot], set: {knot.count: knot.count + 1}}
      issue: {by: clerk, when: certificate.status == "reserved", actions: [{call: certificate.issue}]}
      tie: {by: clerk, to: tied}
      finish: {by: clerk, to: done}
  done: {final: true}
"""
TEMPLATES = {f"{name}.en.txt": "Subject: x\n\nx\n" for name in ("reminder", "escalation", "deadline_moved")}
TEMPLATES["certificate.typ"] = "= Certificate"
ACTS = (
    *(
        "add",
        "add",
        "add",
        "up",
        "down",
        "around",
        "child",
        "bell",
        "bell",
        "reserve",
        "issue",
        "list",
        "loosen",
        "tie",
    ),
    "finish",
)
FEW = 12
"""So many cases are worked on at a time: they are hot."""


class Renderer:
    """A small file for every certificate."""

    def check(self, _name):
        """Every template is good."""
        return []

    def render(self, view):
        """The same bytes for the same number."""
        pdf = view.number.encode()
        return RenderedCertificate(pdf, sha256(pdf).hexdigest())


def services_of(url):
    """Services over a store of this process."""
    adapters = Adapters([], MessageTemplates, lambda _: Renderer())
    services = build_services(Store(url, machine_now=None), adapters, public_url="https://milepost.example")
    services.catalog.publish_new([Bundle(KNOT, "knot.yaml", TEMPLATES)])
    return services


class Hands:
    """One thread of it."""

    def __init__(self, services, seed):
        self.services, self.chance = services, random.Random(seed)
        self.hot, self.unknown, self.unavailable, self.refused = [], [], 0, 0

    def act(self):
        """Something, to somebody's case; how many events it was."""
        try:
            return self._act()
        except Unavailable as error:
            self.unavailable += 1
            if "lock timeout" not in str(error):
                self.unknown.append(str(error))
        except MilepostError:
            self.refused += 1
        return 0

    def _act(self):
        chance = self.chance
        if chance.random() < 0.1 or len(self.hot) < FEW:
            found = self.services.store.read(lambda reader: reader.cases(CaseFilter(open_only=True), limit=FEW))
            self.hot = [case.id for case in found]
        if chance.random() < 0.03 or len(self.hot) < FEW:
            return self._open()
        if chance.random() < 0.3:
            self.services.cases.batch([BatchLine(*self._event(), key=self._key()) for _ in range(20)], CARL)
            return 20
        self.services.cases.send_event(*self._event(), CARL, key=self._key())
        return 1

    def _event(self):
        name = self.chance.choice(ACTS)
        return self.chance.choice(self.hot), Event(name, self._data(name))

    def _open(self):
        chance = self.chance
        parent = chance.choice([None, *self.hot]) if self.hot else None
        data = {"knot.name": f"n{chance.randrange(10**9)}", "knot.group": chance.choice("abc")}
        self.services.cases.open_case("knot", data, CARL, parent=parent, key=self._key())
        return 1

    def _data(self, name):
        if name == "bell":
            soon = self.services.clock.now() + timedelta(seconds=self.chance.uniform(-0.1, 1))
            return {"knot.until": soon.isoformat()}
        return {"knot.group": self.chance.choice("abc")} if name == "child" else {}

    def _key(self):
        return f"key-{self.chance.randrange(10**12)}" if self.chance.random() < 0.5 else None


def run(url, seed, steps, seconds, threads):
    """Until so many events were sent, or so long; what came of it."""
    services = services_of(url)
    scheduler = Scheduler(services, tick_seconds=0.2)
    scheduler.start()
    hands = [Hands(services, seed * 1000 + number) for number in range(threads)]
    end = time.monotonic() + seconds

    def work(one):
        sent = 0
        while sent < steps / threads and time.monotonic() < end:
            sent += one.act()
        return sent

    with ThreadPoolExecutor(threads) as pool:
        sent = sum(pool.map(work, hands))
    scheduler.stop()
    services.store.close()
    counted = {name: sum(getattr(one, name) for one in hands) for name in ("refused", "unavailable")}
    return {"sent": sent, "unknown": [line for one in hands for line in one.unknown], **counted}


if __name__ == "__main__":
    url, *numbers = sys.argv[1:]
    seed, steps, seconds, threads = map(int, numbers)
    print(json.dumps(run(url, seed, steps, seconds, threads)))
