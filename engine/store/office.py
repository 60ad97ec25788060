"""What is kept around cases: tokens, the clock set by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from engine.core.case import Tie
from engine.core.values import canonical, restore
from engine.store.records import Token
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import CLOCK, TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

T = TOKEN.c

BY_HASH = Statement(select(TOKEN).where(T.hash == bindparam("token_hash")))
TOKENS = Statement(select(TOKEN).order_by(T.id))
WITH_ROLE = Statement(
    select(TOKEN).where(T.roles.contains(bindparam("named", type_=T.roles.type)), T.revoked_at.is_(None)).order_by(T.id)
)  # a pattern that is a bind by itself would have SQLite prepare the statement anew for each role
OF_PERSON = Statement(select(TOKEN).where(T.actor_id == bindparam("person"), T.revoked_at.is_(None)).order_by(T.id))
ALL_OF_PERSON = Statement(select(TOKEN).where(T.actor_id == bindparam("person")).order_by(T.id))
INSERT_TOKEN = Statement(insert_into(TOKEN))
REVOKE = Statement(
    update(TOKEN)
    .where(T.public_id == bindparam("token"), T.revoked_at.is_(None))
    .values(revoked_at=bindparam("now", type_=T.revoked_at.type))
)
TOUCH = Statement(
    update(TOKEN)
    .where(T.public_id == bindparam("token"))
    .values(last_used_at=bindparam("now", type_=T.last_used_at.type))
)
INSERT_CLOCK = Statement(insert_into(CLOCK))
SET_CLOCK = Statement(update(CLOCK).where(CLOCK.c.id == 1).values(moment=bindparam("now", type_=CLOCK.c.moment.type)))


class OfficeReader(Session):
    """Reads of tokens."""

    def token_by_hash(self, token_hash: str) -> Token | None:
        """The token with this hash, also an expired or revoked one."""
        row = self.link.row(BY_HASH, token_hash=token_hash)
        return None if row is None else _token(row)

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, oldest first."""
        return tuple(_token(row) for row in self.link.rows(TOKENS))

    def people(self, role: str) -> tuple[Token, ...]:
        """Tokens in force of those who have a role, one a person: the newest."""
        now = self.machine_now()
        named = map(_token, self.link.rows(WITH_ROLE, named=f'"{role}"'))  # `_` in a name fits any letter
        found = {token.actor_id: token for token in named if role in token.roles and token.in_force(now)}
        return tuple(found.values())

    def tokens_of(self, actor_id: str) -> tuple[Token, ...]:
        """The tokens of a person that are not revoked, oldest first."""
        return tuple(map(_token, self.link.rows(OF_PERSON, person=actor_id)))

    def all_tokens_of(self, actor_id: str) -> tuple[Token, ...]:
        """Every token a person ever had, oldest first."""
        return tuple(map(_token, self.link.rows(ALL_OF_PERSON, person=actor_id)))


class OfficeWriter(OfficeReader):
    """Writes of tokens and the clock."""

    def add_token(
        self,
        *,
        id: str,  # noqa: A002  (the record's own word)
        hash: str,  # noqa: A002
        actor_id: str,
        name: str,
        email: str | None = None,
        locale: str = "en",
        roles: frozenset[str] = frozenset(),
        attributes: Mapping[str, str | tuple[str, ...]] | None = None,
        ties: tuple[Tie, ...] = (),
        expires_at: datetime | None = None,
    ) -> Token:
        """A new token."""
        plain: dict[str, Any] = {
            "hash": hash,
            "actor_id": actor_id,
            "name": name,
            "email": email,
            "locale": locale,
        }
        token = Token(
            id=id,
            roles=roles,
            attributes=dict(attributes or {}),
            ties=ties,
            created_at=self.machine_now(),
            expires_at=expires_at,
            **plain,
        )
        self.link.run(
            INSERT_TOKEN,
            public_id=id,
            roles=canonical(sorted(roles)),
            attributes=canonical(token.attributes),
            ties=canonical([(tie.party, tie.until) for tie in ties]),
            created_at=token.created_at,
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
            **plain,
        )
        return token

    def revoke_token(self, token_id: str) -> bool:
        """Ends a token; False where it has ended or is unknown."""
        return self.link.run(REVOKE, token=token_id, now=self.machine_now()) == 1

    def touch_token(self, token_id: str, at: datetime) -> None:
        """Notes that a token was used."""
        self.link.run(TOUCH, token=token_id, now=at)

    def set_clock(self, moment: datetime) -> None:
        """Sets business time, where it is set by hand."""
        if not self.link.run(SET_CLOCK, now=moment):
            self.link.run(INSERT_CLOCK, id=1, moment=moment)
        self._by_hand = None


def _token(row: Any) -> Token:
    return Token(
        id=row.public_id,
        hash=row.hash,
        actor_id=row.actor_id,
        name=row.name,
        email=row.email,
        locale=row.locale,
        roles=frozenset(restore(row.roles)),
        attributes=restore(row.attributes),
        ties=tuple(Tie(party, until) for party, until in restore(row.ties)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
