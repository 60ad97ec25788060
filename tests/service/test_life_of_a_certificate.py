"""The whole life of a certificate at random, on both databases: what must hold of it and its entry is looked at after every step.

ROADMAP §3.8: no product is shown whose certificate does not hold; §3.11: withdrawn from now on, annulled from the beginning, two times on
every row, and nothing is ever deleted or changed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.errors import DeliveryFailed, MilepostError
from engine.service.numbers import check_holds
from tests.service.conftest import person

ZONE = ZoneInfo("Europe/Moscow")
ITEMS = ("i1", "i2", "i3")
SOURCE = """
milepost: 1
workflow: life
title: Life of a certificate
timezone: Europe/Moscow
number: "L-{year}-{seq:6}"
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  officer:   {title: Officer, sees: all}
data:
  applicant: {tax_id: text}
  product:   {designation: text}
  decision:  {on: date, from_day: date, scope: {type: list, of: text}, items: {type: list, of: text}, months: {type: integer, default: 12}}
define:
  valid: has(certificate.status) && certificate.status == "valid"
open: {by: applicant, form: [applicant.tax_id!, product.designation!]}
certificate:
  number: "OGN1.RU.{body}.P{seq:5}-{check}"
  template: certificate
  scope: decision.scope
  valid_from: decision.on
  valid_until: add_days(add_months(decision.on, decision.months), -1)
register:
  tax_id: applicant.tax_id
  designation: product.designation
  scope: 'has(decision.items) ? decision.scope.filter(s, !(s in decision.items)) : decision.scope'
  suspended_items: decision.items
  valid_until: add_days(add_months(decision.on, decision.months), -1)
initial: decision
states:
  decision:
    turn: officer
    events:
      grant: {by: officer, form: [decision.scope!], set: {decision.on: today}, to: issuing, actions: [{certificate: reserve}]}
      refuse: {by: officer, to: refused}
  issuing:
    turn: officer
    call: certificate.issue
    done: [{to: certified, actions: [{register: list}]}]
    failed: [{to: decision}]
    events:
      data_error: {by: officer, to: decision}
  certified:
    initial: listed
    events:
      annul: {by: officer, form: [decision.from_day!], to: annulled, actions: [{certificate: annul, with: {effective_from: decision.from_day}}]}
      terminate: {by: applicant, to: terminated, actions: [{certificate: terminate}]}
    deadlines:
      over: {at: certificate.valid_until, choose: [{when: decision.months == 13, to: superseded}, {to: expired}]}
    states:
      listed:
        turn: none
        events:
          correct:   {by: officer, actions: [{certificate: new_issue}, {call: certificate.issue}]}
          reduce:    {by: officer, form: [decision.scope!], when: 'decision.scope.all(s, s in certificate.scope)', actions: [{certificate: new_issue}, {call: certificate.issue}]}
          take_out:  {by: officer, form: [decision.items!], when: 'decision.items.all(s, s in decision.scope)', actions: [{register: update}]}
          put_back:  {by: officer, when: has(decision.items), set: {decision.items: null}, actions: [{register: update}]}
          suspend:   {by: officer, to: suspended, actions: [{certificate: suspend}]}
          renew:     {by: officer, set: {decision.months: 13}}
      suspended:
        turn: applicant
        events:
          reinstate: {by: officer, to: listed, actions: [{certificate: reinstate}]}
          withdraw:  {by: officer, to: withdrawn, actions: [{certificate: withdraw}]}
        deadlines:
          long: {after: 20 days, to: withdrawn, actions: [{certificate: withdraw}]}
  withdrawn:
    turn: applicant
    events:
      upheld: {by: officer, when: certificate.valid_until >= today, to: certified, actions: [{certificate: reinstate}]}
    deadlines:
      final: {after: 30 days, to: delisted}
  refused:    {final: true, outcome: refused}
  delisted:   {final: true, outcome: delisted}
  annulled:   {final: true, outcome: delisted}
  terminated: {final: true, outcome: delisted}
  expired:    {final: true, outcome: delisted, enter: [{certificate: expire}]}
  superseded: {final: true, outcome: renewed, enter: [{certificate: supersede}]}
