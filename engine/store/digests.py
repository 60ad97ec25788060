"""Letters that wait for a day's digest, and the effects that take them: one for each person and moment, by the hundred."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select, update

from engine.core.case import EffectKind
from engine.core.values import canonical
from engine.store.claiming import EffectClaimer
from engine.store.digest_records import DigestLine
from engine.store.news import News
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import DIGEST_LINE, EFFECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from engine.store.records import StoredEffect
    from engine.store.unit import Unit

D, E = DIGEST_LINE.c, EFFECT.c
AT_ONCE = 500
IN_ONE = 100
"""Letters of one digest."""
LOCK = "digests"
FIRST_N = 1_000_000
"""The numbers of digests among the effects of a step begin here: a step asks for no more."""

_WAITS = D.digest.is_(None)
NEXT = Statement(select(func.min(D.due_at).label("due_at")).where(_WAITS))
DUE = Statement(
    select(D.id, D.case_id, D.effect, D.person, D.due_at, D.alone)
    .where(_WAITS, D.due_at <= bindparam("now", type_=D.due_at.type))
    .order_by(D.due_at, D.person, D.id)
    .limit(bindparam("most"))
)
OF_DIGEST = Statement(select(D.effect, D.person, D.due_at).where(D.digest == bindparam("digest_key")).order_by(D.id))
CASE_OF = Statement(select(E.case_id).where(E.key == bindparam("effect_key")))
OF_EFFECT = Statement(select(D.person).where(D.effect == bindparam("effect_key")))
INSERT_LINE = Statement(insert_into(DIGEST_LINE))
INSERT_DIGEST = Statement(insert_into(EFFECT))
TAKE = Statement(update(DIGEST_LINE).where(D.id == bindparam("line")).values(digest=bindparam("key")))
DROP = Statement(delete(DIGEST_LINE).where(D.digest == bindparam("digest_key")))


def _together(row: Any) -> tuple[Any, ...]:
    """Lines of one letter have the same."""
    return (row.due_at, row.person, row.id if row.alone else 0)


class DigestReader(Session):
    """Reads of what waits."""

    def next_digest_at(self) -> datetime | None:
        """When the next digest goes out, in business time."""
        moment: datetime | None = self.link.value(NEXT)
        return moment

    def waiting_for_digest(self, effect: str) -> tuple[str, ...]:
        """The people whose letters of an effect have not gone out yet."""
        return tuple(row.person for row in self.link.rows(OF_EFFECT, effect_key=effect))

    def digest_lines(self, digest: str) -> tuple[DigestLine, ...]:
        """The letters that a digest has taken, oldest first."""
        return tuple(DigestLine(*row) for row in self.link.rows(OF_DIGEST, digest_key=digest))


class DigestWriter(EffectClaimer, DigestReader):
    """Letters that begin to wait, are taken, and are gone."""

    unit: Unit

    def add_digest_lines(
        self, effect: StoredEffect, persons: Iterable[str], due_at: datetime, *, alone: bool = False
    ) -> None:
        """The letters that an effect has asked for, in the transaction that ends it; `alone` each goes by itself."""
        row = self.link.value(CASE_OF, effect_key=effect.key)
        waiting = self.waiting_for_digest(effect.key)  # it was tried again
        for person in [one for one in persons if one not in waiting]:
            self.link.run(
                INSERT_LINE, case_id=row, effect=effect.key, person=person, due_at=due_at, digest=None, alone=alone
            )

    def gather_digests(self) -> int:
        """Makes effects of what is due, each for one person; how many. One node does so at a time."""
        if not self.link.owned:
            self._locked(LOCK)
        rows = self.link.rows(DUE, now=self.business_now(), most=AT_ONCE)
        groups = [list(group) for _, group in groupby(sorted(rows, key=_together), key=_together)]
        if len(rows) == AT_ONCE:  # the last person's may go on behind what was read
            groups = [group for group in groups if _together(group[0])[:2] != _together(rows[-1])[:2]] or groups
        parts = [group[at : at + IN_ONE] for group in groups for at in range(0, len(group), IN_ONE)]
        for part in parts:
            self._gather(part)
        if parts:
            self.unit.tell(News.EFFECTS)
        return len(parts)

    def drop_digest_lines(self, digest: str) -> None:
        """They are on their way: nothing is left to wait."""
        self.link.run(DROP, digest_key=digest)

    def _gather(self, lines: Sequence[Any]) -> None:
        first = lines[0]
        case, seq, _ = first.effect.rsplit("/", 2)
        key = f"{case}/{seq}/{FIRST_N + first.id}"
        self.link.run(
            INSERT_DIGEST,
            key=key,
            case_id=first.case_id,
            seq=int(seq),
            kind=EffectKind.DIGEST,
            adapter="notify",
            payload=canonical({"to": f"id:{first.person}", "template": "digest", "due": first.due_at}),
            state="",
            entry=0,
            status="pending",
            attempt=0,
            tries="[]",
            next_at=self.machine_now(),
            result=None,
        )
        self.link.many(TAKE, [{"line": line.id, "key": key} for line in lines])
