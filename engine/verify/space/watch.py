"""Policies as monitors of a search: what they remember from step to step, and which step breaks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.verify.policies import AtMost, Before, NotBoth
from engine.verify.space.explore import Seen

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from engine.verify.policies import Thing
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
    """Sees whether something happens: an event first, then the states in the order in which they are entered."""

    def __init__(self, thing: Thing, place: Mapping[str, int]) -> None:
        self.event = thing.event
        self.places = frozenset(place[path] for path in thing.states)

    def happens(self, step: Step) -> Iterator[bool]:
        """For the event of a step, then for each state entered."""
        yield self.event is not None and step.move.kind == "event" and step.move.name == self.event
        for place in step.entered:
            yield place in self.places


def _before(first: _Seer, needed: _Seer) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        for now, enough in zip(first.happens(step), needed.happens(step), strict=True):
            if enough:
                return Seen.OVER
            if now:
                return Seen.FOUND
        return memory

    return monitor


def _at_most(count: int, thing: _Seer) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        seen = (memory if isinstance(memory, int) else 0) + sum(thing.happens(step))
        return Seen.FOUND if seen > count else seen

    return monitor


def _not_both(first: _Seer, second: _Seer) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        one, other = memory if isinstance(memory, tuple) else (False, False)
        one, other = one or any(first.happens(step)), other or any(second.happens(step))
        return Seen.FOUND if one and other else (one, other)

    return monitor
