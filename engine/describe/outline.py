"""A workflow as a tree of states with whose turn it is and what is due; drawing it is left to the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.describe.words import timing, title_of

if TYPE_CHECKING:
    from engine.core.definition import State, Workflow


@frozen
class DueLine:
    """A deadline in a line: its name, when, and where it leads (None: it only informs)."""

    name: str
    timing: str
    to: str | None


@frozen
class OutlineNode:
    """A state: `turn` as said here (None: not said, (): nobody's), `events` by name."""

    path: str
    title: str
    kind: str
    turn: tuple[str, ...] | None
    events: tuple[str, ...]
    deadlines: tuple[DueLine, ...]
    outcome: str | None
    children: tuple[OutlineNode, ...]


def outline(workflow: Workflow, *, locale: str = "") -> OutlineNode:
    """The whole definition from its root."""
    node = _node(workflow.root, locale)
    return OutlineNode(
        node.path, workflow.title.say(locale), node.kind, node.turn, node.events, node.deadlines, None, node.children
    )


def _node(state: State, locale: str) -> OutlineNode:
    return OutlineNode(
        path=state.path,
        title=title_of(state, locale),
        kind=state.kind.value,
        turn=None if state.turn is None else tuple(str(who) for who in state.turn),
        events=tuple(state.events),
        deadlines=tuple(
            DueLine(deadline.name, timing(deadline), next((arm.to for arm in deadline.arms if arm.to), None))
            for deadline in state.deadlines.values()
        ),
        outcome=state.outcome,
        children=tuple(_node(child, locale) for child in state.children),
    )
