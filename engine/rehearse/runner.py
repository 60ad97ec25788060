"""Runs scenarios on the real services, tells the story up to the first difference, and collects what was covered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING

from engine.core.calendars.moments import due_after
from engine.core.case import SYSTEM, Actor, Event
from engine.errors import MilepostError, Refused
from engine.rehearse.checking import Seen, check
from engine.rehearse.scenario import Do, Expect, Move, OpenCase, Refuse, Scenario, ScenarioFile, Until, Wait
from engine.store.records import CaseFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.core.diagnostics import Mark
    from engine.core.machine.chart import Chart
    from engine.rehearse.coverage import Covered
    from engine.rehearse.world import World
    from engine.store.records import StoredCase


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario went: `failure` is one line, `story` what happened before, `mark` where the file says otherwise."""

    scenario: str
    failure: str | None
    story: tuple[str, ...]
    mark: Mark


class _Difference(Exception):
    def __init__(self, words: str, mark: Mark) -> None:
        self.words, self.mark = words, mark
        super().__init__(words)


def run_file(world: World, scenarios: ScenarioFile, workflow: str, covered: Mapping[str, Covered]) -> Iterator[Outcome]:
    """Each scenario of a file, as it ends; `covered` (by workflow) grows."""
    for scenario in scenarios.scenarios:
        yield _Run(world, scenarios, scenario, workflow).run(covered)


@dataclass
class _Run:
    world: World
    file: ScenarioFile
    scenario: Scenario
    workflow: str
    main: str = ""
    story: list[str] = field(default_factory=list)

    def run(self, covered: Mapping[str, Covered]) -> Outcome:
        failure, mark = None, self.scenario.mark
        try:
            self.world.begin(self.local(self.file.clock, self.scenario.mark), self.file.people, self.file.calls)
            for move in (self.scenario.open, *self.scenario.steps):
                self.do(move)
            self.look(self.scenario.end, None, self.scenario.mark)
        except _Difference as difference:
            failure, mark = difference.words, difference.mark
        self.collect(covered)
        return Outcome(self.scenario.name, failure, tuple(self.story), mark)

    # ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, move: Move) -> None:
        match move:
            case OpenCase():
                self.open(move)
            case Do():
                self.send(move)
            case Refuse():
                self.refuse(move)
            case Wait():
                chart = self.chart(self.workflow)
                self.go(
                    due_after(self.now(), move.term, calendar=chart.calendar, zone=chart.zone, roll="none"),
                    f"wait {move.term}",
                    move.mark,
                )
            case Until():
                self.go(self.local(move.moment, move.mark), f"until {move.moment}", move.mark)
            case Expect():
                case = move.claims.get("case")
                self.look(move.claims, str(case) if case else None, move.mark)
        if self.world.outside.undeclared:
            call = self.world.outside.undeclared[0]
            raise _Difference(f"{call} was called, but `calls` does not declare it", self.scenario.mark)

    def open(self, move: OpenCase) -> None:
        actor, declares = self.who(move.by)
        workflow = move.workflow or self.workflow
        parent = self.main or None
        try:
            outcome = self.world.services.cases.open_case(
                workflow, move.values, actor, parent=parent, declares=declares
            )
        except MilepostError as error:
            raise _Difference(f"{move.by} could not open {workflow}: {error}", move.mark) from None
        self.main = self.main or outcome.case.id
        self.tell(f"{move.by} opens {workflow}")
        self.settle(move.mark)

    def send(self, do: Do) -> None:
        try:
            self.attempt(do)
        except MilepostError as error:
            raise _Difference(f"{do.event} by {do.by} was refused ({type(error).__name__}): {error}", do.mark) from None
        self.tell(f"{do.by}: {do.event}")
        self.settle(do.mark)

    def attempt(self, do: Do) -> None:
        actor, declares = self.who(do.by)
        event = Event(do.event, do.values, declares=declares | do.declares)
        self.world.services.cases.send_event(self.case_of(do.case, do.mark).case.id, event, actor)

    def refuse(self, move: Refuse) -> None:
        do = move.do
        try:
            self.attempt(do)
        except MilepostError as error:
            name = type(error).__name__
            if move.because not in (None, name):
                raise _Difference(
                    f"{do.event} by {do.by} was refused as {name}, not {move.because}: {error}", do.mark
                ) from None
            self.tell(f"{do.by}: {do.event} is refused ({error})")
            return
        raise _Difference(f"{do.event} by {do.by} should have been refused, but it was accepted", do.mark)

    def go(self, to: datetime, words: str, mark: Mark) -> None:
        try:
            self.world.advance(to)
        except Refused as error:
            raise _Difference(f"{words}: {error}", mark) from None
        self.tell(words)

    def settle(self, mark: Mark) -> None:
        try:
            self.world.services.clock.settle()
        except MilepostError as error:
            raise _Difference(str(error), mark) from None

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self, claims: Mapping[str, object], workflow: str | None, mark: Mark) -> None:
        stored = self.case_of(workflow, mark)
        chart = self.world.services.catalog.chart(stored.version_id)
        seen = Seen(chart, stored.case, self.world.outside.messages, self.world.services.effects.pending())
        fault = check(seen, claims)
        if fault is None:
            return
        incidents = self.world.services.incidents.find(open_only=True)
        tail = f"; incident: {incidents[0].text}" if incidents else ""
        raise _Difference(fault + tail, mark)

    def case_of(self, workflow: str | None, mark: Mark) -> StoredCase:
        """The scenario's own case, or the latest one of another workflow."""
        wanted = self.main
        if workflow is not None:
            found = self.world.store.read(lambda r: r.cases(CaseFilter(workflow=workflow), None, 1))
            if not found:
                raise _Difference(f"there is no {workflow} case", mark)
            wanted = found[0].id
        stored = self.world.store.read(lambda r: r.case(wanted))
        if stored is None:
            raise _Difference("no case was opened", mark)
        return stored

    def who(self, name: str) -> tuple[Actor, frozenset[str]]:
        if name == "system":
            return SYSTEM, frozenset()
        person = self.file.people[name]
        return person.actor, person.declares

    def chart(self, workflow: str) -> Chart:
        return self.world.services.catalog.chart_of(workflow)[1]

    def now(self) -> datetime:
        return self.world.services.clock.now()

    def local(self, text: str, mark: Mark) -> datetime:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise _Difference(f"{text} is no date; write 2026-03-02 or 2026-03-02 09:00", mark) from None
        zone = self.chart(self.workflow).zone
        return moment if moment.tzinfo else datetime.combine(moment.date(), moment.time() or time(), tzinfo=zone)

    def tell(self, words: str) -> None:
        zone = self.chart(self.workflow).zone
        stored = self.world.store.read(lambda r: r.case(self.main))
        state = ", ".join(leaf.rpartition(".")[2] for leaf in stored.case.leaves) if stored else ""
        self.story.append(f"{self.now().astimezone(zone):%Y-%m-%d %H:%M}  {words} → {state}")

    def collect(self, covered: Mapping[str, Covered]) -> None:
        def gather(reader: object) -> list[tuple[str, dict[str, object]]]:
            rows = []
            for summary in reader.cases(CaseFilter(), None, 1000):  # type: ignore[attr-defined]
                rows += [(summary.workflow, line.record) for line in reader.history(summary.id, 0, 10_000)]  # type: ignore[attr-defined]
            return rows

        for workflow, record in self.world.store.read(gather):
            if workflow in covered:
                covered[workflow].add(record)
