"""`milepost certificate`: a template tried with invented facts, and the register's word on a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.errors import CertificateNotFound, DeliveryFailed, MilepostError
from engine.ports import CertificateView
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, cells, out, plain, table
from runtime.cli.settings import services_now, settings_now
from runtime.embedded import embedded_facts

if TYPE_CHECKING:
    from engine.service.services import Services
    from engine.service.views import CertificateInfo

MAX_FILE = 20 << 20
NO_SIGNATURE = "signatures are not looked at: this release does not sign, a later one will"

SAMPLE: dict[str, Any] = {
    "body": "Ogniva Sample Certification Body",
    "body_address": "1 Example Street, Ogniva, Sample Region",
    "holder": "Sample Valves LLC / ООО «Образец-Арматура»",
    "holder_address": {
        "country": "Sampleland",
        "region": "Sample Region",
        "city": "Ogniva",
        "street": "7 Invented Lane",
    },
    "plant": ("Plant No. 1, Ogniva",),
    "product": "Z-50",
    "product_name": "Gate valve / Задвижка",
    "standard": {"number": "TU 3741-001-00000001-2025", "revision": "2"},
    "scheme": "3",
    "scope": ("Z-50", "Z-80"),
    "granted_on": date(2026, 5, 12),
    "valid_from": date(2026, 5, 12),
    "valid_until": date(2029, 5, 11),
    "reports": ("P-17/2026", "P-18/2026"),
    "signatory": {"name": "Ivan Primerov", "title": "Head of the certification body"},
    "conditions": ({"text": "Submit the quality plan", "due": date(2026, 9, 1)},),
}


class NoCertificate(MilepostError):
    """A file that is no certificate of ours, or a template that makes none."""


def preview(template: Path | None, output: Path) -> int:
    """Render a template with sample facts."""
    from adapters.certificates import TypstCertificates

    settings = settings_now()
    source = template or Path(settings.workflows) / "templates" / "certificate.typ"
    name = source.name.removesuffix(".typ")
    view = CertificateView(
        number="OGN1.RU.0001.P00001-38",
        issue=1,
        token="preview",  # noqa: S106  (no secret: it opens nothing)
        verify_url=f"{settings.public_url.rstrip('/')}/v/preview",
        template=name,
        facts=SAMPLE,
        case_number="Q-2026-000001",
        issued_at=datetime(2026, 5, 12, 9, 30, tzinfo=UTC),
    )
    try:
        rendered = TypstCertificates({f"{name}.typ": source.read_text(encoding="utf-8")}).render(view)
    except DeliveryFailed as failure:
        raise NoCertificate(str(failure)) from None
    output.write_bytes(rendered.pdf)
    out().print(Text(f"{output}: {len(rendered.pdf):,} bytes, invented facts, valid nowhere", style="green"))
    return FINE


@dataclass(frozen=True, slots=True)
class Word:
    """What the register says of a file: `genuine` is the very file that was stored, `valid` that it holds today."""

    file: str
    sha256: str
    number: str
    issue: int
    genuine: bool
    same_facts: bool
    latest_issue: int
    status: str
    valid: bool
    signature: str = NO_SIGNATURE


def verify(file: Path, report: Format) -> int:
    """0 where it is the stored file of the latest issue and the certificate holds today; 1 where not."""
    if file.stat().st_size > MAX_FILE:
        raise NoCertificate(f"{file} has more than {MAX_FILE >> 20} MiB; no certificate is so large")
    pdf = file.read_bytes()
    facts = embedded_facts(pdf)
    if not pdf.startswith(b"%PDF") or facts is None:
        raise NoCertificate(f"{file} is no certificate of Milepost: it has no facts inside that can be read")
    with services_now() as services:
        word = _word(services, file, pdf, facts)
    if report is Format.JSON:
        as_json(word)
    else:
        _print(word)
    return FINE if word.genuine and word.valid and word.issue == word.latest_issue else FINDINGS


def _word(services: Services, file: Path, pdf: bytes, facts: dict[str, Any]) -> Word:
    number, issue, digest = facts["number"], facts["issue"], hashlib.sha256(pdf).hexdigest()
    try:
        held = services.certificates.by_number(number)
    except CertificateNotFound:
        return Word(str(file), digest, number, issue, False, False, 0, "unknown to the register", False)  # noqa: FBT003
    try:
        stored = services.certificates.pdf(number, issue)
    except CertificateNotFound:
        stored = None
    return Word(
        file=str(file),
        sha256=digest,
        number=number,
        issue=issue,
        genuine=stored is not None and stored.sha256 == digest,
        same_facts=issue == held.issue and _same(facts, held),
        latest_issue=held.issue,
        status=held.status,
        valid=services.certificates.by_token(held.token).valid if held.status != "reserved" else False,
    )


def _same(facts: dict[str, Any], held: CertificateInfo) -> bool:
    return bool(plain(facts.get("facts")) == plain(held.facts))


def _print(word: Word) -> None:
    made = table("The register's word", "", "")
    made.show_header = False
    cells(made, "file", word.file)
    cells(made, "says it is", f"{word.number}, issue {word.issue}")
    cells(made, "is the stored file", "yes" if word.genuine else "no: not the bytes that were issued")
    cells(made, "facts inside", "as in the register" if word.same_facts else "not those of the register's latest issue")
    cells(made, "latest issue", word.latest_issue or "")
    cells(made, "status today", word.status + ("" if word.valid or word.status != "valid" else ", outside its days"))
    cells(made, "signature", word.signature)
    out().print(made)
    fine = word.genuine and word.valid and word.issue == word.latest_issue
    said = (
        "genuine, and valid today"
        if fine
        else "not to be relied on"
        if not word.genuine
        else "genuine, but not valid today"
    )
    out().print(Text(said, style="green" if fine else "red"))
