"""Retention as the services keep it: terms, families of cases, requests that come again."""

from __future__ import annotations

import pytest

from engine.core.calendars.words import parse_term
from engine.core.case import Event
from engine.errors import CaseNotFound, CasePruned, InvalidPayload
from engine.service.searching import CaseFilters

YEAR = parse_term("12 months")


@pytest.fixture
def family(proposals, world, product, acme):
    """A list that is over, and its one proposal that is open."""
    coordinator = world.person("clara", "coordinator", party="North")
    parent = world.open("list", {"region.name": "North"}, coordinator)
    child = world.open("proposal", product, acme, parent=parent.id)
    return parent, child, coordinator


def test_families_go_when_all_are_closed(world, family, officer):
    """A child with an open parent stays, a parent with an open child too; both go when both are closed for long enough."""
    parent, child, coordinator = family
    world.send(child.id, "accept", officer)
    world.send(child.id, "agree", world.person("ed", "expert"))
    world.settle()
    world.wait(days=400)
    assert list(world.services.pruning.prune(YEAR)) == [0]
    assert world.services.pruning.forecast(YEAR).stays == {"its parent is open": 1}
    world.send(parent.id, "run", coordinator)
    world.settle()
    assert world.services.cases.get(parent.id, coordinator).closed_at is not None
    assert list(world.services.pruning.prune(YEAR)) == [1]
    told = world.services.cases.get(parent.id, coordinator)
    assert [(c.id, c.number, c.ended) for c in told.children] == [(child.id, child.number, True)]
    with pytest.raises(CasePruned, match=f"case {child.number} was closed on .* and pruned on .*; its proof is kept"):
        world.services.cases.get(child.number, officer)
    world.wait(days=400)
    assert list(world.services.pruning.prune(YEAR)) == [1]
    with pytest.raises(CaseNotFound):  # whose it was is not known any more
        world.send(parent.id, "run", coordinator)
    with pytest.raises(CaseNotFound):
        world.open("proposal", {}, coordinator, parent=parent.number)
    assert world.services.cases.find(CaseFilters(), officer).items == ()
    assert world.incidents() == []


def test_a_child_knows_the_number_of_its_pruned_parent(world, family, officer):
    """What stays of the family still names the others."""
    parent, child, coordinator = family
    world.send(parent.id, "run", coordinator)
    world.send(child.id, "accept", officer)
    world.send(child.id, "agree", world.person("ed", "expert"))
    world.settle()
    world.store.write(lambda tx: tx.add_incident(case_id=child.id, kind="receiver", subject="s", text="t"))
    world.wait(days=300)
    assert list(world.services.pruning.prune(parse_term("299 days"))) == [1]
    world.services.cases._parents.clear()
    assert world.services.cases.get(child.id, officer).parent.number == parent.number


def test_terms_that_need_a_calendar_are_refused(world):
    """Which days are off is a workflow's affair; a term of retention is one of plain days or months."""
    with pytest.raises(InvalidPayload, match="30 working days depends on a calendar; write days or months"):
        world.services.pruning.forecast(parse_term("30 working days"))


def test_answers_are_kept_for_a_week(proposals, world, product, acme):
    """In machine time: before, a request that comes again has its answer; after it, it is a new request."""
    case = world.open("proposal", product, acme, key="once")
    assert world.open("proposal", product, acme, key="once").id == case.id
    world.machine.forward(days=7)
    assert world.services.pruning.forget_answers() == 0
    world.machine.forward(seconds=1)
    assert world.services.pruning.forget_answers() == 1
    assert world.store.read(lambda r: r.accepted("once", "1234567890")) is None
    world.send(case.id, "return", world.person("oleg", "officer"), {"reasons": "x"})
    assert world.services.cases.submit_event(case.id, Event("answer"), acme, key="once").result().refusal is None
