"""Policies as monitors of a search: what they remember from step to step, and which step breaks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.verify.policies import AtMost, Before, NotBoth
from engine.verify.space.explore import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from engine.core.definition import Workflow
    from engine.verify.policies import Thing, Within
    from engine.verify.space.explore import Monitor
    from engine.verify.space.plan import Step


def monitor_of(policy: Before | AtMost | NotBoth, place: Mapping[str, int]) -> Monitor:
    """Finds a step after which the policy is broken; `place` is that of each state in the file."""
    match policy:
        case Before(first=first, needed=needed):
            return _before(_Seer(first, place), _Seer(needed, place))
        case AtMost(count=count, thing=thing):
            return _at_most(count, _Seer(thing, place))
        case NotBoth(first=first, second=second):
            return _not_both(_Seer(first, place), _Seer(second, place))


class _Seer:
    """Sees how often something happens in a step; what a step does happens at once."""

    def __init__(self, thing: Thing, place: Mapping[str, int]) -> None:
        self.event = thing.event
        self.places = frozenset(place[path] for path in thing.states)

    def __call__(self, step: Step) -> int:
        if self.event is not None:
            return int(step.move.kind == "event" and step.move.name == self.event)
        return sum(place in self.places for place in step.entered)


def _before(first: _Seer, needed: _Seer) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        if needed(step):
            return Seen.OVER
        return Seen.FOUND if first(step) else memory

    return monitor


def _at_most(count: int, thing: _Seer) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        seen = (memory if isinstance(memory, int) else 0) + thing(step)
        return Seen.FOUND if seen > count else seen

    return monitor


def _not_both(first: _Seer, second: _Seer) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        one, other = memory if isinstance(memory, tuple) else (False, False)
        one, other = one or first(step) > 0, other or second(step) > 0
        return Seen.FOUND if one and other else (one, other)

    return monitor


def beginning(policy: Within, workflow: Workflow) -> Callable[[Mapping[str, int]], Monitor]:
    """Finds a step at which a policy's time begins: its start, without its end, and without an end of the case."""
    closed = [child.path for child in workflow.root.children if child.kind is StateKind.FINAL]

    def of(place: Mapping[str, int]) -> Monitor:
        start, end, over = _Seer(policy.start, place), _Seer(policy.end, place), {place[path] for path in closed}

        def monitor(memory: Hashable, step: Step) -> Hashable:
            begins = start(step) and over.isdisjoint(step.entered)
            return Seen.FOUND if begins and (policy.start == policy.end or not end(step)) else memory

        return monitor

    return of


def entering(path: str) -> Callable[[Mapping[str, int]], Monitor]:
    """Finds a step that enters a state."""

    def of(place: Mapping[str, int]) -> Monitor:
        return lambda memory, step: Seen.FOUND if place[path] in step.entered else memory

    return of


def taking(arm: str, times: int = 1) -> Callable[[Mapping[str, int]], Monitor]:
    """Finds the step by which an arm is taken for the n-th time."""

    def monitor(memory: Hashable, step: Step) -> Hashable:
        seen = (memory if isinstance(memory, int) else 0) + step.arms.count(arm)
        return Seen.FOUND if seen >= times else seen

    return lambda _: monitor
