"""`milepost certificate`: a template tried with invented facts, and what a file is that somebody brings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from engine.errors import DeliveryFailed, MilepostError
from engine.service.bundles import read_fonts
from engine.service.verification import MAX_FILE, Finding
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, cells, out, plain, printable, table
from runtime.cli.settings import services_now, settings_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.ports import SignatureReading
    from engine.service.verification import Verdict


class NoCertificate(MilepostError):
    """A file that cannot be looked at, or a template that makes no certificate."""


def preview(template: Path | None, output: Path) -> int:
    """Render a template with sample facts."""
    from adapters.certificate_samples import SAMPLES
    from adapters.certificates import SAMPLE, TypstCertificates

    settings = settings_now()
    source = template or Path(settings.workflows) / "templates" / "certificate.typ"
    name = source.name.removesuffix(".typ")
    view = replace(SAMPLES["all facts"], template=name, verify_url=f"{settings.public_url.rstrip('/')}/v/preview")
    sources = {f"{name}.typ": source.read_text(encoding="utf-8")} | read_fonts(source.parent)
    try:
        rendered = TypstCertificates(sources, mark=SAMPLE).render(view)
    except DeliveryFailed as failure:
        raise NoCertificate(str(failure)) from None
    output.write_bytes(rendered.pdf)
    out().print(Text(f"{output}: {len(rendered.pdf):,} bytes, invented facts, valid nowhere", style="green"))
    return FINE


def verify(file: Path, report: Format) -> int:
    """0 where it is the file of the latest issue as it was issued, and the certificate holds today; 1 where not."""
    if file.stat().st_size > MAX_FILE:
        raise NoCertificate(f"{file} has more than {MAX_FILE >> 20} MiB; no certificate is so large")
    with services_now() as services:
        verdict = services.verification.verify(file.read_bytes())
    if report is Format.JSON:
        as_json({"file": str(file), **plain(verdict)})
    else:
        _print(file, verdict)
    return FINE if verdict.valid else FINDINGS


def _print(file: Path, verdict: Verdict) -> None:
    made = table("Verified against the register", "", "")
    made.show_header = False
    cells(made, "file", file)
    if verdict.number is not None:
        cells(made, "says it is", f"{verdict.number}, issue {verdict.issue}")
    cells(made, "file is", f"{verdict.finding}: {verdict.words}")
    cells(made, "status today", _today(verdict))
    if verdict.superseded_by is not None:
        cells(made, "superseded by", f"{verdict.superseded_by.number}, issue {verdict.superseded_by.issue}")
    for line in _signature(verdict.signature):
        cells(made, *line)
    out().print(made)
    genuine = verdict.finding in {Finding.GENUINE, Finding.SUPERSEDED}
    said = (
        "genuine, and valid today"
        if verdict.valid
        else "genuine, but not valid today"
        if genuine
        else "not to be relied on"
    )
    out().print(Text(said, style="green" if verdict.valid else "red"))


def _today(verdict: Verdict) -> str:
    if verdict.status is None:
        return "unknown to the register"
    outside = verdict.finding is Finding.GENUINE and verdict.status == "valid" and not verdict.valid
    return f"{verdict.status}, latest issue {verdict.latest_issue}" + (", outside its days" if outside else "")


def _signature(found: SignatureReading | None) -> Iterator[tuple[str, str]]:
    if found is None:
        yield "signature", "none that can be read"
        return
    when = f", {printable(found.signed_at)}" if found.signed_at else ""
    yield "signed by", f"{found.signer}{when}" + (" (by a timestamp server)" if found.timestamped else "")
    said = "a development authority: worth nothing" if found.development else found.issuer
    yield "vouched for by", said + ("" if found.trusted else ", whom we have no reason to believe")
    kept = "what it covers is as it was signed" if found.intact else "BROKEN: what it covers was changed"
    yield "signature", kept + ("" if found.whole else "; it does not cover the whole file")
