"""Searches for real cases by what they shall come to and with which values, each made once.

Values come in two ways: where forms and answers give them, they are pinned (given wherever there is a place for them); where
only the workflow itself writes them, as it does counters, the search follows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.case import Event
from engine.verify.space.explore import Seen, explore
from engine.verify.space.watch import entering
from engine.verify.trial.hunt import finds, hunt
from engine.verify.trial.replay import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

    from engine.verify.space.explore import Monitor
    from engine.verify.space.plan import Step
    from engine.verify.space.space import Space
    from engine.verify.trial.player import Run
    from engine.verify.trial.trials import Trials

    MonitorAt = Callable[[Mapping[str, int]], Monitor]

MOST_STEPS = 1000
"""Steps asked of the engine in one search with values."""


class Aims:
    """Searches of one workflow; what was looked for twice is looked for once."""

    def __init__(self, trials: Trials) -> None:
        self.trials, self.workflow = trials, trials.workflow
        self.followed = frozenset(trials.prover.space().values.places)
        self._found: dict[Hashable, Run | None] = {}

    def entering(self, path: str, pins: Mapping[str, Any] | None = None) -> Run | None:
        """A case that enters a state; none is looked for inside a state that none was found for."""
        around = path.rpartition(".")[0]
        if around and self.entering(around) is None:
            return None
        return self._once(("entering", path), entering(path), pins or {})

    def taking(self, arms: Sequence[str], pins: Mapping[str, Any] | None = None) -> Run | None:
        """A case that takes one of these arms."""
        return self._once(("taking", *arms), _taking_one(arms), pins or {})

    def leaving(self, path: str, deadline: str = "") -> Run | None:
        """A case that leaves a state, and before a deadline of it is due."""
        return self._once(("leaving", path, deadline), _leaving(path, deadline), {})

    def resting(self, path: str, name: str, value: Any) -> Run | None:
        """A case that is in a state while a field that is followed has a value."""
        return self._counted(("resting", path, name, value), name, _resting(path, name, value))

    def choosing(self, arms: Sequence[str], name: str, value: Any) -> Run | None:
        """A case that takes one of these arms when a field that is followed had a value."""
        return self._counted(("choosing", *arms, name, value), name, _choosing(arms, name, value))

    def _once(self, key: Hashable, monitor_at: MonitorAt, pins: Mapping[str, Any]) -> Run | None:
        key = (key, repr(sorted(pins.items())))
        if key not in self._found:
            self._found[key] = self._pinned(monitor_at, pins) if pins else self.trials.to(monitor_at)
        return self._found[key]

    def _pinned(self, monitor_at: MonitorAt, pins: Mapping[str, Any]) -> Run | None:
        explored, space = self.trials.prover.find(monitor_at)
        if explored.way is None:
            return None
        return self._hunted(space, monitor_at(space.place), pins)

    def _counted(self, key: Hashable, name: str, monitor_at: Callable[[Space], Monitor]) -> Run | None:
        if key not in self._found:
            space = self.trials.prover.space(frozenset({name}))
            self._found[key] = self._hunted(space, monitor_at(space), {})
        return self._found[key]

    def _hunted(self, space: Space, monitor: Monitor, pins: Mapping[str, Any]) -> Run | None:
        explored = explore(space, self.trials.limit, monitor, links=True)
        if explored.way is None:
            return None
        player = self.trials.player.pinned(pins)
        found = hunt(player, space, explored, monitor, MOST_STEPS, self.trials.known)
        if found is None:
            return None
        had = {name for name, value in pins.items() if _has(found, name, value)}
        return shortened(
            player,
            found,
            lambda runs: finds(space, monitor, runs) and all(_has(runs[-1], name, pins[name]) for name in had),
        )


def _has(run: Run, name: str, value: Any) -> bool:
    """Whether a case has a value, or was just told it."""
    said = run.acts[-1].said
    told = said.data if isinstance(said, Event) else {}
    found = told.get(name.removeprefix("event."), run.case.data.get(name))
    return bool(found == value) or str(found) == str(value)


# ── what is watched for ──────────────────────────────────────────────────────────────────────────────────────────────


def _taking_one(arms: Collection[str]) -> MonitorAt:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        return memory if set(arms).isdisjoint(step.arms) else Seen.FOUND

    return lambda _: monitor


def _leaving(path: str, deadline: str) -> MonitorAt:
    """Remembers whether the case is in the state and its deadline is still to come."""

    def of(place: Mapping[str, int]) -> Monitor:
        bit, here = 1 << place[path], place[path]

        def monitor(memory: Hashable, step: Step) -> Hashable:
            due = step.move.kind == "deadline" and (step.move.state, step.move.name) == (path, deadline)
            entered = here in step.entered
            if memory and not due and (entered or not step.to.active & bit):
                return Seen.FOUND
            return entered or (bool(memory) and not due)

        return monitor

    return of


def _resting(path: str, name: str, value: Any) -> Callable[[Space], Monitor]:
    def of(space: Space) -> Monitor:
        bit, at = space.bit[path], space.values.places[name]
        return lambda memory, step: Seen.FOUND if step.to.active & bit and step.to.known[at] == value else memory

    return of


def _choosing(arms: Collection[str], name: str, value: Any) -> Callable[[Space], Monitor]:
    """Remembers the value before each step."""

    def of(space: Space) -> Monitor:
        at = space.values.places[name]

        def monitor(memory: Hashable, step: Step) -> Hashable:
            if memory == value and not set(arms).isdisjoint(step.arms):
                return Seen.FOUND
            return step.to.known[at] if step.to.known else None

        return monitor

    return of
