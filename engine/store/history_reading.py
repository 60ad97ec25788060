"""Reading histories, the feed across cases, and what commands and Idempotency-Keys were answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from engine.core.values import restore
from engine.store import chain
from engine.store.bounded import bounded
from engine.store.records import Accepted, FeedEntry, StoredRecord
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import ACCEPTED, CASE, FEED, STEP

if TYPE_CHECKING:
    from typing import Any

_CASE = CASE.c.public_id == bindparam("case_id")
HISTORY = Statement(
    select(STEP)
    .join(CASE, CASE.c.id == STEP.c.case_id)
    .where(_CASE, STEP.c.seq > bindparam("after_seq"))
    .order_by(STEP.c.seq)
    .limit(bindparam("limit"))
)
STEP_OF_COMMAND = Statement(
    select(CASE.c.public_id, STEP.c.seq)
    .join(CASE, CASE.c.id == STEP.c.case_id)
    .where(STEP.c.command == bindparam("command"))
)
FEED_AFTER = Statement(
    select(FEED.c.pos, CASE.c.public_id, FEED.c.seq, FEED.c.hash)
    .join(CASE, CASE.c.id == FEED.c.case_id)
    .where(FEED.c.pos > bindparam("after_pos"))
    .order_by(FEED.c.pos)
    .limit(bindparam("limit"))
)
ACCEPTED_BY_KEY = Statement(
    select(ACCEPTED).where(ACCEPTED.c.key == bindparam("key"), ACCEPTED.c.party == bindparam("party"))
)


class HistoryReader(Session):
    """Reads of what has happened."""

    def history(self, case_id: str, after_seq: int = 0, limit: int = 200) -> tuple[StoredRecord, ...]:
        """The lines of a case's history after `after_seq`, oldest first."""
        rows = self.link.rows(HISTORY, case_id=case_id, after_seq=after_seq, limit=limit)
        return tuple(_record(case_id, row) for row in rows)

    def chain_is_whole(self, case_id: str) -> bool:
        """Whether every line of the history is as it was written, and none is missing."""
        rows = self.link.rows(HISTORY, case_id=case_id, after_seq=0, limit=2**31)
        return [row.seq for row in rows] == list(range(1, len(rows) + 1)) and chain.is_whole(case_id, rows)

    def step_of_command(self, command: str) -> tuple[str, int] | None:
        """(case id, seq) of the step that a command made."""
        (found,) = self.link.peek((STEP_OF_COMMAND, {"command": command}))
        return (found[0].public_id, found[0].seq) if found else None

    def feed(self, after_pos: int = 0, limit: int = 200) -> tuple[FeedEntry, ...]:
        """Steps of all cases after a position, in their one order."""
        return tuple(FeedEntry(*row) for row in self.link.rows(FEED_AFTER, after_pos=after_pos, limit=limit))

    def accepted(self, key: str, party: str) -> Accepted | None:
        """What a party's Idempotency-Key was answered with."""
        (found,) = self.link.peek((ACCEPTED_BY_KEY, {"key": bounded(key), "party": bounded(party)}))
        return Accepted(found[0].body_hash, found[0].case_id, found[0].seq) if found else None


def _record(case_id: str, row: Any) -> StoredRecord:
    record = restore(row.record)
    record["payload"] = {} if row.payload is None else restore(row.payload)
    return StoredRecord(
        case_id, row.seq, record, row.hash, row.recorded_at, arrived_at=row.arrived_at, erased=row.payload is None
    )
