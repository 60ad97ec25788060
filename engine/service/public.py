"""What anybody may read without a token: entries with their certificate, and a certificate with its entry; words are the pages'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.core.calendars.moments import local_date
from engine.core.expressions import ast
from engine.errors import CertificateNotFound
from engine.service.certificates import PUBLIC, holds_on, public_certificate
from engine.service.register import entry_view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from engine.core.expressions.expression import Expression
    from engine.core.machine.chart import Chart
    from engine.core.naming import Field
    from engine.service.catalog import Catalog
    from engine.service.certificates import Certificates
    from engine.service.register import Register
    from engine.service.views import EntryView, PublicCertificate
    from engine.store.records import StoredCertificate
    from engine.store.store import Store
    from engine.store.transaction import Reader

EARLY, LAPSED = "early", "lapsed"
"""What is said of a certificate whose status is valid, and whose days are still to come or over."""


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate in a few words; `answer` is its status, or EARLY, or LAPSED."""

    number: str
    issue: int
    answer: str
    valid_from: date | None
    valid_until: date | None
    token: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry: `today` is what holds today, None where nothing does yet; `revisions` oldest first.

    `fields` are the workflow's own for facts that are a field of it; days and moments are those of `zone`.
    """

    entry_no: str
    today: EntryView | None
    revisions: tuple[EntryView, ...]
    certificate: CertificateLine | None
    fields: Mapping[str, Field]
    zone: ZoneInfo
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class CheckPage:
    """A certificate as it is today: `answer` is its status, or EARLY, or LAPSED; `since` when that status began to hold."""

    certificate: PublicCertificate
    answer: str
    since: datetime | None
    entry_no: str | None
    fields: Mapping[str, Field]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Found:
    """Entries that fit, youngest first; `more` is the place where the next ones begin."""

    entries: tuple[EntryView, ...]
    more: str | None
    zone: ZoneInfo
    checked_at: datetime


class PublicReads:
    """Reads for everybody; nothing here looks at a case's own data."""

    def __init__(self, store: Store, catalog: Catalog, register: Register, certificates: Certificates) -> None:
        self._store, self._catalog, self._register, self._certificates = store, catalog, register, certificates

    def search(
        self,
        *,
        q: str | None = None,
        tax_id: str | None = None,
        designation: str | None = None,
        code: str | None = None,
        on: date | None = None,
        cursor: str | None = None,
        limit: int,
    ) -> Found:
        """Entries at the end of a day, or now, as it is known now. Raises InvalidPayload for a cursor that is none."""
        now = self._store.read(lambda reader: reader.business_now())
        page = self._register.search(
            q=q, tax_id=tax_id, designation=designation, code=code, on=on, cursor=cursor, limit=limit
        )
        return Found(page.items, page.cursor, self._catalog.register_zone(), now)

    def entry(self, entry_no: str) -> EntryPage:
        """An entry with its certificate and all its revisions. Raises CertificateNotFound."""

        def work(reader: Reader) -> EntryPage:
            rows, now = reader.register_history(entry_no), reader.business_now()
            version_id = reader.version_of(rows[-1].case_id) if rows else None
            if version_id is None:
                raise CertificateNotFound(f"the register has no entry '{entry_no[:80]}'")
            chart = self._catalog.chart(version_id, reader)
            held = [c for c in reader.certificates_of(rows[-1].case_id) if c.status in PUBLIC]
            last = max(held, key=lambda c: (c.issued_at, c.issue), default=None)
            today = next((row for row in reversed(rows) if row.effective_from <= now), None)
            return EntryPage(
                entry_no=entry_no,
                today=None if today is None else entry_view(today),
                revisions=tuple(map(entry_view, rows)),
                certificate=None if last is None else _line(last, local_date(now, chart.zone)),
                fields=_fields(chart.workflow.register or {}, chart),
                zone=chart.zone,
                checked_at=now,
            )

        return self._store.read(work)

    def check(self, token: str) -> CheckPage:
        """What the register says today of the certificate with this token. Raises CertificateNotFound."""

        def work(reader: Reader) -> CheckPage:
            held, public, chart = public_certificate(reader, self._catalog, token)
            entry, own = reader.entry_of(held.case_id), chart.workflow.certificate
            return CheckPage(
                certificate=public,
                answer=_answer(held, local_date(public.checked_at, chart.zone)),
                since=_since(reader, held),
                entry_no=None if entry is None else entry.entry_no,
                fields={} if own is None else _fields(own.facts, chart),
                zone=chart.zone,
            )

        return self._store.read(work)

    def token_of(self, number: str) -> str:
        """The token under which a certificate is checked. Raises CertificateNotFound."""
        return self._certificates.by_number(number).token

    def zone(self) -> ZoneInfo:
        """In which days and moments are told where no case is named."""
        return self._catalog.register_zone()


def _line(held: StoredCertificate, today: date) -> CertificateLine:
    return CertificateLine(
        held.number,
        held.issue,
        _answer(held, today),
        _day(held.facts.get("valid_from")),
        _day(held.facts.get("valid_until")),
        held.token,
    )


def _answer(held: StoredCertificate, today: date) -> str:
    if held.status != "valid" or holds_on(held, today):
        return held.status
    first = held.facts.get("valid_from")
    return EARLY if isinstance(first, date) and today < first else LAPSED


def _since(reader: Reader, held: StoredCertificate) -> datetime | None:
    """When the status that it has now began to hold, however often it was told since."""
    since = None
    for told in reversed(reader.certificate_history(held.number)):
        if told.status != held.status:
            break
        since = told.effective_from
    return since


def _day(value: object) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _fields(facts: Mapping[str, Expression], chart: Chart) -> Mapping[str, Field]:
    """The field of each fact that says what one field says."""
    paths = {name: e.tree.path for name, e in facts.items() if isinstance(e.tree, ast.Field)}
    fields = chart.workflow.fields
    return {name: fields[path] for name, path in paths.items() if path in fields}
