"""What the verbs of actions do inside a step: effects to be done after the commit, facts for the transaction itself."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.acts import Action, Call, CertificateAction, NewPeople, Notify, Open, RegisterAction, Send
from engine.core.case import BETWEEN_CASES, Child, EffectKind
from engine.core.machine.facts import change_certificate, change_entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from engine.core.definition import State
    from engine.core.expressions.expression import Expression
    from engine.core.machine.draft import Draft
    from engine.core.naming import Who

_NAMESPACE = uuid.UUID("6f1c2f0e-6d0b-4c0e-9b1f-0d4d1c8f7a11")
CERTIFICATES = "certificates"
TURN, SUBSCRIBERS = "turn", "subscribers"


def run_action(draft: Draft, action: Action, state: str) -> None:
    """Do one action; `state` is the one whose entry asks for it, "" for an arm's and for leaving."""
    if action.condition is not None and draft.value(action.condition) is not True:
        return
    match action:
        case Notify():
            notify(draft, action.to, action.template, state=state, delivered=action.delivered)
        case Open():
            _open(draft, action.workflow, _values(draft, action.values), key=None, origin=None)
        case Send():
            payload = {
                "event": action.event,
                "to": action.to,
                "where": _values(draft, action.where),
                "with": _values(draft, action.values),
            }
            draft.effect(EffectKind.SEND, BETWEEN_CASES, payload)
        case Call():
            _call(draft, action, "")
        case CertificateAction():
            change_certificate(draft, action)
        case RegisterAction():
            change_entry(draft, action.verb)
        case NewPeople():
            _free_roles(draft, action.roles)


def notify(
    draft: Draft, to: Iterable[Who], template: str, *, state: str, delivered: str | None = None, **about: Any
) -> None:
    """Ask for messages; `turn` is filled in when the step is over (see finishing)."""
    payload = {
        "to": tuple([f"person:{who.name}" if who.kind == "person" else str(who) for who in to]),
        "template": template,
        "delivered": delivered,
        "reason": "message",
        **about,
    }
    draft.effect(EffectKind.NOTIFY, "notify", payload, state)


def _values(draft: Draft, expressions: Mapping[str, Expression]) -> dict[str, Any]:
    """What is given along; a field without a value is not given."""
    values = {name: draft.value_or_none(expression) for name, expression in expressions.items()}
    return {name: value for name, value in values.items() if value is not None}


def _open(draft: Draft, workflow: str, values: Mapping[str, Any], *, key: str | None, origin: str | None) -> None:
    child_id = str(uuid.uuid5(_NAMESPACE, f"{draft.case_id}/{draft.seq}/{len(draft.effects) + 1}"))
    payload = {"workflow": workflow, "child_id": child_id, "key": key, "with": values, "origin": origin}
    draft.effect(EffectKind.OPEN, BETWEEN_CASES, payload)
    draft.add_child(Child(child_id, workflow, key=key, origins=(origin,) if origin else ()))


def _call(draft: Draft, call: Call, state: str) -> None:
    if (call.adapter, call.operation) == ("certificate", "issue"):
        payload: dict[str, Any] = {
            "number": draft.data.get("certificate.number"),
            "issue": draft.data.get("certificate.issue", 1),
        }
        draft.effect(EffectKind.ISSUE, CERTIFICATES, payload, state)
        return
    payload = {"operation": call.operation, "with": _values(draft, call.values)}
    if call.retry_times is not None:
        payload["retry_times"] = call.retry_times
    if call.retry_wait is not None:
        payload["retry_wait"] = str(call.retry_wait)
    draft.effect(EffectKind.CALL, call.adapter, payload, state)


def call_service(draft: Draft, state: State) -> None:
    """A service state's work; its result comes back with the entry it was asked by."""
    if state.call is not None:
        _call(draft, state.call, state.path)


def open_children(draft: Draft, state: State) -> None:
    """One case per item of `each`, one if only `with`, none if neither: then those this case has open count."""
    cases = state.cases
    if cases is None:
        return
    origin = f"{state.path}#{draft.active[state.path].entry}"
    if cases.each is not None:
        for place, item in enumerate(draft.value_or_none(cases.each) or ()):
            draft.scope.names[cases.item_name or "item"] = item
            key = place if cases.key is None else draft.value(cases.key)
            _open(draft, cases.workflow, _values(draft, cases.values or {}), key=str(key), origin=origin)
        draft.scope.names.pop(cases.item_name or "item", None)
    elif cases.values is not None:
        _open(draft, cases.workflow, _values(draft, cases.values), key=None, origin=origin)
    else:
        draft.children = tuple(
            replace(c, origins=(*c.origins, origin)) if c.workflow == cases.workflow and not c.ended else c
            for c in draft.children
        )


def _free_roles(draft: Draft, roles: Collection[str]) -> None:
    acted = draft.before.memory.acted_as
    freed = dict(draft.excluded)
    for role in roles:
        people = [*freed.get(role, ()), *acted.get(role, ())]
        freed[role] = tuple(dict.fromkeys(people))
    draft.excluded = freed
    draft.assigned = {role: one for role, one in draft.assigned.items() if role not in roles}
