"""Is this file the certificate that was issued, and what does the register say of it today? Files are told apart in words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.errors import Unavailable
from engine.ports import SignatureReading
from engine.service.certificate_views import Successor
from engine.service.certificates import named, successor_of
from engine.service.outward import certificate_issue

if TYPE_CHECKING:
    from engine.ports import CertificateFiles, FileReading
    from engine.service.certificates import Certificates
    from engine.store.records import StoredCertificate
    from engine.store.store import Store
    from engine.store.transaction import Reader

MAX_FILE = 20 << 20
MANY_DIFFER = 4


class Finding(StrEnum):
    """What a file is, beside those that were issued."""

    GENUINE = "genuine"
    SUPERSEDED = "superseded"
    ALTERED = "altered"
    TRUNCATED = "truncated"
    RESAVED = "resaved"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


WORDS = {
    "issued": "This is the file of {number}, issue {issue} as it was issued, byte for byte.",
    "replaced": "This is the file of {number}, issue {issue} as it was issued; issue {latest} has taken its place.",
    "no_such_number": "It says it is certificate {number}, issue {issue}; the register has no such number.",
    "no_such_file": "It says it is certificate {number}, issue {issue}; no such file was ever issued.",
    "cut_off": "The file is cut off: its last {missing:,} of {whole:,} bytes are missing.",
    "longer": "{count:,} bytes were added to the file after it was signed.",
    "not_issued": "It was signed by '{signer}', and is not the file that was issued.",
    "facts_differ": "The facts inside are not those that were issued: {names} differ.",
    "one_byte": "1 byte is not as it was signed.",
    "bytes_differ": "{count:,} bytes are not as they were signed.",
    "content_changed": "Its content was changed after it was signed.",
    "saved_anew": (
        "Another program has saved it anew, and its signature is lost: nothing that it shows is certain. "
        "Ask for the file as it was issued."
    ),
    "signed_elsewhere": "It was signed by '{signer}' and is no certificate of this register.",
    "no_facts": "It is no certificate of this register: it has no facts inside that can be read.",
    "no_pdf": "It is no PDF file.",
}
"""What is said of a file in particular, by code; what is filled in are the values of Particulars."""


@frozen
class Particulars:
    """Why a finding was made: a code of WORDS, and its values, for who says it in other words."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def said(self) -> str:
        """As a sentence."""
        values = {name: ", ".join(value) if isinstance(value, tuple) else value for name, value in self.values.items()}
        return WORDS[self.code].format(**values)


@frozen
class Verdict:
    """`finding` says what the file is, `words` why, as a sentence, and `particulars` the same for programs; `status` is what the register says today, and `valid`
    that the file is genuine and its certificate holds today. `superseded_by` is what has taken its place, a later issue or
    another certificate, as far as the register knows.
    """

    finding: Finding
    words: str
    particulars: Particulars
    sha256: str
    checked_at: datetime
    number: str | None = None
    issue: int | None = None
    latest_issue: int | None = None
    status: str | None = None
    superseded_by: Successor | None = None
    valid: bool = False
    signature: SignatureReading | None = None


@frozen
class _Known:
    """What the register has of the number and issue that a file says: the issue, the latest one, what has taken its
    place as a certificate of its own, the stored file.
    """

    held: StoredCertificate | None
    latest: StoredCertificate | None
    successor: Successor | None
    pdf: bytes | None
    now: datetime


