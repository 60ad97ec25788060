"""What anybody may read without a token: entries with their certificate, and a certificate with its entry; words are the pages'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import local_date
from engine.core.expressions import ast
from engine.core.frozen import frozen
from engine.errors import CertificateNotFound
from engine.service.certificates import PUBLIC, holds_on, public_certificate, successor_of
from engine.service.known_facts import first_day, is_after, is_before, last_day, withheld
from engine.service.register import entry_view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from engine.core.expressions.expression import Expression
    from engine.core.machine.chart import Chart
    from engine.core.naming import Field
    from engine.service.catalog import Catalog
    from engine.service.certificate_views import PublicCertificate
    from engine.service.certificates import Certificates
    from engine.service.register import Register
    from engine.service.views import EntryView
    from engine.store.records import StoredCertificate
    from engine.store.store import Store
    from engine.store.transaction import Reader

EARLY, LAPSED = "early", "lapsed"
"""What is said of a certificate that is valid, or of an entry that is listed, and whose days are still to come or over."""
NOT_YET, VOID, PARTLY = "not_yet", "void", "partly"
"""What is said of an entry of which nothing holds yet, of one that is listed while its certificate is not valid, and of one that
is listed without all its items.
"""


@frozen
class CertificateLine:
    """A certificate in a few words; `answer` is its status, or EARLY, or LAPSED."""

    number: str
    issue: int
    answer: str
    valid_from: date | None
    valid_until: date | None
    token: str


@frozen
class EntryPage:
    """An entry: `today` is what holds today, None where nothing does yet; `stands` its status as `stands_on` says, NOT_YET
    where there is none; `since` when that status began to hold; `revisions` oldest first.

    `fields` are the workflow's own for facts that are a field of it; days and moments are those of `zone`.
    """

    entry_no: str
    today: EntryView | None
    stands: str
    since: datetime | None
    revisions: tuple[EntryView, ...]
    certificate: CertificateLine | None
    fields: Mapping[str, Field]
    zone: ZoneInfo
    checked_at: datetime


@frozen
class CheckPage:
    """A certificate as it is today: `answer` is its status, or EARLY, or LAPSED; `since` when that status began to hold.

    `successor` has taken its place where it is superseded and the register knows by what. `withheld` is what its entry says may not be offered for now, None where nothing is.
    """

    certificate: PublicCertificate
    answer: str
    since: datetime | None
    successor: CertificateLine | None
    entry_no: str | None
    withheld: object
    fields: Mapping[str, Field]
    zone: ZoneInfo


@frozen
class Found:
    """Entries that fit, each with how it stands on the day, youngest first; `more` is the place where the next ones begin."""

    entries: tuple[tuple[EntryView, str], ...]
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
        zone = self._catalog.register_zone()
        day = on or local_date(now, zone)
        return Found(tuple((one, stands_on(one, day)) for one in page.items), page.cursor, zone, now)

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
            day = local_date(now, chart.zone)
            revisions = tuple(map(entry_view, rows))
            today = next((one for one in reversed(revisions) if one.effective_from <= now), None)
            certificate = None if last is None else _line(last, day)
            return EntryPage(
                entry_no=entry_no,
                today=today,
                stands=_stands(today, certificate, day),
                since=_listed_since(revisions, today),
                revisions=revisions,
                certificate=certificate,
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
            today, successor = local_date(public.checked_at, chart.zone), successor_of(reader, held)
            return CheckPage(
                certificate=public,
                answer=_answer(held, today),
                since=_since(reader, held),
                successor=None if successor is None else _line(successor, today),
                entry_no=None if entry is None else entry.entry_no,
                withheld=withheld(entry.facts) if entry is not None and entry.status == "listed" else None,
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
        first_day(held.facts),
        last_day(held.facts),
        held.token,
    )


def stands_on(entry: EntryView, day: date) -> str:
    """The status of an entry as somebody may act on it: listed only within the days that it says itself."""
    return _within(entry.facts, day) if entry.status == "listed" else entry.status


def _stands(today: EntryView | None, certificate: CertificateLine | None, day: date) -> str:
    if today is None:
        return NOT_YET
    stands = stands_on(today, day)
    if stands not in {"listed", PARTLY} or certificate is None or certificate.answer == "valid":
        return stands
    return certificate.answer if certificate.answer in {EARLY, LAPSED} else VOID


def _within(facts: Mapping[str, Any], day: date) -> str:
    if is_before(facts, day):
        return EARLY
    if is_after(facts, day):
        return LAPSED
    return PARTLY if withheld(facts) else "listed"


def _listed_since(revisions: tuple[EntryView, ...], today: EntryView | None) -> datetime | None:
    """Since when it has the status of today, whatever else was changed meanwhile."""
    since = None
    for one in reversed(revisions[: today.revision] if today is not None else ()):
        if today is None or one.status != today.status:
            break
        since = one.effective_from if since is None else min(since, one.effective_from)
    return since


def _answer(held: StoredCertificate, today: date) -> str:
    if held.status != "valid" or holds_on(held, today):
        return held.status
    return EARLY if is_before(held.facts, today) else LAPSED


def _since(reader: Reader, held: StoredCertificate) -> datetime | None:
    """When the status that it has now began to hold, however often it was told since."""
    since = None
    for told in reversed(reader.certificate_history(held.number)):
        if told.status != held.status:
            break
        since = told.effective_from
    return since


def _fields(facts: Mapping[str, Expression], chart: Chart) -> Mapping[str, Field]:
    """The field of each fact that says what one field says."""
    paths = {name: e.tree.path for name, e in facts.items() if isinstance(e.tree, ast.Field)}
    fields = chart.workflow.fields
    return {name: fields[path] for name, path in paths.items() if path in fields}
