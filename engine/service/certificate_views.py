"""Certificates as they are shown: to those who work with them, to everybody, and as files."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  programs read the annotations to describe what they send
from datetime import datetime  # noqa: TC003
from typing import Any

from engine.core.frozen import frozen


@frozen
class Successor:
    """What has taken the place of something that is superseded."""

    number: str
    issue: int


@frozen
class CertificateInfo:
    """A certificate with its latest issue; `superseded_by` as far as the register knows it."""

    number: str
    issue: int
    status: str
    facts: Mapping[str, Any]
    issued_at: datetime | None
    token: str
    verify_url: str
    case_id: str
    sha256: str | None
    has_pdf: bool
    superseded_by: Successor | None = None


@frozen
class PublicCertificate:
    """What anybody with the token reads: the status of today; `valid` also looks at the facts' validity."""

    number: str
    issue: int
    status: str
    valid: bool
    facts: Mapping[str, Any]
    issued_at: datetime | None
    sha256: str | None
    checked_at: datetime
    superseded_by: Successor | None = None


@frozen
class CertificateFile:
    """The stored file of one issue."""

    pdf: bytes
    sha256: str
    number: str
    issue: int
