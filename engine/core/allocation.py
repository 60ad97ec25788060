"""Filling in what only the store can give out: numbers and tokens, after the step and before it is hashed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.case import EffectKind
from engine.core.facts import CertificateFact, RegisterFact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.case import Effect, Step
    from engine.core.facts import Fact


def fill(step: Step, values: Mapping[str, Any]) -> Step:
    """The step with `case.number`, `certificate.number`, `certificate.token`, `register.entry_no` as given.

    Raises ValueError where something that the step asks for is missing.
    """
    missing = [name for name in step.allocate if name not in values]
    if missing:
        raise ValueError(f"the step asks for {', '.join(missing)}")
    given = {name: value for name, value in values.items() if name in step.allocate}
    number = given.pop("case.number", step.case.number)
    data = {**step.case.data, **given}
    changes = {**step.record.payload.get("changes", {}), **given}
    said = dict(step.record.payload)
    if changes:
        said["changes"] = {path: changes[path] for path in sorted(changes)}
    return replace(
        step,
        case=replace(step.case, number=number, data=data),
        record=replace(step.record, payload=said),
        effects=tuple(_effect(effect, data) for effect in step.effects),
        facts=tuple(_fact(fact, data) for fact in step.facts),
        allocate=(),
    )


def _effect(effect: Effect, data: Mapping[str, Any]) -> Effect:
    if effect.kind is EffectKind.ISSUE and effect.payload.get("number") is None:
        return replace(effect, payload={**effect.payload, "number": data.get("certificate.number")})
    return effect


def _fact(fact: Fact, data: Mapping[str, Any]) -> Fact:
    if isinstance(fact, CertificateFact) and fact.number is None:
        return replace(fact, number=data.get("certificate.number"))
    if isinstance(fact, RegisterFact) and fact.entry_no is None:
        return replace(fact, entry_no=data.get("register.entry_no"))
    return fact
