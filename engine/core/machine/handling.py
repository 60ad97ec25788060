"""What a person does to an effect: a record of who and why, and of a result the same step that an adapter's answer makes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.case import EffectKind
from engine.core.machine.facts import mark_issued
from engine.core.machine.finishing import Said, finish, only_recorded
from engine.core.machine.results import answered, checked, name_of, waits
from engine.core.machine.settle import settle
from engine.errors import FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from engine.core.case import Actor, Step
    from engine.core.machine.draft import Draft
    from engine.core.work import EffectHandled

RESULT = "result"


def take_handled(draft: Draft, handled: EffectHandled, by: Actor) -> Step:
    """Raises InvalidPayload where the result is none that anybody waits for.

    The case goes on as by an adapter's answer, so the draft is the system's; the record names the person.
    """
    effect = handled.effect
    moved = handled.verb == "resolve" and _resolve(draft, handled)
    draft.actor = by
    said: dict[str, Any] = {"effect": effect.key, "verb": handled.verb}
    if handled.data:
        said["answer"] = dict(handled.data)
    words = Said("effect", name_of(effect), effect.state, said, handled.reason, handled.command)
    return finish(draft, words) if moved else only_recorded(draft, words)


def _resolve(draft: Draft, handled: EffectHandled) -> bool:
    """Gives the result to who waits for it; whether anything came of that."""
    effect = handled.effect
    match effect.kind:
        case EffectKind.ISSUE:
            taken = _issued(draft, handled)
        case EffectKind.CALL:
            taken = draft.before.closed_at is None and waits(draft, effect) and _answer(draft, handled)
        case EffectKind.NOTIFY:
            taken = _delivered(draft, handled)
        case _:
            taken = False
    if handled.data and not taken and effect.kind is not EffectKind.ISSUE:
        raise _wrong("nobody waits for a result of this effect; resolve it without one")
    if taken:
        settle(draft)
    return taken


def _answer(draft: Draft, handled: EffectHandled) -> bool:
    state = draft.chart.states[handled.effect.state]
    if state.call is None:
        return False
    answer, fault = checked(state.call, handled.data)
    if fault is not None:  # an adapter that answers so has failed; a person is told
        wanted = ", ".join(state.call.result)
        raise _wrong(f"{fault}; {state.path} waits for {wanted}")
    answered(draft, state, answer, ok=True)
    return True


def _issued(draft: Draft, handled: EffectHandled) -> bool:
    effect = handled.effect
    if not handled.data.get("sha256"):
        raise _wrong("a certificate is issued with its file only; retry the effect instead")
    if effect.payload.get("issue") != draft.data.get("certificate.issue"):
        return False
    mark_issued(draft)
    if draft.before.closed_at is None and waits(draft, effect):
        answered(draft, draft.chart.states[effect.state], {}, ok=True)
    return True


def _delivered(draft: Draft, handled: EffectHandled) -> bool:
    """The moment of a delivery that was proved otherwise."""
    effect, moment = handled.effect, handled.data.get("delivered_at")
    path = effect.payload.get("delivered")
    position = draft.active.get(effect.state) if effect.state else None
    left = bool(effect.state) and (position is None or position.entry != effect.entry)
    if not handled.data or not path or left or draft.before.closed_at is not None:
        return False
    if not isinstance(moment, datetime) or moment > draft.now:
        raise _wrong("give `delivered_at`, a moment with its zone that is not still to come")
    draft.write(path, moment)
    return True


def _wrong(text: str) -> InvalidPayload:
    return InvalidPayload([FieldProblem(RESULT, RESULT, text)])
