"""Who gets a message: names of a definition into people of the directory or of the case's own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.case import Actor
from engine.core.sight import held_roles
from engine.ports import Person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.case import Case
    from engine.core.definition import Workflow
    from engine.store.records import Token
    from engine.store.transaction import Reader


def people_for(
    reader: Reader, workflow: Workflow, case: Case, names: Iterable[str]
) -> tuple[tuple[Person, ...], tuple[str, ...]]:
    """The receivers, each once, and the names behind which there is nobody."""
    found: dict[str, Person] = {}
    nobody = []
    for name in names:
        people = _people(reader, workflow, case, name)
        if not people:
            nobody.append(name)
        for person in people:
            found.setdefault(person.id, person)
    return tuple(found.values()), tuple(nobody)


def _people(reader: Reader, workflow: Workflow, case: Case, name: str) -> list[Person]:
    if name.startswith("person:"):
        return _from_data(case.data.get(name.removeprefix("person:")))
    if name.startswith("id:"):
        return [person_of(token) for token in reader.tokens_of(name.removeprefix("id:"))]
    return [
        person_of(token) for token in reader.people(name) if name in held_roles(workflow, case.data, actor_of(token))
    ]


def _from_data(value: Any) -> list[Person]:
    if isinstance(value, list | tuple):
        return [person for item in value for person in _from_data(item)]
    if not isinstance(value, Mapping):
        return []
    name = str(value.get("name") or value.get("id") or value.get("email") or "")
    email, locale = value.get("email"), str(value.get("locale") or "en")
    key = str(value.get("id") or email or name)
    return [Person(key, name, str(email) if email else None, locale)] if key else []


def person_of(token: Token) -> Person:
    """A token's holder as a receiver."""
    return Person(token.actor_id, token.name, token.email, token.locale, token.roles, token.attributes)


def actor_of(token: Token) -> Actor:
    """A token's holder as a sender."""
    return Actor(
        id=token.actor_id, roles=token.roles, attributes=token.attributes, name=token.name, ties=tuple(token.ties)
    )


def as_he_is(reader: Reader, actor: Actor) -> Actor | None:
    """Somebody who asked for something earlier, as he is now: of the roles that he had then those that a token in force gives
    him still, for the same party. None where there is none. Whom only a provider knows is as he was then.
    """
    tokens, now = reader.all_tokens_of(actor.id), reader.machine_now()
    if not tokens:
        return actor
    in_force = [token for token in tokens if token.in_force(now)]
    held = [token for token in in_force if actor_of(token).party == actor.party]
    same = [token for token in held if dict(token.attributes) == dict(actor.attributes)] or held[-1:]
    roles = actor.roles & frozenset(role for token in same for role in token.roles)
    return replace(actor_of(same[-1]), roles=roles) if roles else None
