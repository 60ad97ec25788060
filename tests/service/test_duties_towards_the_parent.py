"""`different: […, parent]`: who acts in the case that opened this one, before or after, is another person."""

from __future__ import annotations

import pytest

from engine.core.case import Event
from engine.errors import DutyConflict

DECISION = """
milepost: 1
workflow: decision
title: Decision
timezone: Europe/Moscow
roles: {officer: {title: Officer, sees: all}}
data: {product: {name: text}}
open: {by: officer, form: [product.name]}
initial: taken
states:
  taken:
    turn: officer
    events:
      appeal: {by: officer, actions: [{open: appeal, with: {appeal.about: product.name}}]}
      look: {by: officer}
      end: {by: officer, to: over}
  over: {final: true, outcome: over}
"""

APPEAL = """
milepost: 1
workflow: appeal
title: Appeal
timezone: Europe/Moscow
roles: {officer: {title: Officer, sees: all}}
data: {appeal: {about: text}}
duties: {d-1: {different: [heard, parent]}}
open: {by: decision, form: [appeal.about]}
initial: heard
states:
  heard:
    turn: officer
    events: {reject: {by: officer, to: over}}
  over: {final: true, outcome: rejected}
"""


def test_who_acts_in_the_parent_later_is_no_other_person_either(world):
    """Acts in the parent count up to the moment of the act in the child, in what is offered and in what is taken."""
    world.publish(DECISION, APPEAL)
    ada, bob, eve = (world.person(name, "officer") for name in ("ada", "bob", "eve"))
    cases = world.services.cases
    parent = world.open("decision", {"product.name": "Valve"}, ada)
    world.send(parent.id, "appeal", ada)
    world.settle()
    child = cases.get(parent.id, ada).children[0].id
    assert [event.event for event in cases.get(child, bob).allowed] == ["reject"]
    world.send(parent.id, "look", bob)
    for who in (ada, bob):
        assert cases.get(child, who).allowed == ()
        with pytest.raises(DutyConflict):
            cases.dry_run(child, Event("reject"), who)
        with pytest.raises(DutyConflict):
            world.send(child, "reject", who)
    assert world.send(child, "reject", eve).case.outcome == "rejected"
