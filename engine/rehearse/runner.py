"""Runs scenarios on the real services, tells the story up to the first difference, and collects what was covered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.calendars.moments import due_after
from engine.core.case import SYSTEM, Actor, Event
from engine.errors import MilepostError
from engine.rehearse.checking import Seen, check
from engine.rehearse.scenario import Do, Expect, Move, OpenCase, Refuse, Scenario, Until, Wait
from engine.rehearse.story import Story
from engine.rehearse.traces import Trace, broken, moment_of
from engine.store.records import CaseFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from engine.core.case import Case
    from engine.core.diagnostics import Mark
    from engine.core.machine.chart import Chart
    from engine.rehearse.coverage import Covered
    from engine.rehearse.scenario import Claim, ScenarioFile
    from engine.rehearse.traces import Moment
    from engine.rehearse.world import World
    from engine.service.commands import Decision
    from engine.store.records import CaseSummary
    from engine.store.transaction import Reader
    from engine.verify.policies import Policy

MOST_CASES = 1000
MOST_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario went: `failure` is one line, `story` what happened before, `mark` where the file says otherwise."""

    scenario: str
    failure: str | None
    story: tuple[str, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy with its words and its place; `mark` None: it stands in the workflow itself."""

    words: str
    policy: Policy
    mark: Mark | None


class _Difference(Exception):
    def __init__(self, words: str, mark: Mark) -> None:
        self.words, self.mark = words, mark
        super().__init__(words)


def run_file(
    world: World, scenarios: ScenarioFile, workflow: str, rules: Sequence[Rule], covered: Covered
) -> Iterator[Outcome]:
    """Each scenario of a file, as it ends; `covered` grows, and the rules hold for every case of the workflow."""
    for scenario in scenarios.scenarios:
        yield _Run(world, scenarios, scenario, workflow, rules).run(covered)


@dataclass
class _Run:
    world: World
    file: ScenarioFile
    scenario: Scenario
    workflow: str
    rules: Sequence[Rule]
    main: str = ""
    known_incidents: int = 0  # so many the scenario has spoken of
    story: Story = field(init=False)

    def __post_init__(self) -> None:
        self.story = Story(self.world, self.chart.zone)

    @property
    def chart(self) -> Chart:
        return self.world.charts[self.workflow]

    def run(self, covered: Covered) -> Outcome:
        failure, mark = None, self.scenario.mark
        self.world.begin(self.local(self.file.clock), self.file.people, self.file.calls)
        try:
            for move in (self.scenario.open, *self.scenario.steps):
                self.do(move)
            self.look(self.scenario.end, None, self.scenario.mark)
            self.check_incidents()
        except _Difference as difference:
            failure, mark = difference.words, difference.mark
        traces = self.traces(covered)
        if failure is None:
            failure, mark = self.check_rules(traces)
        return Outcome(self.scenario.name, failure, self.story.lines(), mark)

    # ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, move: Move) -> None:
        match move:
            case OpenCase():
                self.open(move)
            case Do():
                self.send(move)
            case Refuse():
                self.refuse(move)
            case Wait(term):
                chart = self.chart
                until = due_after(self.world.moment, term, calendar=chart.calendar, zone=chart.zone, roll="none")
                self.go(until, f"wait {term}", move.mark)
            case Until(moment):
                self.go(self.local(moment), f"until {moment:%Y-%m-%d %H:%M}", move.mark)
            case Expect():
                self.look(move.claims, move.case, move.mark)
        if self.world.outside.undeclared:
            call = self.world.outside.undeclared[0]
            raise _Difference(f"{call} was called, but `calls` does not declare it", move.mark)

    def open(self, move: OpenCase) -> None:
        actor, declares = self.who(move.by)
        workflow = move.workflow or self.workflow
        asked = self.world.services.cases.submit_open(
            workflow, move.values, actor, parent=self.main or None, declares=declares
        )
        try:
            case = decided(asked)
        except MilepostError as error:
            raise _Difference(f"{move.by} could not open {workflow}: {error}", move.mark) from None
        self.main = self.main or case.id
        self.story.tell(f"{move.by} opens {workflow}", case)
        self.settle(move.mark)

    def send(self, do: Do) -> None:
        try:
            case = self.attempt(do)
        except MilepostError as error:
            raise _Difference(f"{do.event} by {do.by} was refused ({type(error).__name__}): {error}", do.mark) from None
        self.story.tell(f"{do.by}: {do.event}", case)
        self.settle(do.mark)

    def attempt(self, do: Do) -> Case:
        actor, declares = self.who(do.by)
        event = Event(do.event, do.values, declares=declares | do.declares)
        return decided(self.world.services.cases.submit_event(self.case_id(do.case, do.mark), event, actor))

    def refuse(self, move: Refuse) -> None:
        do = move.do
        try:
            case = self.attempt(do)
        except MilepostError as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            if move.because is not None and move.because not in kinds:
                words = f"{do.event} by {do.by} was refused as {kinds[0]}, not {move.because}: {error}"
                raise _Difference(words, move.mark) from None
            self.story.tell(f"{do.by}: {do.event} is refused ({error})")
            return
        self.story.tell(f"{do.by}: {do.event}", case)
        raise _Difference(f"{do.event} by {do.by} should have been refused, but it was accepted", move.mark)

    def go(self, to: datetime, words: str, mark: Mark) -> None:
        if to < self.world.moment:
            raise _Difference(f"{words}: the clock does not go back; it is {self.story.now()} already", mark)
        try:
            self.world.advance(to)
        except MilepostError as error:
            raise _Difference(f"{words}: {error}", mark) from None
        stored = self.world.store.read(lambda reader: reader.case(self.main))
        self.story.tell(words, stored.case if stored else None)
        self.story.look_outside()

    def settle(self, mark: Mark) -> None:
        try:
            self.world.settle()
        except MilepostError as error:
            raise _Difference(str(error), mark) from None
        self.story.look_outside()

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self, claims: Sequence[Claim], workflow: str | None, mark: Mark) -> None:
        if not claims:
            return
        wanted, pending, incidents = self.case_id(workflow, mark), 0, self.world.incidents()
        stored, pending = self.world.store.read(lambda reader: (reader.case(wanted), reader.pending_effects()))
        if stored is None:
            raise _Difference("no case was opened", mark)
        chart = self.world.services.catalog.chart(stored.version_id)
        seen = Seen(chart, stored.case, tuple(self.world.outside.messages.values()), pending, len(incidents))
        for claim in claims:
            fault = check(seen, claim)
            if fault is not None:
                tail = f"; incident: {incidents[-1].text}" if incidents else ""
                raise _Difference(fault + tail, claim.mark)
            if claim.name == "incidents":
                self.known_incidents = len(incidents)

    def check_incidents(self) -> None:
        """At the end: one that no `incidents:` has counted is a failure, as it would be work for a person."""
        unknown = self.world.incidents()[self.known_incidents :]
        if unknown:
            first, more = unknown[0], f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
            words = f"nobody expected an incident, but {first.kind} {first.subject} came to nothing: {first.text}{more}"
            raise _Difference(words, self.scenario.mark)

    def case_id(self, workflow: str | None, mark: Mark) -> str:
        """The scenario's own case, or the latest one of another workflow."""
        if workflow is None:
            return self.main
        found = self.world.store.read(lambda reader: reader.cases(CaseFilter(workflow=workflow), None, 1))
        if not found:
            raise _Difference(f"there is no {workflow} case", mark)
        return found[0].id

    def who(self, name: str) -> tuple[Actor, frozenset[str]]:
        if name == "system":
            return SYSTEM, frozenset()
        person = self.file.people[name]
        return person.actor, person.declares

    def local(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=self.chart.zone)

    # ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────

    def traces(self, covered: Covered) -> list[Trace]:
        """The histories of all cases of the workflow, read once: for the coverage and for the rules."""

        def gather(reader: Reader) -> list[tuple[CaseSummary, list[Moment]]]:
            found = []
            for case in reader.cases(CaseFilter(workflow=self.workflow), None, MOST_CASES):
                records = [line.record for line in reader.history(case.id, 0, MOST_RECORDS)]
                for record in records:
                    covered.add(record)
                found.append((case, [moment_of(record) for record in records] if self.rules else []))
            return found

        return [
            Trace(self.chart, moments, case.closed_at or self.world.moment)
            for case, moments in self.world.store.read(gather)
        ]

    def check_rules(self, traces: Sequence[Trace]) -> tuple[str | None, Mark]:
        for rule in self.rules:
            for trace in traces:
                why = broken(rule.policy, trace)
                if why is not None:
                    return f"the policy '{rule.words}' is broken: {why}", rule.mark or self.scenario.mark
        return None, self.scenario.mark


def decided(asked: Future[Decision]) -> Case:
    """The case after the step; raises the refusal. No view is made of it: nobody reads one here."""
    decision = asked.result()
    if decision.refusal is not None:
        raise decision.refusal
    if decision.case is None:
        raise MilepostError("the step has left no case; look in its history")
    return decision.case
