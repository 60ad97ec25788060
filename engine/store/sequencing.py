"""The order of steps across cases, where several processes commit: numbered after their commit, so that no reader misses one.

Serial numbers are given before the commit and are seen out of order; one row that every writer touches makes them wait for
each other (DESIGN §3). So a step waits in `unsequenced` until somebody, one at a time, gives it its place in the feed. He
waits for nobody: a case whose unique key is just being changed (its row is locked even against references) comes next time.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete, func, insert, literal_column, select

from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, FEED, UNSEQUENCED

TURN = 0x6D69_6C66
"""The key of the advisory lock of who numbers now."""
MY_TURN = Statement(select(func.pg_try_advisory_xact_lock(literal_column(str(TURN))).label("mine")))

_NEXT = (
    select(UNSEQUENCED.c.id, UNSEQUENCED.c.case_id).order_by(UNSEQUENCED.c.id).limit(bindparam("limit")).cte("waiting")
)
_FREE = (
    select(CASE.c.id)
    .where(CASE.c.id.in_(select(_NEXT.c.case_id)))
    .with_for_update(read=True, key_share=True, skip_locked=True)
    .cte("free")
)
_TAKEN = (
    delete(UNSEQUENCED)
    .where(UNSEQUENCED.c.id.in_(select(_NEXT.c.id).where(_NEXT.c.case_id.in_(select(_FREE.c.id)))))
    .returning(UNSEQUENCED.c.id, UNSEQUENCED.c.case_id, UNSEQUENCED.c.seq, UNSEQUENCED.c.hash)
    .cte("taken")
)
_LAST = select(func.coalesce(func.max(FEED.c.pos), 0)).scalar_subquery()
_PLACED = select(
    (_LAST + func.row_number().over(order_by=_TAKEN.c.id)).label("pos"), _TAKEN.c.case_id, _TAKEN.c.seq, _TAKEN.c.hash
)
PLACE = Statement(insert(FEED).from_select(["pos", "case_id", "seq", "hash"], _PLACED))


WAITING = Statement(select(UNSEQUENCED.c.id).limit(1))


class FeedReader(Session):
    """What waits for its place."""

    def steps_wait(self) -> bool:
        """Whether there is anything to place: who owns the database has placed all."""
        return not self.link.owned and self.link.row(WAITING) is not None


class Sequencer(FeedReader):
    """Places committed steps."""

    def sequence_steps(self, limit: int = 5000) -> int:
        """Gives places to steps that were committed; how many. 0 also while somebody else does it."""
        if self.link.owned or not self.link.value(MY_TURN):
            return 0  # who owns the database writes the feed with the step
        return self.link.run(PLACE, limit=limit)
