"""The register: searching it, an entry's history, and the tender question; its rows are written by steps alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import end_of_day, local_date
from engine.core.frozen import frozen
from engine.core.values import instant
from engine.errors import CertificateNotFound
from engine.service.certificates import certificate_info
from engine.service.known_facts import covers, first_day, is_after, is_before, last_day, withholds
from engine.service.searching import MAX_PAGE, row_of
from engine.service.views import Eligibility, EntryHistory, EntryView, Page
from engine.store.records import RegisterFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from engine.service.catalog import Catalog
    from engine.service.certificate_views import CertificateInfo
    from engine.store.records import StoredEntry
    from engine.store.store import Store
    from engine.store.transaction import Reader

MAX_ENTRIES = 100


@frozen
class Question:
    """The tender question: a line of a bid, `ref` is the bidder's own name for it; `item` of the entry's scope, None: any."""

    tax_id: str
    designation: str
    ref: str | None = None
    item: str | None = None


class Register:
    """Reads of the register; rows are never changed or deleted, so every earlier answer can be given again."""

    def __init__(self, store: Store, catalog: Catalog, *, public_url: str) -> None:
        self._store, self._catalog, self._public_url = store, catalog, public_url

    def search(
        self,
        *,
        q: str | None = None,
        tax_id: str | None = None,
        designation: str | None = None,
        code: str | None = None,
        status: str | None = None,
        on: date | None = None,
        known_at: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[EntryView]:
        """Entries as they were at the end of a day (today), as known at a moment (now)."""
        limit = max(1, min(limit, MAX_PAGE))
        zone = self._catalog.register_zone()
        until = end_of_day(on, zone) if on is not None else None
        wanted = RegisterFilter(q, tax_id, designation, code, status, until, known_at)
        rows = self._store.read(lambda reader: reader.register_rows(wanted, row_of(cursor), limit + 1))
        more = str(rows[limit - 1].row) if len(rows) > limit else None
        return Page(tuple(entry_view(row) for row in rows[:limit]), more)

    def entry(self, entry_no: str) -> EntryHistory:
        """An entry and all its revisions. Raises CertificateNotFound."""
        rows = self._store.read(lambda reader: reader.register_history(entry_no))
        if not rows:
            raise CertificateNotFound(f"the register has no entry '{entry_no[:80]}'; search by tax id or designation")
        revisions = tuple(entry_view(row) for row in rows)
        return EntryHistory(revisions[-1], revisions)

    def eligibility(
        self,
        tax_id: str,
        designation: str,
        *,
        item: str | None = None,
        on: date | None = None,
        known_at: datetime | None = None,
    ) -> Eligibility:
        """May this bidder offer this product, or an item of its scope, on that day?

        A date means the end of that local day: yes, if the entry is listed then, by all that was recorded up to
        `known_at` (now), and the day lies within its certificate's validity. Both days of validity are included. An item has to stand in the entry's scope, and
        may not be among its suspended items.
        """
        return self.eligibilities([Question(tax_id, designation, item=item)], on=on, known_at=known_at)[0]

    def eligibilities(
        self, lines: Sequence[Question], *, on: date | None = None, known_at: datetime | None = None
    ) -> tuple[Eligibility, ...]:
        """The same for several, all of one moment."""
        zone = self._catalog.register_zone()

        def work(reader: Reader) -> tuple[Eligibility, ...]:
            now = reader.business_now()
            day, known = on or local_date(now, zone), known_at or now
            return tuple(self._answer(reader, line, day, known, zone) for line in lines)

        return self._store.read(work)

    def _answer(self, reader: Reader, asked: Question, day: date, known: datetime, zone: ZoneInfo) -> Eligibility:
        wanted = RegisterFilter(
            tax_id=asked.tax_id, designation=asked.designation, on=end_of_day(day, zone), known_at=known
        )
        rows = reader.register_rows(wanted, None, MAX_ENTRIES)
        answers = [self._judge(reader, row, asked, day, known, zone) for row in rows]
        if answers:
            return min(answers, key=lambda answer: (not answer.answer, answer.status != "suspended"))
        about = f"{asked.tax_id} for {asked.designation}"
        words = f"no entry of {about} was known at {_shown(known, zone)} to be in effect on {day}"
        return Eligibility(
            answer=False,
            tax_id=asked.tax_id,
            designation=asked.designation,
            item=asked.item,
            on=day,
            known_at=known,
            reasons=(words,),
        )

    def _judge(
        self, reader: Reader, row: StoredEntry, asked: Question, day: date, known: datetime, zone: ZoneInfo
    ) -> Eligibility:
        held = max(reader.certificates_of(row.case_id), key=lambda c: (c.issued_at, c.issue), default=None)
        certificate = certificate_info(reader, held, self._public_url) if held is not None else None
        since = _shown(row.effective_from, zone)
        because = f" ({row.reason})" if row.reason else ""
        said = f"entry {row.entry_no} is {row.status} since {since}{because}, recorded {_shown(row.recorded_at, zone)}"
        against = [*(_outside(certificate, day) if certificate is not None else ()), *_uncovered(row, asked.item)]
        covered = [f"item {asked.item} is in its scope"] if asked.item is not None and not against else []
        return Eligibility(
            answer=row.status == "listed" and not against,
            tax_id=asked.tax_id,
            designation=asked.designation,
            item=asked.item,
            on=day,
            known_at=known,
            reasons=(said, *against, *covered),
            entry=entry_view(row),
            certificate=certificate,
            status=row.status,
            effective_from=row.effective_from,
            recorded_at=row.recorded_at,
        )


def _outside(certificate: CertificateInfo, day: date) -> list[str]:
    """What the certificate's own days say against it."""
    found, facts = [], certificate.facts
    if is_before(facts, day):
        found.append(f"certificate {certificate.number} is valid from {first_day(facts)}, not yet on {day}")
    if is_after(facts, day):
        found.append(f"certificate {certificate.number} is valid until {last_day(facts)}, no more on {day}")
    return found


def _uncovered(row: StoredEntry, item: str | None) -> list[str]:
    """What the entry says against an item of it."""
    if item is None:
        return []
    found = []
    if withholds(row.facts, item):
        found.append(f"item {item} is among the suspended items of entry {row.entry_no}")
    elif not covers(row.facts, item):
        found.append(f"item {item} is not in the scope of entry {row.entry_no}")
    return found


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def entry_view(row: StoredEntry) -> EntryView:
    """A revision of an entry."""
    return EntryView(
        row.entry_no, row.revision, row.status, row.facts, row.effective_from, row.recorded_at, row.reason, row.case_id
    )


def plain_fact(value: Any) -> Any:
    """A fact as the JSON that programs read: numbers with a point, days and moments as texts."""
    if isinstance(value, dict):
        return {name: plain_fact(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_fact(item) for item in value]
    if isinstance(value, datetime):
        return instant(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)
