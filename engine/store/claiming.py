"""Taking effects under a lease, within the limits of their adapters; finishing them is left to effects.py. Machine time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from engine.core.values import canonical
from engine.store.effects import SELECT_EFFECT, EffectReader, effect_of
from engine.store.lanes import HOLDING, LEASED, PENDING, first_of_lane
from engine.store.limits import NO_LIMITS
from engine.store.statement import Statement, insert_into
from engine.store.tables import EFFECT, LANE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from engine.store.limits import Limit, Limits
    from engine.store.records import StoredEffect

    Room = Callable[[str, Mapping[str, int]], int]

E, L = EFFECT.c, LANE.c
AT_ONCE = 50
"""Of one adapter, in one transaction."""

DUE = Statement(
    SELECT_EFFECT.add_columns(E.id)
    .where(
        E.adapter == bindparam("adapter"),
        E.status == bindparam("status"),
        E.next_at <= bindparam("now", type_=E.next_at.type),
        first_of_lane(E),
    )
    .order_by(E.next_at, E.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=EFFECT)
)
CLAIM = Statement(
    update(EFFECT)
    .where(E.key == bindparam("effect"), E.attempt == bindparam("old"))
    .values(
        {
            name: bindparam(bind, type_=E[name].type)
            for name, bind in (("status", "status"), ("attempt", "new"), ("next_at", "until"), ("tries", "so_far"))
        }
    )
)
LOCK_LANE = Statement(select(LANE).where(L.adapter == bindparam("adapter")).with_for_update())
INSERT_LANE = Statement(insert_into(LANE))
OCCUPY = Statement(
    update(LANE).where(L.adapter == bindparam("lane")).values(free_at=bindparam("until", type_=L.free_at.type))
)


class EffectClaimer(EffectReader):
    """Leases."""

    def claim_effects(
        self, *, lease_seconds: float, limit: int = AT_ONCE, room: Room | None = None, limits: Limits = NO_LIMITS
    ) -> tuple[StoredEffect, ...]:
        """Takes effects that are due under a lease, the first due first: `attempt` grows, so an earlier holder cannot finish.

        Of each adapter at most `limit`, no more than there is `room` for (told what was taken of the others), and within
        the limits that hold for all nodes together.
        """
        taken: dict[str, int] = {}
        found: list[tuple[Any, StoredEffect]] = []
        before = self.machine_now()
        for lane in self.lanes():  # by name: locks are taken in one order everywhere
            if lane.next_at is None or lane.next_at > before:
                continue
            most = limit if room is None else min(limit, room(lane.adapter, taken))
            rows = self._take(lane.adapter, most, limits.of(lane.adapter), lease_seconds) if most > 0 else []
            taken[lane.adapter] = len(rows)
            found += rows
        found.sort(key=lambda each: each[0])
        return tuple(effect for _, effect in found)

    def _take(self, adapter: str, most: int, limit: Limit, lease_seconds: float) -> list[tuple[Any, StoredEffect]]:
        """Of one adapter, with the place of each in the order of all."""
        free_at = self._locked(adapter) if limit.at_once is not None or limit.spacing is not None else None
        now = self.machine_now()  # after the lock: what others took before it is seen, and their moments are earlier
        if limit.at_once is not None:
            held = self.link.row(HOLDING, adapter=adapter, now=now)
            most = min(most, limit.at_once - (held.leases if held is not None else 0))
        if limit.spacing is not None:
            most = 0 if free_at is not None and free_at > now else min(most, 1)
        if most <= 0:
            return []
        asked = {"adapter": adapter, "now": now, "most": most}
        late, due = self.link.peek((DUE, {**asked, "status": LEASED}), (DUE, {**asked, "status": PENDING}))
        rows = sorted([*late, *due], key=lambda row: (row.next_at, row.id))[:most]
        until = now + timedelta(seconds=lease_seconds)
        taken = [((row.next_at, row.id), _leased(row, now, until)) for row in rows]
        self.link.many(CLAIM, [_claim(effect) for _, effect in taken])
        if taken and limit.spacing is not None:
            self.link.many(OCCUPY, [{"lane": adapter, "until": now + limit.spacing}])
        return taken

    def _locked(self, adapter: str) -> datetime | None:
        """The lane's row, not to be locked by others before this transaction ends: when the adapter may be used again."""
        row = self.link.row(LOCK_LANE, adapter=adapter)
        if row is not None:
            free_at: datetime = row.free_at
            return free_at
        self.link.run(INSERT_LANE, adapter=adapter, free_at=self.machine_now())  # two at once: one of them runs again
        return None


def _leased(row: Any, now: datetime, until: datetime) -> StoredEffect:
    """The effect as its new holder has it; a lease that ended without a word counts as a try."""
    effect = effect_of(row)
    lost = {"at": now, "error": "no answer came before the lease ended"}
    tries = (*effect.tries, lost) if effect.status == LEASED else effect.tries
    return replace(effect, status=LEASED, attempt=effect.attempt + 1, next_at=until, tries=tries)


def _claim(effect: StoredEffect) -> dict[str, Any]:
    return {
        "effect": effect.key,
        "old": effect.attempt - 1,
        "new": effect.attempt,
        "until": effect.next_at,
        "status": effect.status,
        "so_far": canonical(effect.tries),
    }
