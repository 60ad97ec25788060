"""Where a case rests, and whose clock runs there: of the operator's side, the applicant's, or nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.naming import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import State
    from engine.core.naming import Who
    from engine.verify.graph import Graph

_MOVING = frozenset({StateKind.CHOICE, StateKind.FINAL, StateKind.STAGE, StateKind.PARALLEL})


def resting(graph: Graph, state: State) -> Iterator[State]:
    """The states in which a case can rest while this one is active."""
    for inner in state.walk():
        if inner.kind not in _MOVING and inner.path in graph.reached:
            yield inner


def sides(graph: Graph, state: State) -> frozenset[Side]:
    """The sides that have the turn in a state where a case rests; a panel has that of its members."""
    roles = graph.workflow.roles
    if state.panel is not None and state.turn is None:
        names = [ask.role for ask in state.panel.ask]
        return frozenset(roles[name].side if name in roles else Side.OPERATOR for name in names)
    turn = turn_of(graph, state)
    return frozenset(roles[who.name].side for who in turn if who.kind == "role" and who.name in roles)


def turn_of(graph: Graph, state: State) -> tuple[Who, ...]:
    """The turn that the state, or the nearest one around it, says."""
    for holder in (state, *graph.around(state.path)):
        if holder.turn is not None:
            return holder.turn
    return ()
