"""People by their tokens: made, looked up, revoked; only a hash of the secret is kept. Machine time throughout."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from engine.errors import FieldProblem, InvalidPayload, NotAuthenticated, NotFound, Unavailable
from engine.service.clean import check_names
from engine.service.receivers import actor_of
from engine.service.views import TokenView
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from engine.core.case import Actor, Tie
    from engine.ports import Identity
    from engine.store.records import Token
    from engine.store.store import Store
    from engine.store.transaction import Transaction

PREFIX = "mp_"
TOUCH_EVERY = timedelta(minutes=1)
MAX_SECRET = 8_192
"""Characters; tokens of others carry what they say."""
REMEMBERED = 10_000
REMEMBERED_SECONDS = 2.0
"""So long a token that was revoked elsewhere may still open something."""
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class TokenNotFound(NotFound):
    """No such token."""


class People:
    """The directory as far as this application has one: who holds a token holds its roles."""

    def __init__(self, store: Store, identity: Identity | None = None) -> None:
        self._store, self._identity = store, identity
        self._known: dict[str, tuple[Actor, float]] = {}  # by the secret's hash, with when to look again

    def create_token(
        self,
        actor_id: str,
        name: str,
        roles: Iterable[str],
        attributes: Mapping[str, str | Sequence[str]] | None = None,
        *,
        email: str | None = None,
        locale: str = "en",
        ties: Iterable[Tie] = (),
        expires: datetime | None = None,
    ) -> tuple[str, TokenView]:
        """The secret, shown this once, and its token. Raises InvalidPayload."""
        if not actor_id.strip() or not name.strip():
            raise InvalidPayload([FieldProblem("actor_id", "missing", "needs a person's id and name")])
        roles = frozenset(roles)
        check_names(
            actor_id=actor_id, name=name, email=email, locale=locale, **{f"role {role}"[:40]: role for role in roles}
        )
        held = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in (attributes or {}).items()}
        for key, values in held.items():
            check_names(attribute=key)
            for value in values:
                check_names(**{f"attribute {key}"[:40]: value})
        if not LOCALE.fullmatch(locale):
            raise InvalidPayload([FieldProblem("locale", "pattern", "is no language; write it like en or ru")])
        secret = PREFIX + secrets.token_urlsafe(32)

        def work(tx: Transaction) -> Token:
            stored = tx.token_by_hash(hashed(secret)) if tx.repeated else None  # nobody knew whether it was committed
            return stored or tx.add_token(
                id=uuid.uuid4().hex[:12],
                hash=hashed(secret),
                actor_id=actor_id,
                name=name,
                email=email,
                locale=locale,
                roles=roles,
                attributes={
                    key: value if isinstance(value, str) else tuple(value) for key, value in (attributes or {}).items()
                },
                ties=tuple(ties),
                expires_at=expires,
            )

        return secret, token_view(self._store.write(work))

    def actor_of(self, secret: str) -> Actor:
        """Who this is: by a token of ours, or by one of an OpenID provider where one is set.

        Raises NotAuthenticated, and says nothing about why; Unavailable.
        """
        if len(secret) > MAX_SECRET:
            raise NotAuthenticated("the token is longer than any that could be accepted")
        digest = hashed(secret)
        if self._identity is not None and not secret.startswith(PREFIX):
            actor = self._identity.actor_of(secret)
        else:
            actor = actor_of(self._token(digest))
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[digest] = (actor, monotonic() + REMEMBERED_SECONDS)
        return actor

    def remembered(self, secret: str) -> Actor | None:
        """Who this is, where that was looked up a moment ago: without a look at the database."""
        actor, until = self._known.get(hashed(secret), (None, 0.0))
        return actor if monotonic() < until else None  # a length of time, no moment

    def locale_of(self, actor_id: str) -> str:
        """The language somebody reads, "" where nobody knows."""
        return next((token.locale for token in self._store.read(lambda reader: reader.tokens_of(actor_id))), "")

    def revoke(self, token_id: str) -> None:
        """From now on it opens nothing. Raises TokenNotFound."""

        def work(tx: Transaction) -> bool:
            done = tx.revoke_token(token_id)
            return done or (tx.repeated and any(token.id == token_id for token in tx.tokens()))

        if not self._store.write(work):
            raise TokenNotFound(f"there is no token '{token_id[:40]}'; see the list of tokens")
        self._known.clear()

    def tokens(self) -> tuple[TokenView, ...]:
        """All tokens, without their secrets."""
        return tuple(token_view(token) for token in self._store.read(lambda reader: reader.tokens()))

    def everybody(self) -> tuple[Actor, ...]:
        """Who has a token in force, each with all the roles that his tokens give him."""
        now = self._store.machine_now()
        found: dict[str, Actor] = {}
        for token in self._store.read(lambda reader: reader.tokens()):
            if token.in_force(now):
                actor = actor_of(token)
                before = found.get(actor.id)
                roles = actor.roles if before is None else actor.roles | before.roles
                found[actor.id] = replace(actor, roles=roles)
        return tuple(found.values())

    def _token(self, digest: str) -> Token:
        token = self._store.read(lambda reader: reader.token_by_hash(digest))
        now = self._store.machine_now()
        if token is None or not hmac.compare_digest(token.hash, digest) or not token.in_force(now):
            raise NotAuthenticated("the token is unknown, expired or revoked; ask for a new one")
        if token.last_used_at is None or now - token.last_used_at >= TOUCH_EVERY:
            found = token.id
            with suppress(Unavailable):  # a note, for which nobody is refused
                self._store.submit(lambda tx: tx.touch_token(found, now), priority=Priority.TIMERS)
        return token


def hashed(secret: str) -> str:
    """What is kept of a secret: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def token_view(token: Token) -> TokenView:
    """A token without its hash."""
    return TokenView(
        id=token.id,
        actor_id=token.actor_id,
        name=token.name,
        roles=tuple(sorted(token.roles)),
        attributes=token.attributes,
        email=token.email,
        locale=token.locale,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
    )
