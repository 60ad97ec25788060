"""One step inside a store transaction: lock, fire what is due, step, allocate, save; who asks and answers is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.core.allocation import fill
from engine.core.case import SYSTEM, Parent, TimerFired, Track
from engine.core.frozen import frozen
from engine.core.machine.duties import PARENT
from engine.core.machine.recounting import recount
from engine.core.machine.step import dropped, open_case, step
from engine.core.recounts import CalendarChanged, Outage, ZoneChanged
from engine.errors import DuplicateCase, Refused, Unavailable
from engine.service.numbers import allocate
from engine.service.pools import report_exhausted
from engine.service.referring import new_documents, passed_on
from engine.service.searchable import found_alike, index, unique_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from engine.core.case import Actor, Case, Event, Input, Step, Timer
    from engine.core.machine.chart import Chart
    from engine.service.catalog import Catalog
    from engine.store.records import Document
    from engine.store.recount_records import StoredRecount
    from engine.store.transaction import Reader, Transaction

MAX_TIMERS = 10_000


@frozen
class Taken:
    """A locked case whose due timers have fired; `now` is when what is asked of it was received."""

    case: Case
    version_id: int
    chart: Chart
    now: datetime
    fired: int = 0


class Stepping:
    """The one way a case changes."""

    def __init__(self, catalog: Catalog, *, body: str, new_id: Callable[[], str], documents: bool = False) -> None:
        """`documents`: they are kept here, so nobody refers to one that is not."""
        self.catalog, self.body, self.new_id, self._documents = catalog, body, new_id, documents

    def take(self, tx: Transaction, case_id: str, *, most: int = MAX_TIMERS, wait: bool = True) -> Taken | None:
        """Lock a case and fire its timers due by now, in due order, each a step of its own at its due moment.

        Where calendars or outages have moved its deadlines since, that comes at its place between them. At most so many;
        `fired == most` says that more may wait. None: there is no such case, or (`wait` False) somebody else has it.
        """
        locked = tx.lock_case(case_id, wait=wait)
        if locked is None:
            return None
        chart = self.catalog.chart(locked.version_id, tx)
        case, fired, now = locked.case, 0, locked.received_at
        if case.memory.recounted < self.catalog.recounts(tx) and case.closed_at is None:
            for said in tx.recounts_after(case.memory.recounted):
                case, before = self._fire_until(tx, chart, case, min(said.at, now), most - fired)
                fired += before
                case = self._recount(tx, chart, case, said) if fired < most else case
        case, after = self._fire_until(tx, chart, case, now, most - fired)
        case = knowing_parent(tx, chart, case)
        return Taken(case, locked.version_id, chart, max(now, case.last_at), fired + after)

    def take_now(self, tx: Transaction, case_id: str) -> Taken | None:
        """As take; raises Unavailable where a case has more to catch up with than one transaction may do."""
        taken = self.take(tx, case_id)
        if taken is not None and taken.fired == MAX_TIMERS:
            raise Unavailable("the case has many timers to catch up with; try again", retry_after=5)
        return taken

    def step(self, tx: Transaction, taken: Taken, said: Input, actor: Actor) -> Step:
        """One input to a taken case, stored. Raises Refused."""
        made = step(taken.chart, taken.case, said, actor, now=taken.now)
        if made is None:
            raise ValueError("a timer is fired by take")
        referred = self._referred(tx, taken.chart, taken.case, made, actor)
        made = self.save(tx, taken.chart, made, arrived_at=taken.now)
        _refer(tx, made.case.id, referred)
        return made

    def drop(self, tx: Transaction, taken: Taken, said: Input, actor: Actor, reason: str) -> Step:
        """Record what a case did not take; nothing else changes."""
        made = dropped(taken.chart, taken.case, said, actor, now=taken.now, reason=reason)
        return self.save(tx, taken.chart, made, arrived_at=taken.now)

    def open(
        self, tx: Transaction, version_id: int, event: Event, actor: Actor, *, case_id: str, parent: Parent | None
    ) -> Step:
        """A new case, stored. Raises Refused."""
        chart = self.catalog.chart(version_id, tx)
        now = tx.business_now()
        made = open_case(chart, event, actor, case_id=case_id, now=now, parent=parent)
        referred = self._referred(tx, chart, None, made, actor)
        key = self._free_key(tx, chart, made.case)
        made = fill(made, allocate(tx, chart.workflow, made, body=self.body))
        made = replace(made, case=knowing_recounts(made.case, self.catalog.recounts(tx)))
        found = index(chart.workflow, made.case)
        tx.insert_case(made, version_id=version_id, unique_key=key, index=found, arrived_at=now)
        _refer(tx, case_id, referred)
        if made.case.memory.answers:
            report_exhausted(tx, chart, made)
        return made

    def save(self, tx: Transaction, chart: Chart, made: Step, *, arrived_at: datetime) -> Step:
        """Allocate and store a step of a locked case. Raises DuplicateCase."""
        before = tx.case(made.case.id)
        if before is not None and found_alike(before.case, made.case) and not made.allocate:
            tx.save_found_alike(made, arrived_at=arrived_at)
        else:
            key = self._free_key(tx, chart, made.case)
            if made.allocate:
                made = fill(made, allocate(tx, chart.workflow, made, body=self.body))
            tx.save(made, unique_key=key, index=index(chart.workflow, made.case), arrived_at=arrived_at)
        if made.case.memory.answers:
            report_exhausted(tx, chart, made)
        return made

    def _referred(
        self, tx: Transaction, chart: Chart, before: Case | None, made: Step, actor: Actor
    ) -> Sequence[Document]:
        """What another case passes on was looked at where a person gave it, so that case has it; the system brings none."""
        if not self._documents or actor.kind == "system":
            return ()
        if actor.kind == "case":
            return passed_on(chart, made, partial(tx.document_of_case, actor.id))
        return new_documents(chart, before, made, actor, tx.use_document)

    def check_documents(self, reader: Reader, chart: Chart, before: Case | None, made: Step, actor: Actor) -> None:
        """Raises what a step would be refused for, and keeps nothing from being forgotten."""
        if self._documents and actor.kind == "person":
            new_documents(chart, before, made, actor, reader.document)

    def _free_key(self, tx: Transaction, chart: Chart, case: Case) -> str | None:
        key = unique_key(chart.workflow, case)
        if key is not None:
            check_free(chart, case, tx.unique_holder(case.workflow, key))
        return key

    def _fire_until(self, tx: Transaction, chart: Chart, case: Case, by: datetime, most: int) -> tuple[Case, int]:
        """What is due by a moment, at most so many; how many."""
        fired = 0
        while fired < most and (timer := next_due(chart, case, by=by)) is not None:
            case = self._fire(tx, chart, case, timer)
            fired += 1
        return case, fired

    def _recount(self, tx: Transaction, chart: Chart, case: Case, said: StoredRecount) -> Case:
        """The case after its deadlines were counted again; a record where one has moved."""
        if not concerns(chart, case, said):
            return knowing_recounts(case, said.number)
        try:
            made = recount(chart, case, said.said, now=max(said.at, case.last_at))
        except Refused as refusal:
            tx.add_incident(case_id=case.id, kind="timer", subject=f"recount {said.number}", text=str(refusal))
            return case
        if not made.record.payload:
            return replace(case, memory=made.case.memory)
        return self.save(tx, chart, made, arrived_at=made.record.at).case

    def _fire(self, tx: Transaction, chart: Chart, case: Case, timer: Timer) -> Case:
        try:
            made = fired(chart, case, timer)
            return self.save(tx, chart, made, arrived_at=made.record.at).case
        except Refused as refusal:
            tx.add_incident(case_id=case.id, kind="timer", subject=timer.key, text=str(refusal))
            lost = lost_timer(chart, case, timer, str(refusal))
            return self.save(tx, chart, lost, arrived_at=lost.record.at).case


def _refer(tx: Transaction, case_id: str, documents: Iterable[Document]) -> None:
    for document in documents:
        tx.refer(case_id, document)


def knowing_recounts(case: Case, number: int) -> Case:
    """The case was counted by all that has been declared up to this one."""
    return case if not number else replace(case, memory=replace(case.memory, recounted=number))


def concerns(chart: Chart, case: Case, said: StoredRecount) -> bool:
    """Whether the deadlines of a case may move."""
    if said.number <= case.memory.recounted or case.closed_at is not None:
        return False
    match said.said:
        case CalendarChanged():
            return said.name == chart.workflow.calendar
        case ZoneChanged():  # not where its rules were only noted, for the first time
            return said.said.earlier and said.name == chart.zone.key
        case Outage():
            return said.name == case.workflow


def knowing_parent(reader: Reader, chart: Chart, case: Case) -> Case:
    """A case with a duty towards its `parent` knows all who have acted there up to now."""
    if case.parent is None or not any(PARENT in duty.states for duty in chart.workflow.duties):
        return case
    stored = reader.case(case.parent.id)
    if stored is None:
        return case
    acts = case.memory.acts
    people = [*acts.get(PARENT, ()), *parent_of(stored.case).acts]
    known = {**acts, PARENT: tuple(dict.fromkeys(people))} if people else acts
    return replace(case, memory=replace(case.memory, acts=known))


def parent_of(case: Case) -> Parent:
    """What a child knows of the case that opened it."""
    acts = dict.fromkeys(person for people in case.memory.acts.values() for person in people)
    return Parent(case.id, case.workflow, tuple(acts))


def fired(chart: Chart, case: Case, timer: Timer) -> Step:
    """The step of a due timer, at its due moment, but never before the case's last. Raises Refused."""
    made = step(chart, case, TimerFired(timer), SYSTEM, now=max(timer.due, case.last_at))
    return lost_timer(chart, case, timer, "the timer was stale") if made is None else made


