"""Texts that lie in indexes: an entry of PostgreSQL's holds about 2,700 bytes, so long ones are told apart by their digest.

Used where rows are written and where they are asked for; texts that lie in databases depend on it, so it never changes.
"""

from __future__ import annotations

from hashlib import sha256

WHOLE = 200
"""Characters of at most four bytes: two such texts fit into one entry."""
_BEGINNING = 160


def bounded(text: str) -> str:
    """The text, or its beginning and its digest."""
    if len(text) <= WHOLE:
        return text
    return f"{text[:_BEGINNING]}…{sha256(text.encode()).hexdigest()[:32]}"
