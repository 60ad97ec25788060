"""What a step states about a certificate or the register, as frozen values: rows of its own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@frozen
class CertificateFact:
    """A row for the certificate table: the status it has from now on. `number` None until allocated at first."""

    verb: str
    status: str
    issue: int
    facts: Mapping[str, Any]
    number: str | None
    effective_from: datetime


@frozen
class RegisterFact:
    """A new row of the register: verb list, update, suspend, reinstate or delist; rows are never changed."""

    verb: str
    status: Literal["listed", "suspended", "delisted"]
    facts: Mapping[str, Any]
    entry_no: str | None
    effective_from: datetime
    reason: str = ""


Fact = CertificateFact | RegisterFact
