"""What a receipt is, as it is given and as it comes back."""

from __future__ import annotations

from engine.core.frozen import frozen


@frozen
class Receipt:
    """A proof to keep: `text` is JSON, `signature` (hexadecimal, Ed25519) is of `milepost receipt 1`, a line feed and the text."""

    id: str
    text: str
    key: str
    signature: str
