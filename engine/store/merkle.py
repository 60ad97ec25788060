"""The tree of hashes over places of the feed, as RFC 6962 §2.1 has it; which places a tree covers is checkpoints.py's.

    leaf = SHA-256(0x00 ‖ canonical({case, hash, kind, pos, seq}))        node = SHA-256(0x01 ‖ left ‖ right)

A tree over n > 1 leaves splits at the largest power of two below n. docs/history.md says it for other programs.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from engine.core.values import plain_text

if TYPE_CHECKING:
    from engine.store.records import FeedEntry

EMPTY = sha256(b"").hexdigest()
"""The root over nothing."""


def leaf_text(entry: FeedEntry) -> str:
    """The canonical text of a place: which step of which case stands there, and its hash."""
    return plain_text({"kind": "step", "pos": entry.pos, "case": entry.case_id, "seq": entry.seq, "hash": entry.hash})


class Tree:
    """Takes leaves one by one; keeps only the roots of the full subtrees so far, the largest first."""

    def __init__(self) -> None:
        self.count = 0
        self._peaks: list[tuple[int, bytes]] = []  # (leaves below, hash)

    def add(self, entry: FeedEntry) -> None:
        """The next leaf."""
        self.count += 1
        size, node = 1, sha256(b"\x00" + leaf_text(entry).encode()).digest()
        while self._peaks and self._peaks[-1][0] == size:
            node = _joined(self._peaks.pop()[1], node)
            size *= 2
        self._peaks.append((size, node))

    @property
    def root(self) -> str:
        """The hash over all leaves, in hexadecimal."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = _joined(left, node)
        return node.hex()


def _joined(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
