"""What lies ahead: due moments of all cases in their order, some at a time. Whose they are is left to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, tuple_

from engine.core.frozen import frozen
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, TIMER

if TYPE_CHECKING:
    from datetime import datetime

T = TIMER.c
_BEHIND = tuple_(T.due, T.case_id, T.key) > tuple_(
    bindparam("after_due", type_=T.due.type), bindparam("after_row", type_=T.case_id.type), bindparam("after_key")
)
_AHEAD = (
    select(CASE.c.public_id, T.case_id, T.key, T.state, T.deadline, T.due)
    .join(CASE, CASE.c.id == T.case_id)
    .where(
        T.kind == "due",
        T.due >= bindparam("since", type_=T.due.type),
        T.due < bindparam("until", type_=T.due.type),
    )
    .order_by(T.due, T.case_id, T.key)
    .limit(bindparam("limit"))
)
AHEAD = Statement(_AHEAD)
AHEAD_AFTER = Statement(_AHEAD.where(_BEHIND))


@frozen
class DuePlace:
    """Where a due moment stands in the order of all."""

    due: datetime
    row: int
    key: str


@frozen
class DueMoment:
    """A deadline that runs: of which case and state, and when it is due."""

    place: DuePlace
    case_id: str
    state: str
    name: str


class AheadReader(Session):
    """Reads of them."""

    def due_moments(
        self, since: datetime, until: datetime, after: DuePlace | None, limit: int
    ) -> tuple[DueMoment, ...]:
        """Those from a moment on and before another, behind a place; the next first."""
        binds = {"since": since, "until": until, "limit": limit}
        if after is None:
            rows = self.link.rows(AHEAD, **binds)
        else:
            rows = self.link.rows(AHEAD_AFTER, **binds, after_due=after.due, after_row=after.row, after_key=after.key)
        return tuple(
            DueMoment(DuePlace(row.due, row.case_id, row.key), row.public_id, row.state, row.deadline) for row in rows
        )
