"""Who could send an event: an actor for each sender that a handler names, fitting the case, whom no duty forbids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.case import SYSTEM, Actor
from engine.core.machine.duties import interests
from engine.core.selection import plain_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.core.case import Case
    from engine.core.definition import Workflow
    from engine.core.naming import Role, Who


def senders(
    workflow: Workflow, by: Iterable[Who], data: Mapping[str, Any], case: Case | None, number: int
) -> Iterator[Actor]:
    """Actors who may fit: a new person for each act first, then those who have acted (a duty may ask for the same one)."""
    for who in by:
        match who.kind:
            case "system":
                yield SYSTEM
            case "workflow":
                yield from _cases(who, case)
            case _:
                held = attributes(workflow.roles.get(who.name), data)
                roles = frozenset({str(who)})
                yield Actor(f"{who.name}-{number}", roles=roles, attributes=held, name=f"{who.name} {number}")
                for known in _known(case):
                    yield Actor(known, roles=roles, attributes=held, name=known)


def declares(workflow: Workflow) -> frozenset[str]:
    """Everything that a sender may declare."""
    return frozenset(interests(workflow))


def _cases(who: Who, case: Case | None) -> Iterator[Actor]:
    if case is not None and case.parent is not None and case.parent.workflow == who.name:
        yield Actor(case.parent.id, kind="case", workflow=who.name, relation="parent")
    for child in case.memory.children if case is not None else ():
        if child.workflow == who.name:
            yield Actor(child.id, kind="case", workflow=who.name, relation="child")
    yield Actor(f"{who.name}-1", kind="case", workflow=who.name, relation="other" if case is not None else "parent")


def holders(workflow: Workflow, data: Mapping[str, Any]) -> Iterator[Actor]:
    """Those who hold the roles of a case, and their supervisors, so that nothing that is said to them is lost: one each, or as
    many as a panel asks.
    """
    asked = [ask for state in workflow.states.values() if state.panel is not None for ask in state.panel.ask]
    for role in workflow.roles.values():
        roles = frozenset({role.name, f"{role.name}.supervisor"})
        most = max([1, *(ask.count or 1 for ask in asked if ask.role == role.name)])
        for name in (role.name, *(f"{role.name}.other.{number}" for number in range(1, most))):
            yield Actor(name, roles=roles, attributes=attributes(role, data))


def attributes(role: Role | None, data: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """What a person has to have to hold a role in a case."""
    wanted = {} if role is None else {name: plain_of(data.get(path)) for name, path in role.where.items()}
    return {name: str(value) for name, value in wanted.items() if value is not None}


def _known(case: Case | None) -> tuple[str, ...]:
    """Persons who have acted, the last first; a few."""
    acts = case.memory.acts.values() if case is not None else ()
    return tuple(dict.fromkeys(person for persons in reversed(list(acts)) for person in persons))[:4]
