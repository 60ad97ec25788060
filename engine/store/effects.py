"""Effects: reading, claiming under a lease, finishing with fencing; delivering them is left to the service. Machine time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, func, select, update

from engine.core.values import canonical, restore
from engine.store.records import StoredEffect
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, EFFECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

E = EFFECT.c
_EARLIER = EFFECT.alias("earlier")
_COLUMNS = [CASE.c.public_id, *(c for c in EFFECT.columns if c.name not in {"id", "case_id"})]
_SELECT = select(*_COLUMNS).join(CASE, CASE.c.id == E.case_id)
_FIRST_OF_LANE = ~exists().where(
    and_(
        _EARLIER.c.case_id == E.case_id,
        _EARLIER.c.adapter == E.adapter,
        _EARLIER.c.id < E.id,
        _EARLIER.c.next_at.is_not(None),
    )
)

OF_CASE = Statement(_SELECT.where(CASE.c.public_id == bindparam("case_id")).order_by(E.id))
BY_KEY = Statement(_SELECT.where(E.key == bindparam("effect")))
DUE = Statement(
    _SELECT.where(E.next_at <= bindparam("now"), _FIRST_OF_LANE)
    .order_by(E.next_at, E.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=EFFECT)
)
NEXT = Statement(select(E.next_at).where(E.next_at.is_not(None), _FIRST_OF_LANE).order_by(E.next_at).limit(1))
PENDING = Statement(select(func.count().label("n")).select_from(EFFECT).where(E.next_at.is_not(None)))
CLAIM = Statement(
    update(EFFECT)
    .where(E.key == bindparam("effect"), E.attempt == bindparam("old"))
    .values(
        status=bindparam("status", type_=E.status.type),
        attempt=bindparam("new", type_=E.attempt.type),
        next_at=bindparam("until", type_=E.next_at.type),
    )
)
FINISH = Statement(
    update(EFFECT)
    .where(E.key == bindparam("effect"), E.attempt == bindparam("mine"), E.next_at.is_not(None))
    .values({name: bindparam(name, type_=E[name].type) for name in ("status", "next_at", "tries", "result")})
)
REVIVE = Statement(
    update(EFFECT)
    .where(E.key == bindparam("effect"), E.status == "dead")
    .values(
        status=bindparam("status", type_=E.status.type),
        next_at=bindparam("now", type_=E.next_at.type),
    )
)


class EffectReader(Session):
    """Reads of effects. A lane is a case and an adapter: its effects go one after the other."""

    def effects(self, case_id: str) -> tuple[StoredEffect, ...]:
        """All effects of a case, in their order."""
        return tuple(_effect(row) for row in self.link.rows(OF_CASE, case_id=case_id))

    def effect(self, key: str) -> StoredEffect | None:
        """One effect."""
        row = self.link.row(BY_KEY, effect=key)
        return None if row is None else _effect(row)

    def effects_due(self, machine_now: datetime, limit: int = 50) -> tuple[StoredEffect, ...]:
        """Effects to try now: the first open one of each lane, with no lease that still holds."""
        return tuple(_effect(row) for row in self.link.rows(DUE, now=machine_now, limit=limit))

    def next_effect_at(self) -> datetime | None:
        """When the next effect is to be tried, or its lease ends."""
        moment: datetime | None = self.link.value(NEXT)
        return moment

    def pending_effects(self) -> int:
        """How many effects are not over."""
        count: int = self.link.value(PENDING)
        return count


class EffectWriter(EffectReader):
    """Leases and results."""

    def claim_effects(self, machine_now: datetime, *, lease_seconds: float, limit: int) -> tuple[StoredEffect, ...]:
        """Takes effects that are due under a lease: `attempt` grows, so an earlier holder cannot finish any more."""
        until = machine_now + timedelta(seconds=lease_seconds)
        claimed = tuple(
            replace(effect, status="leased", attempt=effect.attempt + 1, next_at=until)
            for effect in self.effects_due(machine_now, limit)
        )
        self.link.many(
            CLAIM,
            [
                {"effect": e.key, "old": e.attempt - 1, "new": e.attempt, "until": until, "status": "leased"}
                for e in claimed
            ],
        )
        return claimed

    def finish_effect(
        self,
        key: str,
        attempt: int,
        status: str,
        *,
        error: str | None = None,
        next_at: datetime | None = None,
        result: Any = None,
    ) -> bool:
        """Done, dead, recorded, or pending again at `next_at`; False where `attempt` does not hold the lease any more."""
        if (status == "pending") != (next_at is not None):
            raise ValueError("next_at belongs to the status pending, and to no other")
        effect = self.effect(key)
        if effect is None:
            return False
        tries = effect.tries if error is None else (*effect.tries, {"at": self.machine_now(), "error": error})
        changed = self.link.run(
            FINISH,
            effect=key,
            mine=attempt,
            status=status,
            next_at=next_at,
            tries=canonical(tries),
            result=None if result is None else canonical(result),
        )
        return changed == 1

    def retry_effect(self, key: str) -> bool:
        """A dead effect is tried again, from now on; False where it is not dead."""
        return self.link.run(REVIVE, effect=key, now=self.machine_now(), status="pending") == 1


def _effect(row: Any) -> StoredEffect:
    payload: Mapping[str, Any] = restore(row.payload)
    return StoredEffect(
        key=row.key,
        case_id=row.public_id,
        seq=row.seq,
        kind=row.kind,
        adapter=row.adapter,
        payload=payload,
        state=row.state,
        entry=row.entry,
        status=row.status,
        attempt=row.attempt,
        tries=restore(row.tries),
        next_at=row.next_at,
        result=None if row.result is None else restore(row.result),
    )
