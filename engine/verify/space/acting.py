"""Policies about persons as monitors of a search: in which of the states and events that they name somebody has acted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.verify.space.explore import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from engine.core.definition import State, Workflow
    from engine.verify.policies import Thing
    from engine.verify.space.explore import Monitor
    from engine.verify.space.plan import Step


def acting(things: tuple[Thing, ...]) -> Callable[[Mapping[str, int]], Monitor]:
    """Finds a step in which a person acts in one of these after one has acted in another; a panel is acted in by its end."""
    return lambda _: _in_two(things, [frozenset()] * len(things))


def perhaps_acting(things: tuple[Thing, ...], workflow: Workflow) -> Callable[[Mapping[str, int]], Monitor]:
    """The same where somebody could: a panel is answered, and a deadline extended, without a step of the search."""
    quiet = [frozenset(_quiet(thing, workflow)) for thing in things]
    return lambda place: _in_two(things, [frozenset(place[path] for path in paths) for paths in quiet])


def _in_two(things: tuple[Thing, ...], quiet: Sequence[frozenset[int]]) -> Monitor:
    """Remembers in which things somebody has acted, and in which he could from some step on."""

    def monitor(memory: Hashable, step: Step) -> Hashable:
        acted, able = memory if isinstance(memory, tuple) else (frozenset(), frozenset())
        acts = frozenset(n for n, one in enumerate(things) if _acts(one, step))
        begun = frozenset(n for n, places in enumerate(quiet) if not places.isdisjoint(step.entered))
        able |= begun
        if _differ(acts, acted | able) or _differ(begun, acted | acts | able):
            return Seen.FOUND
        return acted | acts, able

    return monitor


def _differ(some: frozenset[int], others: frozenset[int]) -> bool:
    """Whether one of these is another than one of those."""
    return bool(some) and len(some | others) > 1 and bool(others)


def _acts(thing: Thing, step: Step) -> bool:
    move = step.move
    if thing.event is not None:
        return move.kind == "event" and move.name == thing.event
    if move.kind not in {"event", "done"}:
        return False
    taken = (arm.rpartition(":") for arm in step.arms) if move.kind == "event" else ()
    regions = (state for state, _, event in taken if event.partition("#")[0] == move.name)
    return any(_inside(state, thing.states) for state in (move.state, *regions))


def _quiet(thing: Thing, workflow: Workflow) -> Iterable[str]:
    """The states of a thing in which somebody acts without moving the case."""
    return (path for path, state in workflow.states.items() if _inside(path, thing.states) and _is_quiet(state))


def _is_quiet(state: State) -> bool:
    return state.panel is not None or any(deadline.extend is not None for deadline in state.deadlines.values())


def _inside(state: str, paths: Iterable[str]) -> bool:
    return any(state == path or state.startswith(f"{path}.") for path in paths)