"""
EVENTS = ["grant", "data_error", "annul", "terminate", "correct", "reduce", "take_out", "put_back", "suspend", "reinstate", "withdraw", "upheld", "renew"]  # fmt: skip
ENDS = {"annul", "terminate", "refuse", "data_error"}
TAKEN = st.sets(st.sampled_from(ITEMS), min_size=1)
SHOWN = {"listed": "listed", "suspended": "suspended"}
FINAL = {"refused", "delisted", "annulled", "terminated", "expired", "superseded"}
SERIAL = iter(range(10_000, 99_999))


class Life(RuleBasedStateMachine):
    """One case; other cases of other examples lie beside it."""

    def __init__(self, world):
        super().__init__()
        self.world, self.services = world, world.services
        self.tax_id = f"77{next(SERIAL):08d}"
        self.holder = person("anna", "applicant", party=self.tax_id)
        self.officer = person("oleg", "officer")
        data = {"applicant.tax_id": self.tax_id, "product.designation": "V-1"}
        self.case = world.open("life", data, self.holder).id
        self.rows, self.statuses, self.files, self.answers = [], [], {}, []

    @property
    def today(self):
        """As people there have it."""
        return self.services.clock.now().astimezone(ZONE).date()

    @initialize(first=st.sampled_from([True, True, True, False]))
    def begin(self, first):
        """Most of a life is after the decision."""
        if first:
            self.does("grant", {"i1"}, 0)
            self.world.wait(seconds=1)

    @rule(pick=st.integers(0, 99), items=TAKEN, ago=st.integers(0, 40))
    def act(self, pick, items, ago):
        """Somebody does something that is possible; ends are rare."""
        may = [e.event for who in (self.officer, self.holder) for e in self.services.cases.get(self.case, who).allowed]
        going_on = [event for event in may if event in EVENTS and event not in ENDS]
        choice = may if pick < 10 or not going_on else going_on
        if choice:
            self.does(choice[pick % len(choice)], items, ago)

    @rule(event=st.sampled_from(EVENTS), items=TAKEN)
    def try_out(self, event, items):
        """Somebody does something that may not be possible."""
        if event not in ENDS:
            self.does(event, items, 0)

    def does(self, event, items, ago):
        """It is done, or refused."""
        self.world.wait(seconds=1)
        given = {
            "grant": {"decision.scope": list(ITEMS)},
            "reduce": {"decision.scope": sorted(items)},
            "take_out": {"decision.items": sorted(items)},
            "annul": {"decision.from_day": self.today - timedelta(days=ago)},
        }.get(event, {})
        who = self.holder if event == "terminate" else self.officer
        with suppress(MilepostError):
            self.world.send(self.case, event, who, given)

    @rule(days=st.sampled_from([0, 1, 5, 21, 40]))
    def time_passes(self, days):
        """With what falls due in it."""
        self.world.wait(days=days, seconds=1)

    @rule()
    def the_adapter_is_away(self):
        """Once or twice, and comes back."""
        self.world.failures_of_render = 2

    @rule()
    def effects_are_delivered(self):
        """Whatever waits."""
        self.world.wait(minutes=30)

    @rule(ago=st.integers(-5, 60))
    def a_tender_asks(self, ago):
        """The answer is kept, to be asked for again."""
        on, known = self.today - timedelta(days=ago), self.services.clock.now()
        self.world.wait(seconds=1)
        self.answers.append((on, known, self.asked(on, known)))

    def asked(self, on, known):
        """Yes or no, and by which row."""
        said = self.services.register.eligibility(self.tax_id, "V-1", on=on, known_at=known)
        return said.answer, said.entry.revision if said.entry else None

    @invariant()
    def what_must_hold(self):
        """Of the certificate, the entry, the rows, the files and the answers."""
        seen = self.services.cases.get(self.case, self.officer)
        leaf = next(state.path.rpartition(".")[2] for state in seen.states if state.leaf)
        status = seen.data.get("certificate", {}).get("status")
        entry = seen.data.get("register", {}).get("status")
        if leaf in SHOWN:
            assert entry == SHOWN[leaf]
            assert status == {"listed": "valid", "suspended": "suspended"}[leaf]
        if leaf in FINAL or leaf == "withdrawn":
            assert entry not in {"listed", "suspended"}
            assert status not in {"valid", "suspended"}
        if entry == "listed":
            assert status == "valid"
            assert self.today <= seen.data["certificate"]["valid_until"]
        self.nothing_is_lost(seen)
        self.answers_stay()

    def nothing_is_lost(self, seen):
        """Rows and files are only added to; the last row is what the case says."""
        entry_no = seen.data.get("register", {}).get("entry_no")
        rows = list(self.world.store.read(lambda r: r.register_history(entry_no))) if entry_no else []
        assert rows[: len(self.rows)] == self.rows
        assert [row.revision for row in rows] == list(range(1, len(rows) + 1))
        assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(rows))
        if rows:
            assert rows[-1].status == seen.data["register"]["status"]
        self.rows = rows
        held = self.world.store.read(lambda r: r.certificates_of(self.case))
        for certificate in held:
            assert check_holds(certificate.number)
            if certificate.has_pdf:
                pdf = self.services.certificates.pdf(certificate.number, certificate.issue)
                assert self.files.setdefault((certificate.number, certificate.issue), pdf) == pdf
        assert self.files.keys() <= {(c.number, c.issue) for c in held}
        statuses = [s for number in sorted({c.number for c in held}) for s in self.history(number)]
        assert [s for s in statuses if s in self.statuses] == self.statuses
        self.statuses = statuses

    def history(self, number):
        """Every status of a certificate."""
        return list(self.world.store.read(lambda r: r.certificate_history(number)))

    def answers_stay(self):
        """What was answered once is answered again, by what was known then; and by the rows themselves."""
        for on, known, said in self.answers[-8:]:
            assert self.asked(on, known) == said
            assert said[0] == self.by_hand(on, known)

    def by_hand(self, on, known):
        """The rule, written down once more: the last row that was known and in force before that day was over."""
        over = datetime.combine(on + timedelta(days=1), time(), tzinfo=ZONE)
        rows = [row for row in self.rows if row.recorded_at <= known and row.effective_from < over]
        if not rows or rows[-1].status != "listed":
            return False
        last = max(self.world.store.read(lambda r: r.certificates_of(self.case)), key=lambda c: (c.issued_at, c.issue))
        return last.facts["valid_from"] <= on <= last.facts["valid_until"]

    def teardown(self):
        """Numbers are there once; the history is whole."""
        numbers = [c.number for c in self.world.store.read(lambda r: r.certificates_of(self.case))]
        assert len(set(numbers)) == len({number.split("-")[0] for number in numbers})


@pytest.mark.parametrize("world", ["file", "postgresql"], indirect=True)
def test_a_life_at_random(world, monkeypatch):
    """Any order of events, days, failures and questions."""
    world.publish(SOURCE)
    world.failures_of_render = 0
    render = world.renderer.render

    def sometimes(view):
        if world.failures_of_render:
            world.failures_of_render -= 1
            raise DeliveryFailed("away", retry_after=60)
        return render(view)

    monkeypatch.setattr(world.renderer, "render", sometimes)
    bounded = settings(max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Life(world), settings=bounded)


@pytest.mark.parametrize("world", ["file", "postgresql"], indirect=True)
def test_a_long_life(world):
    """One that is known to come by every status, so that the random ones have not gone round it."""
    world.publish(SOURCE)
    world.failures_of_render = 0
    life, seen = Life(world), []
    for event, days in (
        ("grant", 0), ("correct", 1), ("reduce", 1), ("take_out", 1), ("put_back", 1), ("suspend", 2), ("reinstate", 3),
        ("suspend", 1), ("withdraw", 2), ("upheld", 1), ("renew", 0), ("", 400),
    ):  # fmt: skip
        if event:
            life.does(event, {"i1"}, 0)
        life.what_must_hold()
        world.wait(days=days, seconds=1)
        life.answers.append(
            (life.today, world.services.clock.now(), life.asked(life.today, world.services.clock.now()))
        )
        world.wait(seconds=1)
        life.what_must_hold()
        seen.append(world.services.cases.get(life.case, life.officer).data["certificate"]["status"])
    assert seen[-1] == "superseded"
    assert {"valid", "suspended", "withdrawn", "superseded"} <= set(seen)
    assert [row.verb for row in life.rows] == ["list", "update", "update", "update", "update", "suspend", "reinstate", "suspend", "delist", "reinstate", "delist"]  # fmt: skip
    assert isinstance(life.rows[0].facts["valid_until"], date)
