"""Fields that leave for where their readers are others: adapters, other workflows, letters (WF120 to WF122)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.acts import Call, Notify, Open, Send
from engine.core.expressions.ast import Field as Path
from engine.core.expressions.ast import StateTest
from engine.core.naming import Who, group_of
from engine.verify.graph import moves_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from engine.core.acts import Action
    from engine.core.definition import Workflow
    from engine.core.expressions.expression import Expression
    from engine.core.naming import Role
    from engine.verify.findings import Report

SHARED = frozenset({"certificate", "register"})
"""Facts that every reader of a case sees."""


def check_crossing(workflow: Workflow, others: Mapping[str, Workflow], report: Report) -> None:
    """What is sealed stays here; what a role may not see here it does not see there."""
    known = {**others, workflow.name: workflow}
    for place, action in _places(workflow):
        if isinstance(action, Call):
            _check_call(workflow, place, action, report)
        elif isinstance(action, Open):
            _check_values(workflow, place, known.get(action.workflow), action.values, report)
        elif isinstance(action, Send):  # `parent` and `children`: which they are, only a case knows
            _check_values(workflow, place, known.get(action.to), action.values, report)
    for state in workflow.states.values():
        if state.call is not None:
            _check_call(workflow, state.path, state.call, report)
        if state.cases is not None:
            _check_values(workflow, state.path, known.get(state.cases.workflow), state.cases.values or {}, report)


def _places(workflow: Workflow) -> Iterator[tuple[str, Action]]:
    """Every action with the state in which it is done."""
    yield from (("", action) for action in workflow.opening.actions)
    for path, state in workflow.states.items():
        yield from ((path, action) for action in (*state.enter, *state.leave))
        yield from ((path, action) for move in moves_of(state) for action in move.arm.actions)


def _check_call(workflow: Workflow, place: str, action: Call, report: Report) -> None:
    for name, expression in action.values.items():
        for path in sorted(expression.reads):
            if _sealed(workflow, path, place):
                message = f"the sealed '{path}' goes to '{action.adapter}.{action.operation}' as '{name}'"
                hint = "take it out, or call when the seal is open"
                report.say("WF120", expression.mark or action.mark, message, hint)


def _check_values(
    workflow: Workflow, place: str, receiver: Workflow | None, values: Mapping[str, Expression], report: Report
) -> None:
    for path, expression in values.items():
        if receiver is not None:
            _check_value(workflow, place, receiver, path, expression, report)


def _check_value(
    workflow: Workflow, place: str, receiver: Workflow, path: str, expression: Expression, report: Report
) -> None:
    """One field that becomes one field: whoever is kept from it here is kept from it there."""
    source = expression.tree.path if isinstance(expression.tree, Path) else None
    field = receiver.fields.get(path)
    if source is None or source not in workflow.fields or field is None or expression.mark is None:
        return
    if _sealed(workflow, source, place) and field.sealed is None:
        message = f"'{source}' is sealed here, and '{path}' of '{receiver.name}' is not"
        report.say("WF121", expression.mark, message, f"seal {path} there, or send it when it is open")
        return
    for name, role in workflow.roles.items():
        there = receiver.roles.get(name)
        if there is not None and there.sees != "none" and not sees(role, source) and sees(there, path):
            message = f"'{name}' may not see '{source}' here, and sees it as '{path}' of '{receiver.name}'"
            report.say("WF121", expression.mark, message, f"hide {path} from {name} there, or leave it out")
            return


def _sealed(workflow: Workflow, path: str, place: str) -> bool:
    """Whether a field may be sealed where this is done: one that is sealed in a state is open outside of it."""
    field = workflow.fields.get(path)
    if field is None or field.sealed is None:
        return False
    test = field.sealed.tree
    if isinstance(test, StateTest) and test.function == "in_state":
        return f"{place}.".startswith(f"{test.path}.") or not test.path
    return True


def sees(role: Role, path: str) -> bool:
    """Whether a role's `fields` and `hides` let it see a field."""
    group = group_of(path) or path
    if group in SHARED:
        return True
    named = role.fields is None or path in role.fields or group in role.fields
    return named and path not in role.hides and group not in role.hides


def unseen_by(workflow: Workflow, template: str, named: Collection[str]) -> Iterator[tuple[str, str]]:
    """(field, role): what a letter names and a role that it goes to may not see. Rows and members count as their field."""
    receivers = sorted(_receivers(workflow, template) & workflow.roles.keys())
    for name in named:
        path = _field(workflow, name)
        if path is not None:
            yield from ((name, role) for role in receivers if not sees(workflow.roles[role], path))


def _receivers(workflow: Workflow, template: str) -> set[str]:
    """The roles that letters of a template go to; `turn`, and a reminder that names nobody, is who has the turn there."""
    found: set[str] = set()
    for place, action in _places(workflow):
        if isinstance(action, Notify) and action.template == template:
            found |= {name for who in action.to for name in _names(workflow, place, who)}
    for state in workflow.states.values():
        for deadline in state.deadlines.values():
            if deadline.remind is not None and deadline.remind.template == template:
                to = deadline.remind.to or (Who("turn"),)
                found |= {name for who in to for name in _names(workflow, state.path, who)}
    return found


def _names(workflow: Workflow, place: str, who: Who) -> list[str]:
    if who.kind != "turn":
        return [who.name] if who.kind == "role" and not who.supervisor else []
    while place and workflow.states[place].turn is None:
        place = place.rpartition(".")[0]
    return [one.name for one in workflow.states[place].turn or () if one.kind == "role" and not one.supervisor]


def _field(workflow: Workflow, name: str) -> str | None:
    """The field or event data that a letter's name means."""
    head, _, path = name.partition(".")
    if head == "event" and path in workflow.event_fields:
        return path
    parts = path.split(".")
    tried = (".".join(parts[:length]) for length in (2, 1))
    return next((one for one in tried if one in workflow.fields), None) if head == "data" else None
