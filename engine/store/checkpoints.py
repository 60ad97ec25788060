"""Checkpoints over the feed: their canonical text, reading and adding them; who makes and checks them is service/audit.py.

A checkpoint says what stood between two positions (a root of merkle.py) and what the checkpoint before it said; a key that is
not in the database has signed it. So whoever writes to the database cannot change what is covered without being seen.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, literal_column, select

from engine.core.values import canonical
from engine.store.proof_records import Checkpoint
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import CHECKPOINT, FEED

if TYPE_CHECKING:
    from collections.abc import Iterator

START = "0" * 64
"""What the first checkpoint names as the one before it."""
TURN = 0x6D69_6C67
"""The key of the advisory lock of who adds a checkpoint now."""
PAGE = 500

P = CHECKPOINT.c
MY_TURN = Statement(select(func.pg_try_advisory_xact_lock(literal_column(str(TURN))).label("mine")))
LAST = Statement(select(CHECKPOINT).order_by(P.first_pos.desc()).limit(1))
AFTER = Statement(
    select(CHECKPOINT).where(P.first_pos > bindparam("after_pos")).order_by(P.first_pos).limit(bindparam("limit"))
)
OVER = Statement(
    select(CHECKPOINT)
    .where(P.first_pos <= bindparam("place"))
    .order_by(P.first_pos.desc())
    .limit(1)
)  # fmt: skip
COUNT = Statement(select(func.count().label("n")).select_from(CHECKPOINT))
END = Statement(select(func.coalesce(func.max(FEED.c.pos), 0).label("pos")))
INSERT = Statement(insert_into(CHECKPOINT))

_SIGNED = ("first_pos", "last_pos", "count", "root", "previous", "made_at", "key")


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """What is signed: everything but the signature."""
    return canonical({"kind": "checkpoint", **{name: getattr(checkpoint, name) for name in _SIGNED}})


def digest(checkpoint: Checkpoint | None) -> str:
    """What the next checkpoint names; None: there is none yet."""
    return START if checkpoint is None else sha256(checkpoint_text(checkpoint).encode()).hexdigest()


class CheckpointReader(Session):
    """Reads of checkpoints and of the end of the feed."""

    def last_checkpoint(self) -> Checkpoint | None:
        """The newest one."""
        row = self.link.row(LAST)
        return None if row is None else _checkpoint(row)

    def checkpoint_over(self, pos: int) -> Checkpoint | None:
        """The one that covers a position."""
        row = self.link.row(OVER, place=pos)
        return None if row is None or row.last_pos < pos else _checkpoint(row)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """All of them in order, read in pages."""
        after = -(2**62)
        while rows := self.link.rows(AFTER, after_pos=after, limit=PAGE):
            yield from map(_checkpoint, rows)
            after = rows[-1].first_pos

    def count_checkpoints(self) -> int:
        """How many there are."""
        found: int = self.link.value(COUNT)
        return found

    def feed_end(self) -> int:
        """The last position of the feed, 0 where it is empty."""
        found: int = self.link.value(END)
        return found


class CheckpointWriter(CheckpointReader):
    """Adds checkpoints, one at a time."""

    def add_checkpoint(self, new: Checkpoint) -> bool:
        """False where somebody else is adding one, or has added one after the one that this follows."""
        if not (self.link.owned or self.link.value(MY_TURN)):
            return False
        last = self.last_checkpoint()
        if digest(last) != new.previous or new.first_pos != (0 if last is None else last.last_pos) + 1:
            return False
        self.link.run(INSERT, **{name: getattr(new, name) for name in (*_SIGNED, "signature")})
        return True


def _checkpoint(row: Any) -> Checkpoint:
    return Checkpoint(**{name: getattr(row, name) for name in (*_SIGNED, "signature")})
