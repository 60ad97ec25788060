"""Persons who let another act for them, for a time. Machine time throughout.

Both are bound by what is done: duties look at both natural persons, and history names both.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.core.case import Actor, Tie
from engine.errors import ActorNotAllowed, FieldProblem, InvalidPayload, NotFound
from engine.service.clean import check_names, said_why
from engine.service.views import DelegationView
from engine.store.records import Delegation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

LONGEST = timedelta(days=366)
OWN_ONLY = frozenset({"operations"})
"""Roles that nobody hands on."""


class DelegationNotFound(NotFound):
    """No such delegation of this person."""


class Delegations:
    """Made by the person himself, ended by either of the two."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def give(
        self,
        actor: Actor,
        receiver: str,
        *,
        until: datetime,
        reason: str,
        since: datetime | None = None,
        roles: Iterable[str] = (),
    ) -> DelegationView:
        """Let a person act for this one; `roles`: only these of his (none named: all). Raises InvalidPayload, ActorNotAllowed."""
        check_names(to=receiver)
        if actor.acting_for is not None:
            raise ActorNotAllowed("who acts for another hands nothing on; act for yourself", event="delegate", by=[])
        now = self._store.machine_now()
        begins = since or now
        chosen = frozenset(roles) or actor.roles - OWN_ONLY
        problems = [
            *([FieldProblem("to", "not-allowed", "name another person")] if receiver == actor.id else []),
            *(
                [FieldProblem("roles", "not-allowed", "name roles of yours")]
                if not chosen <= actor.roles - OWN_ONLY
                else []
            ),
            *([FieldProblem("roles", "missing", "you have no role to hand on")] if not chosen else []),
            *(
                [FieldProblem("until", "range", "has to be later than now and than `since`, by a year at most")]
                if until <= max(now, begins) or until - begins > LONGEST
                else []
            ),
        ]
        if problems:
            raise InvalidPayload(problems)
        made = Delegation(
            id=uuid4().hex[:12],
            giver=actor.id,
            receiver=receiver,
            name=actor.name or actor.id,
            roles=chosen,
            attributes=actor.attributes,
            ties=actor.ties,
            reason=said_why(reason, "reason"),
            starts_at=begins,
            ends_at=until,
            made_at=now,
        )

        def work(tx: Transaction) -> None:
            if not (tx.repeated and tx.delegation(made.id)):
                tx.add_delegation(made)

        self._store.write(work)
        return _view(made)

    def of(self, actor: Actor) -> tuple[DelegationView, ...]:
        """Those he gave and those he received that have not ended."""
        return tuple(map(_view, self._store.read(lambda reader: reader.delegations_of(actor.id))))

    def revoke(self, delegation: str, actor: Actor) -> None:
        """It holds no more. Raises DelegationNotFound."""

        def work(tx: Transaction) -> bool:
            if tx.revoke_delegation(delegation, actor.id, tx.machine_now()):
                return True
            held = tx.delegation(delegation) if tx.repeated else None
            return held is not None and held.revoked_at is not None and actor.id in {held.giver, held.receiver}

        if not self._store.write(work):
            raise DelegationNotFound(f"there is no delegation '{delegation[:40]}' of yours that could be ended")

    def acting(self, actor: Actor, giver: str) -> Actor:
        """This person as he acts for that one: with that one's roles and attributes, and the ties of both.

        Raises ActorNotAllowed where nobody has let him, or that one has lost what he handed on.
        """
        check_names(**{"Act-For": giver})
        made = self._store.read(lambda reader: _acting(reader, actor, giver))
        if made is None:
            raise ActorNotAllowed(
                f"{actor.name or actor.id} may not act for {giver[:80]} at present; "
                f"{giver[:80]} lets him with POST /me/delegations",
                event="act-for",
                by=[],
            )
        return made


def _acting(reader: Reader, actor: Actor, giver: str) -> Actor | None:
    given = reader.delegations_between(giver, actor.id)
    if not given:
        return None
    # Several add up, but for those that he gave when he was somebody else: in another organisation, say.
    held = given[0]
    handed_on = frozenset[str]().union(*(one.roles for one in given if one.attributes == held.attributes))
    now = reader.machine_now()
    tokens = reader.all_tokens_of(giver)
    in_force = [token for token in tokens if token.in_force(now)]
    # Whom the directory knows has now what he has now; whom only a provider knows, what he had when he said so.
    roles = handed_on & frozenset(role for token in in_force for role in token.roles) if tokens else handed_on
    if not roles:
        return None
    own = actor.attributes.get("party", ())
    parties = (own,) if isinstance(own, str) else own
    return Actor(
        id=actor.id,
        roles=roles,
        attributes=held.attributes,
        name=actor.name,
        ties=(*actor.ties, *held.ties, *(Tie(party) for party in parties)),
        acting_for=giver,
    )


def _view(made: Delegation) -> DelegationView:
    return DelegationView(
        id=made.id,
        giver=made.giver,
        receiver=made.receiver,
        roles=tuple(sorted(made.roles)),
        since=made.starts_at,
        until=made.ends_at,
        reason=made.reason,
        revoked_at=made.revoked_at,
    )