class Verification:
    """Files that somebody brings, beside those that were stored."""

    def __init__(self, store: Store, certificates: Certificates, files: CertificateFiles | None) -> None:
        self._store, self._certificates, self._files = store, certificates, files

    def verify(self, pdf: bytes) -> Verdict:
        """What a file of 20 MiB at most is. Raises Unavailable where files cannot be read now."""
        if self._files is None:
            raise Unavailable("no adapter reads files of certificates here")
        now = self._store.read(lambda reader: reader.business_now())
        reading = self._files.read(pdf, at=now)
        facts = reading.facts or {}
        number, issue = facts.get("number"), facts.get("issue")
        known = self._store.read(lambda reader: _known(reader, number, issue))
        finding, particulars = self._judge(pdf, reading, known)
        latest = known.latest
        return Verdict(
            finding=finding,
            words=_sentence(finding, particulars, known),
            particulars=particulars,
            sha256=hashlib.sha256(pdf).hexdigest(),
            checked_at=known.now,
            number=number,
            issue=issue,
            latest_issue=latest.issue if latest else None,
            status=latest.status if latest else None,
            superseded_by=_superseded_by(finding, known),
            valid=finding is Finding.GENUINE and latest is not None and self._holds(latest),
            signature=reading.signature,
        )

    def _holds(self, latest: StoredCertificate) -> bool:
        return latest.status == "valid" and self._certificates.by_token(latest.token).valid

    def _judge(self, pdf: bytes, reading: FileReading, known: _Known) -> tuple[Finding, Particulars]:
        if reading.facts is None:
            return _without_facts(pdf, reading.signature)
        said = {"number": str(reading.facts["number"])[:120], "issue": reading.facts["issue"]}
        if known.latest is None:
            return Finding.FOREIGN, Particulars("no_such_number", said)
        if known.pdf is None:
            return Finding.FOREIGN, Particulars("no_such_file", said)
        if pdf == known.pdf:
            if known.latest.issue != reading.facts["issue"]:
                return Finding.SUPERSEDED, Particulars("replaced", said | {"latest": known.latest.issue})
            return Finding.GENUINE, Particulars("issued", said)
        return self._unlike(pdf, reading, known.pdf, known.now)

    def _unlike(self, pdf: bytes, reading: FileReading, stored: bytes, now: datetime) -> tuple[Finding, Particulars]:
        """A file that claims to be one that was issued, and is not."""
        if stored.startswith(pdf):
            missing = {"missing": len(stored) - len(pdf), "whole": len(stored)}
            return Finding.TRUNCATED, Particulars("cut_off", missing)
        if pdf.startswith(stored):
            return Finding.ALTERED, Particulars("longer", {"count": len(pdf) - len(stored)})
        signature = reading.signature
        if signature is not None and signature.intact and signature.whole:
            return Finding.FOREIGN, Particulars("not_issued", {"signer": signature.signer})
        if self._files is None or reading.facts is None:
            raise Unavailable("files cannot be read any more")
        names = _differing(reading.facts, self._files.read(stored, at=now).facts or {})
        if names:
            return Finding.ALTERED, Particulars("facts_differ", {"names": tuple(names)})
        if len(pdf) == len(stored):
            count = sum(a != b for a, b in zip(pdf, stored, strict=True))
            code = "one_byte" if count == 1 else "bytes_differ"
            return Finding.ALTERED, Particulars(code, {"count": count})
        if signature is not None and signature.whole:
            return Finding.ALTERED, Particulars("content_changed")
        return Finding.RESAVED, Particulars("saved_anew")


def _sentence(finding: Finding, particulars: Particulars, known: _Known) -> str:
    """What is said, and of what was issued which certificate counts today where it is superseded by another."""
    said, by = particulars.said(), known.successor
    if by is None or finding not in {Finding.GENUINE, Finding.SUPERSEDED}:
        return said
    return f"{said.removesuffix('.')}; certificate {by.number}, issue {by.issue}, counts instead."


def _superseded_by(finding: Finding, known: _Known) -> Successor | None:
    if known.successor is not None or known.latest is None or finding is not Finding.SUPERSEDED:
        return known.successor
    return Successor(known.latest.number, known.latest.issue)


def _without_facts(pdf: bytes, signature: SignatureReading | None) -> tuple[Finding, Particulars]:
    if signature is not None:
        return Finding.FOREIGN, Particulars("signed_elsewhere", {"signer": signature.signer})
    if pdf.startswith(b"%PDF"):
        return Finding.FOREIGN, Particulars("no_facts")
    return Finding.UNREADABLE, Particulars("no_pdf")


def _known(reader: Reader, number: Any, issue: Any) -> _Known:
    now = reader.business_now()
    if not isinstance(number, str) or not isinstance(issue, int):
        return _Known(None, None, None, None, now)
    latest = reader.certificate(number)
    if latest is None or latest.status == "reserved":
        return _Known(None, None, None, None, now)
    held = certificate_issue(reader, number, issue)
    pdf = reader.certificate_pdf(number, issue) if held else None
    return _Known(held, latest, named(successor_of(reader, latest)), pdf, now)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of facts that are not equal, the first few."""
    these, those = one.get("facts"), other.get("facts")
    if not isinstance(these, dict) or not isinstance(those, dict):
        return [] if these == those else ["facts"]
    names = sorted(name[:60] for name in {*these, *those} if these.get(name) != those.get(name))
    outside = [name for name in ("case_number", "issued_at", "verify_url") if one.get(name) != other.get(name)]
    found = outside + names
    return found[:MANY_DIFFER] + (["…"] if len(found) > MANY_DIFFER else [])
