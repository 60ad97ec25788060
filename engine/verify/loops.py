"""Rounds between the two sides that nobody counts (WF113).

Every loop needs a counter, a deadline around it or a person who has agreed to pay for it; here it has none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.naming import Side
from engine.verify.sides import resting, sides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.core.definition import State
    from engine.verify.findings import Report
    from engine.verify.graph import Graph, Move

_Step = tuple[str, "Move", str]
"""From a state where a case rests, by a move, to another such state."""


def check_loops(graph: Graph, report: Report) -> None:
    """Each circle of requests and answers is limited by what it counts, or by a deadline around it."""
    steps = list(_steps(graph))
    for circle in _circles(steps):
        within = _inside(steps, circle)
        counted = _counted(graph, within)
        for round_ in _circles([step for step in within if not _limited(step[1], counted)]):
            uncounted = [step for step in _inside(within, round_) if not _limited(step[1], counted)]
            _report(graph, round_, uncounted, report)


def _report(graph: Graph, circle: frozenset[str], steps: list[_Step], report: Report) -> None:
    owners = {path: sides(graph, graph.states[path]) for path in circle}
    asked = next(
        (step for step in steps if Side.OPERATOR in owners[step[0]] and owners[step[2]] == {Side.APPLICANT}), None
    )
    if asked is None or _bounded(graph, circle):
        return
    source, move, target = asked
    message = f"'{source}' and '{target}' may send a case back and forth for ever: nobody counts '{move}'"
    hint = "count the rounds (`when: rounds < 3`, `set: {rounds: rounds + 1}`), or put a deadline around"
    report.say("WF113", move.arm.mark, message, hint)


def _steps(graph: Graph) -> Iterator[_Step]:
    """What people can do from each state where a case rests, and where it then rests."""
    for state in resting(graph, graph.workflow.root):
        for holder in (state, *graph.around(state.path)):
            for move in graph.moves[holder.path]:
                if move.kind == "event" and move.arm.to is not None:
                    yield from ((state.path, move, rest) for rest in _rests(graph, move.arm.to))


def _rests(graph: Graph, target: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Where a case comes to rest that goes to a state, choices followed."""
    if target in seen:
        return
    for path in graph.entry(target):
        state = graph.states[path]
        if path != target and not path.startswith(f"{target}."):
            continue
        if state.kind is StateKind.CHOICE:
            for move in graph.moves[path]:
                if move.arm.to is not None:
                    yield from _rests(graph, move.arm.to, seen | {target})
        elif state.kind not in {StateKind.STAGE, StateKind.PARALLEL, StateKind.FINAL}:
            yield path


def _inside(steps: list[_Step], circle: frozenset[str]) -> list[_Step]:
    return [step for step in steps if step[0] in circle and step[2] in circle]


def _counted(graph: Graph, steps: list[_Step]) -> frozenset[str]:
    """The fields that the circle sets by itself."""
    found = {item.path for _, move, _ in steps for item in move.arm.set}
    return frozenset(found | {item.path for path in {step[2] for step in steps} for item in graph.states[path].set})


def _limited(move: Move, counted: frozenset[str]) -> bool:
    return any(expression.reads & counted for expression in move.arm.when)


def _bounded(graph: Graph, circle: frozenset[str]) -> bool:
    """Whether a deadline around all of it leads out of it."""
    around = [set(_paths(graph, path)) for path in circle]
    shared: set[str] = set.intersection(*around)
    return any(_leads_out(graph.states[path], circle) for path in shared)


def _paths(graph: Graph, path: str) -> Iterator[str]:
    yield from (state.path for state in graph.around(path))


def _leads_out(state: State, circle: frozenset[str]) -> bool:
    arms = (arm for deadline in state.deadlines.values() for arm in deadline.arms)
    return any(arm.to is not None and arm.to not in circle for arm in arms)


def _circles(steps: list[_Step]) -> list[frozenset[str]]:
    """Groups of states that all lead to each other, in file order: Kosaraju's two walks, forward and back."""
    onward: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for source, _, target in steps:
        onward.setdefault(source, []).append(target)
        back.setdefault(target, []).append(source)
    left: dict[str, None] = {}
    for path in onward:
        _walk(path, onward, left)
    found, seen = [], dict[str, None]()
    for path in reversed(left):
        group = _walk(path, back, seen)
        if len(group) > 1 or (group and path in onward.get(path, ())):
            found.append(frozenset(group))
    order = {path: number for number, path in enumerate(onward)}
    return sorted(found, key=lambda group: min(order[path] for path in group))


def _walk(start: str, ways: Mapping[str, list[str]], left: dict[str, None]) -> list[str]:
    """All that is reached from a state and was not left before, in the order in which it is left; noted in `left`."""
    if start in left:
        return []
    found: list[str] = []
    entered = {start}
    todo: list[tuple[str, Iterator[str]]] = [(start, iter(ways.get(start, ())))]
    while todo:
        path, targets = todo[-1]
        after = next((target for target in targets if target not in entered and target not in left), None)
        if after is None:
            todo.pop()
            left[path] = None
            found.append(path)
        else:
            entered.add(after)
            todo.append((after, iter(ways.get(after, ()))))
    return found
