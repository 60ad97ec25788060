"""Children opened, cancelled and told; what is sent by value; timers that cannot do their step."""

from __future__ import annotations

import pytest

from engine.errors import EventNotAllowed
from engine.service.searching import CaseFilters

MAIN = """
milepost: 1
workflow: main
title: Main
timezone: UTC
number: "M-{seq:3}"
roles: {officer: {title: Officer, sees: all}}
data:
  item: {code: text, notes: {type: integer, default: 0}, grounds: text}
open: {by: officer, form: [item.code!, item.grounds]}
initial: quiet
states:
  quiet:
    turn: officer
    events:
      appeal: {by: officer, to: under_appeal}
      shout:  {by: officer, actions: [{send: heard, to: main, where: {item.code: item.code}}]}
      heard:  {by: main, set: {item.notes: item.notes + 1}}
  under_appeal:
    turn: officer
    cases: {of: side, with: {item.grounds: item.grounds}, rest: cancel}
    events:
      give_up: {by: officer, to: quiet}
      note:    {by: side, set: {item.notes: item.notes + 1}}
    done:
      - {when: 'children.exists(c, c.outcome == "upheld")', to: won}
      - {to: quiet}
  won: {final: true, outcome: won}
"""

SIDE = """
milepost: 1
workflow: side
title: Side
timezone: UTC
number: "S-{seq:3}"
roles: {officer: {title: Officer, sees: all}}
data:
  item: {grounds: text}
  sum: {zero: {type: number, default: 0}, share: number}
open: {by: main, form: [item.grounds!]}
initial: hearing
states:
  hearing:
    turn: officer
    events:
      tell:   {by: officer, actions: [{send: note, to: parent}]}
      uphold: {by: officer, to: upheld}
    deadlines:
      broken: {after: 2 days, set: {sum.share: 1 / sum.zero}}
      works:  {after: 3 days, actions: [{send: note, to: parent}]}
  upheld: {final: true, outcome: upheld}
"""


@pytest.fixture
def appealed(world, officer):
    """A main case whose side case is open."""
    world.publish(MAIN, SIDE)
    case = world.open("main", {"item.code": "a", "item.grounds": "because"}, officer)
    world.send(case.id, "appeal", officer)
    world.settle()
    return case


def _child(world, case, officer):
    (child,) = world.services.cases.get(case.id, officer).children
    return child


def test_a_child_is_opened_once_with_its_number_known_to_the_parent(world, appealed, officer):
    """The child has what `with` gives and knows its parent; the parent has its number in its history."""
    child = _child(world, appealed, officer)
    assert (child.number, child.ended) == ("S-001", False)
    side = world.services.cases.get(child.id, officer)
    assert (side.data["item"]["grounds"], side.parent.number) == ("because", "M-001")
    assert [step.name for step in world.services.cases.history(appealed.id, officer)][-1] == "child_opened"


def test_a_child_tells_its_parent_and_its_end_moves_it(world, appealed, officer):
    """`send … to: parent` is an event of the parent; the outcome of the child chooses the parent's arm."""
    child = _child(world, appealed, officer)
    world.send(child.id, "tell", officer)
    world.settle()
    assert world.services.cases.get(appealed.id, officer).data["item"]["notes"] == 1
    world.send(child.id, "uphold", officer)
    world.settle()
    assert world.services.cases.get(appealed.id, officer).outcome == "won"


def test_a_child_is_cancelled_with_the_state_that_waited_for_it(world, appealed, officer):
    """`rest: cancel`: the child closes as cancelled, and the parent is told without being moved."""
    child = _child(world, appealed, officer)
    world.send(appealed.id, "give_up", officer)
    world.settle()
    assert world.services.cases.get(child.id, officer).outcome == "cancelled"
    seen = world.services.cases.get(appealed.id, officer)
    assert [state.path for state in seen.states if state.leaf] == ["quiet"]
    assert world.incidents() == []


def test_a_child_that_cannot_be_opened_is_an_incident_and_in_the_history(world, officer):
    """A missing value that the child's form needs: a person has to look; nothing is half open."""
    world.publish(MAIN, SIDE)
    case = world.open("main", {"item.code": "a"}, officer)
    world.send(case.id, "appeal", officer)
    world.settle()
    ((kind, text),) = world.incidents()
    assert kind == "open"
    assert "item.grounds" in text
    assert world.services.cases.history(case.id, officer)[-1].kind == "dropped"
    assert world.services.cases.find(CaseFilters(workflow="side"), officer).items == ()


def test_what_is_sent_by_value_reaches_every_open_case_but_the_sender(world, officer):
    """`where` picks by the cases' data, never the case itself."""
    world.publish(MAIN, SIDE)
    cases = [world.open("main", {"item.code": code}, officer) for code in ("a", "a", "b")]
    world.send(cases[0].id, "shout", officer)
    world.settle()
    assert [world.services.cases.get(case.id, officer).data["item"]["notes"] for case in cases] == [0, 1, 0]


def test_a_timer_whose_step_is_refused_leaves_the_list(world, appealed, officer):
    """An incident and a record, once; the case does not loop, and its next deadline still works."""
    child = _child(world, appealed, officer)
    world.wait(days=10)
    assert [kind for kind, _ in world.incidents()] == ["timer"]
    assert [step.kind for step in world.services.cases.history(child.id, officer)] == ["opened", "dropped", "deadline"]
    assert world.services.cases.get(appealed.id, officer).data["item"]["notes"] == 1
    assert world.services.cases.timers(child.id, officer) == ()
    world.send(child.id, "tell", officer)
    assert world.services.cases.timers(child.id, officer) == ()


def test_a_refusal_keeps_the_timers_that_fired_before_it(world, appealed, officer):
    """The event is refused, what was due before it is not undone."""
    child = _child(world, appealed, officer)
    due = world.services.timers.next_due()
    world.store.write(lambda tx: tx.set_clock(due))
    with pytest.raises(EventNotAllowed, match="uphld"):
        world.send(child.id, "uphld", officer)
    assert [step.kind for step in world.services.cases.history(child.id, officer)] == ["opened", "dropped"]
