"""What commands and Idempotency-Keys were answered with, as far as a transaction has to know and keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, tuple_

from engine.store.bounded import bounded
from engine.store.case_writing import NEVER, CaseWriter
from engine.store.history_reading import HistoryReader
from engine.store.outgoing import INSERT_ACCEPTED
from engine.store.records import Accepted
from engine.store.statement import Statement
from engine.store.tables import ACCEPTED

if TYPE_CHECKING:
    from datetime import datetime

_OLD = (
    select(ACCEPTED.c.key, ACCEPTED.c.party)
    .where(ACCEPTED.c.accepted_at < bindparam("before", type_=ACCEPTED.c.accepted_at.type))
    .limit(bindparam("limit"))
)
FORGET = Statement(delete(ACCEPTED).where(tuple_(ACCEPTED.c.key, ACCEPTED.c.party).in_(_OLD)))


class AnswerWriter(CaseWriter, HistoryReader):
    """Sees what this transaction has answered itself."""

    def step_of_command(self, command: str) -> tuple[str, int] | None:
        """(case id, seq) of the step that a command made."""
        place: tuple[str, int] | None = self.unit.known.get(("command", command))
        return place or super().step_of_command(command)

    def accepted(self, key: str, party: str) -> Accepted | None:
        """What a party's Idempotency-Key was answered with."""
        known: Accepted | None = self.unit.known.get(("accepted", key, party))
        return known or super().accepted(key, party)

    def keep_accepted(self, key: str, party: str, body_hash: str, case_id: str, seq: int) -> None:
        """Keeps what an Idempotency-Key was answered with."""
        row = {"key": bounded(key), "party": bounded(party), "body_hash": body_hash, "case_id": case_id, "seq": seq}
        now = self.machine_now() if self.manual_clock or self._now is NEVER else self._now  # as it was after the lock
        self.unit.add(INSERT_ACCEPTED, accepted_at=now, **row)
        self.unit.known["accepted", key, party] = Accepted(body_hash, case_id, seq)

    def forget_accepted(self, before: datetime, limit: int = 1000) -> int:
        """Forgets answers kept before a moment (machine time), at most so many; how many."""
        return self.link.run(FORGET, before=before, limit=limit)
