"""What a change of a definition changes, in words: two workflows to a list of changes; printing is left to others.

Conditions and expressions are compared by their text. A state, field or role under another name is one removed and one added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.core.frozen import frozen
from engine.describe.words import condition, timing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from engine.core.acts import Action
    from engine.core.definition import Arm, Assignment, Deadline, Handler, State, Workflow
    from engine.core.naming import Field, Role, Who

What = Literal["workflow", "role", "field", "duty", "opening", "state", "event", "arm", "deadline"]
_NONE = "–"


@frozen
class Change:
    """One change; `words` say what of it, old → new, a sentence each (empty where all of it came or went)."""

    kind: Literal["added", "removed", "changed"]
    what: What
    name: str
    words: tuple[str, ...] = ()


Facts = dict[str, str]
"""What is compared of one thing: aspect → its text."""


def compare(old: Workflow, new: Workflow) -> tuple[Change, ...]:
    """All changes, the definition's head first, then its states in file order."""
    return (
        *_pairs("workflow", {old.name: _head(old)}, {old.name: _head(new)}),
        *_pairs("role", _roles(old), _roles(new)),
        *_pairs("field", _fields(old), _fields(new)),
        *_pairs("duty", _duties(old), _duties(new)),
        *_pairs("opening", {"open": _opening(old)}, {"open": _opening(new)}),
        *_pairs("state", _states(old), _states(new)),
        *_pairs("event", _events(old), _events(new)),
        *_pairs("arm", _arms(old), _arms(new)),
        *_pairs("deadline", _deadlines(old), _deadlines(new)),
    )


