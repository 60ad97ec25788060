"""From a draft to a Step: the case after it, its record, timers armed and cancelled, what has to be allocated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.case import BETWEEN_CASES, Case, Effect, EffectKind, Memory, Record, Step, Timer
from engine.core.frozen import frozen
from engine.core.machine.actions import SUBSCRIBERS, TURN
from engine.core.machine.timers import rearm
from engine.core.machine.turns import turn_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.machine.draft import Draft


_LATE = frozenset({TURN, SUBSCRIBERS})


@frozen
class Said:
    """What the record says of an input, beside what came of it."""

    kind: str
    name: str
    state: str = ""
    data: Mapping[str, Any] | None = None
    note: str = ""
    command: str | None = None
    role: str | None = None
    spent: Timer | None = None  # the timer that fired
    touched: tuple[str, ...] = ()  # the deadlines whose memory changed


def finish(draft: Draft, said: Said) -> Step:
    """Close the books of a step."""
    before = draft.before
    closing = draft.outcome is not None and before.closed_at is None
    closed = closing or before.closed_at is not None
    if closing and before.parent is not None:
        draft.effect(EffectKind.CHILD_ENDED, BETWEEN_CASES, {})
    turn = () if closed else turn_of(draft)
    timers, armed, cancelled = (
        ((), (), before.timers) if closed else rearm(draft, turn, spent=said.spent, touched=said.touched)
    )
    moved = bool(draft.left_states or draft.entered_states or draft.kept_now)
    offered = before.memory.offered
    for who in turn:
        if who not in offered:
            offered = (*offered, who)
    # Arguments by place: passing some sixty by name cost as much as a transition.
    memory = Memory(
        draft.entries,
        draft.entered_at,
        draft.tracks,
        draft.snapshots,
        draft.answers,
        draft.acts,
        draft.declared,
        draft.acted_as,
        draft.excluded,
        draft.gave,
        draft.subscribers,
        offered,
        draft.children,
        draft.assigned,
        draft.out,
        draft.recounted,
    )
    case = Case(
        before.id,
        before.workflow,
        before.number,
        before.opened_at,
        before.opened_by,
        draft.now,
        draft.data if draft.changed else before.data,  # the same one: who stores it need not compare
        draft.placed(),
        timers,
        memory,
        before.parent,
        draft.seq,
        before.revision + (moved or bool(draft.changed)),
        draft.now if closing else before.closed_at,
        draft.outcome if closing else before.outcome,
        turn,
    )
    effects = tuple([_addressed(effect, turn, draft.subscribers) for effect in draft.effects]) if draft.effects else ()
    return Step(
        case,
        _record(draft, said, effects),
        effects,
        tuple(draft.facts),
        armed,
        cancelled,
        tuple(draft.allocate),
    )


def only_recorded(draft: Draft, said: Said) -> Step:
    """A record of something that changes nothing: the case stays as it was."""
    kept = finish(draft, said)
    return replace(kept, case=replace(draft.before, seq=kept.case.seq, last_at=draft.now), armed=(), cancelled=())


def _addressed(effect: Effect, turn: tuple[str, ...], subscribers: tuple[str, ...]) -> Effect:
    """`notify: turn` means whose turn it is when the step is over, `subscribers` who subscribes then."""
    if effect.kind is not EffectKind.NOTIFY or _LATE.isdisjoint(effect.payload["to"]):
        return effect
    late = {TURN: turn, SUBSCRIBERS: tuple(f"id:{person}" for person in subscribers)}
    to = dict.fromkeys(one for who in effect.payload["to"] for one in late.get(who, (who,)))
    return replace(effect, payload={**effect.payload, "to": tuple(to)})


def _record(draft: Draft, said: Said, effects: tuple[Effect, ...]) -> Record:
    actor: dict[str, Any] = {"id": draft.actor.id, "kind": draft.actor.kind}
    if draft.actor.name:
        actor["name"] = draft.actor.name
    if draft.actor.acting_for is not None:
        actor["for"] = draft.actor.acting_for
    party = draft.actor.party
    if party is not None:
        actor["party"] = party
    if said.role is not None:
        actor["role"] = said.role
    payload: dict[str, Any] = {}
    if said.data:
        payload["said"] = said.data
    if draft.changed:
        payload["changes"] = {path: draft.data.get(path) for path in sorted(draft.changed)}
    return Record(
        draft.seq,
        said.kind,  # type: ignore[arg-type]
        said.name,
        actor,
        draft.now,
        said.state,
        tuple(draft.arms),
        tuple(draft.left_states),
        tuple(draft.entered_states),
        payload,
        tuple([f"{n}:{effect.kind}:{_what(effect)}" for n, effect in enumerate(effects, 1)]) if effects else (),
        tuple(draft.fact_names),
        said.note,
        said.command,
    )


def _what(effect: Effect) -> str:
    payload = effect.payload
    for name in ("template", "operation", "workflow", "event"):
        if name in payload:
            return str(payload[name])
    return ""
