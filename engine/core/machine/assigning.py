"""Who has a role's work in a case: offered to some, claimed by one, given back, handed on (ROADMAP §3.10).

Without an assignment anybody who has the role may act. Duties are looked at here as well as when the work is done, so that
nobody takes what he could not complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.machine.duties import stands_against
from engine.core.machine.finishing import Said, finish
from engine.core.selection import fits, has_another, is_inside
from engine.core.work import Assigned
from engine.errors import ActorNotAllowed, EventNotAllowed, FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from engine.core.case import Actor, Step
    from engine.core.machine.draft import Draft
    from engine.core.work import AssignmentChanged

MOST = 20
"""Persons to whom one work is offered."""


def change_assignment(draft: Draft, asked: AssignmentChanged) -> Step:
    """The step of an assignment. Raises InvalidPayload, EventNotAllowed, ActorNotAllowed, DutyConflict."""
    if asked.role not in draft.chart.workflow.roles:
        known = ", ".join(draft.chart.workflow.roles)
        raise InvalidPayload([FieldProblem("role", "unknown", f"there is no role {asked.role}; there are {known}")])
    if draft.before.closed_at is not None:
        raise EventNotAllowed(f"the case is closed ({draft.before.outcome}); there is no work in it", event=asked.verb)
    before = draft.assigned.get(asked.role, Assigned())
    supervises = may_supervise(draft, draft.actor, asked.role)
    after: Assigned | None
    match asked.verb:
        case "offer":
            after = _offered(draft, asked, before, supervises=supervises)
        case "claim":
            after = _claimed(draft, asked, before)
        case "delegate":
            after = _delegated(draft, asked, before, supervises=supervises)
        case "give_back":
            after = _given_back(draft, asked, before, supervises=supervises)
    kept = {role: one for role, one in draft.assigned.items() if role != asked.role}
    draft.assigned = kept if after is None else {**kept, asked.role: after}
    said = {"role": asked.role, "persons": tuple(person.id for person in asked.persons)}
    acted = f"{asked.role}.supervisor" if supervises and asked.verb != "claim" else asked.role
    return finish(draft, Said("assignment", asked.verb, "", said, asked.reason, asked.command, acted))


def may_supervise(draft: Draft, actor: Actor, role: str) -> bool:
    """Whether he holds `role.supervisor` in this case."""
    return f"{role}.supervisor" in actor.roles and fits(draft.chart.workflow.roles[role], actor, draft.data)


def _offered(draft: Draft, asked: AssignmentChanged, before: Assigned, *, supervises: bool) -> Assigned:
    if not supervises:
        raise _not_you(draft, asked, f"{asked.role}.supervisor")
    if before.claimed is not None:
        raise _taken(asked, before.claimed)
    if not 1 <= len(asked.persons) <= MOST:
        raise InvalidPayload([FieldProblem("persons", "range", f"name 1 to {MOST} persons")])
    for person in asked.persons:
        _could_do(draft, asked.role, person)
    return Assigned(tuple(dict.fromkeys(person.id for person in asked.persons)), None, draft.now)


def _claimed(draft: Draft, asked: AssignmentChanged, before: Assigned) -> Assigned:
    actor = draft.actor
    if actor.kind != "person" or asked.role not in actor.roles:
        raise _not_you(draft, asked, asked.role)
    _not_a_panel(draft, asked)
    if before.claimed is not None:
        raise _taken(asked, before.claimed)
    if has_another(before, actor):
        raise EventNotAllowed(f"the work of {asked.role} is offered to others in this case", event=asked.verb)
    _could_do(draft, asked.role, actor)
    return Assigned(before.offered, actor.persons[-1], draft.now)


def _delegated(draft: Draft, asked: AssignmentChanged, before: Assigned, *, supervises: bool) -> Assigned:
    if not supervises and before.claimed not in draft.actor.persons:
        raise _not_you(draft, asked, f"{asked.role}.supervisor, or who has claimed it,")
    _not_a_panel(draft, asked)
    if len(asked.persons) != 1:
        raise InvalidPayload([FieldProblem("persons", "range", "name the one person who is to have it")])
    _could_do(draft, asked.role, asked.persons[0])
    return Assigned(before.offered, asked.persons[0].id, draft.now)


def _given_back(draft: Draft, asked: AssignmentChanged, before: Assigned, *, supervises: bool) -> Assigned | None:
    mine = set(draft.actor.persons)
    if before.claimed is None and not before.offered:
        raise EventNotAllowed(f"nobody has the work of {asked.role} in this case", event=asked.verb)
    if supervises or before.claimed in mine:
        return None
    left = tuple(person for person in before.offered if person not in mine)
    if before.claimed is not None or len(left) == len(before.offered):
        raise _not_you(draft, asked, f"{asked.role}.supervisor, or who has it,")
    return Assigned(left, None, draft.now) if left else None


def _not_a_panel(draft: Draft, asked: AssignmentChanged) -> None:
    """A panel asks several."""
    for path in draft.active:
        panel = draft.chart.states[path].panel
        if panel is not None and any(ask.role == asked.role for ask in panel.ask):
            raise EventNotAllowed(
                f"{path} asks several of {asked.role}, so nobody has it alone; offer it to those who are to answer",
                event=asked.verb,
            )


def _could_do(draft: Draft, role: str, person: Actor) -> None:
    """Raises where he could not act in this role now, or (where it has nothing to do now) ever.

    Declarations of having no tie are due when the work is done.
    """
    workflow = draft.chart.workflow
    name = person.name or person.id
    if role not in person.roles or not fits(workflow.roles[role], person, draft.data):
        raise InvalidPayload([FieldProblem("persons", "not-allowed", f"{name} does not have the role {role} here")])
    if person.among(draft.excluded.get(role, ())):
        words = f"{name} acted in this case before new people were called"
        raise InvalidPayload([FieldProblem("persons", "not-allowed", words)])
    first = None
    for state in _places(draft, role):
        against = stands_against(draft.chart, draft.before, person, state, now=draft.now, role=role)
        if against is None:
            return
        first = first or against
    if first is not None:
        raise first


def _places(draft: Draft, role: str) -> list[str]:
    """Where this role may act: among the active states, or among all where it has nothing to do now.

    What it may send at any time, in a whole stage or the whole case, is not the work, where it has some inside.
    """

    def among(states: list[str]) -> list[str]:
        found = [
            path
            for path in states
            if any(str(who) == role for ways in draft.chart.ways[path].values() for who in ways.handler.by)
        ]
        return [path for path in found if not any(is_inside(other, path) for other in found)]

    return among(list(draft.active)) or among(list(draft.chart.ways))


def _not_you(draft: Draft, asked: AssignmentChanged, who: str) -> ActorNotAllowed:
    name = draft.actor.name or draft.actor.id
    return ActorNotAllowed(f"{name} may not {_words(asked)}; {who} may", event=asked.verb, by=[who.strip(",")])


def _taken(asked: AssignmentChanged, claimed: str) -> EventNotAllowed:
    return EventNotAllowed(
        f"{claimed} has claimed the work of {asked.role} in this case; it has to be given back first", event=asked.verb
    )


def _words(asked: AssignmentChanged) -> str:
    return f"{asked.verb.replace('_', ' ')} the work of {asked.role}"
