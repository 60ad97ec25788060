"""Who may not act here although his role may: duties between natural persons (LANGUAGE §2.4, ROADMAP §3.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.calendars.moments import due_before
from engine.core.case import Tie
from engine.core.naming import Side
from engine.core.selection import plain_of
from engine.errors import DutyConflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from engine.core.case import Actor, Case
    from engine.core.definition import Duty, Workflow
    from engine.core.machine.chart import Chart

PARENT = "parent"


def check_duties(
    chart: Chart, case: Case, actor: Actor, state: str, declares: Iterable[str], *, now: datetime, role: str = ""
) -> dict[str, tuple[str, ...]]:
    """Raises DutyConflict; returns the declarations on record from now on (duty → persons).

    `role` is the one the sender acts in: on the applicant's side nobody declares to have no tie with the applicant.
    """
    declared = dict(case.memory.declared)
    acting = chart.workflow.roles.get(role.removesuffix(".supervisor"))
    party_himself = acting is not None and acting.side is Side.APPLICANT
    for duty in chart.duties[state]:
        if duty.kind == "no_interest":
            if party_himself:
                continue
            _check_interest(chart, case, actor, duty, declares=declares, declared=declared, now=now)
        elif duty.kind == "different":
            _check_different(chart, case, actor, duty, state)
        else:
            _check_same(chart, case, actor, duty, state)
    return declared


def interests(workflow: Workflow) -> tuple[str, ...]:
    """The duties for which a declaration may be due."""
    return tuple(duty.id for duty in workflow.duties if duty.kind == "no_interest")


def stands_against(
    chart: Chart, case: Case, actor: Actor, state: str, *, now: datetime, role: str
) -> DutyConflict | None:
    """The duty against this person, whatever he declares; None: there is none."""
    try:
        check_duties(chart, case, actor, state, interests(chart.workflow), now=now, role=role)
    except DutyConflict as conflict:
        return conflict
    return None


def _inside(state: str, other: str) -> bool:
    return other != PARENT and (state == other or state.startswith(f"{other}."))


def _acts(acts: Mapping[str, tuple[str, ...]], place: str) -> dict[str, tuple[str, ...]]:
    return {state: people for state, people in acts.items() if state == place or _inside(state, place)}


def _check_different(chart: Chart, case: Case, actor: Actor, duty: Duty, state: str) -> None:
    for place in duty.states:
        if _inside(state, place):
            continue
        for where, people in _acts(case.memory.acts, place).items():
            if actor.among(people):
                seen = "in the case that opened this one" if where == PARENT else f"in {_place(chart, where)}"
                raise DutyConflict(
                    f"{_name(actor, people)} acted {seen}; {duty.id} wants another person here{_basis(duty)}",
                    duty=duty.id,
                    act=where,
                )


def _check_same(chart: Chart, case: Case, actor: Actor, duty: Duty, state: str) -> None:
    for place in duty.states:
        if _inside(state, place):
            continue
        people = {person for persons in _acts(case.memory.acts, place).values() for person in persons}
        if people and actor.id not in people:  # himself, not one who acts for him
            raise DutyConflict(
                f"{', '.join(sorted(people))} acted in {_place(chart, place)}; {duty.id} wants the same person here{_basis(duty)}",
                duty=duty.id,
                act=place,
            )


def _check_interest(
    chart: Chart,
    case: Case,
    actor: Actor,
    duty: Duty,
    *,
    declares: Iterable[str],
    declared: dict[str, tuple[str, ...]],
    now: datetime,
) -> None:
    party = plain_of(case.data.get(duty.interest or ""))
    since = now if duty.within is None else due_before(now, duty.within, calendar=chart.calendar, zone=chart.zone)
    own = actor.attributes.get("party", ())
    ties = (*actor.ties, *(Tie(name) for name in ((own,) if isinstance(own, str) else own)))
    for tie in ties:
        if tie.party == party and (tie.until is None or tie.until >= since):
            raise DutyConflict(
                f"{actor.name or actor.id} is tied to {party}; {duty.id} wants a person without interest{_basis(duty)}",
                duty=duty.id,
                act=f"tie to {party}",
            )
    people = declared.get(duty.id, ())
    if actor.id in people:  # each declares for himself
        return
    if duty.id not in declares:
        raise DutyConflict(
            f"{duty.id} wants a declaration of having no tie with {party or 'the party'}; "
            f'send it with the event: declares: ["{duty.id}"]{_basis(duty)}',
            duty=duty.id,
        )
    declared[duty.id] = (*people, actor.id)


def _name(actor: Actor, people: Iterable[str]) -> str:
    """Who of those whose act it would be has acted already."""
    if actor.id in people or actor.acting_for is None:
        return actor.name or actor.id
    return f"{actor.acting_for}, for whom {actor.name or actor.id} acts,"


def _place(chart: Chart, state: str) -> str:
    """A state as people know it."""
    title = chart.states[state].title if state in chart.states else None
    return f"'{title}'" if title is not None else state


def _basis(duty: Duty) -> str:
    return f" ({duty.note})" if duty.note else ""
