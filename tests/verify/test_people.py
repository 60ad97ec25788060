"""Roles that are left over, and what the people who are there can do (WF100 to WF104)."""

from __future__ import annotations

import pytest

from engine.core.case import Actor
from engine.core.loader.load import load
from engine.verify.check import check

SOURCE = """
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}, chief: {title: Chief}, buyer: {title: Buyer, side: applicant, where: {party: offer.tax_id}}}
data: {offer: {tax_id: text, asked: {type: integer, default: 0}}}
duties: {four_eyes: {different: [check, decision]}}
open: {by: buyer, form: [offer.tax_id!]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: decision}, ask: {by: clerk, when: offer.asked < 3, set: {offer.asked: offer.asked + 1}, to: answer}}}
  answer: {turn: buyer, events: {say: {by: buyer, to: check}}}
  decision: {turn: chief, events: {decide: {by: chief, to: done}}}
  done: {final: true}
"""


def people(**roles):
    """Who holds what."""
    return tuple(Actor(name, roles=frozenset(held.split())) for name, held in roles.items())


def found(*, source=SOURCE, profile="production", **roles):
    """Codes and messages with these people."""
    loaded = load(source, file="sample.yaml")
    assert loaded.workflow is not None
    verdict = check(
        loaded.workflow,
        others={},
        calendars={},
        templates=None,
        people=people(**roles) if roles else None,
        profile=profile,
    )
    return [(one.code, one.message) for one in verdict.found]


def test_enough_people():
    """Two of each, and an applicant: nothing to say. Without people nothing is said of them."""
    assert found(ana="clerk", bela="clerk", cara="chief", dora="chief", zavod="buyer") == []
    assert found() == []


def test_a_role_that_nobody_holds():
    """What it has to do is never done; the applicant's role too, for nobody could open a case."""
    assert found(ana="clerk", bela="clerk", zavod="buyer") == [("WF102", "nobody holds the role 'chief'")]


def test_one_person_for_both():
    """The duty cannot be kept, and he is missed by everybody."""
    said = found(ana="clerk chief", zavod="buyer")
    assert ("WF103", "duty 'four_eyes' cannot be kept: only ana may act in 'check' and in 'decision'") in said
    assert [code for code, _ in said] == ["WF103", "WF104", "WF104"]
    assert "WF103" not in [code for code, _ in found(ana="clerk chief", bela="clerk chief", zavod="buyer")]


def test_the_one_who_is_missed():
    """Only where the case waits for the operator's side: which applicant may act is his case's affair."""
    said = found(ana="clerk", bela="clerk", cara="chief", zavod="buyer")
    assert said == [("WF104", "in 'decision' only cara may act; while he is away every case waits")]


@pytest.mark.parametrize(("profile", "severity"), [("draft", "note"), ("team", "note"), ("production", "warning")])
def test_profiles(profile, severity):
    """Drafts are not kept waiting for it."""
    loaded = load(SOURCE, file="sample.yaml")
    verdict = check(
        loaded.workflow, others={}, calendars={}, templates=None,
        people=people(ana="clerk", bela="clerk", cara="chief", zavod="buyer"), profile=profile,
    )  # fmt: skip
    assert [str(one.severity) for one in verdict.found] == [severity]
