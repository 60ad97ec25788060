"""`subscribe` and `unsubscribe`: built-in events of anybody who may address the case (LANGUAGE §2.8 notify: subscribers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.machine.finishing import Said, finish
from engine.errors import FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from engine.core.case import Event, Step
    from engine.core.machine.draft import Draft

SUBSCRIBE, UNSUBSCRIBE = "subscribe", "unsubscribe"
_BOTH = frozenset({SUBSCRIBE, UNSUBSCRIBE})


def subscribes(draft: Draft, event: Event) -> bool:
    """Whether this is one of the two, said by a person to an open case whose workflow has no event of that name."""
    built_in = event.name in _BOTH and event.name not in draft.chart.takers
    return built_in and draft.actor.kind == "person" and draft.before.closed_at is None


def subscribe(draft: Draft, event: Event) -> Step:
    """From now on he hears, or does not hear, what goes to `subscribers`; nothing else moves."""
    if event.data:
        raise InvalidPayload([FieldProblem(next(iter(event.data)), "unknown", "is not asked for here")])
    others = tuple(person for person in draft.subscribers if person != draft.actor.id)
    draft.subscribers = (*others, draft.actor.id) if event.name == SUBSCRIBE else others
    return finish(draft, Said("event", event.name, command=event.command))
