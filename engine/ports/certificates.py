"""Certificates as files: made, signed, read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


FONTS = "fonts/"
"""Where the fonts are among the sources of templates: `fonts/<file>` → its content in base64."""


@dataclass(frozen=True, slots=True)
class CertificateView:
    """What is printed: `facts` as frozen at the issue (values of engine.core.types), labels per fact in its languages."""

    number: str
    issue: int
    token: str
    verify_url: str
    template: str
    facts: Mapping[str, Any]
    case_number: str | None
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on a page (the first is 0), in points from its lower left corner."""

    page: int
    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class RenderedCertificate:
    """A finished file: the same view gives the same bytes. `place` is where its template wants a signature to be seen."""

    pdf: bytes
    sha256: str
    place: Place | None = None


class CertificateRenderer(Protocol):
    """Renders certificates as PDF/A-3 with their facts embedded as JSON."""

    def check(self, name: str) -> list[str]:
        """What is wrong with a template ([]: nothing), tried with samples."""

    def render(self, view: CertificateView) -> RenderedCertificate:
        """Raises DeliveryFailed(retry_after=None) where the template or the facts do not fit."""


class Signer(Protocol):
    """Signs files of certificates (PAdES)."""

    def sign(self, made: RenderedCertificate, *, reason: str, at: datetime) -> bytes:
        """The signed file; two signings are never equal. Raises DeliveryFailed."""


@dataclass(frozen=True, slots=True)
class SignatureReading:
    """The last signature of a file. `intact`: what it covers is as it was signed; `whole`: that is all of the file, and
    nothing was changed since that it forbids; `trusted`: its certificate goes back to an authority that we believe;
    `timestamped`: somebody else says when; `development`: signed to try things out, worth nothing.
    """

    signer: str
    issuer: str
    signed_at: datetime | None
    timestamped: bool
    intact: bool
    trusted: bool
    whole: bool
    development: bool


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file says: the facts inside it and its signature, each None where there is none that can be read."""

    facts: Mapping[str, Any] | None
    signature: SignatureReading | None


class CertificateFiles(Protocol):
    """Reads files that are said to be certificates."""

    def read(self, pdf: bytes, *, at: datetime) -> FileReading:
        """`at` is when the signer's certificate has to hold. Raises Unavailable."""
