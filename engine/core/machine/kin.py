"""Parents and children: a child exists, a child has ended (LANGUAGE §2.5 children, §2.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.case import Child, Event
from engine.core.machine.draft import children_view
from engine.core.machine.events import Trial, select
from engine.core.machine.finishing import Said, finish
from engine.core.machine.moves import run_arms
from engine.core.machine.settle import settle
from engine.core.selection import admits
from engine.errors import ActorNotAllowed, EventNotAllowed

if TYPE_CHECKING:
    from engine.core.case import ChildEnded, ChildOpened, Step
    from engine.core.machine.draft import Draft

CHILD_ENDED = "child_ended"


def child_opened(draft: Draft, happened: ChildOpened) -> Step:
    """Learn a child's number; or, where a person opens one through the API, check `add` and count it in."""
    known = next((child for child in draft.children if child.id == happened.id), None)
    if known is not None:
        draft.children = tuple(
            replace(child, number=happened.number) if child.id == happened.id else child for child in draft.children
        )
        return finish(
            draft, Said("child", "child_opened", note=f"{happened.workflow} {happened.number or happened.id}")
        )
    origin = _place_for(draft, happened)
    draft.add_child(Child(happened.id, happened.workflow, happened.key, happened.number, origins=(origin,)))
    return finish(
        draft,
        Said(
            "child",
            "child_opened",
            state=origin.partition("#")[0],
            note=f"{happened.workflow} {happened.number or happened.id}",
        ),
    )


def _place_for(draft: Draft, happened: ChildOpened) -> str:
    actor = happened.by or draft.actor
    adders: list[str] = []
    if draft.before.closed_at is not None:
        raise EventNotAllowed(f"the case is closed ({draft.before.outcome}); it takes no child", event="open")
    for position in draft.placed():
        cases = draft.chart.states[position.state].cases
        if cases is None or cases.workflow != happened.workflow:
            continue
        if admits(draft.chart.workflow, cases.add, actor, draft.data, draft.excluded, draft.assigned):
            return f"{position.state}#{position.entry}"
        adders += [str(who) for who in cases.add]
    if adders:
        raise ActorNotAllowed(
            f"{actor.id} may not add a {happened.workflow} here; {' or '.join(adders)} may", event="open", by=adders
        )
    raise EventNotAllowed(
        f"{draft.before.number or draft.before.id} takes no {happened.workflow} case now; it does so in a state with `cases`",
        event="open",
    )


def child_ended(draft: Draft, happened: ChildEnded) -> Step:
    """Mark it, tell a handler of `child_ended` if there is one, and see whether enough have ended."""
    draft.children = tuple(
        replace(child, ended=True, outcome=happened.outcome, number=happened.number)
        if child.id == happened.id
        else child
        for child in draft.children
    )
    draft.scope.children = children_view(draft.children)
    said = Said("child", CHILD_ENDED, note=f"{happened.workflow} {happened.number or happened.id}: {happened.outcome}")
    if draft.before.closed_at is not None:
        return finish(draft, said)
    draft.happens(CHILD_ENDED, {})
    event = Event(CHILD_ENDED)
    chosen = select(draft, CHILD_ENDED, Trial(draft, event))
    if chosen:
        run_arms(draft, [choice.taken for choice in chosen])
    settle(draft)
    return finish(draft, said)
