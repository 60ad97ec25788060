"""`milepost token create`, `list` and `revoke`: who may call the API, as whom; a secret is shown once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from rich.text import Text

from engine.errors import MilepostError
from runtime.cli.choices import FINE, Format
from runtime.cli.printing import as_json, cells, err, out, table
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from datetime import datetime


class BadToken(MilepostError):
    """What is given does not make a token."""


@dataclass(frozen=True, slots=True)
class Given:
    """A token as it is asked for."""

    actor: str
    name: str
    roles: tuple[str, ...]
    attributes: tuple[str, ...]
    party: str | None
    email: str | None
    locale: str
    expires: datetime | None


def create(given: Given, report: Format) -> int:
    """Make one. Only its hash is stored."""
    attributes = _attributes(given)
    if not given.roles:
        raise BadToken("a token without a role opens nothing; give --role, such as --role applicant")
    expires = given.expires.replace(tzinfo=UTC) if given.expires is not None else None
    with services_now() as services:
        secret, token = services.people.create_token(
            given.actor, given.name, given.roles, attributes, email=given.email, locale=given.locale, expires=expires
        )
        unknown = _unknown_roles(given.roles, {r.name for w in services.catalog.workflows() for r in w.roles})
    if report is Format.JSON:
        as_json({"secret": secret, "token": token})
        return FINE
    if unknown:
        err().print(Text(f"no published workflow has the role {', '.join(unknown)}", style="yellow"))
    made = table("Token", "", "")
    made.show_header = False
    for name in ("id", "actor_id", "name", "roles", "attributes", "email", "locale", "expires_at"):
        value = getattr(token, name)
        if isinstance(value, tuple):
            value = ", ".join(value)
        elif isinstance(value, dict):
            value = ", ".join(f"{key}={', '.join(v) if isinstance(v, tuple) else v}" for key, v in value.items())
        cells(made, name.replace("_", " "), value)
    out().print(made)
    out().print(Text("The secret, shown this once:"))
    out().print(Text(secret, style="bold"), soft_wrap=True)
    return FINE


def show(report: Format) -> int:
    """All of them, oldest first."""
    with services_now() as services:
        found = services.people.tokens()
    if report is Format.JSON:
        as_json(found)
        return FINE
    made = table("Tokens", "id", "person", "name", "roles", "until", "last used")
    for token in found:
        until = "revoked" if token.revoked_at is not None else token.expires_at
        cells(made, token.id, token.actor_id, token.name, ", ".join(token.roles), until, token.last_used_at)
    out().print(made)
    return FINE


def revoke(token_id: str) -> int:
    """One of them. Where a server runs on a file, it is asked instead: `DELETE /tokens/{id}`."""
    with services_now() as services:
        services.people.revoke(token_id)
    out().print(Text(f"{token_id} opens nothing any more"))
    return FINE


def _attributes(given: Given) -> dict[str, str | tuple[str, ...]]:
    """`key=value`; a key that comes again has several values."""
    found: dict[str, list[str]] = {}
    for text in (*given.attributes, *([f"party={given.party}"] if given.party else [])):
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise BadToken(f"'{text[:60]}' is no attribute; write key=value, such as category=valves")
        found.setdefault(key.strip(), []).append(value.strip())
    return {key: values[0] if len(values) == 1 else tuple(values) for key, values in found.items()}


def _unknown_roles(roles: tuple[str, ...], known: set[str]) -> list[str]:
    if not known:
        return []
    return [role for role in roles if role.removesuffix(".supervisor") not in known and role != "operations"]
