"""What came of an outward effect, told to the case that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.case import SYSTEM, Effect, EffectKind
from engine.errors import Refused

if TYPE_CHECKING:
    from engine.core.case import EffectResult
    from engine.service.stepping import Stepping
    from engine.store.records import StoredEffect
    from engine.store.transaction import Transaction

OUTWARD = frozenset({EffectKind.NOTIFY, EffectKind.CALL, EffectKind.ISSUE, EffectKind.DIGEST})


class Telling:
    """Results as steps, in the transaction that ends the effect."""

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping

    def awaited(self, effect: StoredEffect) -> bool:
        """Whether the case hears of it: of messages where their delivery is kept, of calls and certificates always."""
        if effect.kind == EffectKind.NOTIFY:
            return bool(effect.payload.get("delivered"))
        return effect.kind in OUTWARD and effect.kind != EffectKind.DIGEST

    def lock(self, tx: Transaction, effect: StoredEffect) -> bool:
        """Takes the case; False where it is gone."""
        return self._stepping.take_now(tx, effect.case_id) is not None

    def tell(self, tx: Transaction, effect: StoredEffect, result: EffectResult) -> None:
        """Where the case cannot take it, a person has to look."""
        taken = self._stepping.take_now(tx, effect.case_id)
        if taken is None:
            return
        try:
            self._stepping.step(tx, taken, result, SYSTEM)
        except Refused as refusal:
            tx.add_incident(case_id=effect.case_id, kind="result", subject=effect.key, text=str(refusal))
            self._stepping.drop(tx, taken, result, SYSTEM, str(refusal))

    @staticmethod
    def core(effect: StoredEffect) -> Effect:
        """The effect as the step has asked for it."""
        kind, payload = EffectKind(effect.kind), dict[str, Any](effect.payload)
        return Effect(effect.key, kind, effect.adapter, payload, effect.state, effect.entry)
