"""Reading certificates and the register; adding to them is left to fact_writing.py.

The register has two times. On a day, as known at a moment, an entry says what its highest revision says among those
recorded by that moment and in force before the end of that day: a later revision is the truth from its `effective_from`
on, so an annulment recorded today from the first day on hides what was between.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, func, literal_column, select

from engine.core.values import restore
from engine.store.bounded import bounded
from engine.store.case_reading import LAST
from engine.store.codec import words
from engine.store.records import CertificateStatus, StoredCertificate, StoredEntry
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import (
    CASE,
    CERTIFICATE,
    CERTIFICATE_FILE,
    CERTIFICATE_STATUS,
    FEED,
    REGISTER_ENTRY,
    REGISTER_WORD,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Select

    from engine.store.records import RegisterFilter

K = CERTIFICATE.c
R = REGISTER_ENTRY.c
_CASE_ID = CASE.c.public_id.label("public_case_id")
_CERTIFICATES = (
    select(CERTIFICATE, _CASE_ID, CERTIFICATE_FILE.c.sha256)
    .join(CASE, CASE.c.id == K.case_id)
    .outerjoin(CERTIFICATE_FILE, CERTIFICATE_FILE.c.certificate_id == K.id)
    .order_by(K.number, K.issue.desc())
)
BY_NUMBER = Statement(_CERTIFICATES.where(K.number == bindparam("number")))
BY_TOKEN = Statement(_CERTIFICATES.where(K.token == bindparam("token")))
OF_CASE = Statement(_CERTIFICATES.where(CASE.c.public_id == bindparam("case_id")))
REPLACING = Statement(_CERTIFICATES.where(K.replaces == bindparam("replaced")))
PDF = Statement(
    select(CERTIFICATE_FILE.c.pdf)
    .join(CERTIFICATE, CERTIFICATE_FILE.c.certificate_id == K.id)
    .where(K.number == bindparam("number"), K.issue == bindparam("issue"))
)
STATUSES = Statement(
    select(
        K.issue,
        *(CERTIFICATE_STATUS.c[name] for name in ("verb", "status", "effective_from", "recorded_at")),
    )
    .join(CERTIFICATE_STATUS, CERTIFICATE_STATUS.c.certificate_id == K.id)
    .where(K.number == bindparam("number"))
    .order_by(CERTIFICATE_STATUS.c.id)
)
FEW_ENTRIES, SOME_ENTRIES = 2000, 25_000
"""As many entries as are looked up at once where one word is asked for, and where several are, which may never come together."""
_IN_RANGE: Select[Any] = select(literal_column("1").label("one")).where(
    REGISTER_WORD.c.word >= bindparam("since"), REGISTER_WORD.c.word < bindparam("until")
)
COUNT = Statement(select(func.count().label("n")).select_from(_IN_RANGE.limit(bindparam("most")).subquery()))
_ENTRIES = select(REGISTER_ENTRY, _CASE_ID).join(CASE, CASE.c.id == R.case_id)
REVISIONS = Statement(_ENTRIES.where(R.entry_no == bindparam("entry_no")).order_by(R.revision))
REVISION = Statement(_ENTRIES.where(R.entry_no == bindparam("entry_no"), R.revision == bindparam("revision")))
KNOWN = Statement(select(R.entry_no).where(R.entry_no == bindparam("entry_no")).limit(1))
CHANGES = Statement(
    _ENTRIES.add_columns(FEED.c.pos)
    .join(FEED, and_(FEED.c.case_id == R.case_id, FEED.c.seq == R.seq))
    .where(FEED.c.pos > bindparam("after"), FEED.c.pos <= bindparam("last"))
    .order_by(FEED.c.pos, R.revision)
)
ENTRY_OF = Statement(_ENTRIES.where(CASE.c.public_id == bindparam("case_id")).order_by(R.id.desc()).limit(1))


class FactReader(Session):
    """Reads of certificates and the register."""

    def certificate(self, number: str) -> StoredCertificate | None:
        """The last issue of a certificate."""
        row = self.link.row(BY_NUMBER, number=number)
        return None if row is None else _certificate(row)

    def certificate_by_token(self, token: str) -> StoredCertificate | None:
        """The last issue of the certificate with this public token."""
        row = self.link.row(BY_TOKEN, token=token)
        return None if row is None else _certificate(row)

    def certificates_of(self, case_id: str) -> tuple[StoredCertificate, ...]:
        """All issues of a case's certificates, the last one of each first."""
        return tuple(_certificate(row) for row in self.link.rows(OF_CASE, case_id=case_id))

    def certificates_replacing(self, number: str) -> tuple[StoredCertificate, ...]:
        """All issues that say of themselves that they take the place of this certificate."""
        return tuple(_certificate(row) for row in self.link.rows(REPLACING, replaced=bounded(number)))

    def certificate_pdf(self, number: str, issue: int) -> bytes | None:
        """The stored file of an issue."""
        pdf: bytes | None = self.link.value(PDF, number=number, issue=issue)
        return pdf

    def certificate_history(self, number: str) -> tuple[CertificateStatus, ...]:
        """Every status of all issues, oldest first."""
        return tuple(CertificateStatus(number, *row) for row in self.link.rows(STATUSES, number=number))

    def register_rows(
        self, wanted: RegisterFilter, after: int | None = None, limit: int = 50
    ) -> tuple[StoredEntry, ...]:
        """A page of entries, each in the revision that holds, the youngest first, below the cursor `after`."""
        binds: dict[str, Any] = {
            name: getattr(wanted, name) for name in ("status", "known_at") if getattr(wanted, name) is not None
        }
        exactly = {name: getattr(wanted, name) for name in ("tax_id", "designation", "code")}
        binds |= {name: bounded(value) for name, value in exactly.items() if value is not None}
        if after is not None:
            binds["after"] = after
        names = frozenset(binds)
        asked = (sorted(words([wanted.q])) or [LAST]) if wanted.q else []  # no word at all: nothing fits
        asked, looked_up = self._rarest_first(asked)
        for i, word in enumerate(asked):
            binds |= {f"from{i}": word, f"to{i}": word + LAST}
        inclusive = wanted.on is None
        binds["on"] = self.business_now() if inclusive else wanted.on
        rows = self.link.rows(
            _search(names, len(asked), inclusive=inclusive, looked_up=looked_up), **binds, limit=limit
        )
        return tuple(_entry(row) for row in rows)

    def _rarest_first(self, asked: list[str]) -> tuple[list[str], int]:
        """Words in the order in which they narrow down, and how many of them do so enough to be looked up.

        For the others entries are gone through from the youngest on, each asked for its words: where all are frequent, many fit.
        """
        for most in (FEW_ENTRIES, SOME_ENTRIES)[: len(asked)]:  # one frequent word is found soon by going through
            counted = sorted((self.link.value(COUNT, since=word, until=word + LAST, most=most), word) for word in asked)
            few = sum(count < most for count, _ in counted)
            if few:
                return [word for _, word in counted], few
        return asked, 0

    def register_history(self, entry_no: str) -> tuple[StoredEntry, ...]:
        """All revisions of an entry, oldest first."""
        return tuple(_entry(row) for row in self.link.rows(REVISIONS, entry_no=entry_no))

    def register_revision(self, entry_no: str, revision: int) -> StoredEntry | None:
        """One revision of an entry."""
        row = self.link.row(REVISION, entry_no=entry_no, revision=revision)
        return None if row is None else _entry(row)

    def register_changes(self, after: int, last: int) -> tuple[tuple[int, StoredEntry], ...]:
        """(position, revision) of all that steps between two positions of the feed have made, in their order."""
        return tuple((row.pos, _entry(row)) for row in self.link.rows(CHANGES, after=after, last=last))

    def unknown_entries(self, numbers: Collection[str]) -> tuple[str, ...]:
        """Those of these numbers that the register does not have."""
        found = self.link.peek(*((KNOWN, {"entry_no": number}) for number in numbers))
        return tuple(number for number, rows in zip(numbers, found, strict=True) if not rows)

    def entry_of(self, case_id: str) -> StoredEntry | None:
        """The last revision of the case's entry."""
        row = self.link.row(ENTRY_OF, case_id=case_id)
        return None if row is None else _entry(row)


