"""Who may act for whom, for a time; machine time throughout. What follows from it is left to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from engine.core.case import Tie
from engine.core.values import canonical, restore
from engine.store.records import Delegation
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import DELEGATION

if TYPE_CHECKING:
    from datetime import datetime

D = DELEGATION.c

BETWEEN = Statement(
    select(DELEGATION)
    .where(D.receiver == bindparam("one"), D.giver == bindparam("other"))
    .order_by(D.id.desc())
    .limit(20)
)
OF = Statement(
    select(DELEGATION)
    .where(
        or_(D.receiver == bindparam("one"), D.giver == bindparam("one")),
        D.ends_at > bindparam("now", type_=D.ends_at.type),
    )
    .order_by(D.id)
    .limit(200)
)
INSERT = Statement(insert_into(DELEGATION))
REVOKE = Statement(
    update(DELEGATION)
    .where(
        D.public_id == bindparam("delegation"),
        or_(D.giver == bindparam("one"), D.receiver == bindparam("one")),
        D.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now", type_=D.revoked_at.type))
)
BY_ID = Statement(select(DELEGATION).where(D.public_id == bindparam("delegation")))


class DelegationReader(Session):
    """Reads of them."""

    def delegations_between(self, giver: str, receiver: str) -> tuple[Delegation, ...]:
        """Those by which the receiver may act for the giver at this moment, the newest first."""
        now = self.machine_now()
        found = (_delegation(row) for row in self.link.rows(BETWEEN, one=receiver, other=giver))
        return tuple(one for one in found if one.holds(now))

    def delegations_of(self, person: str) -> tuple[Delegation, ...]:
        """Those he gave or received that have not ended, oldest first."""
        return tuple(_delegation(row) for row in self.link.rows(OF, one=person, now=self.machine_now()))

    def delegation(self, public_id: str) -> Delegation | None:
        """One of them."""
        row = self.link.row(BY_ID, delegation=public_id)
        return None if row is None else _delegation(row)


class DelegationWriter(DelegationReader):
    """Writes of them."""

    def add_delegation(self, made: Delegation) -> None:
        """A new one."""
        self.link.run(
            INSERT,
            public_id=made.id,
            giver=made.giver,
            receiver=made.receiver,
            name=made.name,
            roles=canonical(sorted(made.roles)),
            attributes=canonical(dict(made.attributes)),
            ties=canonical([(tie.party, tie.until) for tie in made.ties]),
            reason=made.reason,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            made_at=made.made_at,
            revoked_at=None,
        )

    def revoke_delegation(self, public_id: str, person: str, at: datetime) -> bool:
        """Ends one that this person gave or received; False where there is none."""
        return self.link.run(REVOKE, delegation=public_id, one=person, now=at) == 1


def _delegation(row: Any) -> Delegation:
    return Delegation(
        id=row.public_id,
        giver=row.giver,
        receiver=row.receiver,
        name=row.name,
        roles=frozenset(restore(row.roles)),
        attributes=restore(row.attributes),
        ties=tuple(Tie(party, until) for party, until in restore(row.ties)),
        reason=row.reason,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        made_at=row.made_at,
        revoked_at=row.revoked_at,
    )
