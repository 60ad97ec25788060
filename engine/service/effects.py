"""Effects after the commit: claimed under a lease, delivered without a transaction, finished by whoever holds the lease."""

from __future__ import annotations

import random
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

from engine.core.calendars.words import parse_term
from engine.core.case import SYSTEM, Effect, EffectKind, EffectResult
from engine.core.terms import Unit
from engine.errors import DeliveryFailed, EffectNotFound, MilepostError, Refused
from engine.service.outward import Delivered

if TYPE_CHECKING:
    from datetime import datetime

    from engine.service.inward import Inward
    from engine.service.outward import Outward
    from engine.service.stepping import Stepping
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Transaction

LEASE_SECONDS = 120
TRIES = 10
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
_LENGTHS = {Unit.MINUTES: timedelta(minutes=1), Unit.HOURS: timedelta(hours=1)}


class Effects:
    """A small service that a ticker calls; any number of nodes may do so at once."""

    def __init__(
        self,
        store: Store,
        stepping: Stepping,
        outward: Outward,
        inward: Inward,
        *,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store, self._stepping, self._lease_seconds = store, stepping, lease_seconds
        self._closed = Event()
        self._outward = {
            EffectKind.NOTIFY: outward.notify,
            EffectKind.CALL: outward.call,
            EffectKind.ISSUE: outward.issue,
        }
        self._inward = {
            EffectKind.OPEN: inward.open,
            EffectKind.SEND: inward.send,
            EffectKind.CHILD_ENDED: inward.child_ended,
            EffectKind.CANCEL: inward.cancel,
        }

    def deliver_pending(self, limit: int = 50) -> int:
        """Try at most so many effects that are due; how many were tried. Call again while it is > 0."""
        if self._closed.is_set():
            return 0
        claimed = self._store.write(
            lambda tx: tx.claim_effects(tx.machine_now(), lease_seconds=self._lease_seconds, limit=limit)
        )
        for effect in claimed:
            if self._closed.is_set():
                self._give_back(effect)
            else:
                self._deliver(effect)
        return len(claimed)

    def close(self) -> None:
        """Claims no more; what is claimed and not begun goes back, so that nobody has to wait for its lease."""
        self._closed.set()

    def _give_back(self, effect: StoredEffect) -> None:
        """The attempt stays counted: whoever held it cannot finish any more."""
        self._store.write(lambda tx: tx.finish_effect(effect.key, effect.attempt, "pending", next_at=tx.machine_now()))

    def next_at(self) -> datetime | None:
        """When the next try is due, in machine time."""
        return self._store.read(lambda reader: reader.next_effect_at())

    def pending(self) -> int:
        """How many wait for a try."""
        return self._store.read(lambda reader: reader.pending_effects())

    def retry(self, key: str) -> None:
        """Try a dead effect again. Raises EffectNotFound."""
        if not self._store.write(lambda tx: tx.retry_effect(key)):
            raise EffectNotFound(f"there is no dead effect '{key[:80]}'; see the effects of its case")

    def _deliver(self, effect: StoredEffect) -> None:
        kind = EffectKind(effect.kind)
        try:
            if kind in self._inward:
                self._inward[kind](effect)
                return
            delivered = self._outward[kind](effect)
        except DeliveryFailed as failure:
            self._failed(effect, str(failure), failure.retry_after)
        except MilepostError as error:
            self._failed(effect, str(error), 0)
        except Exception as bug:  # noqa: BLE001  an adapter's bug must not stop the other effects
            self._failed(effect, f"{type(bug).__name__}: {bug}", 0)
        else:
            self._store.write(lambda tx: self._done(tx, effect, delivered))

    def _done(self, tx: Transaction, effect: StoredEffect, delivered: Delivered) -> None:
        taken = self._stepping.take_now(tx, effect.case_id) if _waited_for(effect, delivered) else None
        kept = dict(delivered.kept)
        if not tx.finish_effect(effect.key, effect.attempt, delivered.status, result=kept):
            return
        for name in delivered.nobody:
            text = f"nobody holds {name} in this case; give somebody the role, then try the effect again"
            tx.add_incident(case_id=effect.case_id, kind="receiver", subject=effect.key, text=text)
        if taken is not None:
            self._tell(tx, effect, EffectResult(_core(effect), ok=True, data=delivered.data))

    def _failed(self, effect: StoredEffect, error: str, retry_after: float | None) -> None:
        again = effect.payload.get("retry_times")
        most = TRIES if again is None else int(again) + 1
        if retry_after is not None and effect.attempt < most:
            next_at = self._store.machine_now() + wait(effect, timedelta(seconds=retry_after))
            self._store.write(
                lambda tx: tx.finish_effect(effect.key, effect.attempt, "pending", error=error, next_at=next_at)
            )
            return
        self._store.write(lambda tx: self._dead(tx, effect, error))

    def _dead(self, tx: Transaction, effect: StoredEffect, error: str) -> None:
        waits = EffectKind(effect.kind) in self._outward and _waited_for(effect, Delivered())
        if waits:
            self._stepping.take_now(tx, effect.case_id)  # the case before the effect: one order of locks everywhere
        if not tx.finish_effect(effect.key, effect.attempt, "dead", error=error):
            return
        text = f"{error} (tried {effect.attempt} times)"
        tx.add_incident(case_id=effect.case_id, kind=effect.kind, subject=effect.key, text=text)
        if waits:
            self._tell(tx, effect, EffectResult(_core(effect), ok=False, error=error))

    def _tell(self, tx: Transaction, effect: StoredEffect, result: EffectResult) -> None:
        """What came of it, to the case; where the case cannot take it, a person has to look."""
        taken = self._stepping.take_now(tx, effect.case_id)
        if taken is None:
            return
        try:
            self._stepping.step(tx, taken, result, SYSTEM)
        except Refused as refusal:
            tx.add_incident(case_id=effect.case_id, kind="result", subject=effect.key, text=str(refusal))
            self._stepping.drop(tx, taken, result, SYSTEM, str(refusal))


def wait(effect: StoredEffect, at_least: timedelta) -> timedelta:
    """How long until the next try: doubling, with jitter, or what the definition says."""
    said = effect.payload.get("retry_wait")
    if said is not None:
        term = parse_term(str(said))
        return max(at_least, term.amount * _LENGTHS.get(term.unit, timedelta(days=1)))
    doubled: timedelta = min(FIRST_WAIT * 2 ** min(effect.attempt - 1, 20), LONGEST_WAIT)
    return max(at_least, doubled * random.uniform(0.8, 1.2))


def _waited_for(effect: StoredEffect, delivered: Delivered) -> bool:
    """Messages only where their delivery is kept, calls and certificates always."""
    if effect.kind == EffectKind.NOTIFY:
        return bool(effect.payload.get("delivered")) and delivered.status == "done"
    return True


def _core(effect: StoredEffect) -> Effect:
    kind, payload = EffectKind(effect.kind), dict[str, Any](effect.payload)
    return Effect(effect.key, kind, effect.adapter, payload, effect.state, effect.entry)
