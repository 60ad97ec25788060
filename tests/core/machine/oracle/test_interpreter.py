"""The plain interpreter itself, on small workflows whose answers are known from LANGUAGE §3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from by_hand import C, F, P, S, W, state, tree, twins
from interpreter import Interpreter
from vocabulary import PEOPLE

from engine.core.case import Event
from engine.core.definition import Arm, Assignment
from engine.core.expressions.expression import Expression
from engine.core.types import BOOLEAN, INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from plain import Happened, Plain

    from engine.core.definition import Workflow
    from engine.core.expressions.expression import Scope

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
ANA = PEOPLE[0]


def expression(run: Callable[[Scope], Any]) -> Expression:
    """An expression that is a Python function."""
    return Expression("?", BOOLEAN, run)


def after(workflow: Workflow, *events: str, data: dict[str, Any] | None = None) -> tuple[list[str], Plain, Happened]:
    """The leaves, the case and what the last step did."""
    oracle = Interpreter(workflow)
    case, happened = oracle.open_case(Event("open"), ANA, NOW)
    assert case is not None
    case.data.update(data or {})
    for event in events:
        case, happened = oracle.step(case, Event(event), ANA, NOW)
    oracle.case = case
    return oracle.leaves(), case, happened


def test_opening_enters_outer_first_and_every_region() -> None:
    """Opening enters the initial states outer first, all regions of a parallel one."""
    leaves, _, happened = after(twins())
    assert leaves == ["p.a.x", "p.b.x"]
    assert happened.entered == ["", "p", "p.a", "p.a.x", "p.b", "p.b.x"]
    assert [name for _, name in happened.effects] == ["+p", "+a", "+x", "+b", "+x"]


def test_one_event_moves_several_regions() -> None:
    """Each region takes the event with its innermost arm; leaving runs inner first in reverse file order."""
    leaves, _, happened = after(twins(ax={"go": Arm("1", to="p.a.y")}, bx={"go": Arm("2", to="p.b.y")}), "go")
    assert leaves == ["p.a.y", "p.b.y"]
    assert (happened.arms, happened.left) == (["1", "2"], ["p.b.x", "p.a.x"])


def test_an_inner_arm_wins_over_one_around_it() -> None:
    """The arm of a region is taken, and the one of the parallel state, found from the other region, is not."""
    workflow = twins(ax={"go": Arm("inner", to="p.a.y")}, p={"go": Arm("outer", to="q")})
    assert after(workflow, "go")[2].arms == ["inner"]


def test_an_outer_arm_without_target_runs_beside_an_inner_one() -> None:
    """What leaves nothing is in nobody's way."""
    workflow = twins(ax={"go": Arm("inner", to="p.a.y")}, p={"go": Arm("outer")})
    assert after(workflow, "go")[2].arms == ["inner", "outer"]


def test_of_two_that_leave_the_same_the_first_in_the_file_is_taken() -> None:
    """Two regions both leave the parallel state: the first does."""
    workflow = twins(ax={"go": Arm("first", to="q")}, bx={"go": Arm("second", to="end")})
    leaves, _, happened = after(workflow, "go")
    assert (leaves, happened.arms) == (["q"], ["first"])
    assert happened.left == ["p.b.x", "p.b", "p.a.x", "p.a", "p"]


def test_a_kept_region_comes_back_as_it_was_and_says_nothing() -> None:
    """`keep` brings a region's states back with their entries; the others start at `initial`."""
    workflow = twins(
        ax={"on": Arm("1", to="p.a.y")}, p={"away": Arm("2", to="q")}, q={"back": Arm("3", to="p", keep=("p.a",))}
    )
    leaves, case, happened = after(workflow, "on", "away", "back")
    assert leaves == ["p.a.y", "p.b.x"]
    assert happened.entered == ["p", "p.b", "p.b.x"]
    assert {path: a.entry for path, a in case.active.items()} == {
        "p": 2, "p.a": 1, "p.a.y": 1, "p.b": 2, "p.b.x": 2,
    }  # fmt: skip


def test_into_a_region_from_outside_the_others_start_at_initial() -> None:
    """An arm into one region enters the whole parallel state."""
    workflow = twins(p={"away": Arm("1", to="q")}, q={"back": Arm("2", to="p.b.y")})
    assert after(workflow, "away", "back")[0] == ["p.a.x", "p.b.y"]


def test_naming_the_state_itself_leaves_and_enters_it() -> None:
    """`to` the state itself or one around it is an entry anew."""
    workflow = twins(ax={"again": Arm("1", to="p")})
    _, _, happened = after(workflow, "again")
    assert happened.left == ["p.b.x", "p.b", "p.a.x", "p.a", "p"]
    assert happened.entered == ["p", "p.a", "p.a.x", "p.b", "p.b.x"]


def test_a_parallel_state_without_regions_is_a_leaf_and_done() -> None:
    """Regions whose `if` is false count as finished."""
    off = expression(lambda _: False)
    workflow = tree(
        state("p", P, state("a", S, state("x", W), condition=off), done=(Arm("done", to="end"),)), state("end", F)
    )
    leaves, case, happened = after(workflow)
    assert (leaves, happened.arms, case.closed) == (["end"], ["done"], True)
    workflow = tree(state("p", P, state("a", S, state("x", W), condition=off)))
    assert after(workflow)[0] == ["p"]


def test_done_runs_once_inner_first_when_all_regions_are_finished() -> None:
    """A region's `done` runs when its final is reached; the parallel state's when every region is finished."""
    one, two = {"go": Arm("1", to="p.a.z")}, {"on": Arm("2", to="p.b.z")}
    regions = [
        state("a", S, state("x", W, on=one), state("z", F), done=(Arm("a done"),)),
        state("b", S, state("x", W, on=two), state("z", F)),
    ]
    workflow = tree(state("p", P, *regions, done=(Arm("p done", to="end"),)), state("end", F, outcome="over"))
    _, case, happened = after(workflow, "go")
    assert (happened.arms, case.active["p.a"].finished, case.active["p"].finished) == (["1", "a done"], True, False)
    _, case, happened = after(workflow, "go", "on")
    assert (happened.arms, case.closed, case.outcome) == (["2", "p done"], True, "over")


def test_two_arms_that_set_one_path_are_refused() -> None:
    """Sets of one step are computed from the same data, and may not meet."""
    one = Assignment("n", Expression("1", INTEGER, lambda _: 1))
    workflow = twins(ax={"go": Arm("1", set=(one,))}, bx={"go": Arm("2", set=(one,))})
    assert after(workflow, "go")[2].refused == "ConflictingSets"


def test_a_circle_of_choices_is_refused() -> None:
    """The automatic part of a step is bounded, and nothing of it is stored."""
    workflow = tree(
        state("w", W, on={"go": Arm("1", to="c")}),
        state("c", C, choose=(Arm("2", to="d"),)),
        state("d", C, choose=(Arm("3", to="c"),)),
    )
    leaves, _, happened = after(workflow, "go")
    assert (leaves, happened.refused) == (["w"], "StepTooLong")
