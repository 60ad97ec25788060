"""One scenario on the real services: each move as a person or the clock makes it, and what is expected looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.core.calendars.calendar import Uncountable
from engine.core.calendars.moments import due_after
from engine.core.case import SYSTEM, Actor, Event
from engine.errors import GuardRefused, MilepostError
from engine.rehearse.checking import Seen, check
from engine.rehearse.guards import Refusal
from engine.rehearse.scenario import Do, Expect, Move, OpenCase, Refuse, Until, Wait
from engine.service.commands import Command
from engine.store.records import CaseFilter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.core.case import Case
    from engine.core.diagnostics import Mark
    from engine.core.machine.chart import Chart
    from engine.rehearse.scenario import Claim, Person
    from engine.rehearse.story import Story
    from engine.rehearse.world import World


class Difference(Exception):
    """Something went otherwise than the scenario says; `mark` is where it says so."""

    def __init__(self, words: str, mark: Mark) -> None:
        self.words, self.mark = words, mark
        super().__init__(words)


@dataclass
class Play:
    """A scenario so far: its case, its story, the incidents it has spoken of."""

    world: World
    chart: Chart  # of the tested workflow
    people: Mapping[str, Person]
    story: Story
    main: str = ""
    known_incidents: int = 0
    refusals: tuple[Refusal, ...] = ()  # of conditions

    def copy(self) -> Play:
        """The same, to be played on from here."""
        return replace(self, story=self.story.copy())

    # ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, move: Move) -> None:
        """One move. Raises Difference."""
        match move:
            case OpenCase():
                self._open(move)
            case Do():
                self._send(move)
            case Refuse():
                self._refuse(move)
            case Wait(term):
                chart = self.chart
                try:
                    until = due_after(self.world.moment, term, calendar=chart.calendar, zone=chart.zone, roll="none")
                except (Uncountable, ValueError) as error:
                    raise Difference(f"wait {term}: {error}", move.mark) from None
                self._go(until, f"wait {term}", move.mark)
            case Until(moment):
                self._go(self._local(moment), f"until {moment:%Y-%m-%d %H:%M}", move.mark)
            case Expect():
                self.look(move.claims, move.case, move.mark)
        if self.world.outside.undeclared:
            call = self.world.outside.undeclared[0]
            raise Difference(f"{call} was called, but `calls` does not declare it", move.mark)

    def _open(self, move: OpenCase) -> None:
        actor, declares = self._who(move.by)
        workflow = move.workflow or self.chart.workflow.name
        event = Event("open", move.values, declares)
        try:
            case = decided(self.world, Command(event, actor, workflow=workflow, parent=self.main or None))
        except MilepostError as error:
            raise Difference(f"{move.by} could not open {workflow}: {error}", move.mark) from None
        self.main = self.main or case.id
        self.story.tell(f"{move.by} opens {workflow}", case)
        self._settle(move.mark)

    def _send(self, do: Do) -> None:
        try:
            case = self._attempt(do)
        except MilepostError as error:
            raise Difference(f"{do.event} by {do.by} was refused ({type(error).__name__}): {error}", do.mark) from None
        self.story.tell(f"{do.by}: {do.event}", case)
        self._settle(do.mark)

    def _attempt(self, do: Do) -> Case:
        actor, declares = self._who(do.by)
        event = Event(do.event, do.values, declares=declares | do.declares)
        return decided(self.world, Command(event, actor, case_id=self._case_id(do.case, do.mark)))

    def _refuse(self, move: Refuse) -> None:
        do = move.do
        try:
            case = self._attempt(do)
        except MilepostError as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            if move.because is not None and move.because not in kinds:
                words = f"{do.event} by {do.by} was refused as {kinds[0]}, not {move.because}: {error}"
                raise Difference(words, move.mark) from None
            if isinstance(error, GuardRefused):
                self._remember(do)
            self.story.tell(f"{do.by}: {do.event} is refused ({error})")
            return
        self.story.tell(f"{do.by}: {do.event}", case)
        raise Difference(f"{do.event} by {do.by} should have been refused, but it was accepted", move.mark)

    def _remember(self, do: Do) -> None:
        case = self._case_id(do.case, do.mark)
        stored = self.world.store.read(lambda reader: reader.case(case))
        if stored is not None:
            self.refusals = (*self.refusals, Refusal(case, stored.case.seq, do.event, do.values))

    def _go(self, to: datetime, words: str, mark: Mark) -> None:
        if to < self.world.moment:
            raise Difference(f"{words}: the clock does not go back; it is {self.story.now()} already", mark)
        try:
            self.world.advance(to)
        except MilepostError as error:
            raise Difference(f"{words}: {error}", mark) from None
        stored = self.world.store.read(lambda reader: reader.case(self.main))
        self.story.tell(words, stored.case if stored else None)
        self.story.look_around()

    def _settle(self, mark: Mark) -> None:
        try:
            moved = self.world.settle()
        except MilepostError as error:
            raise Difference(str(error), mark) from None
        if moved:
            self.story.look_around()

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self, claims: Sequence[Claim], workflow: str | None, mark: Mark) -> None:
        """What has to be so now, of the scenario's case or of the latest of a workflow. Raises Difference."""
        if not claims:
            return
        wanted, pending, incidents = self._case_id(workflow, mark), 0, self.world.incidents()
        stored, pending = self.world.store.read(lambda reader: (reader.case(wanted), reader.pending_effects()))
        if stored is None:
            raise Difference("no case was opened", mark)
        chart = self.world.services.catalog.chart(stored.version_id)
        seen = Seen(chart, stored.case, tuple(self.world.outside.messages.values()), pending, len(incidents))
        for claim in claims:
            fault = check(seen, claim)
            if fault is not None:
                tail = f"; incident: {incidents[-1].text}" if incidents else ""
                raise Difference(fault + tail, claim.mark)
            if claim.name == "incidents":
                self.known_incidents = len(incidents)

    def check_incidents(self, mark: Mark) -> None:
        """At the end: one that no `incidents:` has counted is a failure, as it would be work for a person."""
        unknown = self.world.incidents()[self.known_incidents :]
        if unknown:
            first, count = unknown[0], self.known_incidents + len(unknown)
            words = f"{first.kind} {first.subject} came to nothing: {first.text}; where that is meant, say `incidents: {count}`"
            raise Difference(words, mark)

    def _case_id(self, workflow: str | None, mark: Mark) -> str:
        """The scenario's own case, or the latest one of another workflow."""
        if workflow is None:
            return self.main
        found = self.world.store.read(lambda reader: reader.cases(CaseFilter(workflow=workflow), None, 1))
        if not found:
            raise Difference(f"there is no {workflow} case", mark)
        return found[0].id

    def _who(self, name: str) -> tuple[Actor, frozenset[str]]:
        if name == "system":
            return SYSTEM, frozenset()
        person = self.people[name]
        return person.actor, person.declares

    def _local(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=self.chart.zone)


def decided(world: World, command: Command) -> Case:
    """The case after the step; raises the refusal. No view is made of it: nobody reads one here."""
    decision = world.services.commands.decide(command)
    if decision.refusal is not None:
        raise decision.refusal
    if decision.case is None:
        raise MilepostError("the step has left no case; look in its history")
    return decision.case
