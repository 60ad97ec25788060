"""Scenarios for what is not covered: a case that goes there is looked for, told, and rehearsed before it is suggested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.machine.chart import arms_of
from engine.rehearse.coverage import Covered
from engine.rehearse.guards import Guards
from engine.rehearse.reading import read_scenarios
from engine.rehearse.runner import run_file
from engine.rehearse.telling import Told, can_be_told
from engine.verify.parts import Parts
from engine.verify.space.explore import Limit
from engine.verify.space.watch import entering, taking
from engine.verify.trial.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.core.machine.chart import Chart
    from engine.rehearse.coverage import Share
    from engine.rehearse.world import World
    from engine.verify.trial.player import Run

LIMIT = Limit(configurations=20_000)
MOST = 40
NOTES = (
    "Suggested: cases that go where no scenario has gone. People and data are made up.",
    "To be confirmed: read each, put in what people would say, and what is to be expected.",
)


@dataclass(frozen=True, slots=True)
class Suggested:
    """The text of a scenario file, what its scenarios go through, and what no case was found for."""

    text: str
    found: tuple[str, ...]
    missing: tuple[str, ...]


def suggest(world: World, chart: Chart, shares: dict[str, Share], progress: Callable[[str], None]) -> Suggested:
    """Scenarios for the arms, deadlines and states that are missing; `progress` hears of each as it is looked for."""
    workflow = chart.workflow
    trials = Trials(workflow, Parts(workflow), chart.calendar, LIMIT)
    told, found = Told(workflow, trials.player.start), list[str]()
    missing = dict.fromkeys(name for what in ("transitions", "deadlines", "states") for name in shares[what].missing)
    for name in list(missing):
        if name not in missing or len(found) >= MOST:
            continue
        progress(name)
        for run in _ways(trials, name):
            covered = _rehearsed(world, chart, told, name, run)
            if covered is not None and name in covered:
                told.add(f"to be confirmed: {name}", run)
                found.append(name)
                missing = {other: None for other in missing if other not in covered}
                break
    return Suggested(told.text(*NOTES), tuple(found), tuple(missing))


def _ways(trials: Trials, name: str) -> Iterator[Run]:
    """Cases that go through something: by a search for it, or one step on from the state that it belongs to."""
    workflow = trials.workflow
    state, _, what = name.rpartition(":")
    if not what or ":" not in name:
        found = trials.to(entering(name))
        if found is not None:
            yield found
        return
    if name in {arm.id for arm in arms_of(workflow.states[state])}:
        found = trials.to(taking(name))
        if found is not None:
            yield found
        return
    there = trials.to(entering(state)) if state else next(trials.player.openings(), None)
    if there is None:
        return
    if what in workflow.states[state].deadlines:
        late = trials.player.until(there, state, what)
        yield from [late] if late is not None else []
    else:
        yield from trials.player.events(there, what)


def _rehearsed(world: World, chart: Chart, told: Told, name: str, run: Run) -> set[str] | None:
    """What a run goes through when it is rehearsed alone; None where it does not go as it is told."""
    if not can_be_told(run) or not told.takes(run):
        return None
    alone = Told(told.workflow, told.start)
    alone.add(name, run)
    file = read_scenarios(alone.text(), file="suggested.test.yaml")
    covered = Covered(Guards(chart.workflow))
    if any(outcome.failure is not None for outcome in run_file(world, file, chart, (), covered)):
        return None
    return covered.arms | covered.deadlines | covered.states
