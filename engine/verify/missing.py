"""Values that a letter prints and that its case may not have when it is sent (WF126)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.acts import Notify
from engine.core.types import Kind
from engine.verify.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.core.acts import Action
    from engine.core.definition import Assignment, FormItem, State, Workflow
    from engine.verify.graph import Move

_NEVER_MISSED = frozenset({Kind.LIST, Kind.MAP})


def may_be_missing(workflow: Workflow, template: str, named: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of the paths that a letter prints, those without a value on some way to where it is sent, with that way."""
    graph = Graph(workflow)
    for path in named:
        kind, _, name = path.partition(".")
        known = workflow.fields if kind == "data" else workflow.event_fields if kind == "event" else {}
        name = next((one for one in known if name == one or name.startswith(f"{one}.")), "")
        if not name or known[name].type.kind in _NEVER_MISSED:
            continue
        way = _way(_Field(graph, name), template) if kind == "data" else _unsaid(graph, template, name)
        if way is not None:
            yield path, way


class _Field:
    """Where a field surely gets a value."""

    def __init__(self, graph: Graph, path: str) -> None:
        self.graph, self.path = graph, path
        self.field = graph.workflow.fields[path]

    def at_start(self) -> bool:
        """From the beginning of every case."""
        opening = self.graph.workflow.opening
        start = [self.graph.states[path] for path in self.graph.start]
        return (
            self.field.default is not None
            or self._asked(opening.form)
            or self._set(opening.set)
            or self._entered(start)
        )

    def by(self, move: Move) -> bool:
        """By a move: its form, its sets, or those of what it enters."""
        handler = move.source.events.get(move.name) if move.kind == "event" else None
        entered = self.graph.entry(move.arm.to) if move.arm.to is not None else ()
        states = [self.graph.states[path] for path in entered]
        return (handler is not None and self._asked(handler.form)) or self._set(move.arm.set) or self._entered(states)

    def _entered(self, states: Iterable[State]) -> bool:
        return any(self._set(state.set) for state in states)

    def _asked(self, form: Iterable[FormItem]) -> bool:
        return any(
            item.must
            and not item.event_data
            and (
                item.path == self.path
                or (item.mode == "group" and self.field.required and self.path.startswith(f"{item.path}."))
            )
            for item in form
        )

    def _set(self, assignments: Iterable[Assignment]) -> bool:
        return any(item.path == self.path and item.expression is not None for item in assignments)


def _way(field: _Field, template: str) -> str | None:
    """A way to where the letter is sent on which nothing gives the field; None: there is none."""
    graph = field.graph
    if field.at_start():
        return None
    if _sends(graph.workflow.opening.actions, template, field.path):
        return "the opening"
    free = graph.reach(graph.start, lambda move: not field.by(move))
    for path in free:
        state = graph.states[path]
        sent = _sends((*state.enter, *state.leave), template, field.path) or _reminds(state, template)
        moves = (move for move in graph.moves[path] if not field.by(move))
        if sent or any(_sends(move.arm.actions, template, field.path) for move in moves):
            return graph.way(free, path)
    return None


def _unsaid(graph: Graph, template: str, name: str) -> str | None:
    """A move that sends the letter and is no event that has to say this."""
    for moves in graph.moves.values():
        for move in moves:
            handler = move.source.events.get(move.name) if move.kind == "event" else None
            if handler is not None and any(
                item.event_data and item.must and item.path == name for item in handler.form
            ):
                continue
            entered = graph.entry(move.arm.to) if move.arm.to is not None else ()
            enters = [action for path in entered for action in graph.states[path].enter]
            if _sends((*move.arm.actions, *enters), template, f"event.{name}"):
                return str(move)
    return None


def _sends(some: Iterable[Action], template: str, asked: str) -> bool:
    """Whether one of these sends the letter, whatever a condition says of the field."""
    for action in some:
        if isinstance(action, Notify) and action.template == template:
            condition = action.condition
            if condition is None or not (asked in condition.reads or asked in condition.calls):
                return True
    return False


def _reminds(state: State, template: str) -> bool:
    return any(d.remind is not None and d.remind.template == template for d in state.deadlines.values())
