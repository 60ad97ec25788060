"""Deadlines and terms: calendars that are missing, what never comes, and who decides by silence (WF070, WF079, WF085, WF087 to WF089)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from engine.core.definition import StateKind, Workflow
from engine.core.expressions.ast import Call, Node, children
from engine.core.expressions.expression import Expression
from engine.core.naming import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Deadline, State
    from engine.core.naming import Who
    from engine.verify.findings import Report
    from engine.verify.graph import Graph


def check_calendar(workflow: Workflow, calendars: Mapping[str, Calendar], report: Report) -> None:
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
    for expression in _expressions(workflow):
        if _counts_working_days(expression.tree):
            mark = expression.mark or workflow.root.mark
            report.say("WF085", mark, "add_working_days needs a calendar", "name one at the top: `calendar: ru`")


def _expressions(part: object) -> Iterator[Expression]:
    """Every expression in a part of a definition; `define`d ones where they are used."""
    if isinstance(part, Expression):
        yield part
    elif isinstance(part, tuple | list):
        for item in part:
            yield from _expressions(item)
    elif isinstance(part, Mapping):
        yield from _expressions(list(part.values()))
    elif isinstance(part, Workflow):
        yield from _expressions([part.root, part.opening, part.certificate, part.register, part.fields])
    elif is_dataclass(part):
        yield from _expressions([getattr(part, item.name) for item in fields(part)])


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


def _check_use(state: State, deadline: Deadline, report: Report) -> None:
    acts = any(arm.to or arm.set or arm.actions for arm in deadline.arms)
    if not (acts or deadline.escalate or deadline.remind):
        message = f"the deadline '{deadline.name}' of '{state.path}' does nothing"
        report.say("WF088", deadline.mark, message, "let it escalate, remind, act or lead on, or remove it")
    term = deadline.after or deadline.every
    for early in deadline.remind.before if deadline.remind else ():
        fixed = deadline.start is None and deadline.before is None and deadline.counts is None
        if fixed and term is not None and early.unit is term.unit and early.amount >= term.amount:
            message = f"a reminder {early} before is never sent: the deadline is only {term} long"
            report.say("WF089", deadline.mark, message, "remind later")


def _check_silence(graph: Graph, state: State, deadline: Deadline, report: Report) -> None:
    if deadline.at is not None or deadline.counts is Side.APPLICANT or all(arm.to is None for arm in deadline.arms):
        return
    silent = next((inner for inner in _waiting(graph, state) if _operators(graph, inner)), None)
    if silent is None:
        return
    where = "" if silent.path == state.path else f" in '{silent.path}'"
    message = f"'{deadline.name}' moves the case while it is the operator's turn{where}"
    report.say("WF087", deadline.mark, message, "escalate instead, or use `at`, `turn: none` or the applicant's turn")


def _waiting(graph: Graph, state: State) -> Iterator[State]:
    """The states in which a case can rest while this one is active."""
    for inner in state.walk():
        rests = inner.kind not in {StateKind.CHOICE, StateKind.FINAL, StateKind.STAGE, StateKind.PARALLEL}
        if rests and inner.path in graph.reached:
            yield inner


def _operators(graph: Graph, state: State) -> bool:
    """Whether somebody of the operator's side has the turn."""
    roles = graph.workflow.roles
    if state.panel is not None and state.turn is None:
        return any(ask.role not in roles or roles[ask.role].side is Side.OPERATOR for ask in state.panel.ask)
    turn: tuple[Who, ...] = ()
    for holder in (state, *graph.around(state.path)):
        if holder.turn is not None:
            turn = holder.turn
            break
    return any(who.kind == "role" and who.name in roles and roles[who.name].side is Side.OPERATOR for who in turn)
