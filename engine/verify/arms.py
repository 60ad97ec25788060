"""Arms that never fit, that are hidden by others, that meet in two regions, or that leave a case without a way (WF080 to 084)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.expressions.ast import Node
from engine.core.fixes import Remove
from engine.verify.arithmetic import prover
from engine.verify.domains import decide, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.core.definition import Arm, State, Workflow
    from engine.core.diagnostics import Mark
    from engine.verify.findings import Report


def check_arms(workflow: Workflow, report: Report) -> None:
    """Each list of arms is decided on its own."""
    for state in workflow.states.values():
        for handler in state.events.values():
            _check_list(handler.arms, workflow, report)
        for deadline in state.deadlines.values():
            _check_list(deadline.arms, workflow, report)
        for name, arms in (("choose", state.choose), ("done", state.done), ("failed", state.failed)):
            _check_list(arms, workflow, report)
            if arms:
                _check_complete(f"`{name}` of '{state.path}'", arms, workflow, report)


def _check_list(arms: Sequence[Arm], workflow: Workflow, report: Report) -> None:
    if not any(arm.when for arm in arms):
        if len(arms) > 1:
            report.say(
                "WF080",
                arms[1].mark,
                "this arm is never taken: the one before has no condition",
                _ORDER,
                fix=Remove(arms[1].mark, "item"),
            )
        return
    decided = decide(arms, workflow)
    for number, arm in enumerate(arms):
        twin = next((other for other in arms[:number] if same(other, arm)), None)
        bare = next((other for other in arms[:number] if not other.when), None)
        if bare is not None:
            report.say(
                "WF080",
                arm.mark,
                "this arm is never taken: one before has no condition",
                _ORDER,
                fix=Remove(arm.mark, "item"),
            )
        elif twin is not None:
            message = f"this arm is never taken: the one in line {twin.mark.line} has the same condition"
            report.say("WF080", arm.mark, message, _ORDER, fix=Remove(arm.mark, "item"))
        elif decided is not None and decided.never(number):
            place = arm.when[0].mark or arm.mark
            report.say("WF081", place, "this can never be true", "compare with values that occur")
        elif decided is not None and arm.when and decided.always(number):
            place = arm.when[0].mark or arm.mark
            report.say("WF127", place, "this can never be false", "take it out, or compare with values that occur")
        elif decided is not None and decided.hidden(number):
            report.say(
                "WF080",
                arm.mark,
                "this arm is never taken: those before fit wherever it does",
                _ORDER,
                fix=Remove(arm.mark, "item"),
            )


_ORDER = "the first arm that fits is taken; put the narrower one first, or remove it"


def _check_complete(name: str, arms: Sequence[Arm], workflow: Workflow, report: Report) -> None:
    if any(not arm.when for arm in arms):
        return
    decided = decide(arms, workflow)
    hint = "add a last arm without `when`"
    gap: str | bool | None = False if decided is None else decided.gap()
    if gap is False or (gap is not None and decided is not None and not decided.exact):
        gap = _proved(arms, workflow)
    if gap is False:
        words = f"{name} may have no arm that fits; it was not decided"
        report.say("WF082", _place(arms), words, f"{hint}, or install milepost[prover]")
    elif gap is not None:
        report.say("WF082", _place(arms), f"{name} has no arm that fits where {gap}", hint)


def _proved(arms: Sequence[Arm], workflow: Workflow) -> str | bool | None:
    """Values with which no arm fits, by z3; None: one always does; False: not decided."""
    rows = [[expression.tree for expression in arm.when] for arm in arms]
    asked = prover(workflow) if all(isinstance(tree, Node) for row in rows for tree in row) else None
    return False if asked is None else asked.gap(rows)


def _place(arms: Sequence[Arm]) -> Mark:
    return arms[-1].mark


def check_regions(workflow: Workflow, report: Report) -> None:
    """One event taken in two regions: not both may leave the parallel state or set one field."""
    for state in workflow.states.values():
        if state.kind is not StateKind.PARALLEL:
            continue
        for first, second in combinations(state.children, 2):
            for event in dict.fromkeys(event for inner in first.walk() for event in inner.events):
                pairs = [(a, b) for a in _taking(first, event) for b in _taking(second, event)]
                _check_pairs(state, event, pairs, workflow, report)


def _taking(region: State, event: str) -> Iterator[Arm]:
    for inner in region.walk():
        if event in inner.events:
            yield from inner.events[event].arms


def _check_pairs(
    state: State, event: str, pairs: Sequence[tuple[Arm, Arm]], workflow: Workflow, report: Report
) -> None:
    for first, second in pairs:
        decided = decide((first, second), workflow)
        if decided is not None and not decided.both(0, 1):
            continue
        if _leaves(first, state) and _leaves(second, state):
            message = f"'{event}' leaves '{state.path}' from two regions; this arm gives way to line {first.mark.line}"
            report.say("WF083", second.mark, message, "let one region take the event, or exclude the other by `when`")
        shared = {item.path for item in first.set} & {item.path for item in second.set}
        if shared and not (_leaves(first, state) or _leaves(second, state)):
            names = ", ".join(sorted(shared))
            message = f"'{event}' sets {names} in two regions of '{state.path}' at once, which is refused"
            report.say("WF084", second.mark, message, "set it in one region, or exclude the other by `when`")


def _leaves(arm: Arm, state: State) -> bool:
    return arm.to is not None and not arm.to.startswith(f"{state.path}.")
