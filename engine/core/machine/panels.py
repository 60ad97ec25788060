"""Members of a panel who leave it while it is at work: replaced before or after they have voted, or their opinion voided.

What was said stays in the history. Who has left does not answer again; in his place another of the role is asked, or, where
persons are asked by name, who is named now: until then it is their supervisor's turn, and the place counts as not answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.machine.assigning import may_supervise
from engine.core.machine.finishing import Said, finish
from engine.core.machine.settle import settle
from engine.core.machine.turns import answered, person_id
from engine.errors import ActorNotAllowed, EventNotAllowed, FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from engine.core.case import Actor, Step
    from engine.core.definition import Ask, Panel
    from engine.core.machine.draft import Draft
    from engine.core.work import PanelChanged


def change_panel(draft: Draft, asked: PanelChanged) -> Step:
    """The step. Raises EventNotAllowed, ActorNotAllowed, InvalidPayload."""
    panel = _at_work(draft, asked)
    ask = _asked_as(draft, asked, panel)
    if not may_supervise(draft, draft.actor, ask.role):
        who = f"{ask.role}.supervisor"
        raise ActorNotAllowed(
            f"{draft.actor.name or draft.actor.id} may not {asked.verb} a member of {asked.state}; {who} may",
            event=asked.verb,
            by=[who],
        )
    _check_successor(draft, asked, ask)
    whose = _void(draft, asked, panel)
    if ask.persons is not None and asked.by is not None:
        _name(draft, whose, asked.by, ask.persons)
    out = draft.out.get(asked.state, ())
    draft.out = {**draft.out, asked.state: tuple(dict.fromkeys((*out, asked.person)))}
    settle(draft)
    said = {"person": asked.person, **({"by": asked.by.id} if asked.by is not None else {})}
    words = Said("panel", asked.verb, asked.state, said, asked.reason, asked.command, f"{ask.role}.supervisor")
    return finish(draft, words)


def _at_work(draft: Draft, asked: PanelChanged) -> Panel:
    state = draft.chart.states.get(asked.state)
    if state is None or state.panel is None:
        known = ", ".join(path for path, one in draft.chart.states.items() if one.panel is not None) or "none"
        raise InvalidPayload(
            [FieldProblem("state", "unknown", f"there is no panel {asked.state[:80]}; there are {known}")]
        )
    position = draft.active.get(asked.state)
    if position is None or position.finished:
        raise EventNotAllowed(
            f"the panel {asked.state} is not at work; its answers have been counted", event=asked.verb
        )
    return state.panel


def _asked_as(draft: Draft, asked: PanelChanged, panel: Panel) -> Ask:
    """As what he is asked: by his answer, by his name, else as one of those who are counted."""
    rows = draft.answers.get(asked.state, ())
    given = next((row for row in rows if answered(row, {asked.person})), None)
    for ask in panel.ask:
        named = ask.persons is not None and asked.person in map(person_id, draft.data.get(ask.persons, ()))
        if named or (given is not None and given.get("_role") == ask.role):
            return ask
    if asked.verb == "void":
        raise EventNotAllowed(f"{asked.person} has given no opinion in {asked.state}", event=asked.verb)
    if asked.person in draft.out.get(asked.state, ()):
        raise EventNotAllowed(f"{asked.person} has left {asked.state} already", event=asked.verb)
    counted = next((ask for ask in panel.ask if ask.persons is None), None)
    if counted is None:
        raise EventNotAllowed(f"{asked.person} is not among those whom {asked.state} asks", event=asked.verb)
    return counted


def _check_successor(draft: Draft, asked: PanelChanged, ask: Ask) -> None:
    """Named where persons are asked by name, and only there; not one who was asked already, or has left."""
    if ask.persons is None or asked.verb == "void":
        if asked.by is not None:
            words = f"any other {ask.role} may answer in his place; name nobody"
            raise InvalidPayload([FieldProblem("by", "not-allowed", words)])
        return
    if asked.by is None:
        raise InvalidPayload([FieldProblem("by", "missing", "name the person who is to answer in his place")])
    others = {person_id(person) for person in draft.data.get(ask.persons, ())} | set(draft.out.get(asked.state, ()))
    if asked.by.id in others or ask.role not in asked.by.roles:
        words = f"is asked already, has left, or does not have the role {ask.role}; name another"
        raise InvalidPayload([FieldProblem("by", "not-allowed", words)])


def _void(draft: Draft, asked: PanelChanged, panel: Panel) -> str:
    """Takes his row out of the answers and of the list, also one he gave for another; whose place it was."""
    rows = list(draft.answers.get(asked.state, ()))
    place = next((place for place, row in enumerate(rows) if answered(row, {asked.person})), None)
    if place is None:
        if asked.verb == "void":
            raise EventNotAllowed(f"{asked.person} has given no opinion in {asked.state}", event=asked.verb)
        return asked.person
    listed = list(draft.data.get(panel.into, ()))
    taken = rows.pop(place)
    draft.answers = {**draft.answers, asked.state: tuple(rows)}
    if len(listed) == len(rows) + 1:
        del listed[place]
    else:  # somebody has edited the list since
        plain = {name: value for name, value in taken.items() if not name.startswith("_")}
        listed = [row for row in listed if row != plain]
    draft.write(panel.into, tuple(listed))
    return str(taken["_id"])


def _name(draft: Draft, person: str, by: Actor, path: str) -> None:
    """In his place, and written as he was."""

    def instead(one: Any) -> Any:
        if person_id(one) != person:
            return one
        return {"id": by.id, "name": by.name or by.id} if isinstance(one, dict) else by.id

    draft.write(path, tuple(map(instead, draft.data.get(path, ()))))
