"""Who hears of events, and how far the feed was looked through for him; what he is owed is deliveries.py's. Machine time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, update

from engine.core.case import Actor
from engine.core.values import canonical, restore
from engine.store.packing import pack, unpack
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.subscription_records import Subscription
from engine.store.tables import FEED, STEP, SUBSCRIPTION

if TYPE_CHECKING:
    from datetime import datetime

S = SUBSCRIPTION.c
MAKING = 0x6D69_6C73
"""The key of the advisory lock of who makes one: so that two at once do not both find room for the last."""
AS_THEY_ARE = ("party", "url", "secret", "workflow", "type", "case_party", "pos", "created_at")
"""Members of a subscription that are columns as they stand."""

_LIVE = S.ended_at.is_(None)
ACTIVE = and_(_LIVE, S.paused_at.is_(None))
_ALL = select(SUBSCRIPTION).where(_LIVE, S.id < bindparam("before")).order_by(S.id.desc()).limit(bindparam("most"))
_ONE = select(SUBSCRIPTION).where(S.id == bindparam("row"))


def _change(name: str, bind: str) -> dict[str, Any]:
    return {name: bindparam(bind, type_=S[name].type)}


BY_ID = Statement(select(SUBSCRIPTION).where(S.public_id == bindparam("subscription"), _LIVE))
ONE = Statement(_ONE)
LOCK = Statement(_ONE.where(_LIVE).with_for_update())
LOCK_FREE = Statement(_ONE.where(ACTIVE).with_for_update(skip_locked=True))
ALL = Statement(_ALL)
OF_ACTOR = Statement(_ALL.where(S.actor_id == bindparam("who")))
BEHIND = Statement(select(SUBSCRIPTION).where(ACTIVE, S.pos < bindparam("end")).order_by(S.id))
FIRST_POS = Statement(select(func.min(S.pos).label("pos")).where(ACTIVE))
COUNT = Statement(
    select(func.count().label("n")).where(
        _LIVE, S.party == bindparam("of_party"), or_(S.party != "", S.actor_id == bindparam("who"))
    )
)
ONE_AT_A_TIME = Statement(select(func.pg_advisory_xact_lock(literal_column(str(MAKING))).label("locked")))
INSERT = Statement(insert_into(SUBSCRIPTION, "id"))
ADVANCE = Statement(
    update(SUBSCRIPTION)
    .where(S.id == bindparam("row"), S.pos == bindparam("old"), ACTIVE)
    .values(pos=bindparam("new", type_=S.pos.type))
)
REWIND = Statement(
    update(SUBSCRIPTION).where(S.id == bindparam("row")).values(_change("pos", "new") | {"free_at": None})
)
PAUSE = Statement(
    update(SUBSCRIPTION)
    .where(S.id == bindparam("row"), ACTIVE)
    .values(_change("paused_at", "now") | _change("paused_why", "why"))
)
RESUME = Statement(
    update(SUBSCRIPTION)
    .where(S.id == bindparam("row"), _LIVE)
    .values({"paused_at": None, "paused_why": None, "free_at": None})
)
HOLD = Statement(update(SUBSCRIPTION).where(S.id == bindparam("row"), _LIVE).values(_change("free_at", "until")))
END = Statement(
    update(SUBSCRIPTION)
    .where(S.id == bindparam("row"), _LIVE)
    .values(_change("ended_at", "now") | {"secret": "", "url": "", "actor": '{"id":""}'})
)
STEP_FROM = Statement(
    select(FEED.c.pos, STEP.c.recorded_at)
    .select_from(FEED.join(STEP, (STEP.c.case_id == FEED.c.case_id) & (STEP.c.seq == FEED.c.seq)))
    .where(FEED.c.pos >= bindparam("pos"))
    .order_by(FEED.c.pos)
    .limit(1)
)


class SubscriptionReader(Session):
    """Reads of them."""

    def subscription(self, public_id: str) -> Subscription | None:
        """One that has not ended."""
        row = self.link.row(BY_ID, subscription=public_id)
        return None if row is None else _subscription(row)

    def subscription_at(self, row: int) -> Subscription | None:
        """By its key; also one that has ended."""
        found = self.link.row(ONE, row=row)
        return None if found is None else _subscription(found)

    def subscriptions(self, actor_id: str | None, before: int | None, limit: int) -> tuple[Subscription, ...]:
        """Those of a person, or all, that have not ended; the youngest first, below a cursor."""
        binds: dict[str, Any] = {"before": 2**62 if before is None else before, "most": limit}
        if actor_id is None:
            return tuple(map(_subscription, self.link.rows(ALL, **binds)))
        return tuple(map(_subscription, self.link.rows(OF_ACTOR, who=actor_id, **binds)))

    def subscriptions_behind(self, end: int) -> tuple[Subscription, ...]:
        """Those that are not paused and for which steps up to this position were not looked at yet."""
        return tuple(map(_subscription, self.link.rows(BEHIND, end=end)))

    def count_subscriptions(self, party: str, actor_id: str) -> int:
        """How many a party has that have not ended; without a party: this person."""
        count: int = self.link.value(COUNT, of_party=party, who=actor_id)
        return count

    def first_subscribed_pos(self) -> int | None:
        """How far the one is that is furthest behind, of those that are not paused."""
        found: int | None = self.link.value(FIRST_POS)
        return found

    def step_from(self, pos: int) -> tuple[int, datetime] | None:
        """(position, when it was recorded) of the first step from a position on that is kept still."""
        row = self.link.row(STEP_FROM, pos=pos)
        return None if row is None else (row.pos, row.recorded_at)


class SubscriptionWriter(SubscriptionReader):
    """Writes of them. Who changes one, or takes of what it is owed, locks it first: one at a time, over all nodes."""

    def make_subscriptions_one_by_one(self) -> None:
        """Nobody else makes one before this transaction ends."""
        if not self.link.owned:
            self.link.row(ONE_AT_A_TIME)

    def add_subscription(self, made: Subscription) -> None:
        """A new one; its `row` is given here."""
        self.link.run(
            INSERT,
            public_id=made.id,
            entries=canonical(made.entries) if made.entries else None,
            actor_id=made.actor.id,
            actor=pack(made.actor),
            free_at=None,
            paused_at=None,
            paused_why=None,
            ended_at=None,
            **{name: getattr(made, name) for name in AS_THEY_ARE},
        )

    def lock_subscription(self, row: int) -> Subscription | None:
        """As it is now, and nobody else changes it before this transaction ends; None: it has ended."""
        found = self.link.row(LOCK, row=row)
        return None if found is None else _subscription(found)

    def lock_free_subscription(self, row: int) -> Subscription | None:
        """The same, without waiting; None where it has ended, is paused, or somebody else has it locked."""
        found = self.link.row(LOCK_FREE, row=row)
        return None if found is None else _subscription(found)

    def advance_subscription(self, row: int, old: int, new: int) -> bool:
        """The feed was looked through for it; False where it has been elsewhere meanwhile, or is paused."""
        return self.link.run(ADVANCE, row=row, old=old, new=new) == 1

    def rewind_subscription(self, row: int, pos: int) -> None:
        """The feed is looked through for it again, behind a position."""
        self.link.run(REWIND, row=row, new=pos)

    def pause_subscription(self, row: int, why: str) -> bool:
        """Nothing is looked up or posted for it; False where that is so already."""
        return self.link.run(PAUSE, row=row, now=self.machine_now(), why=why) == 1

    def resume_subscription(self, row: int) -> None:
        """It goes on where it was."""
        self.link.run(RESUME, row=row)

    def hold_subscription(self, row: int, until: datetime) -> None:
        """Its receiver asks not to be sent anything before."""
        self.link.run(HOLD, row=row, until=until)

    def end_subscription(self, row: int) -> bool:
        """For good: its address, its secret and who made it are forgotten; False where it has ended already."""
        return self.link.run(END, row=row, now=self.machine_now()) == 1


def _subscription(row: Any) -> Subscription:
    return Subscription(
        row=row.id,
        id=row.public_id,
        actor=unpack(Actor, row.actor),
        entries=() if row.entries is None else restore(row.entries),
        free_at=row.free_at,
        paused_at=row.paused_at,
        paused_why=row.paused_why,
        ended_at=row.ended_at,
        **{name: getattr(row, name) for name in AS_THEY_ARE},
    )
