"""Effects that leave the engine: messages, calls of adapters, the issue of certificates; retries are left to effects."""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.core.fields import ValueFault, read_value
from engine.core.frozen import frozen
from engine.core.mailing import quiet_until
from engine.core.naming import Field
from engine.core.types import Kind, Type
from engine.errors import DeliveryFailed
from engine.ports import CertificateView
from engine.service.digests import next_digest
from engine.service.messages import write_message
from engine.service.receivers import people_for
from engine.service.sending import Sending, Sent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, time

    from engine.ports import Adapters, Message
    from engine.service.catalog import Catalog
    from engine.service.digests import Digests
    from engine.store.records import StoredCertificate, StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Reader


ANSWER = Field(path="answer", type=Type(Kind.MAP))
"""What an adapter answers is somebody else's: it is read like a field before it is kept."""


@frozen
class Delivered:
    """What came of it: `data` goes to the waiting case, `kept` beside the effect; `nobody` are names without people.

    `sent.failure`: not all letters went out, and it is to be tried again or given up.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    nobody: tuple[str, ...] = ()
    status: str = "done"
    wait: Waiting | None = None
    sent: Sent = field(default_factory=Sent)


@frozen
class Waiting:
    """People whose letters of an effect go out at a moment of business time, with others or `alone`."""

    people: tuple[str, ...]
    until: datetime
    alone: bool


@frozen
class _Letters:
    """Letters that are written, names without people, and until when they wait."""

    messages: list[Message]
    nobody: tuple[str, ...]
    until: datetime | None
    alone: bool


class Outward:
    """Delivers without a transaction; every call may come again with the same key."""

    def __init__(
        self, store: Store, catalog: Catalog, adapters: Adapters, digests: Digests, *, public_url: str, digest_at: time
    ) -> None:
        self._store, self._catalog, self._adapters, self._digests = store, catalog, adapters, digests
        self._sending = Sending(store, adapters.notifiers)
        self._public_url, self._digest_at = public_url.rstrip("/"), digest_at

    def notify(self, effect: StoredEffect) -> Delivered:
        """One message to each receiver by each channel; all are written before the first is sent.

        None is sent in quiet hours, or where the template says so: they wait for the hours' end, or for the day's digest.
        """
        made = self._store.read(lambda reader: self._letters(reader, effect))
        messages, people = made.messages, tuple(message.to.id for message in made.messages)
        if made.until is not None and messages:
            wait = Waiting(people, made.until, made.alone)
            return Delivered(kept={"to": list(people), "waits_until": made.until}, nobody=made.nobody, wait=wait)
        kept = {"to": list(people), "message_ids": [message.message_id for message in messages]}
        if not messages:
            return Delivered(kept=kept, nobody=made.nobody, status="dead" if made.nobody else "recorded")
        sent = self._sending.send(effect, messages, (effect.case_id,))
        at = self._store.read(lambda reader: reader.business_now())
        return Delivered(data={"delivered_at": at}, kept=kept, nobody=made.nobody, sent=sent)

    def digest(self, effect: StoredEffect) -> Delivered:
        """A day's letters to one person, as far as they are still to be said."""
        message, cases = self._store.read(lambda reader: self._digests.message(reader, effect))
        if message is None:
            return Delivered(kept={"letters": 0}, status="recorded")
        sent = self._sending.send(effect, [message], tuple(dict.fromkeys(cases)))
        kept = {"to": [message.to.id], "message_ids": [message.message_id], "letters": len(cases)}
        return Delivered(kept=kept, sent=sent)

    def _letters(self, reader: Reader, effect: StoredEffect) -> _Letters:
        stored = reader.case(effect.case_id)
        records = reader.history(effect.case_id, effect.seq - 1, 1)
        if stored is None or not records:
            raise DeliveryFailed(f"the case of effect {effect.key} is gone; nothing is sent", retry_after=None)
        chart = self._catalog.chart(stored.version_id, reader)
        templates = self._catalog.outfit(stored.version_id, reader).templates
        people, nobody = people_for(reader, chart.workflow, stored.case, effect.payload.get("to", ()))
        link, now = f"{self._public_url}/cases/{stored.case.id}", reader.business_now()
        letters = [
            write_message(templates, chart, stored.case, effect, records[0].record, person, link=link, now=now)
            for person in people
        ]
        if templates.daily(str(effect.payload["template"])):
            return _Letters(letters, nobody, next_digest(now, self._digest_at, chart.zone), alone=False)
        mail = chart.workflow.mail
        quiet = mail.quiet if mail is not None and not effect.payload.get("delivered") else None
        until = quiet_until(now, quiet, chart.zone) if quiet is not None else None
        return _Letters(letters, nobody, until, alone=True)

    def call(self, effect: StoredEffect) -> Delivered:
        """An adapter's operation."""
        caller = self._adapters.callers.get(effect.adapter)
        if caller is None:
            known = ", ".join(sorted(self._adapters.callers)) or "none"
            raise DeliveryFailed(f"no adapter '{effect.adapter}' is plugged in; there are: {known}", retry_after=None)
        said = caller.call(str(effect.payload["operation"]), effect.payload.get("with", {}), key=effect.key)
        try:
            answer = read_value(ANSWER, said)
        except ValueFault as fault:
            raise DeliveryFailed(f"the answer of {effect.adapter} cannot be kept: {fault}", retry_after=None) from None
        return Delivered(data=answer, kept=answer)

    def issue(self, effect: StoredEffect) -> Delivered:
        """The file of a certificate's issue: rendered, signed and stored once, whatever is tried again."""
        number, issue = str(effect.payload["number"]), int(effect.payload["issue"])
        sha256 = self._stored_file(number, issue)
        if sha256 is None:
            pdf = self._made(effect, number, issue)
            made = hashlib.sha256(pdf).hexdigest()
            self._store.write(lambda tx: tx.store_certificate_file(number, issue, pdf, made))
            sha256 = self._stored_file(number, issue) or made
        return Delivered(data={"sha256": sha256}, kept={"sha256": sha256, "number": number, "issue": issue})

    def _made(self, effect: StoredEffect, number: str, issue: int) -> bytes:
        view, version_id = self._certificate(effect, number, issue)
        made = self._catalog.outfit(version_id).renderer.render(view)
        if self._adapters.signer is None:
            return made.pdf
        at = self._store.read(lambda reader: reader.business_now())
        return self._adapters.signer().sign(made, reason=f"Certificate {number}, issue {issue}", at=at)

    def _stored_file(self, number: str, issue: int) -> str | None:
        """The hash of the file that is stored already: the first one stays."""
        held = self._store.read(lambda reader: certificate_issue(reader, number, issue))
        return held.sha256 if held is not None and held.has_pdf else None

    def _certificate(self, effect: StoredEffect, number: str, issue: int) -> tuple[CertificateView, int]:
        def work(reader: Reader) -> tuple[CertificateView, int]:
            held, stored = certificate_issue(reader, number, issue), reader.case(effect.case_id)
            if held is None or stored is None:
                raise DeliveryFailed(f"there is no certificate {number} issue {issue} to render", retry_after=None)
            workflow = self._catalog.chart(stored.version_id, reader).workflow
            if workflow.certificate is None:
                raise DeliveryFailed(f"workflow {workflow.name} has no certificate; say what it says", retry_after=None)
            view = CertificateView(
                number=number,
                issue=issue,
                token=held.token,
                verify_url=verify_url(self._public_url, held.token),
                template=workflow.certificate.template,
                facts=held.facts,
                case_number=stored.case.number,
                issued_at=held.issued_at,
            )
            return view, stored.version_id

        return self._store.read(work)


def certificate_issue(reader: Reader, number: str, issue: int) -> StoredCertificate | None:
    """One issue of a certificate."""
    held = reader.certificate(number)
    if held is None or held.issue == issue:
        return held
    return next((c for c in reader.certificates_of(held.case_id) if (c.number, c.issue) == (number, issue)), None)


def verify_url(public_url: str, token: str) -> str:
    """Where anybody can see what a certificate's status is today."""
    return f"{public_url.rstrip('/')}/v/{token}"