@lru_cache(maxsize=256)
def _search(names: frozenset[str], asked: int, *, inclusive: bool, looked_up: int) -> Statement:
    later = REGISTER_ENTRY.alias("later")
    on = bindparam("on", type_=R.effective_from.type)

    def holds(columns: Any) -> Any:
        in_force = columns.effective_from <= on if inclusive else columns.effective_from < on
        if "known_at" not in names:
            return in_force
        return and_(in_force, columns.recorded_at <= bindparam("known_at", type_=R.recorded_at.type))

    core = _ENTRIES.where(
        holds(R),
        ~exists().where(and_(later.c.entry_no == R.entry_no, later.c.revision > R.revision, holds(later.c))),
        *(R[name] == bindparam(name) for name in ("tax_id", "designation", "code", "status") if name in names),
    )
    if "after" in names:
        core = core.where(R.id < bindparam("after"))
    for i in range(asked):
        fits = (REGISTER_WORD.c.word >= bindparam(f"from{i}"), REGISTER_WORD.c.word < bindparam(f"to{i}"))
        if i < looked_up:
            core = core.where(R.id.in_(select(REGISTER_WORD.c.entry_id).where(*fits)))
        else:  # no EXISTS, which PostgreSQL makes a join of all words
            own = select(REGISTER_WORD.c.entry_id).where(REGISTER_WORD.c.entry_id == R.id, *fits).limit(1)
            core = core.where(own.scalar_subquery() == R.id)
    return Statement(core.order_by(R.id.desc()).limit(bindparam("limit")))


def next_revision(entry_no: str = "entry_no") -> Statement:
    """How many revisions an entry has, plus one."""
    return Statement(
        select((func.coalesce(func.max(R.revision), 0) + 1).label("n")).where(R.entry_no == bindparam(entry_no))
    )


def _certificate(row: Any) -> StoredCertificate:
    return StoredCertificate(
        row.number,
        row.issue,
        row.token,
        row.public_case_id,
        row.status,
        restore(row.facts),
        row.issued_at,
        sha256=row.sha256,
        has_pdf=row.sha256 is not None,
    )


def _entry(row: Any) -> StoredEntry:
    return StoredEntry(
        row=row.id,
        entry_no=row.entry_no,
        case_id=row.public_case_id,
        revision=row.revision,
        verb=row.verb,
        status=row.status,
        facts=restore(row.facts),
        effective_from=row.effective_from,
        recorded_at=row.recorded_at,
        reason=row.reason,
    )
