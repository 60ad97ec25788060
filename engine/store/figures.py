"""What an operator watches, asked of the database: steps by the feed, effects that wait, open cases by state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from engine.core.values import restore
from engine.store.records import LateCase, OpenCases, StepFigure, WaitingEffects
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, EFFECT, FEED, STEP

if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS = Statement(
    select(FEED.c.pos, CASE.c.workflow, STEP.c.kind, STEP.c.at, STEP.c.recorded_at)
    .select_from(
        FEED.join(STEP, (STEP.c.case_id == FEED.c.case_id) & (STEP.c.seq == FEED.c.seq)).join(
            CASE, CASE.c.id == FEED.c.case_id
        )
    )
    .where(FEED.c.pos > bindparam("pos"))
    .order_by(FEED.c.pos)
    .limit(bindparam("limit"))
)
WAITING = Statement(
    select(EFFECT.c.adapter, func.count().label("n"), func.min(STEP.c.recorded_at).label("since"))
    .select_from(EFFECT.join(STEP, (STEP.c.case_id == EFFECT.c.case_id) & (STEP.c.seq == EFFECT.c.seq)))
    .where(EFFECT.c.next_at.is_not(None))
    .group_by(EFFECT.c.adapter)
)
OPEN = Statement(
    select(CASE.c.workflow, CASE.c.leaves, func.count().label("n"))
    .where(CASE.c.closed_at.is_(None))
    .group_by(CASE.c.workflow, CASE.c.leaves)
)

LATE = Statement(
    select(CASE.c.workflow, CASE.c.leaves, CASE.c.turn, CASE.c.overdue_since)
    .where(CASE.c.overdue_since.is_not(None), CASE.c.closed_at.is_(None))
    .order_by(CASE.c.overdue_since)
    .limit(bindparam("limit"))
)


class FigureReader(Session):
    """Reads for figures."""

    def step_figures(self, pos: int, limit: int) -> tuple[StepFigure, ...]:
        """The steps after a position, in their order."""
        return tuple(_step(row) for row in self.link.rows(STEPS, pos=pos, limit=limit))

    def waiting_effects(self) -> tuple[WaitingEffects, ...]:
        """Effects that are not over, by adapter, with when the oldest one's step was stored."""
        return tuple(WaitingEffects(row.adapter, row.n, row.since) for row in self.link.rows(WAITING))

    def open_cases(self) -> tuple[OpenCases, ...]:
        """Open cases by workflow and leaf; one in several leaves counts in each."""
        return _by_leaf(self.link.rows(OPEN))

    def late_cases(self, limit: int) -> tuple[LateCase, ...]:
        """Open cases in which a deadline has passed, the latest ones first."""
        return tuple(
            LateCase(row.workflow, restore(row.leaves), restore(row.turn), row.overdue_since)
            for row in self.link.rows(LATE, limit=limit)
        )


def _step(row: Any) -> StepFigure:
    return StepFigure(row.pos, row.workflow, row.kind, row.at, row.recorded_at)


def _by_leaf(rows: Iterable[Any]) -> tuple[OpenCases, ...]:
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        for leaf in restore(row.leaves):
            found[row.workflow, leaf] = found.get((row.workflow, leaf), 0) + row.n
    return tuple(OpenCases(workflow, leaf, count) for (workflow, leaf), count in sorted(found.items()))
