"""Deadlines that never come, or come at once (WF118)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.expressions.ast import Field
from engine.core.naming import Side
from engine.verify.control import done_at_once
from engine.verify.reads import empty_fields
from engine.verify.sides import resting, sides

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import Deadline, State
    from engine.verify.findings import Report
    from engine.verify.graph import Graph
    from engine.verify.parts import Parts


def check_due(graph: Graph, parts: Parts, report: Report) -> None:
    """Each deadline can fall due, and not before people could do something."""
    empty = empty_fields(graph.workflow, parts)
    for path in graph.reached:
        state = graph.states[path]
        for deadline in state.deadlines.values():
            found = (
                _at_once(graph, state)
                or _from_nothing(deadline, empty)
                or _stands(graph, state, deadline)
                or _before(deadline)
            )
            if found is not None:
                words, hint = found
                where = f"the deadline '{deadline.name}' of '{path or 'the case'}'"
                report.say("WF118", deadline.mark, f"{where} {words}", hint)


def _at_once(graph: Graph, state: State) -> tuple[str, str] | None:
    """A state that is done in the step that enters it."""
    if done_at_once(graph, state) and any(not arm.when and arm.to is not None for arm in state.done):
        return "never comes: the state is left in the step that enters it", "move it to a state that waits"
    return None


def _from_nothing(deadline: Deadline, empty: set[str]) -> tuple[str, str] | None:
    """A term that begins with what has no value is not armed."""
    begin = deadline.start or deadline.at
    if begin is None or not isinstance(begin.tree, Field) or begin.tree.path not in empty:
        return None
    return f"never comes: nobody ever gives '{begin.tree.path}'", "ask for it in a form, or set it"


def _before(deadline: Deadline) -> tuple[str, str] | None:
    term, early = deadline.after or deadline.every, deadline.before
    if term is None or early is None or deadline.start is not None or early.unit is not term.unit:
        return None
    if early.amount < term.amount:
        return None
    return f"comes at once: it is due {early} before a term of {term} is over", "make `before` shorter than the term"


def _stands(graph: Graph, state: State, deadline: Deadline) -> tuple[str, str] | None:
    """`counts`: its clock runs while that side has the turn, here or in a region beside."""
    side = deadline.counts
    if side is None:
        return None
    here = [sides(graph, inner) for inner in resting(graph, state)]
    beside = [sides(graph, inner) for region in _beside(graph, state) for inner in resting(graph, region)]
    runs = any(side in turn for turn in (*here, *beside))
    if side is Side.APPLICANT:  # while all turns are his
        runs = runs and any(Side.OPERATOR not in turn for turn in here)
    if runs or not here:
        return None
    return (
        f"never comes: it counts the {side}'s time, who never has the turn",
        "count the other side, or leave `counts` out",
    )


def _beside(graph: Graph, state: State) -> Iterator[State]:
    """The regions that run beside a state."""
    inner = state.path
    for outer in graph.around(state.path):
        if outer.kind is StateKind.PARALLEL:
            yield from (region for region in outer.children if region.path != inner)
        inner = outer.path
