"""What is over and older than a term: closed cases become a row each that proves them; what may not go is said here.

A pruned case keeps its number, its times, its outcome and the last hash of its history; its places in the feed, its
certificates and its register entries stay as they are. All else of it is deleted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, tuple_, update

from engine.core.frozen import frozen
from engine.store.case_writing import CaseWriter
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import (
    CASE,
    CASE_INDEX,
    CASE_LINK,
    CASE_SECTION,
    CERTIFICATE,
    DIGEST_LINE,
    DOCUMENT_USE,
    EFFECT,
    INCIDENT,
    LETTER,
    POSITION,
    REGISTER_ENTRY,
    STEP,
    TIMER,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Select

C = CASE.c
_PARENT, _CHILD = CASE.alias("parent_case"), CASE.alias("child_case")
_ISSUE, _REVISION = CERTIFICATE.alias("later_issue"), REGISTER_ENTRY.alias("later_revision")
IN_FORCE = ("valid", "suspended")
LISTED = ("listed", "suspended")

_OLD = and_(C.pruned_at.is_(None), C.closed_at < bindparam("before", type_=C.closed_at.type))
STAYS = {
    "an effect waits": exists().where(EFFECT.c.case_id == C.id, EFFECT.c.next_at.is_not(None)),
    "a letter waits for a digest": exists().where(
        DIGEST_LINE.c.case_id == C.id,
        or_(
            DIGEST_LINE.c.digest.is_(None),
            exists().where(EFFECT.c.key == DIGEST_LINE.c.digest, EFFECT.c.next_at.is_not(None)),
        ),
    ),
    "an incident is open": exists().where(INCIDENT.c.case_id == C.id, INCIDENT.c.closed_at.is_(None)),
    "its parent is open": exists().where(
        CASE_LINK.c.case_id == C.id, _PARENT.c.id == CASE_LINK.c.parent_id, _PARENT.c.closed_at.is_(None)
    ),
    "a child is open": exists().where(
        CASE_LINK.c.parent_id == C.id, _CHILD.c.id == CASE_LINK.c.case_id, _CHILD.c.closed_at.is_(None)
    ),
    "its certificate is in force": exists().where(
        CERTIFICATE.c.case_id == C.id,
        or_(*(CERTIFICATE.c.status == status for status in IN_FORCE)),
        ~exists().where(_ISSUE.c.number == CERTIFICATE.c.number, _ISSUE.c.issue > CERTIFICATE.c.issue),
    ),
    "its register entry is in force": exists().where(
        REGISTER_ENTRY.c.case_id == C.id,
        or_(*(REGISTER_ENTRY.c.status == status for status in LISTED)),
        ~exists().where(
            _REVISION.c.entry_no == REGISTER_ENTRY.c.entry_no, _REVISION.c.revision > REGISTER_ENTRY.c.revision
        ),
    ),
}
"""Why a closed case stays, however old it is."""


def _counted(*clauses: Any) -> Statement:
    return Statement(select(func.count().label("n")).select_from(CASE).where(_OLD, *clauses))


CLOSED = _counted()
GOES = _counted(~or_(*STAYS.values()))
STAYING = {reason: _counted(clause) for reason, clause in STAYS.items()}

_AFTER = tuple_(C.closed_at, C.id) > tuple_(
    bindparam("after_closed", type_=C.closed_at.type), bindparam("after_row", type_=C.id.type)
)
_NEXT: Select[Any] = (
    select(C.id, C.public_id, C.closed_at)
    .where(_OLD, _AFTER, ~or_(*STAYS.values()))
    .order_by(C.closed_at, C.id)
    .limit(bindparam("limit"))
)
NEXT = Statement(_NEXT)
LOCK_NEXT = Statement(_NEXT.with_for_update(key_share=True, skip_locked=True, of=CASE))
FROM_THE_FIRST = (datetime.min.replace(tzinfo=UTC), 0)

_OF_CASE = (
    CASE_SECTION.c.case_id,
    POSITION.c.case_id,
    TIMER.c.case_id,
    CASE_INDEX.c.case_id,
    CASE_LINK.c.case_id,
    CASE_LINK.c.parent_id,
    STEP.c.case_id,
    DIGEST_LINE.c.case_id,
    EFFECT.c.case_id,
    LETTER.c.case_id,
    INCIDENT.c.case_id,
    DOCUMENT_USE.c.case_id,
)
DELETES = tuple(Statement(delete(column.table).where(column == bindparam("row"))) for column in _OF_CASE)
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(("leaves", "turn"), "[]"),
    **dict.fromkeys(("opened_by", "memory", "search"), "{}"),
    **dict.fromkeys(("unique_key", "parent", "next_due", "overdue_since")),
}
EMPTY = Statement(
    update(CASE)
    .where(C.id == bindparam("row"))
    .values({**_EMPTY, "pruned_at": bindparam("now", type_=C.pruned_at.type)})
)
TOMBSTONE = Statement(
    select(C.public_id, C.number, C.workflow, C.outcome, C.closed_at, C.pruned_at, C.seq, C.hash)
    .where(or_(C.public_id == bindparam("ref"), C.number == bindparam("ref")), C.pruned_at.is_not(None))
    .order_by(C.id)
    .limit(1)
)

Cursor = tuple[datetime, int]


@frozen
class Tombstone:
    """What is left of a case that was pruned; `hash` is the last of its history of `seq` lines."""

    id: str
    number: str | None
    workflow: str
    outcome: str | None
    closed_at: datetime
    pruned_at: datetime
    seq: int
    hash: str


@frozen
class Forecast:
    """Cases closed before a moment: all, those that would go, and why others stay (a case may have several reasons)."""

    closed: int
    goes: int
    stays: Mapping[str, int]


class PruneReader(Session):
    """Reads of what is to go and what is gone."""

    def forecast(self, before: datetime) -> Forecast:
        """What pruning would do to cases closed before a moment of business time."""
        counts = {reason: self.link.value(statement, before=before) for reason, statement in STAYING.items()}
        stays = {reason: count for reason, count in counts.items() if count}
        return Forecast(self.link.value(CLOSED, before=before), self.link.value(GOES, before=before), stays)

    def tombstone(self, ref: str) -> Tombstone | None:
        """What is left of the case with this id or number, where it was pruned."""
        (found,) = self.link.peek((TOMBSTONE, {"ref": ref}))
        return Tombstone(*found[0]) if found else None


class Pruner(CaseWriter, PruneReader):
    """Makes closed cases tombstones."""

    def prune(self, before: datetime, after: Cursor, limit: int) -> tuple[int, Cursor | None]:
        """At most so many cases closed before a moment, from a cursor on: how many, and where to go on; None: at the end.

        Cases that somebody else has locked are left for another time. What is deleted is decided anew under the locks.
        """
        place = {"before": before, "after_closed": after[0], "after_row": after[1], "limit": limit}
        locked = self.link.rows(LOCK_NEXT, **place)
        still = {row.id for row in (locked if self.link.owned else self.link.rows(NEXT, **place))}
        gone = [row for row in locked if row.id in still]
        rows = [{"row": row.id} for row in gone]
        for statement in DELETES:
            self.link.many(statement, [dict(row) for row in rows])
        now = self.business_now()
        self.link.many(EMPTY, [{**row, "now": now} for row in rows])
        for row in gone:
            self.unit.forget(row.public_id)
        return len(gone), (locked[-1].closed_at, locked[-1].id) if len(locked) == limit else None
