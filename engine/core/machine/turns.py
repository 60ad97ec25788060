"""Whose move it is, and whose clock runs (LANGUAGE §2.5 turn, §3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.naming import Side

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from engine.core.definition import Panel, Workflow
    from engine.core.machine.draft import Draft


_OPERATOR, _APPLICANT = frozenset({Side.OPERATOR}), frozenset({Side.APPLICANT})


def turn_of(draft: Draft) -> tuple[str, ...]:
    """Roles, `role.supervisor` or `id:<person>`: for each unfinished leaf what the nearest state around it says, and what an
    active parallel says itself; of a panel, who has not answered.
    """
    chart, active, now = draft.chart, draft.active, draft.configuration
    if not now.panels:
        for leaf in now.leaves:
            if active[leaf].finished:
                break
        else:
            return now.turn
    found: list[str] = []
    for path in now.leaves:
        if active[path].finished:
            continue
        state = chart.states[path]
        if state.panel is not None:
            found += missing_answers(state.panel, draft.data, draft.answers.get(path, ()), draft.out.get(path, ()))
        else:
            found += chart.turns[path]
    for path in now.states:
        if path in chart.parallels:
            found += chart.turns[path]
    return tuple(dict.fromkeys(found))


def missing_answers(
    panel: Panel, data: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], out: Collection[str]
) -> list[str]:
    """Who of a panel has not answered: roles with places left, or persons; of one who is out, who has to name another."""
    given = list(rows)
    missing = []
    for ask in panel.ask:
        if ask.persons is not None:
            people = [person_id(person) for person in data.get(ask.persons, ())]
            left = [person for person in people if all(row.get("_id") != person for row in given)]
            missing += [f"id:{person}" for person in left if person not in out]
            missing += [f"{ask.role}.supervisor"] if any(person in out for person in left) else []
        elif sum(row.get("_role") == ask.role for row in given) < (ask.count or 0):
            missing.append(ask.role)
    return missing


def answered(row: Mapping[str, Any], people: Collection[str]) -> bool:
    """Whether one of these gave an answer, himself or for another, or it was given for one of them."""
    return row.get("_id") in people or row.get("_by") in people


def asked(panel: Panel, data: Mapping[str, Any]) -> int:
    """How many answers a panel asks for: one from each person, however often he is named."""
    persons = {person_id(person) for ask in panel.ask if ask.persons for person in data.get(ask.persons, ())}
    return len(persons) + sum(ask.count or 0 for ask in panel.ask if not ask.persons)


def person_id(person: Any) -> str:
    """The id of a person value."""
    return str(person.get("id") or person.get("name") if isinstance(person, dict) else person)


def running_sides(workflow: Workflow, turn: Iterable[str]) -> frozenset[Side]:
    """The operator's clock runs while any turn is on its side, the applicant's while all turns are his; none without a turn."""
    sides = {_side(workflow, who) for who in turn}
    if not sides:
        return frozenset()
    return _OPERATOR if sides >= _OPERATOR else _APPLICANT


def _side(workflow: Workflow, who: str) -> Side:
    role = workflow.roles.get(who.removesuffix(".supervisor"))
    return Side.OPERATOR if role is None else role.side
