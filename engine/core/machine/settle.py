"""What moves by itself after an event: choices, what is done, until nothing moves (LANGUAGE §3.1, §3.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import State, StateKind
from engine.core.machine.draft import children_view
from engine.core.machine.failing import guard_refused
from engine.core.machine.moves import run_arms
from engine.core.machine.turns import asked
from engine.core.selection import Taken
from engine.errors import StepTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.core.definition import Arm
    from engine.core.machine.draft import Draft

BOUND = 100
_CHOICE, _STAGE, _PARALLEL = StateKind.CHOICE, StateKind.STAGE, StateKind.PARALLEL  # looked up once, see moves


def settle(draft: Draft) -> None:
    """Run automatic arms until the case rests; raises StepTooLong after 100, and then nothing is stored."""
    for _ in range(BOUND):
        if not _advance(draft):
            return
    raise StepTooLong(
        f"{' and '.join(draft.arms[-2:])} follow each other without end; a loop needs an event or a deadline in it"
    )


def _advance(draft: Draft) -> bool:
    chart = draft.chart
    for path in draft.configuration.restless:
        state = chart.states[path]
        if state.kind is _CHOICE:
            take_first(draft, path, state.choose)
            return True
        complete = _complete(draft, state)
        if complete and not draft.active[path].finished:
            draft.finish(path, finished=True)
            if state.done:
                _take_done(draft, state)
                return True
        elif not complete and draft.active[path].finished:
            draft.finish(path, finished=False)
    return False


def take_first(draft: Draft, path: str, arms: Sequence[Arm]) -> None:
    """Run the first arm that fits; none is an error and nothing is stored (LANGUAGE §3.2)."""
    for arm in arms:
        if draft.holds(arm.when):
            run_arms(draft, [Taken(path, arm)])
            return
    raise guard_refused(f"{path}: going on from here", arms, draft.scope)


def _take_done(draft: Draft, state: State) -> None:
    scope = draft.scope
    if state.panel is not None:
        scope.answers = draft.answers.get(state.path, ())
    if state.cases is not None:
        scope.children = children_view(draft.counted(state.path))
    take_first(draft, state.path, state.done)
    scope.answers = ()
    scope.children = children_view(draft.children)


def _complete(draft: Draft, state: State) -> bool:
    if state.kind is _STAGE:
        return not draft.active.keys().isdisjoint(draft.chart.finals[state.path])
    if state.kind is _PARALLEL:
        active = draft.active
        finished = sum([r.path not in active or active[r.path].finished for r in state.children])
        return _enough(draft, state, finished, len(state.children))
    scope = draft.scope
    if state.panel is not None:
        rows = draft.answers.get(state.path, ())
        scope.answers = rows
        enough = _enough(draft, state, len(rows), asked(state.panel, draft.data))
        scope.answers = ()
        return enough
    children = draft.counted(state.path)
    scope.children = children_view(children)
    enough = _enough(draft, state, sum(child.ended for child in children), len(children))
    scope.children = children_view(draft.children)
    return enough


def _enough(draft: Draft, state: State, finished: int, whole: int) -> bool:
    """`need`; all in and still false is enough all the same."""
    if finished >= whole:
        return True
    need = state.need
    if need.condition is not None:
        return draft.value(need.condition) is True
    if need.count == "all":
        return False
    return finished >= (1 if need.count == "any" else need.count or 0)
