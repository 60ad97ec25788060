"""After three days in which nothing ran: what fell due meanwhile happens in its order and as of its moment, before anything else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core.case import Event
from engine.errors import EventNotAllowed
from engine.service.cases import BatchLine
from engine.store import codec
from tests.service.conftest import START, person

PASS = """
milepost: 1
workflow: pass
title: Pass
timezone: Europe/Moscow
number: "P-{seq:4}"
roles:
  holder:  {title: Holder, side: applicant, sees: all}
  officer: {title: Officer, sees: all}
data: {holder: {tax_id: text, designation: text}, pass: {from: date, days: {type: integer, default: 1}}}
open: {by: officer, form: [holder.tax_id!, holder.designation!, pass.days]}
certificate:
  number: "C.{seq:5}-{check}"
  template: certificate
  holder: holder.tax_id
  designation: holder.designation
  valid_from: pass.from
  valid_until: add_days(pass.from, pass.days)
register: {tax_id: holder.tax_id, designation: holder.designation}
initial: draft
states:
  draft:
    turn: officer
    events: {grant: {by: officer, set: {pass.from: today}, to: issuing, actions: [{certificate: reserve}]}}
  issuing: {call: certificate.issue, done: [{to: listed, actions: [{register: list}]}]}
  listed:
    turn: none
    events: {suspend: {by: officer, to: suspended, actions: [{certificate: suspend}]}}
    deadlines: {over: {at: certificate.valid_until, to: expired, actions: [{certificate: expire}]}}
  suspended:
    turn: officer
    events: {reinstate: {by: officer, to: listed, actions: [{certificate: reinstate}]}}
    deadlines: {over: {at: certificate.valid_until, to: expired, actions: [{certificate: expire}]}}
  expired: {final: true, outcome: expired}
"""
OLEG = person("oleg", "officer")


@pytest.fixture
def passes(world):
    """Three listed passes: valid for three days, for one and for two."""
    world.publish(PASS)
    ids = []
    for number, days in enumerate((3, 1, 2)):
        data = {"holder.tax_id": "1234567890", "holder.designation": f"V-{number}", "pass.days": days}
        case = world.open("pass", data, OLEG)
        world.send(case.id, "grant", OLEG)
        world.settle()
        ids.append(case.id)
    return world, ids


def stand_still(world, **length):
    """Time passes, and nobody looks."""
    world.store.write(lambda tx: tx.set_clock(START + timedelta(**length)))


def fall_due(world):
    """(case, moment) of all that fell due, as the feed has it: in the order in which it was stored."""
    world.services.feed.sequence()
    steps = world.store.read(lambda reader: reader.feed(0, 1000))
    found = []
    for entry in steps:
        (record,) = world.store.read(lambda reader, entry=entry: reader.history(entry.case_id, entry.seq - 1, 1))
        if record.record["kind"] == "deadline":
            found.append((entry.case_id, record.record["at"], record.recorded_at))
    return found


def test_in_due_order_as_of_their_moments(passes):
    """Each is recorded as of when it fell due, and when it was stored stands beside it."""
    world, (three, one, two) = passes
    stand_still(world, days=5)
    while world.services.timers.fire_due():
        pass
    found = fall_due(world)
    assert [case_id for case_id, _, _ in found] == [one, two, three]
    assert [at.date().day for _, at, _ in found] == [3, 4, 5]  # 21:00 UTC is the end of the day in Moscow
    assert {stored for *_, stored in found} == {START + timedelta(days=5)}
    for case_id in (one, two, three):
        assert world.services.cases.get(case_id, OLEG).outcome == "expired"


@pytest.mark.parametrize("batch", [False, True])
def test_what_has_expired_is_expired_before_anything_is_decided_on_it(passes, batch):
    """Nobody suspends a certificate that is over, though no ticker has looked since."""
    world, (_, one, _) = passes
    number = world.services.cases.get(one, OLEG).data["certificate"]["number"]
    stand_still(world, days=3)
    if batch:
        (line,) = world.services.cases.batch([BatchLine(one, Event("suspend"))], OLEG)
        assert isinstance(line.error, EventNotAllowed)
    else:
        with pytest.raises(EventNotAllowed):
            world.send(one, "suspend", OLEG)
    assert world.services.cases.get(one, OLEG).outcome == "expired"
    assert world.services.certificates.by_number(number).status == "expired"
    (answer,) = world.services.register.search(tax_id="1234567890", designation="V-1").items
    assert answer.status == "delisted"


def test_the_tender_is_told_the_truth_meanwhile(passes):
    """Whoever asks before anybody has looked is told what holds on that day."""
    world, _ = passes
    assert world.services.register.eligibility("1234567890", "V-1").answer
    stand_still(world, days=3)
    assert not world.services.register.eligibility("1234567890", "V-1").answer
    assert world.services.register.eligibility("1234567890", "V-0").answer


PLAIN = """
milepost: 1
workflow: {name}
title: Plain
timezone: Europe/Moscow
roles: {{officer: {{title: Officer, sees: all}}}}
data: {{product: {{name: text}}}}
open: {{by: officer, form: [product.name]}}
initial: waiting
states:
  waiting: {{turn: officer, events: {{go: {{by: officer, to: over}}}}, deadlines: {{late: {{{late}}}}}}}
  over: {{final: true}}
"""


def test_one_workflow_with_many_does_not_hold_up_another(world):
    """Forty cases of one are due before the one case of another; both are looked at in the first sweep."""
    soon, later = ('after: 1 hour, when: "true"', 'after: 2 hours, when: "true"')
    world.publish(PLAIN.format(name="many", late=soon), PLAIN.format(name="few", late=later))
    many = [world.open("many", {}, OLEG).id for _ in range(40)]
    few = world.open("few", {}, OLEG).id
    stand_still(world, days=1)
    assert world.services.timers.fire_due(limit=10) == 6
    kinds = {one: [s.kind for s in world.services.cases.history(one, OLEG)] for one in (*many, few)}
    assert kinds[few] == ["opened", "deadline"]
    assert sum("deadline" in found for found in kinds.values()) == 6
    while world.services.timers.fire_due(limit=10):
        pass
    assert world.store.read(lambda reader: reader.count_due(reader.business_now())) == 0


@pytest.mark.parametrize(("name", "over"), [("Valve", True), ("Pump", False)])
def test_data_are_read_where_somebody_looks_at_them(world, monkeypatch, name, over):
    """Not by a reminder of a case that nobody works on; by the condition of its deadline."""
    reads = []
    read = codec._data_of
    monkeypatch.setattr(codec, "_data_of", lambda text: reads.append(text) or read(text))
    late = """after: 2 days, remind: {before: [1 day], to: officer}, to: over, when: 'product.name == "Valve"'"""
    world.publish(PLAIN.format(name="reminded", late=late))
    case = world.open("reminded", {"product.name": name}, OLEG).id
    found = []
    for days in (2, 3):
        world.store._engine.forget()
        stand_still(world, days=days)
        assert world.services.timers.fire_due() == 1
        found.append(len(reads))
    assert found == [0, 1]
    seen = world.services.cases.get(case, OLEG)
    assert (seen.data["product"]["name"], seen.closed_at is not None) == (name, over)
    assert [step.kind for step in world.services.cases.history(case, OLEG)] == ["opened", "reminder", "deadline"]
