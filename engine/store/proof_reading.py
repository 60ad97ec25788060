"""Everything that a proof of the histories runs over, in order and in pages; what has to be true of it is service/proofs/'s.

Each stream is sorted by the case's row, so that they can be gone through side by side with one case in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, tuple_

from engine.store.case_reading import LAST
from engine.store.proof_records import CaseLine, Place, SectionLine, StateLine, StepLine
from engine.store.records import FeedEntry
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, CASE_SECTION, FEED, POSITION, STEP, UNSEQUENCED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Column, ColumnElement, Table

PAGE = 2000
BEFORE_ALL = -(2**62)
AFTER_ALL = 2**62

_LIMIT: Any = bindparam("limit")


def _after(*columns: Column[Any]) -> ColumnElement[bool]:
    """Sorted columns after the values of the last row that was read."""
    binds = [bindparam(f"after_{n}", type_=column.type) for n, column in enumerate(columns)]
    return tuple_(*columns) > tuple_(*binds)


def _within(table: Table, *columns: str, order: str) -> Statement:
    """A page of a table by case row and `order`, up to a last case row."""
    key = (table.c.case_id, table.c[order])
    named = [table.c.case_id.label("case_row"), *(table.c[name] for name in columns)]
    upto = table.c.case_id <= bindparam("last_row", type_=table.c.case_id.type)
    return Statement(select(*named).where(_after(*key), upto).order_by(*key).limit(_LIMIT))


C = CASE.c
CASES = Statement(
    select(C.id.label("row"), C.public_id, C.number, C.seq, C.hash, C.closed_at, C.pruned_at)
    .where(C.id > bindparam("after_0"), C.id <= bindparam("last_row", type_=C.id.type))
    .order_by(C.id)
    .limit(_LIMIT)
)
STEPS = _within(STEP, "seq", "kind", "name", "command", "record", "payload", "payload_hash", "hash", order="seq")
PLACES = _within(FEED, "pos", "seq", "hash", order="pos")
SECTIONS = _within(CASE_SECTION, "section", "data", order="section")
STATES = _within(POSITION, "state", order="state")
WAITING = _within(UNSEQUENCED, "id", "seq", "hash", order="id")
ROW_OF_CASE = Statement(select(C.id).where(C.public_id == bindparam("case_id")))
FEED_BY_POS = Statement(
    select(FEED.c.pos, C.public_id, FEED.c.seq, FEED.c.hash)
    .outerjoin(CASE, C.id == FEED.c.case_id)
    .where(FEED.c.pos > bindparam("after_0"), FEED.c.pos <= bindparam("last_pos", type_=FEED.c.pos.type))
    .order_by(FEED.c.pos)
    .limit(_LIMIT)
)
COUNTS = tuple(Statement(select(func.count().label("n")).select_from(table)) for table in (STEP, FEED))


class ProofReader(Session):
    """Streams over all cases, or over one by its row."""

    def case_row(self, case_id: str) -> int | None:
        """By which row a case's lines are sorted."""
        row: int | None = self.link.value(ROW_OF_CASE, case_id=case_id)
        return row

    def count_lines(self) -> tuple[int, int]:
        """How many steps and how many places there are, for who wants to say how far he is."""
        steps, places = (self.link.value(statement) for statement in COUNTS)
        return steps, places

    def case_lines(self, row: int | None = None) -> Iterator[CaseLine]:
        """Cases as their own rows have them."""
        start = BEFORE_ALL if row is None else row - 1
        binds = {"last_row": AFTER_ALL if row is None else row}
        for line in self._pages(CASES, lambda r: (r.row,), (start,), **binds):
            closed, pruned = line.closed_at is not None, line.pruned_at is not None
            yield CaseLine(line.row, line.public_id, line.number, line.seq, line.hash, closed, pruned)

    def step_lines(self, row: int | None = None) -> Iterator[StepLine]:
        """Histories, by case and seq."""
        return (StepLine(*line) for line in self._of_cases(STEPS, row, "seq", 2**31 - 1))

    def places(self, row: int | None = None) -> Iterator[Place]:
        """The feed, by case and position."""
        return (Place(*line) for line in self._of_cases(PLACES, row, "pos", AFTER_ALL))

    def waiting(self, row: int | None = None) -> Iterator[Place]:
        """Steps that were committed and have no place yet, by case; `pos` is 0."""
        return (Place(line.case_row, 0, line.seq, line.hash) for line in self._of_cases(WAITING, row, "id", AFTER_ALL))

    def section_lines(self, row: int | None = None) -> Iterator[SectionLine]:
        """The data of cases by group."""
        return (SectionLine(*line) for line in self._of_cases(SECTIONS, row, "section", LAST))

    def state_lines(self, row: int | None = None) -> Iterator[StateLine]:
        """The states that cases are in."""
        return (StateLine(*line) for line in self._of_cases(STATES, row, "state", LAST))

    def feed_lines(self, first: int = BEFORE_ALL, last: int = AFTER_ALL) -> Iterator[FeedEntry]:
        """The feed by position; the case's id is "" where there is no such case."""
        for line in self._pages(FEED_BY_POS, lambda r: (r.pos,), (first - 1,), last_pos=last):
            yield FeedEntry(line.pos, line.public_id or "", line.seq, line.hash)

    def _of_cases(self, statement: Statement, row: int | None, order: str, most: Any) -> Iterator[Any]:
        start = (BEFORE_ALL if row is None else row - 1, most)
        last = AFTER_ALL if row is None else row
        return self._pages(statement, lambda line: (line.case_row, getattr(line, order)), start, last_row=last)

    def _pages(
        self, statement: Statement, key: Callable[[Any], tuple[Any, ...]], start: tuple[Any, ...], **binds: Any
    ) -> Iterator[Any]:
        after = start
        while True:
            rows = self.link.rows(statement, **{f"after_{n}": v for n, v in enumerate(after)}, **binds, limit=PAGE)
            yield from rows
            if len(rows) < PAGE:
                return
            after = key(rows[-1])
