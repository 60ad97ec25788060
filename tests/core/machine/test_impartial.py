"""Whoever does what, for whomever, with work offered, claimed and handed on: no decision by one who has evaluated (ROADMAP §3.10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.case import Actor, Event
from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case, step
from engine.core.work import AssignmentChanged
from engine.errors import Refused

WORKFLOW = """
milepost: 1
workflow: impartial
title: Impartial
timezone: Europe/Moscow
roles:
  reviewer: {title: Reviewer, sees: all}
  decider:  {title: Decider, sees: all}
data: {count: {rounds: {type: integer, default: 0}}}
duties: {impartial: {different: [evaluation, decision]}}
open: {by: [reviewer, decider]}
initial: evaluation
states:
  evaluation:
    initial: papers
    turn: reviewer
    states:
      papers:
        events: {look: {by: [reviewer, decider], set: {count.rounds: count.rounds + 1}}, on: {by: [reviewer, decider], to: tests}}
      tests:
        events: {look: {by: reviewer}, back: {by: reviewer, to: papers}, ready: {by: [reviewer, decider], to: decision}}
  decision:
    turn: decider
    events: {decide: {by: [decider, reviewer], to: over}, again: {by: decider, to: evaluation, actions: [{new_people: [reviewer]}]}}
  over: {final: true, outcome: completed}
"""
CHART = build_chart(load_or_raise(WORKFLOW, file="impartial.yaml"), None)
BOTH = frozenset({"reviewer", "decider"})
ROLES = st.sampled_from([BOTH, BOTH, frozenset({"reviewer"}), BOTH | {"reviewer.supervisor", "decider.supervisor"}])
NAMES = "abcd"
START = datetime(2026, 1, 12, 9, tzinfo=UTC)
PEOPLE = st.builds(
    lambda name, roles, other: Actor(name, roles=roles, acting_for=None if other == name else other),
    st.sampled_from(NAMES),
    ROLES,
    st.sampled_from([None, None, *NAMES]),
)
EVENTS = st.builds(Event, st.sampled_from(["look", "on", "on", "back", "ready", "ready", "decide", "decide", "again"]))
CHANGES = st.builds(
    lambda role, verb, names: AssignmentChanged(
        role, verb, tuple(Actor(name, roles=frozenset({role})) for name in names)
    ),
    st.sampled_from(["reviewer", "decider"]),
    st.sampled_from(["offer", "claim", "delegate", "give_back"]),
    st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PEOPLE, st.one_of(EVENTS, EVENTS, EVENTS, CHANGES)), min_size=15, max_size=40))
def test_no_decision_by_who_has_evaluated(acts):
    """By natural person, in both directions of acting for another; nor is the work his who may not do it."""
    case = open_case(CHART, Event("open"), Actor("z", roles=frozenset({"reviewer"})), case_id="c", now=START).case
    evaluated, decided, now = set(), set(), START
    for actor, said in acts:
        now += timedelta(minutes=1)
        before = {position.state for position in case.positions}
        try:
            made = step(CHART, case, said, actor, now=now)
        except Refused:
            continue
        case = made.case
        if isinstance(said, Event):
            (evaluated if "evaluation" in before else decided).update(actor.persons)
        assert evaluated.isdisjoint(decided)
        if isinstance(said, AssignmentChanged) and "decision" in before and said.verb != "give_back":
            given = actor.persons if said.verb == "claim" else tuple(person.id for person in said.persons)
            assert said.role != "decider" or evaluated.isdisjoint(given)
    note(f"decided: {bool(decided)}")
    note(f"closed: {case.closed_at is not None}")
