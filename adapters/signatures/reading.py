"""What a file says of its signature. Run as a program of its own by confined.py: whoever brings a file may mean it ill.

Reads a line of JSON (`at`, an ISO moment by which the signer's certificate has to have held, and `roots`, PEM texts) and then the file from standard input; writes a line of JSON.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from adapters.signatures.embedded import embedded_facts

if TYPE_CHECKING:
    from pyhanko.sign.validation import EmbeddedPdfSignature

MANY = 8
MEMORY = 768 << 20
CPU_SECONDS = 5


def main() -> None:
    """From standard input to standard output, with little memory and time and no file to write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)  # what a hostile file makes a library say is of no use to anybody
    head, _, pdf = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    sys.stdout.write(json.dumps(read(pdf, datetime.fromisoformat(asked["at"]), asked["roots"])))


def read(pdf: bytes, at: datetime, roots: list[str]) -> dict[str, Any]:
    """`facts` and `signature`, each None where there is none that can be read."""
    return {"facts": embedded_facts(pdf), "signature": _signature(pdf, at, roots)}


def _signature(pdf: bytes, at: datetime, roots: list[str]) -> dict[str, Any] | None:
    try:
        found = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
        if not found or len(found) > MANY:
            return None
        return _said(found[-1], at, roots)
    except Exception:  # noqa: BLE001  (a broken file breaks a library in any way; it has no signature then)
        return None


def _said(signature: EmbeddedPdfSignature, at: datetime, roots: list[str]) -> dict[str, Any]:
    trusted = list(load_certs_from_pemder_data("".join(roots).encode()))
    own = signature.signer_cert
    signed_at = signature.self_reported_timestamp
    when = signed_at if signed_at is not None and signed_at < at else at
    context = ValidationContext(trust_roots=trusted, moment=when, allow_fetching=False, revocation_mode="soft-fail")
    stamps = ValidationContext(trust_roots=trusted, allow_fetching=False, revocation_mode="soft-fail")
    said: dict[str, Any] = {
        "signer": _name(own.subject),
        "issuer": _name(own.issuer),
        "signed_at": None,
        "timestamped": False,
        "intact": False,
        "trusted": False,
        "whole": False,
    }
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    said["signed_at"] = signed_at.isoformat() if signed_at is not None else None
    status = validate_pdf_signature(signature, context, ts_validation_context=stamps)
    said["intact"] = bool(status.intact and status.valid)
    said["trusted"] = bool(status.trusted)
    said["whole"] = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and status.docmdp_ok is not False
    stamp = status.timestamp_validity
    said["timestamped"] = bool(stamp is not None and stamp.intact and stamp.valid)
    return said


def _name(name: Any) -> str:
    return str(name.native.get("common_name") or name.human_friendly)[:200]


if __name__ == "__main__":
    main()
