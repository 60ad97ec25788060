"""What came of an effect: a call's answer, an issued certificate, a proven delivery (LANGUAGE §2.5 service, §3.7)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.case import EffectKind
from engine.core.fields import ValueFault, read_value
from engine.core.machine.facts import mark_issued
from engine.core.machine.finishing import Said, finish
from engine.core.machine.settle import settle, take_first
from engine.errors import FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.acts import Call
    from engine.core.case import Effect, EffectResult, Step
    from engine.core.definition import State
    from engine.core.machine.draft import Draft


def take_result(draft: Draft, result: EffectResult) -> Step:
    """A result carries the entry it was asked by; one that comes too late is recorded and dropped."""
    effect = result.effect
    name = name_of(effect)
    waiting = waits(draft, effect)
    if draft.before.closed_at is not None and effect.kind is not EffectKind.ISSUE:
        return finish(draft, Said("dropped", name, data=_said(result), note="the case is closed"))
    if effect.kind is EffectKind.ISSUE and result.ok:
        if effect.payload.get("issue") != draft.data.get("certificate.issue"):
            return finish(draft, Said("dropped", name, data=_said(result), note="a newer issue was asked for"))
        mark_issued(draft)
    if effect.kind is EffectKind.NOTIFY:
        return _delivered(draft, result, name)
    if effect.state and not waiting:
        if draft.changed or draft.facts:
            settle(draft)
            return finish(draft, Said("result", name, data=_said(result), note="nobody waits for it any more"))
        return finish(draft, Said("dropped", name, data=_said(result), note="the state that asked for it was left"))
    fault = _go_on(draft, result) if waiting else None
    settle(draft)
    note = result.error or fault or ""
    return finish(draft, Said("result", name, state=effect.state, data=_said(result), note=note))


def waits(draft: Draft, effect: Effect) -> bool:
    """Whether the state that asked for it is still there and has no answer yet."""
    position = draft.active.get(effect.state) if effect.state else None
    return position is not None and position.entry == effect.entry and not position.finished


def _go_on(draft: Draft, result: EffectResult) -> str | None:
    """Take `done` or `failed`; returns what is wrong with an answer.

    An answer that does not fit, where no `failed` says what then, is refused: InvalidPayload, and a person has to look.
    """
    state = draft.chart.states[result.effect.state]
    if state.call is None:
        return None
    answer, fault = checked(state.call, result.data) if result.ok else ({}, None)
    ok = result.ok and fault is None
    if fault is not None and not state.failed:
        raise InvalidPayload([FieldProblem(name_of(result.effect), "answer", fault)])
    if not ok and not state.failed:
        return None
    answered(draft, state, answer, ok=ok)
    return fault


def answered(draft: Draft, state: State, answer: Mapping[str, Any], *, ok: bool) -> None:
    """The service state's work is over: `done` or `failed` is taken."""
    draft.finish(state.path, finished=True)
    draft.scope.result = answer
    arms = state.done if ok else state.failed
    if arms:
        take_first(draft, state.path, arms)
    draft.scope.result = None


def checked(call: Call, data: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The answer as a form is checked, and what is wrong with it; what the definition does not name is not looked at."""
    answer: dict[str, Any] = {}
    for name, field in call.result.items():
        if data.get(name) is None:
            if field.required:
                return {}, f"{name} is missing"
            continue
        try:
            answer[name] = read_value(field, data[name])
        except ValueFault as fault:
            return {}, f"{name}: {fault.text}"
    return answer, None


def _delivered(draft: Draft, result: EffectResult, name: str) -> Step:
    path = result.effect.payload.get("delivered")
    moment = result.data.get("delivered_at")
    position = draft.active.get(result.effect.state) if result.effect.state else None
    if result.effect.state and (position is None or position.entry != result.effect.entry):
        return finish(draft, Said("dropped", name, note="the state that asked for it was left"))
    if result.ok and path and isinstance(moment, datetime):
        draft.write(path, moment)
    settle(draft)
    return finish(draft, Said("result", name, state=result.effect.state, note=result.error or "delivered"))


def name_of(effect: Effect) -> str:
    """An effect as a record names it."""
    if effect.kind is EffectKind.ISSUE:
        return "certificate.issue"
    if effect.kind is EffectKind.CALL:
        return f"{effect.adapter}.{effect.payload.get('operation', '')}"
    return f"{effect.kind}:{effect.payload.get('template', '')}"


def _said(result: EffectResult) -> dict[str, Any]:
    said = {"ok": result.ok, **({"answer": _plain(result.data)} if result.data else {})}
    return {**said, "error": result.error} if result.error else said


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in data.items()}
