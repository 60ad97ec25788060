"""Signs certificates: PAdES B-B, or B-T where a timestamp server is set; a certification that allows no change (DocMDP).

Owner of pyHanko, with opening.py and reading.py. What is signed is appended: the file as it was rendered stays as it is, so
its marks of PDF/A-3 and the facts inside do too.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyhanko.pdf_utils.content import ImportedPdfPage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from pyhanko.stamp import StaticStampStyle

from adapters.signatures.keys import failed
from adapters.signatures.opening import signer_of
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pyhanko.pdf_utils.writer import BasePdfFileWriter
    from pyhanko.sign.signers import Signer
    from pyhanko.sign.signers.pdf_signer import PdfSigningSession

    from adapters.signatures.keys import Key
    from engine.ports import Place, RenderedCertificate

FIELD = "Milepost"
_FILL = SimpleBoxLayoutRule(
    AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MIN, inner_content_scaling=InnerScaling.STRETCH_FILL
)
TIMESTAMP_SECONDS = 15
RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class PadesSigner:
    """`look` makes the page (PDF) that is seen where a template has a place for the signature, of a name, a moment and its
    size in points.
    """

    key: Key
    timestamp_url: str
    look: Callable[[str, datetime, Place], bytes]

    def sign(self, made: RenderedCertificate, *, reason: str, at: datetime) -> bytes:
        """The signed file. Raises DeliveryFailed: for good where the key is at fault, else to be tried again."""
        with signer_of(self.key) as signer:
            name = _checked(signer, at)
            meta = PdfSignatureMetadata(
                field_name=FIELD,
                md_algorithm="sha256",
                name=name,
                reason=reason,
                subfilter=SigSeedSubFilter.PADES,
                certify=True,
                docmdp_permissions=MDPPerm.NO_CHANGES,
            )
            stamper = HTTPTimeStamper(self.timestamp_url, timeout=TIMESTAMP_SECONDS) if self.timestamp_url else None
            writer = _AsItIs(io.BytesIO(made.pdf))
            place = made.place
            with tempfile.TemporaryDirectory() as folder:
                style = None
                if place is not None:
                    page = Path(folder, "signature.pdf")
                    page.write_bytes(self.look(name, at, place))
                    style = StaticStampStyle(background=_picture(page), background_layout=_FILL, border_width=0)
                signs = _SignsAt(
                    meta, signer, timestamper=stamper, stamp_style=style, new_field_spec=_field(place), at=at
                )
                return _signed(signs, writer)


class _AsItIs(IncrementalPdfFileWriter):
    """Leaves the file's own words about itself, its marks of PDF/A among them, as they were rendered."""

    def _update_meta(self) -> None:
        """Nothing is said of the moment or the library."""


class _SignsAt(PdfSigner):
    """Signs with a time that is given."""

    def __init__(self, *arguments: object, at: datetime, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self._at = at

    def init_signing_session(
        self,
        pdf_out: BasePdfFileWriter,
        existing_fields_only: bool = False,
    ) -> PdfSigningSession:
        """A session at that time."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def _signed(signs: PdfSigner, writer: IncrementalPdfFileWriter) -> bytes:
    try:
        signed: bytes = signs.sign_pdf(writer).getvalue()
    except (TimestampRequestError, OSError, TimeoutError) as error:
        raise DeliveryFailed(
            f"the timestamp server gives no timestamp ({type(error).__name__}); look at MILEPOST_TIMESTAMP_URL",
            retry_after=RETRY_SECONDS,
        ) from None
    except (PdfError, ValueError) as error:
        raise failed(f"{type(error).__name__}: {str(error)[:200]}") from None
    return signed


def _picture(page: Path) -> ImportedPdfPage:
    return ImportedPdfPage(str(page))  # type: ignore[no-untyped-call]


def _checked(signer: Signer, at: datetime) -> str:
    """The signer's name; a certificate that does not hold at that time signs nothing."""
    held = signer.signing_cert
    if held is None:
        raise failed("the key has no certificate")
    begins, ends = held.not_valid_before, held.not_valid_after
    name = str(held.subject.native.get("common_name") or held.subject.human_friendly)
    if not begins <= at <= ends:
        raise failed(
            f"the certificate of '{name}' holds from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}, not on {at:%Y-%m-%d}"
        )
    return name


def _field(place: Place | None) -> SigFieldSpec:
    if place is None:
        return SigFieldSpec(FIELD, readable_field_name="Signature")
    left, bottom = round(place.left), round(place.bottom)
    box = (left, bottom, left + round(place.width), bottom + round(place.height))
    return SigFieldSpec(FIELD, on_page=place.page, box=box, readable_field_name="Signature")
