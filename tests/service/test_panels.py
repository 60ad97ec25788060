"""Members of a panel who leave it: before and after they have voted, by name or of a number, until nobody is left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import ActorNotAllowed, EventNotAllowed, GuardRefused, InvalidPayload
from tests.service.conftest import person

JURY = """
milepost: 1
workflow: jury
title: Jury
timezone: Europe/Moscow
number: "J-{seq:4}"
roles:
  clerk:  {title: Clerk, sees: all}
  expert: {title: Expert, sees: all}
data:
  jury:
    opinions: {type: list, of: {person: person, verdict: text}}
    members: {type: list, of: person}
open: {by: clerk, form: [jury.members]}
initial: voting
states:
  voting:
    panel: {ask: {expert: %s}, form: [verdict!], into: jury.opinions, need: 2, event: vote}
    done: [{to: over}]
    events: {stop: {by: clerk, to: over}}
  over: {turn: clerk, events: {close: {by: clerk, to: closed}}}
  closed: {final: true, outcome: done}
"""
CLERK = person("clerk", "clerk")
CHIEF = person("chief", "expert.supervisor", "clerk")
EXPERTS = {name: person(name, "expert") for name in ("ada", "ben", "cyd", "dan")}


@pytest.fixture
def jury(world):
    """Opens a case, with so many experts in the directory."""

    def made(*, named=(), known=("ada", "ben", "cyd", "dan")):
        world.publish(JURY % ("jury.members" if named else "3"))
        for one in (CLERK, CHIEF, *(EXPERTS[name] for name in known)):
            world.services.people.create_token(one.id, one.name, one.roles)
        data = {"jury.members": [{"id": name, "name": name.title()} for name in named]} if named else {}
        return world.open("jury", data, CLERK).id

    return made


def vote(world, case, name, verdict="yes"):
    """An opinion."""
    return world.send(case, "vote", EXPERTS[name], {"verdict": verdict}).case


def opinions(world, case):
    """Who is counted."""
    return [
        row["person"]["id"] for row in world.services.cases.get(case, CHIEF).data.get("jury", {}).get("opinions", ())
    ]


def leave(world, case, verb, name, *, by=None, actor=CHIEF):
    """A member leaves."""
    service = world.services.assignments
    if verb == "void":
        decision = service.void(case, "voting", name, actor, reason="tied to the party")
    else:
        decision = service.replace(case, "voting", name, by, actor, reason="is ill")
    return world.services.cases.answer(decision, actor)


def test_replaced_before_voting(world, jury):
    """He does not vote any more, and two others are enough."""
    case = jury()
    vote(world, case, "ada")
    done = leave(world, case, "replace", "ben")
    assert (done.step.kind, done.step.name, done.step.state, done.step.note) == ("panel", "replace", "voting", "is ill")
    with pytest.raises(GuardRefused, match="Ben was taken out of this panel"):
        vote(world, case, "ben")
    assert vote(world, case, "cyd").states[-1].path == "over"


def test_replaced_after_voting(world, jury):
    """His opinion is not counted; the history has it; a third one is asked."""
    case = jury()
    vote(world, case, "ada", "no")
    leave(world, case, "replace", "ada")
    assert opinions(world, case) == []
    assert vote(world, case, "ben").states[-1].path == "voting"
    assert vote(world, case, "cyd").states[-1].path == "over"
    assert opinions(world, case) == ["ben", "cyd"]
    assert any(step.said.get("verdict") == "no" for step in world.services.cases.history(case, CHIEF))


def test_a_voided_opinion(world, jury):
    """Only one that was given; it does not come back."""
    case = jury()
    with pytest.raises(EventNotAllowed, match="has given no opinion"):
        leave(world, case, "void", "ada")
    vote(world, case, "ada")
    leave(world, case, "void", "ada")
    with pytest.raises(GuardRefused, match="taken out"):
        vote(world, case, "ada")
    with pytest.raises(EventNotAllowed, match="has left voting already"):
        leave(world, case, "replace", "ada")


def test_by_name(world, jury):
    """The place of one who is out is nobody's until another is named; it is his supervisor's turn; two opinions it takes."""
    case = jury(named=("ada", "ben"))
    vote(world, case, "ada")
    leave(world, case, "void", "ada")
    view = world.services.cases.get(case, CHIEF)
    assert {turn.name for turn in view.turn} == {"id:ben", "expert.supervisor"}
    assert vote(world, case, "ben").states[-1].path == "voting"
    with pytest.raises(InvalidPayload, match="name the person"):
        leave(world, case, "replace", "ada")
    for wrong in ("ben", "ada", "clerk"):
        with pytest.raises(InvalidPayload, match="name another"):
            leave(world, case, "replace", "ada", by=wrong)
    leave(world, case, "replace", "ada", by="cyd")
    assert [turn.name for turn in world.services.cases.get(case, CHIEF).turn] == ["id:cyd"]
    assert vote(world, case, "cyd").states[-1].path == "over"
    assert opinions(world, case) == ["ben", "cyd"]


def test_only_the_supervisor_while_it_is_at_work(world, jury):
    """Not the clerk, not a member; and not when the answers have been counted."""
    case = jury()
    for actor in (CLERK, EXPERTS["ben"]):
        with pytest.raises(ActorNotAllowed, match=r"expert\.supervisor may"):
            leave(world, case, "replace", "ada", actor=actor)
    vote(world, case, "ada")
    vote(world, case, "ben")
    with pytest.raises(EventNotAllowed, match="not at work; its answers have been counted"):
        leave(world, case, "void", "ada")


def test_nobody_is_left(world, jury):
    """An incident names the panel, when too few are left of whom the directory knows."""
    case = jury(known=("ada", "ben", "cyd"))
    assert world.incidents() == []
    leave(world, case, "replace", "ada")
    assert world.incidents() == []  # two are left, and two are needed
    leave(world, case, "replace", "ben")
    ((kind, text),) = world.incidents()
    assert kind == "panel"
    assert "voting needs 2 answers more, and 1 people could give one" in text


def test_too_few_from_the_start(world, jury):
    """Said when the panel begins."""
    jury(known=("ada",))
    assert [kind for kind, _ in world.incidents()] == ["panel"]


def test_an_offer_makes_the_pool(world, jury):
    """Offered to some, only they answer; a panel's work is nobody's alone."""
    case = jury()
    change = world.services.assignments.change
    change(case, "expert", "offer", ["ada", "ben"], CHIEF)
    with pytest.raises(ActorNotAllowed, match="offered to others"):
        vote(world, case, "cyd")
    with pytest.raises(EventNotAllowed, match="nobody has it alone"):
        world.services.cases.answer(change(case, "expert", "claim", [], EXPERTS["ada"]), EXPERTS["ada"])
    vote(world, case, "ada")
    assert vote(world, case, "ben").states[-1].path == "over"


def test_one_person_one_opinion(world, jury):
    """Whoever has given one, for himself or for another, gives no second in the other's name or his own."""
    case = jury()
    for_ada = replace(EXPERTS["ben"], acting_for="ada")
    world.send(case, "vote", for_ada, {"verdict": "yes"})
    for who in (for_ada, EXPERTS["ben"], EXPERTS["ada"], replace(EXPERTS["cyd"], acting_for="ben")):
        with pytest.raises(GuardRefused, match="answered already"):
            world.send(case, "vote", who, {"verdict": "yes"})
    assert opinions(world, case) == ["ben"]


@pytest.mark.parametrize("name", ["ada", "ben"])
def test_an_opinion_given_for_another_is_voided(world, jury, name):
    """By the name of either."""
    case = jury()
    world.send(case, "vote", replace(EXPERTS["ben"], acting_for="ada"), {"verdict": "yes"})
    leave(world, case, "void", name)
    assert opinions(world, case) == []


def test_in_the_place_of_whom_one_answered_for(world, jury):
    """Who is replaced after he has answered for a member leaves that member's place to another."""
    case = jury(named=("ada", "cyd"))
    world.send(case, "vote", replace(EXPERTS["ben"], acting_for="ada"), {"verdict": "yes"})
    leave(world, case, "replace", "ben", by="dan")
    assert [one["id"] for one in world.services.cases.get(case, CHIEF).data["jury"]["members"]] == ["dan", "cyd"]
