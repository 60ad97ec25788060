"""Runs the scenarios of a file, each beginning once however many share it; collects what was covered, checks the policies.

Everything in a rehearsal follows from its moves, so scenarios that begin alike go on from a copy of the world there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.rehearse.play import Difference, Play
from engine.rehearse.story import Story
from engine.store.records import CaseFilter
from engine.verify.traces import Trace, broken, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.core.diagnostics import Mark
    from engine.core.machine.chart import Chart
    from engine.rehearse.coverage import Covered
    from engine.rehearse.guards import Refusal
    from engine.rehearse.scenario import Move, Scenario, ScenarioFile
    from engine.rehearse.world import Saved, World
    from engine.store.records import CaseSummary
    from engine.store.transaction import Reader
    from engine.verify.policies import Policy
    from engine.verify.traces import Moment

MOST_CASES = 1000
MOST_RECORDS = 10_000


@frozen
class Outcome:
    """How a scenario went: `failure` is one line, `story` what happened before, `mark` where the file says otherwise."""

    scenario: str
    failure: str | None
    story: tuple[str, ...]
    mark: Mark


@frozen
class Rule:
    """A policy with its words and its place; `mark` None: it stands in the workflow itself."""

    words: str
    policy: Policy
    mark: Mark | None


def run_file(
    world: World, file: ScenarioFile, chart: Chart, rules: Sequence[Rule], covered: Covered
) -> Iterator[Outcome]:
    """Each scenario of a file, as it ends; `covered` grows, and the rules hold for every case of the workflow."""
    begins = beginnings([moves_of(scenario) for scenario in file.scenarios])
    run = _Run(world, file, chart, rules, covered, begins, Counter(begins))
    for number in range(len(file.scenarios)):
        yield run.scenario(number)


def beginnings(stories: Sequence[Sequence[Any]]) -> list[tuple[int, int]]:
    """For each the first one before it with which it has most in common from the start, and how much: (0, 0) for none."""
    root, found = _Beginning(0), []
    for number, story in enumerate(stories):
        node, best = root, (0, 0)
        for place, move in enumerate(story, 1):
            known = next((one for made, one in node.after if made == move), None)
            if known is None:
                node.after.append((move, known := _Beginning(number)))
            else:
                best = (known.first, place) if known.first < number else best
            node = known
        found.append(best)
    return found


@dataclass(slots=True)
class _Beginning:
    """Moves made in this order, by which story first, and what came after them."""

    first: int
    after: list[tuple[Any, _Beginning]] = field(default_factory=list)


def moves_of(scenario: Scenario) -> tuple[Move, ...]:
    """All moves, the opening first."""
    return (scenario.open, *scenario.steps)


@dataclass
class _Run:
    world: World
    file: ScenarioFile
    chart: Chart
    rules: Sequence[Rule]
    covered: Covered
    begins: Sequence[tuple[int, int]]  # of each scenario: the earlier one and the number of moves it goes on from
    wanted: Counter[tuple[int, int]]  # how many will still begin there
    saved: dict[tuple[int, int], tuple[Saved, Play]] = field(default_factory=dict)  # by scenario and number of moves

    def scenario(self, number: int) -> Outcome:
        scenario = self.file.scenarios[number]
        play, done = self.begin(number)
        failure, mark = None, scenario.mark
        try:
            for place, move in enumerate(moves_of(scenario)[done:], done + 1):
                play.do(move)
                if self.wanted[number, place]:
                    self.saved[number, place] = self.world.save(), play.copy()
            play.look(scenario.end, None, scenario.mark)
            play.check_incidents(scenario.mark)
        except Difference as difference:
            failure, mark = difference.words, difference.mark
        traces = self.traces(play.refusals)
        if failure is None:
            failure, mark = self.check_rules(traces, scenario)
        return Outcome(scenario.name, failure, play.story.lines(), mark)

    def begin(self, number: int) -> tuple[Play, int]:
        """The scenario with so many of its moves made already, for another one."""
        place = self.begins[number]
        self.wanted[place] -= 1
        kept = self.saved.get(place)
        if kept is not None:
            self.world.back_to(kept[0])
            play = kept[1].copy()
            if not self.wanted[place]:
                del self.saved[place]
            return play, place[1]
        clock = self.file.clock
        start = clock if clock.tzinfo else clock.replace(tzinfo=self.chart.zone)
        self.world.begin(start, self.file.people, self.file.calls)
        return Play(self.world, self.chart, self.file.people, Story(self.world, self.chart.zone)), 0

    def traces(self, refusals: Sequence[Refusal]) -> list[Trace]:
        """The histories of all cases of the workflow, read once: for the coverage and for the rules."""

        def gather(reader: Reader) -> list[tuple[CaseSummary, list[Moment]]]:
            found = []
            for case in reader.cases(CaseFilter(workflow=self.chart.workflow.name), None, MOST_CASES):
                records = [line.record for line in reader.history(case.id, 0, MOST_RECORDS)]
                self.covered.add(case.id, records, refusals)
                found.append((case, [moment_of(record) for record in records] if self.rules else []))
            return found

        found = self.world.store.read(gather)
        return [Trace(self.chart, moments, case.closed_at or self.world.moment) for case, moments in found]

    def check_rules(self, traces: Sequence[Trace], scenario: Scenario) -> tuple[str | None, Mark]:
        for rule in self.rules:
            for trace in traces:
                why = broken(rule.policy, trace)
                if why is not None:
                    return f"the policy '{rule.words}' is broken: {why}", rule.mark or scenario.mark
        return None, scenario.mark
