"""Conditions that let something in and never can, and a `need` that asks for more than there is (WF081, WF119)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import Arm
from engine.core.fixes import Remove
from engine.verify.domains import decide
from engine.verify.graph import actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import State, Workflow
    from engine.core.expressions.expression import Expression
    from engine.verify.findings import Report


def check_joins(workflow: Workflow, report: Report) -> None:
    """Every region and action can happen, and what is waited for can be there."""
    for what, condition in _conditions(workflow):
        decided = decide([Arm("", when=(condition,))], workflow)
        if decided is not None and decided.never(0) and condition.mark is not None:
            report.say("WF081", condition.mark, f"this can never be true: {what}", "compare with values that occur")
    for state in workflow.states.values():
        _check_children(state, report)


def _conditions(workflow: Workflow) -> Iterator[tuple[str, Expression]]:
    for state in workflow.states.values():
        if state.condition is not None:
            yield f"the region '{state.name}' never runs", state.condition
        if state.need.condition is not None:
            yield f"'{state.name}' is done only when all are in", state.need.condition
    for action in actions(workflow):
        if action.condition is not None:
            yield "this action is never done", action.condition


def _check_children(state: State, report: Report) -> None:
    """`with` alone opens one case; only `add` brings more."""
    cases, count = state.cases, state.need.count
    if cases is None or cases.add or cases.each is not None or cases.values is None:
        return
    if isinstance(count, int) and count > 1:
        message = f"'{state.path}' needs {count} children to end, and opens one"
        hint = "leave `need` out, open one for `each` of a list, or let somebody `add` more"
        report.say("WF119", state.mark, message, hint, fix=Remove(state.mark, inside=("cases", "need")))
