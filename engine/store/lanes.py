"""What waits for each adapter, and when it is worth a look; machine time. Taking it is left to claiming.py.

An adapter's row in `lane` is locked by who takes for it, so that nodes that take at once do not pass its limit together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from engine.core.frozen import frozen
from engine.store.limits import NO_LIMITS
from engine.store.session import Session
from engine.store.skipping import values_of
from engine.store.statement import Statement
from engine.store.tables import EFFECT, LANE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, ScalarSelect

    from engine.store.limits import Limit, Limits

PENDING, LEASED = "pending", "leased"


@frozen
class Lane:
    """An adapter with effects that are not over: when the first of them is to be tried, when the first lease ends."""

    adapter: str
    pending_at: datetime | None
    lease_end: datetime | None

    @property
    def next_at(self) -> datetime | None:
        """The earlier of both; None: all that waits is behind what is being delivered."""
        return min((at for at in (self.pending_at, self.lease_end) if at is not None), default=None)


def first_of_lane(effect: Any) -> ColumnElement[bool]:
    """That no earlier effect of the same case and adapter is open: these go one after the other.

    Counted for each effect that is looked at: PostgreSQL makes NOT EXISTS a join, and may join all that waits.
    """
    earlier = EFFECT.alias("earlier")
    count = select(func.count()).where(
        earlier.c.case_id == effect.case_id,
        earlier.c.adapter == effect.adapter,
        earlier.c.id < effect.id,
        earlier.c.next_at.is_not(None),
    )
    return count.scalar_subquery() == 0


def _first(adapters: Any, status: str) -> ScalarSelect[Any]:
    one = EFFECT.alias(status)
    return (
        select(one.c.next_at)
        .where(
            one.c.adapter == adapters.c.adapter,
            one.c.status == status,
            one.c.next_at.is_not(None),
            first_of_lane(one.c),
        )
        .order_by(one.c.next_at)
        .limit(1)
        .scalar_subquery()
    )


_ADAPTERS = values_of(EFFECT, "adapter", where=lambda effect: effect.next_at.is_not(None))
LANES = Statement(
    select(
        _ADAPTERS.c.adapter,
        _first(_ADAPTERS, PENDING).label("pending_at"),
        _first(_ADAPTERS, LEASED).label("lease_end"),
    )
    .where(_ADAPTERS.c.adapter.is_not(None))
    .order_by(_ADAPTERS.c.adapter)
)
HOLDING = Statement(
    select(func.count().label("leases"), func.min(EFFECT.c.next_at).label("first_end")).where(
        EFFECT.c.adapter == bindparam("adapter"),
        EFFECT.c.status == LEASED,
        EFFECT.c.next_at > bindparam("now", type_=EFFECT.c.next_at.type),
    )
)
FREE_AT = Statement(select(LANE.c.free_at).where(LANE.c.adapter == bindparam("adapter")))
COUNT_OPEN = Statement(select(func.count().label("n")).select_from(EFFECT).where(EFFECT.c.next_at.is_not(None)))


class LaneReader(Session):
    """Reads of lanes."""

    def lanes(self) -> tuple[Lane, ...]:
        """Adapters with open effects, by name."""
        return tuple(Lane(row.adapter, row.pending_at, row.lease_end) for row in self.link.rows(LANES))

    def next_effect_at(self, limits: Limits = NO_LIMITS) -> datetime | None:
        """When there may be something to take: an effect is to be tried or a lease ends, and its limit is not reached."""
        moments = (self._next_of(lane, limits.of(lane.adapter)) for lane in self.lanes())
        return min((moment for moment in moments if moment is not None), default=None)

    def pending_effects(self) -> int:
        """How many effects are not over."""
        count: int = self.link.value(COUNT_OPEN)
        return count

    def _next_of(self, lane: Lane, limit: Limit) -> datetime | None:
        moment = lane.next_at
        if moment is None:
            return None
        if limit.at_once is not None:
            held = self.link.row(HOLDING, adapter=lane.adapter, now=self.machine_now())
            if held is not None and held.leases >= limit.at_once:
                moment = max(moment, held.first_end)
        if limit.spacing is not None:
            moment = max(moment, self.link.value(FREE_AT, adapter=lane.adapter) or moment)
        return moment
