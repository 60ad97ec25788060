"""What a case remembers of people: who acted where and in which role, and who gave what is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.machine.draft import Draft


def remember_act(draft: Draft, state: str, role: str) -> None:
    """A person's act, for duties and for `new_people`; what cases and the system do is nobody's act."""
    actor = draft.actor
    if actor.kind != "person":
        return
    people, role = actor.persons, role.removesuffix(".supervisor")
    draft.acts = _with(draft.acts, state, people)
    draft.acted_as = _with(draft.acted_as, role, people)
    freed = draft.excluded.get(role)
    if freed is not None and freed is not draft.before.memory.excluded.get(role):  # by this very step: he acted too
        draft.excluded = _with(draft.excluded, role, people)


def _with(known: Mapping[str, tuple[str, ...]], place: str, people: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The same where all of them are there already."""
    there = known.get(place, ())
    new = [person for person in people if person not in there]
    return {**known, place: (*there, *new)} if new else known


def remember_givers(draft: Draft, writes: Mapping[str, Any]) -> None:
    """Who gave what is sealed: he goes on reading it."""
    sealed = draft.chart.sealed
    if sealed and not sealed.isdisjoint(writes):
        draft.gave = {**draft.gave, **{path: draft.actor.persons[-1] for path in writes if path in sealed}}
