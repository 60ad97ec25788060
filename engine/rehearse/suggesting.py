"""Scenarios for what is not covered: a case that goes there is looked for, told, and rehearsed before it is suggested."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.rehearse.coverage import Covered
from engine.rehearse.goals import missing, reached
from engine.rehearse.guards import Guards
from engine.rehearse.leading import Leads
from engine.rehearse.reading import read_scenarios
from engine.rehearse.runner import run_file
from engine.rehearse.telling import Told, can_be_told
from engine.verify.parts import Parts
from engine.verify.space.explore import Limit
from engine.verify.trial.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.core.machine.chart import Chart
    from engine.rehearse.coverage import Share
    from engine.rehearse.goals import Goal, Lead
    from engine.rehearse.world import World

LIMIT = Limit(configurations=20_000)
MOST = 200
"""Scenarios in one file; with what is left one may ask again."""
MOST_REHEARSED = 20
"""Cases that are rehearsed for one goal."""
NOTES = (
    "Suggested: cases that go where no scenario has gone. People and data are made up.",
    "To be confirmed: read each, put in what people would say, and what is to be expected.",
)


@frozen
class Suggested:
    """The text of a scenario file, what its scenarios go through, and what no case was found for."""

    text: str
    found: tuple[str, ...]
    missing: tuple[str, ...]


def suggest(world: World, chart: Chart, shares: dict[str, Share], progress: Callable[[str], None]) -> Suggested:
    """Scenarios for all that is missing; `progress` hears of each goal as it is looked for."""
    workflow = chart.workflow
    leads = Leads(Trials(workflow, Parts(workflow), chart.calendar, LIMIT))
    told, found = Told(workflow, leads.player.start), list[str]()
    wanted = dict.fromkeys(missing(shares))
    for goal in list(wanted):
        if goal not in wanted or len(found) >= MOST:
            continue
        progress(str(goal))
        for lead in islice(leads.to(goal), MOST_REHEARSED):
            covered = _rehearsed(world, chart, told, goal, lead)
            if goal in covered:
                told.add(f"to be confirmed: {goal}", lead.run, refused=lead.refused)
                found.append(str(goal))
                wanted = {other: None for other in wanted if other not in covered}
                break
    return Suggested(told.text(*NOTES), tuple(found), tuple(map(str, wanted)))


def _rehearsed(world: World, chart: Chart, told: Told, goal: Goal, lead: Lead) -> set[Goal]:
    """What a case goes through when it is rehearsed alone; nothing where it does not go as it is told."""
    if not can_be_told(lead.run) or not told.takes(lead.run):
        return set()
    alone = Told(told.workflow, told.start)
    alone.add(str(goal), lead.run, refused=lead.refused)
    file = read_scenarios(alone.text(), file="suggested.test.yaml")
    covered = Covered(Guards(chart.workflow))
    if any(outcome.failure is not None for outcome in run_file(world, file, chart, (), covered)):
        return set()
    return set(reached(covered))
