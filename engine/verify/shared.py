"""Fields that two regions of one parallel state write, each on its own time (WF114)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from engine.core.definition import StateKind
from engine.core.expressions.ast import Node
from engine.verify.graph import moves_of
from engine.verify.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import Assignment, FormItem, State, Workflow
    from engine.core.diagnostics import Mark
    from engine.verify.findings import Report


class _Write(NamedTuple):
    """Who writes a field: the event (none: on entry or by a deadline), and what, where it is set."""

    path: str
    event: str | None
    value: str | None
    adds: bool
    mark: Mark


def check_shared(workflow: Workflow, report: Report) -> None:
    """What one region writes the other does not overwrite."""
    for state in workflow.states.values():
        if state.kind is not StateKind.PARALLEL:
            continue
        reported: set[str] = set()
        for first, second in combinations(state.children, 2):
            earlier = list(_writes(first, workflow))
            for write in _writes(second, workflow):
                other = next((one for one in earlier if _conflict(one, write)), None)
                if other is not None and write.path not in reported:
                    reported.add(write.path)
                    message = (
                        f"'{write.path}' is written by the regions '{first.name}' (line {other.mark.line}) and "
                        f"'{second.name}' of '{state.path}': the last one wins"
                    )
                    report.say("WF114", write.mark, message, "give each region a field of its own, or use `list+`")


def _conflict(first: _Write, second: _Write) -> bool:
    if first.path != second.path or (first.adds and second.adds):
        return False
    if first.value is not None and first.value == second.value:
        return False
    return first.event is None or first.event != second.event  # one event in both: WF084


def _writes(region: State, workflow: Workflow) -> Iterator[_Write]:
    for state in region.walk():
        yield from (_set(item, None) for item in state.set)
        if state.panel is not None:
            yield _Write(state.panel.into, None, None, adds=False, mark=state.mark)
        for handler in state.events.values():
            for item in handler.form:
                yield from _given(item, handler.event, workflow)
        for move in moves_of(state):
            event = move.name if move.kind == "event" else None
            yield from (_set(item, event) for item in move.arm.set)


def _set(item: Assignment, event: str | None) -> _Write:
    tree = None if item.expression is None else item.expression.tree
    adds = item.expression is not None and item.path in item.expression.reads
    return _Write(item.path, event, shape(tree) if isinstance(tree, Node) else None, adds=adds, mark=item.mark)


def _given(item: FormItem, event: str, workflow: Workflow) -> Iterator[_Write]:
    """`list+` and `list.column` are made for several writers, unless one replaces the list; event data is nobody's field."""
    if item.event_data:
        return
    adds = item.mode in {"add", "column"}
    inside = f"{item.path}."
    for path in workflow.fields:
        if path == item.path or (item.mode == "group" and path.startswith(inside)):
            yield _Write(path, event, None, adds=adds, mark=item.mark)