def lost_timer(chart: Chart, case: Case, timer: Timer, reason: str) -> Step:
    """The record of a timer that leaves the list without its step."""
    now = max(timer.due, case.last_at)
    return _as_fired(dropped(chart, case, TimerFired(timer), SYSTEM, now=now, reason=reason), timer)


def caught_up(chart: Chart, case: Case, *, by: datetime) -> Case:
    """The case as its due timers would leave it; nothing is stored."""
    for _ in range(MAX_TIMERS):
        timer = next_due(chart, case, by=by)
        if timer is None:
            break
        try:
            case = fired(chart, case, timer).case
        except Refused as refusal:
            case = lost_timer(chart, case, timer, str(refusal)).case
    return case


def next_due(chart: Chart, case: Case, *, by: datetime) -> Timer | None:
    """The timer to fire next: by due time, then outer before inner, then file order (LANGUAGE §3.11)."""
    due = [timer for timer in case.timers if timer.due <= by]
    if len(due) < 2:
        return due[0] if due else None
    return min(due, key=partial(_order, chart))


def _order(chart: Chart, timer: Timer) -> tuple[datetime, int, int, str, int]:
    names = list(chart.states[timer.state].deadlines)
    return (timer.due, chart.place[timer.state], names.index(timer.deadline), timer.kind, timer.rung)


def _as_fired(made: Step, timer: Timer) -> Step:
    """A due timer that is lost counts as fired, so that no later step arms it again."""
    if timer.kind != "due":
        return made
    memory = made.case.memory
    key = f"{timer.state}#{timer.entry}:{timer.deadline}"
    track = replace(memory.tracks.get(key, Track()), fired=timer.due)
    return replace(made, case=replace(made.case, memory=replace(memory, tracks={**memory.tracks, key: track})))


def check_free(chart: Chart, case: Case, holder: tuple[str, str | None] | None) -> None:
    """Raises DuplicateCase where another case holds the combination."""
    if holder is None or holder[0] == case.id:
        return
    fields = ", ".join(chart.workflow.unique.of if chart.workflow.unique else ())
    name = holder[1] or holder[0]
    words = f"case {name} has the same {fields}; go on with that one, or change one of them"
    raise DuplicateCase(words, number=holder[1], holder=holder[0])
