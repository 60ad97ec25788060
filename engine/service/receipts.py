"""The tender question with a receipt: what was answered when, signed, kept, and asked again later.

A receipt is a text and a signature of it by the key that signs the history's checkpoints, which is not in the database. Who has it
can show what the register said at that moment; the register can say what it would answer today.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.core.values import instant, plain_text
from engine.errors import CertificateNotFound, FieldProblem, InvalidPayload, Unavailable
from engine.service.receipt_views import Receipt
from engine.service.register import Question
from engine.store.receipts import StoredReceipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.core.case import Actor
    from engine.ports import Seal
    from engine.service.register import Register
    from engine.service.views import Eligibility
    from engine.store.store import Store

SIGNED_AS = b"milepost receipt 1\n"
"""Before the text, so that no signature of anything else is one of a receipt."""
MAX_LINES = 1000
MANY = 500


@frozen
class Earlier:
    """What was answered once, beside what would be answered now for the same day by all that is known now."""

    receipt: Receipt
    asked_at: datetime
    on: date
    item: str | None
    answered: bool
    today: bool
    differs: bool
    reasons: tuple[str, ...]


@frozen
class ReceiptWord:
    """`genuine`: it is the very receipt that was given; `signed`: our key has signed its text; `earlier` where it is genuine."""

    genuine: bool
    signed: bool
    words: str
    earlier: Earlier | None = None


class Receipts:
    """Asks the register, keeps what it said."""

    def __init__(self, store: Store, register: Register, seal: Seal | None, new_id: Callable[[], str]) -> None:
        self._store, self._register, self._seal, self._new_id = store, register, seal, new_id

    def ask(
        self, lines: Sequence[Question], actor: Actor, *, on: date | None = None, known_at: datetime | None = None
    ) -> tuple[Eligibility, ...]:
        """An answer for each line, in their order, all of one moment. Raises InvalidPayload, Unavailable without a key."""
        if not 1 <= len(lines) <= MAX_LINES:
            words = f"a bid has 1 to {MAX_LINES} lines, not {len(lines)}"
            raise InvalidPayload([FieldProblem("lines", "count", words)])
        found = self._register.eligibilities(lines, on=on, known_at=known_at)
        now = self._store.read(lambda reader: reader.business_now())
        made = [self._receipt(one, actor, now) for one in found]
        rows = [(stored, line.tax_id, line.designation) for stored, line in zip(made, lines, strict=True)]
        self._store.write(lambda tx: tx.add_receipts(rows))
        return tuple(
            replace(one, ref=line.ref, receipt=_given(stored))
            for line, one, stored in zip(lines, found, made, strict=True)
        )

    def find(self, receipt_id: str) -> Receipt:
        """A receipt that was given. Raises CertificateNotFound."""
        return _given(self._stored(receipt_id))

    def verify(self, given: Receipt) -> ReceiptWord:
        """Whether it was given, and what the answer would be now."""
        signed = self._sealing().holds(given.key, SIGNED_AS + given.text.encode(), given.signature)
        try:
            stored = self._stored(given.id)
        except CertificateNotFound:
            own = signed and given.key == self._sealing().public_key
            words = (
                "our key has signed it, and it is not among those that were given"
                if own
                else "no such receipt was given"
            )
            return ReceiptWord(genuine=False, signed=own, words=words)
        if given != _given(stored):
            return ReceiptWord(genuine=False, signed=False, words="it is not what was given under this number")
        earlier = self._earlier(stored)
        said = "would be another one now" if earlier.differs else "would be the same now"
        return ReceiptWord(genuine=True, signed=signed, words=f"it was given, and the answer {said}", earlier=earlier)

    def of_entry(self, entry_no: str, *, differing: bool) -> tuple[Earlier, ...]:
        """Answers that were given about an entry's item, the youngest first, at most 500. Raises CertificateNotFound."""
        history = self._register.entry(entry_no)
        items = dict.fromkeys((str(r.facts.get("tax_id")), str(r.facts.get("designation"))) for r in history.revisions)
        stored = self._store.read(lambda reader: [one for item in items for one in reader.receipts_of(*item, MANY)])
        found = (self._earlier(one) for one in stored)
        return tuple(one for one in found if one.differs or not differing)

    def _stored(self, receipt_id: str) -> StoredReceipt:
        found = self._store.read(lambda reader: reader.receipt(receipt_id))
        if found is None:
            raise CertificateNotFound(f"there is no receipt '{receipt_id[:80]}'; look at its number again")
        return found

    def _earlier(self, stored: StoredReceipt) -> Earlier:
        said: Mapping[str, Any] = json.loads(stored.text)
        on = date.fromisoformat(said["on"])
        asked = Question(said["tax_id"], said["designation"], item=said.get("item"))  # there were receipts without
        (now,) = self._register.eligibilities([asked], on=on)
        return Earlier(
            receipt=_given(stored),
            asked_at=stored.asked_at,
            on=on,
            item=asked.item,
            answered=said["answer"],
            today=now.answer,
            differs=now.answer != said["answer"],
            reasons=now.reasons,
        )

    def _receipt(self, said: Eligibility, actor: Actor, now: datetime) -> StoredReceipt:
        seal, receipt_id = self._sealing(), self._new_id()
        text = plain_text(
            {
                "receipt": receipt_id,
                "asked_at": instant(now),
                "asked_by": actor.party or actor.id,
                "tax_id": said.tax_id,
                "designation": said.designation,
                "item": said.item,
                "on": said.on.isoformat(),
                "known_at": instant(said.known_at),
                "answer": said.answer,
                "reasons": list(said.reasons),
                "entry": said.entry.entry_no if said.entry else None,
                "revision": said.entry.revision if said.entry else None,
                "status": said.status,
                "effective_from": instant(said.effective_from) if said.effective_from else None,
                "recorded_at": instant(said.recorded_at) if said.recorded_at else None,
                "certificate": said.certificate.number if said.certificate else None,
                "issue": said.certificate.issue if said.certificate else None,
            }
        )
        key = seal.make_key()
        signature = seal.sign(SIGNED_AS + text.encode())
        return StoredReceipt(receipt_id, actor.party or actor.id, now, text, key, signature)

    def _sealing(self) -> Seal:
        if self._seal is None:
            raise Unavailable("no key signs receipts here")
        return self._seal


def _given(stored: StoredReceipt) -> Receipt:
    return Receipt(stored.id, stored.text, stored.key, stored.signature)
