"""Certificates by number and by public token, and their files; they are changed by steps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.calendars.moments import local_date
from engine.errors import CertificateNotFound
from engine.service.certificate_views import CertificateFile, CertificateInfo, PublicCertificate, Successor
from engine.service.known_facts import is_after, is_before
from engine.service.outward import certificate_issue, verify_url

if TYPE_CHECKING:
    from datetime import date

    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.store.records import StoredCertificate
    from engine.store.store import Store
    from engine.store.transaction import Reader

PUBLIC = frozenset({"valid", "suspended", "withdrawn", "terminated", "expired", "superseded", "annulled"})


class Certificates:
    """Reads; the register is the truth, the file is a view."""

    def __init__(self, store: Store, catalog: Catalog, *, public_url: str) -> None:
        self._store, self._catalog, self._public_url = store, catalog, public_url

    def by_number(self, number: str) -> CertificateInfo:
        """The latest issue of a certificate. Raises CertificateNotFound."""

        def work(reader: Reader) -> CertificateInfo:
            held = reader.certificate(number)
            if held is None:
                raise _unknown(f"number '{number[:80]}'")
            return certificate_info(reader, held, self._public_url)

        return self._store.read(work)

    def by_token(self, token: str) -> PublicCertificate:
        """What anybody may know who has the token: today's status. Raises CertificateNotFound (reserved ones too)."""
        return self._store.read(lambda reader: public_certificate(reader, self._catalog, token)[1])

    def pdf(self, number: str, issue: int | None = None) -> CertificateFile:
        """The stored file of an issue, the latest one if none is named. Raises CertificateNotFound."""

        def work(reader: Reader) -> CertificateFile:
            latest = reader.certificate(number)
            wanted = issue if issue is not None else (latest.issue if latest is not None else 0)
            held = certificate_issue(reader, number, wanted)
            pdf = reader.certificate_pdf(number, wanted) if held is not None else None
            if held is None or pdf is None or held.sha256 is None:
                raise _unknown(f"file for number '{number[:80]}'")
            return CertificateFile(pdf, held.sha256, number, wanted)

        return self._store.read(work)


def public_certificate(
    reader: Reader, catalog: Catalog, token: str
) -> tuple[StoredCertificate, PublicCertificate, Chart]:
    """As stored, as anybody may know it who has the token, and its case's workflow. Raises CertificateNotFound."""
    held, version_id, now = reader.certificate_by_token(token), None, reader.business_now()
    if held is not None:
        version_id = reader.version_of(held.case_id)
    if held is None or version_id is None or held.status not in PUBLIC:
        raise _unknown("token")
    chart = catalog.chart(version_id, reader)
    public = PublicCertificate(
        number=held.number,
        issue=held.issue,
        status=held.status,
        valid=held.status == "valid" and holds_on(held, local_date(now, chart.zone)),
        facts=held.facts,
        issued_at=held.issued_at,
        sha256=held.sha256,
        checked_at=now,
        superseded_by=named(successor_of(reader, held)),
    )
    return held, public, chart


def holds_on(held: StoredCertificate, day: date) -> bool:
    """Whether a day lies within the validity it says, both ends included."""
    return not is_before(held.facts, day) and not is_after(held.facts, day)


def successor_of(reader: Reader, held: StoredCertificate) -> StoredCertificate | None:
    """What has taken the place of a certificate that is superseded, as far as the register knows: the youngest issue that says so."""
    if held.status != "superseded":
        return None
    found = [one for one in reader.certificates_replacing(held.number) if one.status in PUBLIC]
    return max(found, key=lambda one: (one.issued_at, one.issue), default=None)


def named(successor: StoredCertificate | None) -> Successor | None:
    """It by number and issue."""
    return None if successor is None else Successor(successor.number, successor.issue)


def certificate_info(reader: Reader, held: StoredCertificate, public_url: str) -> CertificateInfo:
    """A certificate for those who work with it."""
    return CertificateInfo(
        number=held.number,
        issue=held.issue,
        status=held.status,
        facts=held.facts,
        issued_at=held.issued_at,
        token=held.token,
        verify_url=verify_url(public_url, held.token),
        case_id=held.case_id,
        sha256=held.sha256,
        has_pdf=held.has_pdf,
        superseded_by=named(successor_of(reader, held)),
    )


def _unknown(what: str) -> CertificateNotFound:
    return CertificateNotFound(
        f"there is no certificate with this {what}; look at the number again, check digits and all"
    )
