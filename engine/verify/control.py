"""Control flow: what is never reached, what has no way to an end, what moves on without rest (WF064 to WF068)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.core.definition import State
    from engine.verify.findings import Report
    from engine.verify.graph import Graph, Move

_SELF_ENDING = frozenset({StateKind.PANEL, StateKind.SERVICE, StateKind.CHILDREN})


def check_reached(graph: Graph, report: Report) -> None:
    """Every state can become active, every `done` can be taken; of what hangs together only the first is reported."""
    lost = [path for path in graph.states if path not in graph.reached]
    entered = {
        target
        for path in lost
        for move in graph.moves[path]
        if move.arm.to is not None
        for target in graph.entry(move.arm.to)
        if target != path
    }
    explained: set[str] = set()
    for path in [*(p for p in lost if p not in entered), *lost]:
        state = graph.states[path]
        if path in explained or state.parent in lost:
            continue
        explained.update(graph.reach((path, *graph.entry(path), *(inner.path for inner in state.walk()))))
        report.say("WF064", state.mark, f"no case ever reaches '{path}'", "lead an arm to it, or remove it")
    for path in graph.reached:
        state = graph.states[path]
        if state.done and not graph.completes(state, graph.reached):
            if any(inner.kind is StateKind.FINAL and inner.path in lost for inner in state.walk()):
                continue  # said already
            message = f"'{path}' is never done: there is no final state inside"
            report.say("WF068", state.done[0].mark, message, "add a state with `final: true` and lead an arm to it")


def check_ends(graph: Graph, report: Report) -> None:
    """From every state that is reached the case can come to an end."""
    able = _able(graph)
    stuck = [path for path in graph.states if path in graph.reached and path not in able]
    for path in stuck:
        state = graph.states[path]
        if path and state.parent in stuck:
            continue
        name = f"'{path}'" if path else "the workflow"
        hint = "add an event or deadline that leads on, or `final: true`"
        report.say("WF065", state.mark, f"there is no way from {name} to an end", hint)


def _able(graph: Graph) -> set[str]:
    """The states from which an end of the case can be reached."""
    able = {state.path for state in graph.workflow.root.children if state.kind is StateKind.FINAL}
    changed = True
    while changed:
        before = len(able)
        able.update(state.path for state in graph.states.values() if _leads_on(graph, state, able))
        changed = len(able) > before
    return able


def _leads_on(graph: Graph, state: State, able: set[str]) -> bool:
    if state.path in able or any(move.arm.to in able for move in graph.moves[state.path]):
        return True
    if state.initial in able or any(child.path in able for child in state.children if state.kind is StateKind.PARALLEL):
        return True
    ends_region = state.kind is StateKind.FINAL or state.kind in _SELF_ENDING
    for outer in graph.around(state.path):
        others_do = outer.kind is StateKind.PARALLEL and outer.need.count != "all"
        completion = outer.done if ends_region or others_do else ()
        moves = [*(move.arm for move in graph.moves[outer.path] if move.kind in {"event", "deadline"}), *completion]
        if any(arm.to in able for arm in moves):
            return True
        ends_region = ends_region and not outer.done and graph.states[outer.parent].kind is StateKind.PARALLEL
    return False


def check_rest(graph: Graph, report: Report) -> None:
    """No chain of choices and completions comes back to where it began."""
    automatic = {path: list(_automatic(graph, path)) for path in graph.states}
    done: set[str] = set()
    for path in graph.states:
        for circle in _circles(automatic, path, done):
            first = circle[0].source
            names = " → ".join(f"'{move.source.path}'" for move in circle)
            if all(move.free for move in circle):
                report.say("WF066", first.mark, f"{names} moves on for ever", "lead one of them to a state that waits")
            else:
                hint = "lead one of them to a state that waits, or see to it that a `set` ends the round"
                report.say("WF067", first.mark, f"{names} may go round without rest", hint)


def _automatic(graph: Graph, path: str) -> Iterator[tuple[Move, str]]:
    """The moves that a state makes at once, with the next state that does so."""
    state = graph.states[path]
    moves: Iterable[Move] = ()
    if state.kind is StateKind.CHOICE:
        moves = graph.moves[path]
    elif state.done and done_at_once(graph, state):
        moves = (move for move in graph.moves[path] if move.kind == "done")
    for move in moves:
        if move.arm.to is not None:
            for entered in graph.entry(move.arm.to):
                inner = graph.states[entered]
                if entered == move.arm.to or inner.path.startswith(f"{move.arm.to}."):
                    yield move, entered


def done_at_once(graph: Graph, state: State) -> bool:
    """Whether a state can be done in the step that enters it."""
    if state.kind is StateKind.STAGE:
        return state.initial is not None and graph.states[state.initial].kind is StateKind.FINAL
    if state.kind is StateKind.PARALLEL:
        return all(region.condition is not None or done_at_once(graph, region) for region in state.children)
    return False


def _circles(automatic: dict[str, list[tuple[Move, str]]], start: str, done: set[str]) -> Iterator[list[Move]]:
    """The first circle through a state that was not seen before."""
    todo: list[tuple[str, list[Move]]] = [(start, [])]
    seen: set[str] = set()
    while todo:
        path, way = todo.pop()
        for move, target in automatic[path]:
            if target == start:
                members = {step.source.path for step in [*way, move]}
                if not members & done:
                    yield [*way, move]
                done |= members
                return
            if target not in seen:
                seen.add(target)
                todo.append((target, [*way, move]))
