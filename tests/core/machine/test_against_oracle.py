"""Random workflows and conversations: the engine against the plain interpreter of oracle/, equal after every step."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from by_hand import F, P, S, W, panel, state, tree
from generator import Said, said, workflows
from hypothesis import HealthCheck, Phase, event, given, settings
from pair import ANA, Pair
from vocabulary import PEOPLE, compiled

from engine.core.case import (
    Event,
)
from engine.core.definition import Arm, Children, Deadline, StateKind, Workflow
from engine.core.terms import Term, Unit
from engine.core.types import BOOLEAN

if TYPE_CHECKING:
    from telling import Drawn


def converse(workflow: Workflow, conversation: list[Said]) -> None:
    """Both take the whole conversation and agree after every step."""
    pair = Pair(workflow, event)
    if pair.open():
        for one in conversation:
            pair.say(one)


def scripted(workflow: Workflow, *script: tuple[Any, ...]) -> Pair:
    """Both take a script: (event, data, person), ("due", deadline) or ("ended", child); they agree after every step."""
    pair = Pair(workflow)
    assert pair.open()
    for word, *rest in script:
        pair.now += timedelta(minutes=10)
        if word == "due":
            pair.fire(next(t for t in pair.case.timers if t.deadline == rest[0] and t.kind == "due"))
        elif word == "ended":
            pair.end(rest[0])
        else:
            said_event = Event(word, rest[0] if rest else {})
            pair.both(said_event, said_event, rest[1] if len(rest) > 1 else ANA, word)
    return pair


PANEL, CHILDREN = StateKind.PANEL, StateKind.CHILDREN
FLAG = compiled("facts.flag", "", BOOLEAN)


def test_a_region_that_was_off_is_kept_off() -> None:
    """`keep` brings a region back as it was left the last time, not as it was in an earlier stay."""
    regions = [state("a", S, state("x", W)), state("b", S, state("x", W), condition=FLAG)]
    workflow = tree(
        state("q", W, on={"go": Arm("in", to="p"), "push": Arm("back", to="p", keep=("p.b",)), "tell": Arm("tell")}),
        state("p", P, *regions, on={"go": Arm("out", to="q")}),
    )
    on, off = ("tell", {"facts.flag": True}), ("tell", {"facts.flag": False})
    first = scripted(workflow, off, ("go",), ("go",), on, ("push",))
    assert [p.state for p in first.case.positions if p.state] == ["p", "p.a", "p.a.x"]
    second = scripted(workflow, on, ("go",), ("go",), off, ("go",), ("go",), ("push",))
    assert [p.state for p in second.case.positions if p.state] == ["p", "p.a", "p.a.x"]


def test_no_arm_enters_a_region_of_a_state_that_another_leaves() -> None:
    """An arm into a region that is off meets one that leaves the parallel state: the inner one wins."""
    inner = [state("a", S, state("x", W)), state("b", S, state("x", W), condition=FLAG)]
    workflow = tree(
        state(
            "p",
            P,
            state("in", P, *inner, on={"go": Arm("inner", to="p.in.b.x")}),
            state("other", S, state("x", W)),
            on={"go": Arm("outer", to="q")},
        ),
        state("q", W),
    )
    assert scripted(workflow, ("go",)).case.leaves == ("p.in.a.x", "p.in.b.x", "p.other.x")


def test_an_answer_counts_for_a_role_that_is_still_asked() -> None:
    """Who holds two roles answers in the one of which not all have answered."""
    workflow = tree(
        state("v", PANEL, panel=panel(red=1, blue=1, green=1), done=(Arm("done", to="end"),)), state("end", F)
    )
    ana, ben, cyd, dov, _, fay, _ = PEOPLE
    pair = scripted(workflow, ("vote0", {"vote": 1}, ana), ("vote0", {"vote": 2}, cyd))
    assert [row["role"] for row in pair.case.data["votes.list0"]] == ["red", "blue"]
    pair = scripted(workflow, *(("vote0", {"vote": 1}, who) for who in (ana, cyd, ben, dov, fay)))
    assert pair.case.closed_at is not None


def test_child_ended_is_an_event_like_others() -> None:
    """Each region may take it, and so may the state around them."""
    one = Children("other", values={})
    regions = [
        state("a", CHILDREN, cases=one, on={"child_ended": Arm("a")}),
        state("b", S, state("x", W, on={"child_ended": Arm("b", to="p.b.y")}), state("y", W)),
    ]
    pair = scripted(tree(state("p", P, *regions)), ("ended", 0))
    assert pair.case.leaves == ("p.a", "p.b.y")


def test_a_deadline_that_has_fired_does_not_fire_again_when_its_state_is_kept() -> None:
    """A kept state's deadlines go on with the time that was left; one that has fired has none."""
    late = Deadline("late", after=Term(1, Unit.HOURS), arms=(Arm("late"),))
    workflow = tree(
        state("w", W, deadlines={"late": late}, on={"go": Arm("out", to="q")}),
        state("q", W, on={"go": Arm("back", to="w", keep=("w",))}),
    )
    assert scripted(workflow, ("due", "late"), ("go",), ("go",)).case.timers == ()


def test_children_count_for_the_state_that_opened_them() -> None:
    """A state that waits for all open children does not take them from the one that opened them."""
    regions = [
        state("a", CHILDREN, cases=Children("other", values={}), done=(Arm("a done"),)),
        state("b", S, state("x", W, on={"go": Arm("wait", to="p.b.y")}), state("y", CHILDREN, cases=Children("other"))),
    ]
    pair = scripted(tree(state("p", P, *regions)), ("go",))
    assert not any(p.finished for p in pair.case.positions)
    pair = scripted(tree(state("p", P, *regions)), ("go",), ("ended", 0))
    assert {p.state for p in pair.case.positions if p.finished} == {"p.a", "p.b.y"}


ANY_SIZE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=200, deadline=None, suppress_health_check=ANY_SIZE)
@given(workflows(), said())
def test_engine_and_oracle_agree(drawn: Drawn, conversation: list[Said]) -> None:
    """The engine does what a plain reading of the language does, and never rests in a half state."""
    converse(drawn.workflow, conversation)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=ANY_SIZE, phases=(Phase.generate, Phase.shrink))
@given(workflows(), said())
def test_engine_and_oracle_agree_for_long(drawn: Drawn, conversation: list[Said]) -> None:
    """The same for thousands of workflows."""
    converse(drawn.workflow, conversation)
