"""Tokens of an OpenID provider: proved by its keys, read into actors. Owner of joserfc.

Rules: RFC 7519 and RFC 8725 (one list of algorithms, issuer and audience exact), OpenID Connect Discovery 1.0 for where the
keys are. What an actor may do is left to the services.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from adapters.outbound import fetch_json
from engine.core.case import Actor
from engine.errors import NotAuthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

log = logging.getLogger("milepost.oidc")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519")
"""Public keys only: with a shared secret whoever checks could sign."""
SKEW = 60
"""Seconds that the provider's clock may be off."""
FRESH = 600.0
"""Seconds that keys are used without asking for them again."""
AGAIN = 10.0
"""Seconds between two questions for keys, whoever sends tokens of unknown ones."""
STALE = 86_400.0
"""Seconds that keys are used while the provider does not answer."""
MAX_TEXT = 200
MAX_ROLES = 100
OWN = ("id", "name", "roles")
"""What a claim may be mapped to beside attributes."""
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Provider:
    """Whom to believe: `issuer` and `audience` as they stand in tokens; `claims` what is read from which claim.

    A claim inside others is named with dots (`realm_access.roles`). Of the roles only those with `role_prefix` count, and
    lose it. Raises ValueError where something of it cannot be.
    """

    issuer: str
    audience: str
    claims: Mapping[str, str] = field(default_factory=lambda: read_claims(""))
    role_prefix: str = ""

    def __post_init__(self) -> None:
        url = urlsplit(self.issuer)
        if not url.hostname or url.scheme not in {"https", "http"} or url.query or url.fragment or url.username:
            raise ValueError("the issuer is no web address, such as https://login.milepost.example/realms/main")
        if url.scheme == "http" and url.hostname not in LOCAL:
            raise ValueError("the issuer has to be https; http is for this machine only")
        if not self.audience:
            raise ValueError("an audience is needed: the name of this application at the provider")


def read_claims(text: str) -> dict[str, str]:
    """`id=sub, roles=realm_access.roles, party=tax_id` → what is read from where, over the usual ones; raises ValueError."""
    found = {"id": "sub", "name": "name", "roles": "roles", "party": "party"}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, claim = (piece.strip() for piece in part.partition("="))
        if not (name.isidentifier() and equals and claim):
            raise ValueError(f"'{part[:60]}' is not like party=tax_id or roles=realm_access.roles")
        found[name] = claim
    return found


class Keys:
    """The provider's public keys by their ids, asked for when they are needed; `ticks` in seconds."""

    def __init__(self, issuer: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._issuer, self._ticks = issuer, ticks
        self._lock = Lock()
        self._keys: dict[str, Any] = {}
        self._asked = self._heard = -STALE

    def key(self, kid: str) -> Any | None:
        """The key of this id, None where the provider has none. Raises Unavailable where it never answered."""
        with self._lock:
            now = self._ticks()
            old = now - self._heard > FRESH or kid not in self._keys
            if old and now - self._asked > AGAIN:
                self._ask(now)
            if self._ticks() - self._heard > STALE:
                raise Unavailable("the provider of identities does not answer; send it again", retry_after=int(AGAIN))
            return self._keys.get(kid)

    def _ask(self, now: float) -> None:
        self._asked = now
        try:
            told = fetch_json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            self._keys = _public(fetch_json(_keys_at(told, self._issuer)))
            self._heard = now
        except (OSError, ValueError, JoseError) as error:
            log.warning("the keys of %s could not be read: %s", self._issuer, error)


def _keys_at(told: Mapping[str, Any], issuer: str) -> str:
    if told.get("issuer") != issuer:
        raise ValueError("what it says of itself names another issuer")
    address = str(told.get("jwks_uri", ""))
    url = urlsplit(address)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOCAL):
        raise ValueError("its keys are not at an https address")
    return address


def _public(told: Mapping[str, Any]) -> dict[str, Any]:
    """Keys for signatures, each with an id; those of a kind that is not known here are left out."""
    found: dict[str, Any] = {}
    for one in told.get("keys", ()):
        if isinstance(one, dict) and isinstance(one.get("kid"), str) and one.get("use", "sig") == "sig":
            try:
                key = jwk.import_key(one)
            except (JoseError, ValueError, TypeError):
                continue
            if key.key_type != "oct":
                found[one["kid"]] = key
    if not found:
        raise ValueError("there is no key in it that could be used")
    return found


class Oidc:
    """Actors of a provider's tokens (engine.ports.Identity). `machine_now` judges their times."""

    def __init__(self, provider: Provider, *, machine_now: Callable[[], datetime], keys: Keys | None = None) -> None:
        self._provider, self._now = provider, machine_now
        self._keys = keys or Keys(provider.issuer)

    def actor_of(self, token: str) -> Actor:
        """Who this is. Raises NotAuthenticated, and says nothing about why; the log does, without the token."""
        try:
            return _actor(self._proved(token), self._provider)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            log.info("a token was refused: %s", type(error).__name__ if isinstance(error, KeyError) else error)
            raise NotAuthenticated("the token is not accepted; get a new one from your provider") from None

    def _proved(self, token: str) -> Mapping[str, Any]:
        header = jws.extract_compact(token.encode("ascii")).headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise ValueError("its algorithm is not among those that are accepted")
        if not isinstance(kid, str):
            raise ValueError("it names no key")  # noqa: TRY004  (a wrong token, no wrong program)
        key = self._keys.key(kid)
        if key is None:
            raise ValueError("the provider has no such key")
        claims = jwt.decode(token, key, algorithms=[str(algorithm)]).claims
        jwt.JWTClaimsRegistry(
            now=int(self._now().timestamp()),
            leeway=SKEW,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._provider.audience},
            exp={"essential": True},
        ).validate(claims)
        return claims


def _actor(claims: Mapping[str, Any], provider: Provider) -> Actor:
    said = {name: _claim(claims, path) for name, path in provider.claims.items()}
    person = _text(said["id"])
    if not person:
        raise ValueError("it says not who it is for")
    attributes = {name: value for name, told in said.items() if name not in OWN and (value := _texts(told))}
    return Actor(
        id=person,
        name=_text(said["name"]) or person,
        roles=frozenset(_roles(said["roles"], provider.role_prefix)),
        attributes={name: value[0] if len(value) == 1 else value for name, value in attributes.items()},
    )


def _claim(claims: Any, path: str) -> Any:
    if isinstance(claims, Mapping) and path in claims:  # a name with dots, such as an address
        return claims[path]
    for name in path.split("."):
        claims = claims.get(name) if isinstance(claims, Mapping) else None
    return claims


def _roles(told: Any, prefix: str) -> tuple[str, ...]:
    roles = _texts(told.split() if isinstance(told, str) else told)
    if len(roles) > MAX_ROLES:
        raise ValueError(f"it has more than {MAX_ROLES} roles")
    return tuple(role.removeprefix(prefix) for role in roles if role.startswith(prefix))


def _texts(told: Any) -> tuple[str, ...]:
    if told is None:
        return ()
    return tuple(filter(None, map(_text, told if isinstance(told, list) else [told])))


def _text(told: Any) -> str:
    """A line; raises ValueError for what is none."""
    if told is None:
        return ""
    if not isinstance(told, str) or len(told) > MAX_TEXT or not told.isprintable():
        raise ValueError("a claim is no line of text")
    return told.strip()
