"""Effects: reading them, finishing them with fencing, what people do to them; taking them is claiming.py's. Machine time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, or_, select, update

from engine.core.values import canonical, restore
from engine.store.lanes import LEASED, PENDING, LaneReader
from engine.store.news import News
from engine.store.records import StoredEffect
from engine.store.statement import Statement
from engine.store.tables import CASE, EFFECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.store.unit import Unit

E = EFFECT.c
SELECT_EFFECT = select(CASE.c.public_id, *(c for c in EFFECT.columns if c.name not in {"id", "case_id"})).join(
    CASE, CASE.c.id == E.case_id
)

OF_CASE = Statement(SELECT_EFFECT.where(CASE.c.public_id == bindparam("case_id")).order_by(E.id))
BY_KEY = Statement(SELECT_EFFECT.where(E.key == bindparam("effect")))

_OWN = EFFECT.alias("own")
_BEHIND = (
    E.adapter == bindparam("adapter"),
    E.case_id == select(_OWN.c.case_id).where(_OWN.c.key == bindparam("effect")).scalar_subquery(),
    E.id > select(_OWN.c.id).where(_OWN.c.key == bindparam("effect")).scalar_subquery(),
    E.status == PENDING,
)
_WHEN = bindparam("next_at", type_=E.next_at.type)
WAIT_TOO = Statement(update(EFFECT).where(*_BEHIND, E.next_at < _WHEN).values(next_at=_WHEN))
NEED_NOT_WAIT = Statement(update(EFFECT).where(*_BEHIND, E.next_at > _WHEN).values(next_at=_WHEN))


def _change(*names: str) -> dict[str, Any]:
    return {name: bindparam(name, type_=E[name].type) for name in names}


_HELD = update(EFFECT).where(E.key == bindparam("effect"), E.attempt == bindparam("mine"), E.next_at.is_not(None))
END = Statement(_HELD.values(next_at=None, **_change("status", "result")))
FINISH = Statement(_HELD.values(_change("status", "next_at", "tries", "result")))
HANDLE = Statement(
    update(EFFECT)
    .where(
        E.key == bindparam("effect"),
        E.attempt == bindparam("mine"),
        or_(E.status != LEASED, and_(E.status == LEASED, E.next_at <= bindparam("now", type_=E.next_at.type))),
    )
    .values(attempt=E.attempt + 1, **_change("status", "next_at", "tries", "result"))
)


class EffectReader(LaneReader):
    """Reads of effects. A lane is a case and an adapter: its effects go one after the other."""

    def effects(self, case_id: str) -> tuple[StoredEffect, ...]:
        """All effects of a case, in order of their asking."""
        return tuple(effect_of(row) for row in self.link.rows(OF_CASE, case_id=case_id))

    def effect(self, key: str) -> StoredEffect | None:
        """One effect."""
        row = self.link.row(BY_KEY, effect=key)
        return None if row is None else effect_of(row)

    def effects_of(self, keys: Sequence[str]) -> Mapping[str, StoredEffect]:
        """Those of these effects that there are."""
        found = self.link.peek(*[(BY_KEY, {"effect": key}) for key in dict.fromkeys(keys)])
        return {row.key: effect_of(row) for rows in found for row in rows}


class EffectWriter(EffectReader):
    """Results, and what people do."""

    unit: Unit

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
        """Done, dead, recorded, or pending again at `next_at`; False where `attempt` does not hold the lease any more.

        What stands behind it waits as long, so that it is not looked at over and over.
        """
        if (status == PENDING) != (next_at is not None):
            raise ValueError("next_at belongs to the status pending, and to no other")
        told = {
            "effect": key,
            "mine": attempt,
            "status": status,
            "result": None if result is None else canonical(result),
        }
        if error is None and next_at is None:
            return self.link.run(END, **told) == 1
        effect = self.effect(key)
        if effect is None:
            return False
        tries = effect.tries if error is None else (*effect.tries, {"at": self.machine_now(), "error": error})
        changed = self.link.run(FINISH, **told, next_at=next_at, tries=canonical(tries))
        if changed and next_at is not None:
            self.link.run(WAIT_TOO, effect=key, adapter=effect.adapter, next_at=next_at)
        return changed == 1

    def retry_effect(self, effect: StoredEffect, *, by: str, reason: str) -> bool:
        """Has it tried again from now on; False where it has changed since, or is being tried."""
        return self._handle(effect, PENDING, effect.result, by, reason)

    def resolve_effect(self, effect: StoredEffect, result: Any, *, by: str, reason: str) -> bool:
        """Ends it as done by hand; False as in retry_effect."""
        ended = self._handle(effect, "done", result, by, reason)
        if ended:
            self.link.run(NEED_NOT_WAIT, effect=effect.key, adapter=effect.adapter, next_at=self.machine_now())
        return ended

    def _handle(self, effect: StoredEffect, status: str, result: Any, by: str, reason: str) -> bool:
        """A higher attempt, so that nobody who tried it before can finish it."""
        now = self.machine_now()
        self.unit.tell(News.EFFECTS)
        changed = self.link.run(
            HANDLE,
            effect=effect.key,
            mine=effect.attempt,
            now=now,
            status=status,
            next_at=now if status == PENDING else None,
            tries=canonical((*effect.tries, {"at": now, "by": by, "reason": reason})),
            result=None if result is None else canonical(result),
        )
        return changed == 1


def effect_of(row: Any) -> StoredEffect:
    """A row of SELECT_EFFECT."""
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
