"""What subscriptions are owed: taken under a lease, in order per case, and finished by who holds the lease. Machine time.

An event goes out when no earlier one of its case is open for the same subscription, and none of its case is being posted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, delete, func, literal, or_, select, update

from engine.store.statement import Statement, insert_into
from engine.store.subscription_records import DEAD, DELIVERING, DONE, WAITING, Delivery, Owing
from engine.store.subscriptions import ACTIVE, SubscriptionReader, SubscriptionWriter
from engine.store.tables import DELIVERY, SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from engine.store.subscription_records import Place, Subscription

D, S = DELIVERY.c, SUBSCRIPTION.c
_NOW = bindparam("now", type_=D.next_at.type)
_OF = D.subscription_id == bindparam("row")
_IS_OPEN = D.next_at.is_not(None)
_MINE = and_(D.id == bindparam("delivery"), D.attempt == bindparam("mine"), D.status == DELIVERING)
LOST = "no answer came before the lease ended"


def _first_of_case(one: Any) -> ColumnElement[bool]:
    """That nothing of its case is before it, or on its way. Counted for each, as in lanes.py."""
    other = DELIVERY.alias("other")
    count = select(func.count()).where(
        other.c.subscription_id == one.subscription_id,
        other.c.case_id == one.case_id,
        other.c.next_at.is_not(None),
        other.c.id != one.id,
        or_(
            other.c.pos < one.pos,
            and_(other.c.pos == one.pos, other.c.seq < one.seq),
            and_(other.c.status == DELIVERING, other.c.next_at > _NOW),
        ),
    )
    return count.scalar_subquery() == 0


_REACHED = D.pos <= S.pos
"""What was on its way when a replay was asked for waits until all before it is owed again."""
_FREE = or_(S.free_at.is_(None), S.free_at <= _NOW)
_FLYING = DELIVERY.alias("flying")
_IN_FLIGHT = (
    select(func.count())
    .where(_FLYING.c.subscription_id == S.id, _FLYING.c.status == DELIVERING, _FLYING.c.next_at > _NOW)
    .scalar_subquery()
)
OWING = Statement(
    select(D.subscription_id, func.min(D.next_at).label("since"), _IN_FLIGHT.label("in_flight"))
    .select_from(DELIVERY.join(SUBSCRIPTION, S.id == D.subscription_id))
    .where(ACTIVE, _FREE, _REACHED, D.next_at <= _NOW, _first_of_case(D))
    .group_by(D.subscription_id, S.id)
    .order_by("since", D.subscription_id)
)
NEXT_AT = Statement(
    select(
        func.min(case((and_(S.free_at.is_not(None), S.free_at > D.next_at), S.free_at), else_=D.next_at)).label("at")
    )
    .select_from(DELIVERY.join(SUBSCRIPTION, S.id == D.subscription_id))
    .where(
        ACTIVE, _REACHED, _IS_OPEN, or_(and_(_first_of_case(D), bindparam("room") > _IN_FLIGHT), D.status == DELIVERING)
    )
)
FLYING = Statement(
    select(func.count().label("n")).where(_OF, D.status == DELIVERING, D.next_at > _NOW).select_from(DELIVERY)
)
DUE = Statement(  # `+ 0`: so that it is found among what is open, and not among all positions
    select(DELIVERY)
    .where(_OF, D.pos + 0 <= bindparam("reached"), D.next_at <= _NOW, _first_of_case(D))
    .order_by(D.pos, D.seq)
    .limit(bindparam("most"))
    .with_for_update()
)
CLAIM = Statement(
    update(DELIVERY)
    .where(D.id == bindparam("delivery"), D.attempt == bindparam("old"))
    .values(
        {
            name: bindparam(bind, type_=D[name].type)
            for name, bind in (
                ("status", "as_status"),
                ("attempt", "new"),
                ("tries", "so_often"),
                ("next_at", "until"),
                ("last_error", "error"),
                ("changed_at", "moment"),
            )
        }
    )
)
_AGAIN = D.again.is_(True)
FINISH = Statement(
    update(DELIVERY)
    .where(_MINE)
    .values(
        {
            "status": case((_AGAIN, literal(WAITING)), else_=bindparam("as_status", type_=D.status.type)),
            "next_at": case((_AGAIN, _NOW), else_=bindparam("until", type_=D.next_at.type)),
            "tries": case((_AGAIN, literal(0)), else_=bindparam("so_often", type_=D.tries.type)),
            "last_error": bindparam("error", type_=D.last_error.type),
            "changed_at": _NOW,
            "again": False,
        }
    )
)
DROP = Statement(delete(DELIVERY).where(_MINE))
INSERT = Statement(insert_into(DELIVERY))
PLACES = Statement(select(D.pos, D.seq).where(_OF, D.pos > bindparam("after"), D.pos <= bindparam("last")))
COUNT_OPEN = Statement(
    select(func.count().label("n")).select_from(
        select(D.id).where(_OF, _IS_OPEN).limit(bindparam("most")).subquery("some")
    )
)
COUNT_OF = Statement(
    select(func.count().label("n")).where(_OF, D.status == bindparam("as_status")).select_from(DELIVERY)
)
COUNT_ALL = Statement(  # of each subscription by its index: what is done is not looked at
    select(D.status, func.count().label("n"))
    .select_from(SUBSCRIPTION.join(DELIVERY, D.subscription_id == S.id))
    .where(S.ended_at.is_(None), D.status.in_([literal(one) for one in (WAITING, DELIVERING, DEAD)]))
    .group_by(D.status)
)
_LIST = select(DELIVERY).where(_OF, D.id < bindparam("before")).order_by(D.id.desc()).limit(bindparam("most"))
LIST = Statement(_LIST)
LIST_OF = Statement(_LIST.where(D.status == bindparam("as_status")))
ONE = Statement(select(DELIVERY).where(_OF, D.id == bindparam("delivery")))
RETRY = Statement(
    update(DELIVERY)
    .where(_OF, D.id == bindparam("delivery"), D.status == DEAD)
    .values({"status": WAITING, "tries": 0, "next_at": _NOW, "changed_at": _NOW})
)
ASK_AGAIN = Statement(
    update(DELIVERY).where(_OF, D.pos > bindparam("after"), D.status == DELIVERING).values({"again": True})
)
FORGET_AFTER = Statement(delete(DELIVERY).where(_OF, D.pos > bindparam("after"), D.status != DELIVERING))
FORGET_ALL = Statement(delete(DELIVERY).where(_OF))
_OLD = (
    select(D.id)
    .where(
        D.next_at.is_(None),
        D.changed_at < bindparam("done_before", type_=D.changed_at.type),
        or_(D.status == DONE, D.changed_at < bindparam("dead_before", type_=D.changed_at.type)),
    )
    .limit(bindparam("most"))
)
FORGET_OLD = Statement(delete(DELIVERY).where(D.id.in_(_OLD)))


class DeliveryReader(SubscriptionReader):
    """Reads of what is owed."""

    def owing(self) -> tuple[Owing, ...]:
        """Subscriptions with something that may be posted now, the one that has waited longest first."""
        rows = self.link.rows(OWING, now=self.machine_now())
        return tuple(Owing(row.subscription_id, row.since, row.in_flight) for row in rows)

    def next_delivery_at(self, at_once: int) -> datetime | None:
        """When there may be something to post where fewer than `at_once` are on their way, or a lease ends."""
        found: datetime | None = self.link.value(NEXT_AT, now=self.machine_now(), room=at_once)
        return found

    def open_deliveries(self, subscription: int, most: int) -> int:
        """How many are not over; of more than `most` so many."""
        count: int = self.link.value(COUNT_OPEN, row=subscription, most=most)
        return count

    def count_deliveries(self, subscription: int, status: str) -> int:
        """How many of a subscription are in this state."""
        count: int = self.link.value(COUNT_OF, row=subscription, as_status=status)
        return count

    def delivery_figures(self) -> Mapping[str, int]:
        """How many there are in each state but `done`."""
        return {row.status: row.n for row in self.link.rows(COUNT_ALL)}

    def deliveries(self, subscription: int, status: str | None, before: int | None, limit: int) -> tuple[Delivery, ...]:
        """Of a subscription, the youngest first, below a cursor."""
        binds: dict[str, Any] = {"row": subscription, "before": 2**62 if before is None else before, "most": limit}
        rows = self.link.rows(LIST, **binds) if status is None else self.link.rows(LIST_OF, as_status=status, **binds)
        return tuple(map(_delivery, rows))

    def delivery(self, subscription: int, row: int) -> Delivery | None:
        """One of them."""
        found = self.link.row(ONE, row=subscription, delivery=row)
        return None if found is None else _delivery(found)


class DeliveryWriter(SubscriptionWriter, DeliveryReader):
    """Writes of what is owed. But for `finish` and `drop` the subscription is locked before."""

    def add_deliveries(self, subscription: int, after: int, last: int, places: Sequence[Place]) -> int:
        """What it is owed of the feed between two positions, each step or revision once; how many are new."""
        there = {(row.pos, row.seq) for row in self.link.rows(PLACES, row=subscription, after=after, last=last)}
        now = self.machine_now()
        state = {"status": WAITING, "attempt": 0, "tries": 0, "next_at": now, "last_error": None, "again": False}
        rows = [
            {"subscription_id": subscription, "pos": one.pos, "case_id": one.case_id, "seq": one.seq, **state,
             "changed_at": now}
            for one in places if (one.pos, one.seq) not in there
        ]  # fmt: skip
        self.link.many(INSERT, rows)
        return len(rows)

    def claim_deliveries(
        self, of: Subscription, *, most: int, at_once: int, lease_seconds: float
    ) -> tuple[Delivery, ...]:
        """Takes what may be posted now under a lease, in the order of the feed, with at most `at_once` on their way.

        `of` is the subscription as it was locked.
        """
        now = self.machine_now()
        most = min(most, at_once - int(self.link.value(FLYING, row=of.row, now=now)))
        if most <= 0:
            return ()
        until, taken = now + timedelta(seconds=lease_seconds), []
        for found in map(_delivery, self.link.rows(DUE, row=of.row, reached=of.pos, now=now, most=most)):
            lost = found.status == DELIVERING
            taken.append(
                replace(
                    found,
                    status=DELIVERING,
                    attempt=found.attempt + 1,
                    tries=found.tries + lost,
                    next_at=until,
                    last_error=LOST if lost else found.last_error,
                    changed_at=now,
                )
            )
        self.link.many(CLAIM, [_claim(one) for one in taken])
        return tuple(taken)

    def finish_delivery(
        self, taken: Delivery, status: str, *, tries: int, error: str | None, next_at: datetime | None
    ) -> bool:
        """What came of a try; False where somebody else has it by now. What a replay asked for waits again."""
        binds = {"as_status": status, "so_often": tries, "error": error, "until": next_at}
        return self.link.run(FINISH, delivery=taken.row, mine=taken.attempt, now=self.machine_now(), **binds) == 1

    def drop_delivery(self, taken: Delivery) -> bool:
        """It is owed no more; False where somebody else has it by now."""
        return self.link.run(DROP, delivery=taken.row, mine=taken.attempt) == 1

    def retry_delivery(self, subscription: int, row: int) -> bool:
        """A dead one waits again, with all its tries; False where it is not dead."""
        return self.link.run(RETRY, row=subscription, delivery=row, now=self.machine_now()) == 1

    def owe_again(self, subscription: int, after: int) -> None:
        """What was spread behind a position is forgotten; what is on its way now is posted again when its turn comes."""
        self.link.run(ASK_AGAIN, row=subscription, after=after)
        self.link.run(FORGET_AFTER, row=subscription, after=after)

    def forget_deliveries_of(self, subscription: int) -> None:
        """All of a subscription."""
        self.link.run(FORGET_ALL, row=subscription)

    def forget_old_deliveries(self, done_before: datetime, dead_before: datetime, limit: int) -> int:
        """Those that were done, or dead, before these moments; how many."""
        return self.link.run(FORGET_OLD, done_before=done_before, dead_before=dead_before, most=limit)


def _claim(taken: Delivery) -> dict[str, Any]:
    return {
        "delivery": taken.row,
        "old": taken.attempt - 1,
        "new": taken.attempt,
        "as_status": taken.status,
        "so_often": taken.tries,
        "until": taken.next_at,
        "error": taken.last_error,
        "moment": taken.changed_at,
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row=row.id,
        subscription=row.subscription_id,
        pos=row.pos,
        case_id=row.case_id,
        seq=row.seq,
        status=row.status,
        attempt=row.attempt,
        tries=row.tries,
        next_at=row.next_at,
        last_error=row.last_error,
        changed_at=row.changed_at,
    )
