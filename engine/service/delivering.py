"""One try of an effect: handed to who delivers its kind, without a transaction, and finished by what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.case import EffectKind, EffectResult
from engine.errors import DeliveryFailed, MilepostError
from engine.service.failing import failures, most_tries

if TYPE_CHECKING:
    from engine.ports import Span, Spans
    from engine.service.failing import Failing
    from engine.service.inward import Inward
    from engine.service.outward import Delivered, Outward
    from engine.service.telling import Telling
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Transaction


class Delivering:
    """Whoever has the lease tries; who has lost it finishes nothing."""

    def __init__(
        self, store: Store, outward: Outward, inward: Inward, telling: Telling, failing: Failing, spans: Spans
    ) -> None:
        self._store, self._telling, self._failing, self._spans = store, telling, failing, spans
        self._outward = {
            EffectKind.NOTIFY: outward.notify,
            EffectKind.CALL: outward.call,
            EffectKind.ISSUE: outward.issue,
            EffectKind.DIGEST: outward.digest,
        }
        self._inward = {
            EffectKind.OPEN: inward.open,
            EffectKind.SEND: inward.send,
            EffectKind.CHILD_ENDED: inward.child_ended,
            EffectKind.CANCEL: inward.cancel,
        }

    def deliver(self, effect: StoredEffect) -> None:
        """One try. Raises Unavailable where the store cannot take what came of it: the lease ends, it is tried again."""
        if failures(effect) >= most_tries(effect):  # the last try took its node with it, or never ended
            self._failing.end(effect, None)
            return
        with self._spans.span(
            f"deliver {effect.adapter}",
            milepost__case=effect.case_id,
            milepost__effect=effect.key,
            milepost__attempt=effect.attempt,
        ) as span:
            self._try(effect, EffectKind(effect.kind), span)

    def _try(self, effect: StoredEffect, kind: EffectKind, span: Span) -> None:
        try:
            if kind in self._inward:
                self._inward[kind](effect)
                return
            delivered = self._outside(effect, kind)
        except DeliveryFailed as failure:
            span.tell(failed=True)
            self._failing.failed(effect, str(failure), failure.retry_after)
        except MilepostError as error:
            span.tell(failed=True)
            self._failing.failed(effect, str(error), 0)
        except Exception as bug:  # noqa: BLE001  an adapter's bug must not stop the other effects
            span.tell(failed=True)
            self._failing.failed(effect, f"{type(bug).__name__}: {bug}", 0)
        else:
            self._store.write(lambda tx: self._done(tx, effect, delivered))

    def _outside(self, effect: StoredEffect, kind: EffectKind) -> Delivered:
        delivered = self._outward[kind](effect)
        sent = delivered.sent
        if sent.failure is not None:  # those that went out are on record before it is tried again
            self._store.write(lambda tx: tx.put_letters(sent.cases, sent.letters))
            raise sent.failure
        return delivered

    def _done(self, tx: Transaction, effect: StoredEffect, delivered: Delivered) -> None:
        waits = self._telling.awaited(effect) and delivered.status == "done"
        told = waits and self._telling.lock(tx, effect)  # the case before the effect, as everywhere
        if not tx.finish_effect(effect.key, effect.attempt, delivered.status, result=dict(delivered.kept)):
            return
        if delivered.wait is not None:
            wait = delivered.wait
            tx.add_digest_lines(effect, wait.people, wait.until, alone=wait.alone)
        tx.put_letters(delivered.sent.cases, delivered.sent.letters)
        if effect.kind == EffectKind.DIGEST:
            tx.drop_digest_lines(effect.key)
        for name in delivered.nobody:
            again = "then try the effect again" if delivered.status == "dead" else "the others have their message"
            text = f"nobody holds {name} in this case; give somebody the role, {again}"
            tx.add_incident(case_id=effect.case_id, kind="receiver", subject=effect.key, text=text)
        if told:
            core = self._telling.core(effect)
            self._telling.tell(tx, effect, EffectResult(core, ok=True, data=delivered.data))
