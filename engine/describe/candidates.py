"""Who of those who hold a role may send an event now, and what stands against the others; nothing is changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.core.machine.duties import stands_against
from engine.core.machine.turns import answered
from engine.core.selection import admits, has_another, pools

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from engine.core.case import Actor
    from engine.core.machine.chart import Ways
    from engine.core.machine.draft import Draft
    from engine.core.naming import Who


@frozen
class Candidate:
    """A person who holds a role that sends the event: whether he may now, and if not, why."""

    person: str
    name: str
    role: str
    may: bool
    why: str


def candidates(draft: Draft, ways: Ways, holders: Mapping[str, Sequence[Actor]]) -> Iterator[Candidate]:
    """Each holder of each role in `by`, once for each role."""
    for who in ways.handler.by:
        for actor in holders.get(str(who), ()):
            why = _against(draft, ways, who, actor)
            yield Candidate(actor.id, actor.name or actor.id, str(who), not why, why)


def _against(draft: Draft, ways: Ways, who: Who, actor: Actor) -> str:
    """What keeps him from it; "": nothing. Declarations of having no tie are made when it is sent."""
    case, workflow = draft.before, draft.chart.workflow
    memory, panel = case.memory, draft.chart.states[ways.state].panel
    assigned = pools(memory.assigned) if panel is not None else memory.assigned
    if admits(workflow, (who,), actor, case.data, memory.excluded, assigned) is None:
        if actor.among(memory.excluded.get(who.name, ())):
            return "acted in this case before new people were called"
        one = assigned.get(who.name)
        if one is not None and not who.supervisor and has_another(one, actor):
            return f"{one.claimed} has claimed the work" if one.claimed else "the work is offered to others"
        return "holds the role in other cases"
    if panel is not None and panel.event == ways.handler.event:
        if any(answered(row, actor.persons) for row in memory.answers.get(ways.state, ())):
            return "has answered already"
        if actor.among(memory.out.get(ways.state, ())):
            return "was taken out of this panel"
    conflict = stands_against(draft.chart, case, actor, ways.state, now=draft.now, role=str(who))
    return "" if conflict is None else str(conflict)
