"""What the store says of letters that wait for a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime


@frozen
class DigestLine:
    """The letter that an effect asked for, to one person (his id), to go out at a moment of business time."""

    effect: str
    person: str
    due_at: datetime
