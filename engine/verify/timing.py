"""Deadlines and terms: calendars that are missing, what never comes or comes too late, and who decides by silence (WF070, WF079, WF085,
WF087 to WF089, WF099).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.expressions.ast import Call, Node, children
from engine.core.expressions.expression import Expression
from engine.core.naming import Side
from engine.verify.sides import resting, sides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Deadline, State, Workflow
    from engine.verify.findings import Report
    from engine.verify.graph import Graph
    from engine.verify.parts import Parts


def check_calendar(workflow: Workflow, parts: Parts, calendars: Mapping[str, Calendar], report: Report) -> None:
    """The calendar named is there, with office hours where they are counted in; expressions that count working days have
    one (terms without one are the loader's finding).
    """
    if workflow.calendar is not None:
        calendar = calendars.get(workflow.calendar)
        if calendar is None:
            known = ", ".join(sorted(calendars)) or "there is none"
            message = f"there is no calendar '{workflow.calendar}'"
            report.say("WF070", workflow.root.mark, message, f"add calendars/{workflow.calendar}.yaml ({known})")
        elif workflow.working_hours is not None and not calendar.hours:
            message = f"the calendar '{calendar.name}' has no office hours to count working hours in"
            hint = f'add `hours: "09:00-18:00"` to calendars/{calendar.name}.yaml, or count `hours` round the clock'
            report.say("WF079", workflow.working_hours, message, hint)
        return
    for expression in parts.of(Expression):
        if _counts_working_days(expression.tree):
            mark = expression.mark or workflow.root.mark
            report.say("WF085", mark, "add_working_days needs a calendar", "name one at the top: `calendar: ru`")


def _counts_working_days(tree: object) -> bool:
    if not isinstance(tree, Node):
        return False
    if isinstance(tree, Call) and tree.function == "add_working_days":
        return True
    return any(_counts_working_days(inner) for inner in children(tree))


def check_deadlines(graph: Graph, report: Report) -> None:
    """Every deadline does something, every reminder can be sent, and only the applicant's silence decides."""
    for state in graph.states.values():
        for deadline in state.deadlines.values():
            _check_use(state, deadline, report)
            _check_silence(graph, state, deadline, report)
            _check_around(graph, state, deadline, report)


def _check_use(state: State, deadline: Deadline, report: Report) -> None:
    acts = any(arm.to or arm.set or arm.actions for arm in deadline.arms)
    if not (acts or deadline.escalate or deadline.remind):
        message = f"the deadline '{deadline.name}' of '{state.path}' does nothing"
        report.say("WF088", deadline.mark, message, "let it escalate, remind, act or lead on, or remove it")
    term = deadline.after or deadline.every
    for early in deadline.remind.before if deadline.remind else ():
        if _fixed(deadline) and term is not None and early.unit is term.unit and early.amount >= term.amount:
            message = f"a reminder {early} before is never sent: the deadline is only {term} long"
            report.say("WF089", deadline.mark, message, "remind later")


def _check_around(graph: Graph, state: State, deadline: Deadline, report: Report) -> None:
    """A deadline counted from entry beside one around it in the same unit: the inner state is entered later, or at once."""
    if not _fixed(deadline) or deadline.after is None or not (deadline.escalate or deadline.arms):
        return
    for outer in graph.around(state.path):
        for other in outer.deadlines.values():
            shorter = other.after is not None and other.after.unit is deadline.after.unit
            if _fixed(other) and shorter and other.after is not None and other.after.amount < deadline.after.amount:
                name = f"'{outer.path}'" if outer.path else "the case"
                message = f"'{deadline.name}' ({deadline.after}) comes after '{other.name}' of {name} ({other.after})"
                report.say("WF099", deadline.mark, message, "make it shorter, or the one around it longer")
                return


def _fixed(deadline: Deadline) -> bool:
    """Whether it is counted from entry all the time."""
    return deadline.start is None and deadline.before is None and deadline.counts is None


def _check_silence(graph: Graph, state: State, deadline: Deadline, report: Report) -> None:
    if deadline.at is not None or deadline.counts is Side.APPLICANT or all(arm.to is None for arm in deadline.arms):
        return
    silent = next((inner for inner in resting(graph, state) if Side.OPERATOR in sides(graph, inner)), None)
    if silent is None:
        return
    where = "" if silent.path == state.path else f" in '{silent.path}'"
    message = f"'{deadline.name}' moves the case while it is the operator's turn{where}"
    report.say("WF087", deadline.mark, message, "escalate instead, or use `at`, `turn: none` or the applicant's turn")
