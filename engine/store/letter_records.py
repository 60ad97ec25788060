"""What the store says of letters that went out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

LetterStatus = Literal["sent", "failed", "bounced"]


@frozen
class Letter:
    """A message by one channel: `sha256` of its words, `at` in business time, `reason` why it failed or came back.

    `address` is where it went; `person` the receiver's id.
    """

    message_id: str
    channel: str
    effect: str
    person: str
    address: str
    template: str
    sha256: str
    at: datetime
    status: LetterStatus
    reason: str | None = None
