"""Facts of a step's transaction: certificates and their statuses, revisions of the register, numbers without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, tuple_, update

from engine.core.facts import CertificateFact
from engine.core.values import canonical
from engine.errors import CertificateNotFound
from engine.store.bounded import bounded
from engine.store.case_writing import CaseWriter
from engine.store.codec import words
from engine.store.fact_reading import FactReader, next_revision
from engine.store.outcome import Anew, Broken
from engine.store.statement import Statement, insert_into
from engine.store.tables import (
    CERTIFICATE,
    CERTIFICATE_FILE,
    CERTIFICATE_STATUS,
    COUNTER,
    REGISTER_ENTRY,
    REGISTER_WORD,
)

if TYPE_CHECKING:
    from engine.core.case import Step
    from engine.core.facts import RegisterFact
    from engine.store.codec import Held

K = CERTIFICATE.c
FREEZING = frozenset({"reserve", "new_issue"})

ISSUE = Statement(
    select(K.id, CERTIFICATE_FILE.c.sha256)
    .outerjoin(CERTIFICATE_FILE, CERTIFICATE_FILE.c.certificate_id == K.id)
    .where(K.number == bindparam("number"), K.issue == bindparam("issue"))
)
INSERT_CERTIFICATE = Statement(insert_into(CERTIFICATE, "id"))
UPDATE_CERTIFICATE = Statement(
    update(CERTIFICATE)
    .where(K.id == bindparam("row"))
    .values({name: bindparam(name, type_=K[name].type) for name in ("status", "facts", "replaces", "issued_at")})
)
UPDATE_STATUS = Statement(
    update(CERTIFICATE).where(K.id == bindparam("row")).values(status=bindparam("status", type_=K.status.type))
)
INSERT_STATUS = Statement(insert_into(CERTIFICATE_STATUS))
INSERT_FILE = Statement(insert_into(CERTIFICATE_FILE))
NEXT_REVISION = next_revision()
INSERT_ENTRY = Statement(insert_into(REGISTER_ENTRY, "id"))
INSERT_WORD = Statement(insert_into(REGISTER_WORD))
_THIS = (COUNTER.c.name == bindparam("counter"), COUNTER.c.period == bindparam("of_period"))
_COUNTED = update(COUNTER).values(value=COUNTER.c.value + 1).returning(COUNTER.c.value)
COUNT_UP = Statement(_COUNTED.where(*_THIS))
COUNT_UP_IF_FREE = Statement(
    _COUNTED.where(
        tuple_(COUNTER.c.name, COUNTER.c.period).in_(
            select(COUNTER.c.name, COUNTER.c.period).where(*_THIS).with_for_update(skip_locked=True)
        )
    )
)
COUNTER_VALUE = Statement(select(COUNTER.c.value).where(*_THIS))
START_COUNTER = Statement(insert_into(COUNTER))


class FactWriter(CaseWriter, FactReader):
    """Writes of facts."""

    def next_number(self, counter: str, period: str) -> int:
        """The next number of a counter, from 1, given back where the transaction fails; taken last in lock order.

        Several are taken in the order of their names. Where steps of one transaction want them in another order, nobody
        waits: what somebody else has makes the transaction begin anew.
        """
        if self.link.owned:
            value: int | None = self.link.value(COUNT_UP, counter=counter, of_period=period)
        else:
            value = self._count_up(counter, period)
        if value is None:
            self.link.run(START_COUNTER, name=counter, period=period, value=1)
            return 1
        return value

    def _count_up(self, counter: str, period: str) -> int | None:
        if self.unit.shared:
            raise Broken  # after a counter no case is locked any more: such a command goes alone
        last = self.unit.known.get(("counter",), ("", ""))
        self.unit.known["counter",] = max(last, (counter, period))
        if last <= (counter, period):
            value: int | None = self.link.value(COUNT_UP, counter=counter, of_period=period)
            return value
        value = self.link.value(COUNT_UP_IF_FREE, counter=counter, of_period=period)
        if value is None and self.link.value(COUNTER_VALUE, counter=counter, of_period=period) is not None:
            raise Anew(f"somebody else is counting {counter}")
        return value

    def store_certificate_file(self, number: str, issue: int, pdf: bytes, sha256: str) -> bool:
        """Keeps the file of an issue; False where it has one already: the first one stays."""
        row = self.link.row(ISSUE, number=number, issue=issue)
        if row is None:
            raise CertificateNotFound(f"there is no issue {issue} of the certificate {number}; reserve it first")
        if row.sha256 is not None:
            return False
        self.link.run(INSERT_FILE, certificate_id=row.id, pdf=pdf, sha256=sha256, stored_at=self.business_now())
        return True

    def _write_facts(self, held: Held, step: Step) -> None:
        for fact in step.facts:
            if isinstance(fact, CertificateFact):
                self._write_certificate(held, step, fact)
            else:
                self._write_entry(held, step.record.seq, fact)

    def _write_certificate(self, held: Held, step: Step, fact: CertificateFact) -> None:
        found = self.link.row(ISSUE, number=fact.number, issue=fact.issue)
        said: dict[str, Any] = {
            "status": fact.status,
            "facts": canonical(fact.facts),
            "replaces": bounded(replaces) if isinstance(replaces := fact.facts.get("replaces"), str) else None,
            "issued_at": step.record.at,
        }
        if found is None:
            token = step.case.data["certificate.token"]
            found = self.link.row(
                INSERT_CERTIFICATE, number=fact.number, issue=fact.issue, token=token, case_id=held.row, **said
            )
            assert found is not None  # noqa: S101  (RETURNING of one row)
        elif fact.verb in FREEZING:
            self.link.run(UPDATE_CERTIFICATE, row=found.id, **said)
        else:
            self.link.run(UPDATE_STATUS, row=found.id, status=fact.status)
        self.link.run(
            INSERT_STATUS,
            certificate_id=found.id,
            verb=fact.verb,
            status=fact.status,
            effective_from=fact.effective_from,
            recorded_at=held.received_at,
        )

    def _write_entry(self, held: Held, seq: int, fact: RegisterFact) -> None:
        if fact.entry_no is None:
            raise ValueError("a register fact has its entry number before it is stored")
        texts = {name: value for name, value in fact.facts.items() if isinstance(value, str)}
        new = self.link.row(
            INSERT_ENTRY,
            entry_no=fact.entry_no,
            revision=self.link.value(NEXT_REVISION, entry_no=fact.entry_no),
            case_id=held.row,
            seq=seq,
            verb=fact.verb,
            status=fact.status,
            facts=canonical(fact.facts),
            reason=fact.reason,
            **{name: bounded(texts[name]) if name in texts else None for name in ("tax_id", "designation", "code")},
            effective_from=fact.effective_from,
            recorded_at=held.received_at,
        )
        assert new is not None  # noqa: S101  (RETURNING of one row)
        found = words([fact.entry_no, *texts.values()])
        self.link.many(INSERT_WORD, [{"word": word, "entry_id": new.id} for word in sorted(found)])