def _pairs(what: What, old: Mapping[str, Facts], new: Mapping[str, Facts]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before is None:
            yield Change("added", what, name, _said(after or {}))
        elif after is None:
            yield Change("removed", what, name)
        elif before != after:
            yield Change("changed", what, name, _changed(before, after))


def _said(facts: Facts) -> tuple[str, ...]:
    return tuple(f"{aspect}: {text}" for aspect, text in facts.items() if text)


def _changed(before: Facts, after: Facts) -> tuple[str, ...]:
    return tuple(
        f"{aspect}: {before.get(aspect) or _NONE} → {after.get(aspect) or _NONE}"
        for aspect in dict.fromkeys((*before, *after))
        if before.get(aspect) != after.get(aspect)
    )


# ── what is compared ─────────────────────────────────────────────────────────────────────────────────────────────────


def _head(workflow: Workflow) -> Facts:
    unique, certificate = workflow.unique, workflow.certificate
    facts = {
        "name": workflow.name,
        "title": str(workflow.title),
        "calendar": workflow.calendar or "",
        "timezone": str(workflow.zone),
        "number": workflow.number or "",
        "unique": ""
        if unique is None
        else ", ".join(unique.of) + (f" while {', '.join(unique.during)}" if unique.during else ""),
        "policies": "; ".join(workflow.policies),
        "certificate number": certificate.number if certificate else "",
        "certificate template": certificate.template if certificate else "",
    }
    facts |= {f"define {name}": expression.source for name, expression in workflow.define.items()}
    facts |= {f"certificate {name}": e.source for name, e in (certificate.facts.items() if certificate else ())}
    return facts | {f"register {name}": e.source for name, e in (workflow.register or {}).items()}


def _roles(workflow: Workflow) -> dict[str, Facts]:
    return {name: _role(role) for name, role in workflow.roles.items()}


def _role(role: Role) -> Facts:
    return {
        "title": str(role.title),
        "side": role.side.value,
        "where": ", ".join(f"{attribute} = {path}" for attribute, path in role.where.items()),
        "sees": role.sees,
        "fields": "all" if role.fields is None else ", ".join(role.fields),
        "hides": ", ".join(role.hides),
    }


def _fields(workflow: Workflow) -> dict[str, Facts]:
    own = {path: _field(field) for path, field in workflow.fields.items()}
    return own | {f"event.{path}": _field(field) for path, field in workflow.event_fields.items()}


def _field(field: Field) -> Facts:
    inner = [*field.columns.values(), *([field.item] if field.item is not None else [])]
    facts = {
        "type": str(field.type),
        "default": _shown(field.default),
        "min": _shown(field.min),
        "max": _shown(field.max),
        "pattern": field.pattern or "",
        "check": field.check or "",
        "unit": field.unit or "",
        "required": "yes" if field.required else "",
        "options": ", ".join(field.options),
        "key": field.key or "",
        "sealed": field.sealed.source if field.sealed else "",
    }
    for column in inner:
        facts |= {f"column {column.path} {aspect}": text for aspect, text in _field(column).items() if text}
    return facts


def _duties(workflow: Workflow) -> dict[str, Facts]:
    return {
        duty.id: {
            "kind": duty.kind,
            "states": ", ".join(duty.states),
            "interest": duty.interest or "",
            "within": _shown(duty.within),
        }
        for duty in workflow.duties
    }


def _opening(workflow: Workflow) -> Facts:
    opening = workflow.opening
    return {
        "by": _names(opening.by),
        "form": ", ".join(map(str, opening.form)),
        "set": _sets(opening.set),
        "actions": _actions(opening.actions),
    }


def _states(workflow: Workflow) -> dict[str, Facts]:
    return {path or "(root)": _state(state) for path, state in workflow.states.items()}


def _state(state: State) -> Facts:
    need = state.need.condition.source if state.need.condition else _shown(state.need.count)
    panel, cases, call = state.panel, state.cases, state.call
    return {
        "kind": state.kind.value,
        "title": str(state.title or ""),
        "turn": "" if state.turn is None else _names(state.turn) or "none",
        "initial": state.initial or "",
        "if": state.condition.source if state.condition else "",
        "set": _sets(state.set),
        "enter": _actions(state.enter),
        "leave": _actions(state.leave),
        "need": "" if need == "all" else need,
        "rest": "" if state.rest == "cancel" else state.rest,
        "outcome": state.outcome or "",
        "asks": ", ".join(f"{ask.role} × {ask.count or ask.persons}" for ask in panel.ask) if panel else "",
        "answer": f"{panel.event} into {panel.into}: {', '.join(map(str, panel.form))}" if panel else "",
        "cases": cases.workflow if cases else "",
        "each": cases.each.source if cases and cases.each else "",
        "call": f"{call.adapter}.{call.operation}" if call else "",
    }


def _events(workflow: Workflow) -> dict[str, Facts]:
    return {
        f"{path or '(root)'}: {event}": _handler(handler)
        for path, state in workflow.states.items()
        for event, handler in state.events.items()
    }


def _handler(handler: Handler) -> Facts:
    return {
        "by": _names(handler.by),
        "form": ", ".join(map(str, handler.form)),
        "title": str(handler.title or ""),
    }


def _arms(workflow: Workflow) -> dict[str, Facts]:
    return {
        arm.id: _arm(arm)
        for state in workflow.states.values()
        for arms in (
            *(handler.arms for handler in state.events.values()),
            *(deadline.arms for deadline in state.deadlines.values()),
            state.choose,
            state.done,
            state.failed,
        )
        for arm in arms
    }


def _arm(arm: Arm) -> Facts:
    return {
        "when": condition(arm.when, most=200),
        "set": _sets(arm.set),
        "to": arm.to or "",
        "keep": ", ".join(arm.keep),
        "actions": _actions(arm.actions),
    }


def _deadlines(workflow: Workflow) -> dict[str, Facts]:
    return {
        f"{path or '(root)'}: {name}": _deadline(deadline)
        for path, state in workflow.states.items()
        for name, deadline in state.deadlines.items()
    }


def _deadline(deadline: Deadline) -> Facts:
    remind, extend = deadline.remind, deadline.extend
    return {
        "due": timing(deadline),
        "roll": deadline.roll,
        "remind": ""
        if remind is None
        else ", ".join(map(str, remind.before)) + (f" to {_names(remind.to)}" if remind.to else ""),
        "escalate": ", ".join(f"{rung.to}{f' after {rung.after}' if rung.after else ''}" for rung in deadline.escalate),
        "extend": "" if extend is None else f"{extend.times} × {extend.add} by {_names(extend.by)}",
    }


def _names(many: Sequence[Who]) -> str:
    return ", ".join(str(who) for who in many)


def _sets(many: Sequence[Assignment]) -> str:
    return ", ".join(f"{a.path} = {a.expression.source if a.expression else 'null'}" for a in many)


def _actions(many: Sequence[Action]) -> str:
    return ", ".join(_action(action) for action in many)


def _action(action: Action) -> str:
    """An action by its class and what it says, whatever its verb."""
    parts = []
    for name in type(action).__dataclass_fields__:
        value = getattr(action, name)
        if name not in {"mark", "condition"} and value not in (None, (), {}):
            parts.append(_shown(value))
    tail = f" if {action.condition.source}" if action.condition else ""
    return f"{type(action).__name__.lower()} {' '.join(parts)}".strip() + tail


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_shown(item)}" for key, item in value.items())
    source = getattr(value, "source", None)
    return source if isinstance(source, str) else str(value)
