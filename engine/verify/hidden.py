"""Events that are written outside and always taken inside (WF095)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import Handler, State
    from engine.verify.findings import Report
    from engine.verify.graph import Graph

_MOVING = frozenset({StateKind.CHOICE, StateKind.FINAL, StateKind.STAGE, StateKind.PARALLEL})


def check_hidden(graph: Graph, report: Report) -> None:
    """An event of a stage that each state inside takes for itself, unconditionally, whoever sends it."""
    for state in graph.states.values():
        if not state.children or any(inner.kind is StateKind.PARALLEL for inner in state.walk()):
            continue  # regions look for an arm each for themselves
        resting = [inner for inner in state.walk() if inner.kind not in _MOVING and inner.path in graph.reached]
        for name, handler in state.events.items():
            taken = [next(_hiding(graph, inner, state, handler), None) for inner in resting]
            if taken and all(taken):
                message = f"'{name}' of '{state.path or 'the case'}' is never looked at: states inside always take it"
                hint = "take it out here, or give the inner one a `when`"
                report.say("WF095", handler.mark, message, hint)


def _hiding(graph: Graph, inner: State, outer: State, handler: Handler) -> Iterator[Handler]:
    """Handlers between the two that take the event whenever the outer one would."""
    for holder in (inner, *graph.around(inner.path)):
        if holder.path == outer.path:
            return
        own = holder.events.get(handler.event)
        if own is not None and set(handler.by) <= set(own.by) and any(not arm.when for arm in own.arms):
            yield own
