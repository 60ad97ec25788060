"""One case on the real engine, moved by what could really come: events, time, answers of services, children that end.

A run is a value: it can be gone on with in several ways. Nothing is delivered; numbers are counted, calls are answered.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.core.allocation import fill
from engine.core.calendars.calendar import Calendar, Uncountable
from engine.core.case import (
    SYSTEM,
    Actor,
    Case,
    ChildEnded,
    ChildOpened,
    Effect,
    EffectKind,
    EffectResult,
    Event,
    Parent,
    TimerFired,
)
from engine.core.frozen import frozen
from engine.core.machine.chart import build_chart
from engine.core.machine.results import name_of
from engine.core.machine.step import open_case, step
from engine.errors import Refused
from engine.verify.trial.answers import Answers
from engine.verify.trial.people import declares, senders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.core.case import Input, Step, Timer
    from engine.core.definition import Workflow
    from engine.core.expressions.expression import Expression
    from engine.core.machine.chart import Ways

PLAIN = Calendar("plain", "1", 2020, 2060, hours=(((0, 1440),),) * 7)
"""Monday to Friday, for a workflow whose calendar is not at hand."""
START = datetime(2026, 1, 12, 6, tzinfo=UTC)
BETWEEN = timedelta(hours=1)
_BEFORE = timedelta(seconds=1)
_MOST_TIMERS = 200


@frozen
class Act:
    """What was said to the case, by whom and when."""

    said: Input
    actor: Actor
    at: datetime

    @property
    def name(self) -> str:
        """The event, the deadline, the call or the workflow of the child."""
        match self.said:
            case Event(name=name):
                return name
            case TimerFired(timer=timer):
                return timer.deadline
            case EffectResult(effect=effect):
                return name_of(effect)
            case ChildEnded(workflow=workflow):
                return workflow
            case _:
                return ""

    @property
    def data(self) -> Mapping[str, Any]:
        """What was given with it."""
        match self.said:
            case Event(data=data) | EffectResult(data=data):
                return data
            case ChildEnded(outcome=outcome):
                return {"outcome": outcome}
            case _:
                return {}


@frozen
class Run:
    """A case and all that brought it here; `calls` are services that wait, `last` the step that was made last."""

    case: Case
    now: datetime
    acts: tuple[Act, ...]
    calls: tuple[Effect, ...]
    last: Step


class Player:
    """Plays cases of one workflow."""

    def __init__(
        self,
        workflow: Workflow,
        calendar: Calendar | None,
        expressions: Iterable[Expression],
        *,
        start: datetime = START,
        seed: int = 1,
    ) -> None:
        self.workflow, self.start = workflow, start
        self.chart = build_chart(workflow, calendar or PLAIN)
        self.answers = Answers(workflow, expressions, seed)
        self.random = self.answers.random
        self.tried = 0  # steps asked of the engine

    def pinned(self, pins: Mapping[str, Any]) -> Player:
        """The same, with values that every form and answer gives where it has them; it counts for itself."""
        player = copy(self)
        player.answers, player.tried = self.answers.pinned(pins), 0
        return player

    # ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def openings(self) -> Iterator[Run]:
        """Cases as they may be opened."""
        for payload in self.answers.payloads(self.chart.opening, {}, self.start, {}):
            for actor in senders(self.workflow, self.workflow.opening.by, self._after(payload), None, 1):
                event = Event("open", payload, declares(self.workflow))
                opened = self.opened(event, actor)
                if opened is not None:
                    yield opened
                    break

    def opened(self, event: Event, actor: Actor) -> Run | None:
        """A new case, or None where it is refused."""
        parent = Parent(actor.id, actor.workflow or "") if actor.kind == "case" else None
        made = self._tried(lambda: open_case(self.chart, event, actor, case_id="case-1", now=self.start, parent=parent))
        return None if made is None else self._gone_on(None, made, Act(event, actor, self.start))

    def _after(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return {**self.chart.defaults, **self.chart.opening.read(payload, {}).writes}
        except Refused:
            return {}

    # ── what may come next ───────────────────────────────────────────────────────────────────────────────────────────

    def events(
        self, run: Run, name: str, known: Mapping[str, Any] | None = None, *, at: datetime | None = None
    ) -> Iterator[Run]:
        """The case after an event that somebody may send soon, or at a moment, with different things said."""
        now = self.soon(run) if at is None else at
        for ways in self.ways(run, name):
            for payload in self.answers.payloads(ways.form, run.case.data, now, known or {}):
                for actor in senders(
                    self.workflow, ways.handler.by, {**run.case.data, **payload}, run.case, len(run.acts) + 1
                ):
                    after = self.said(run, Event(name, payload, declares(self.workflow)), actor, now)
                    if after is not None:
                        yield after
                        break

    def ways(self, run: Run, name: str) -> list[Ways]:
        """The handlers of an event among what is active, inner first."""
        active = {position.state for position in run.case.positions}
        found = [path for path in self.chart.takers.get(name, ()) if path in active]
        return [self.chart.ways[path][name] for path in sorted(found, key=len, reverse=True)]

    def names(self, run: Run) -> list[str]:
        """The events that some active state takes."""
        active = {position.state for position in run.case.positions}
        return sorted(name for name, takers in self.chart.takers.items() if takers & active)

    def told(self, run: Run) -> str:
        """The data that conditions look at, as one text."""
        return repr([(path, run.case.data[path]) for path in self.answers.read if path in run.case.data])

    def due(self, run: Run) -> list[Timer]:
        """The timers that are armed, the next one first."""
        return sorted(run.case.timers, key=lambda timer: (timer.due, self.chart.place[timer.state], timer.key))

    def until(self, run: Run, state: str, deadline: str, kind: str = "due") -> Run | None:
        """The case just after a deadline has fallen due (or a reminder of it), with all that came before; None: it never does."""
        wanted = (state, deadline, kind)
        for _ in range(_MOST_TIMERS):
            timers = self.due(run)
            if not any((timer.state, timer.deadline, timer.kind) == wanted for timer in timers):
                return None
            after = self.fire(run, timers[0])
            if after is None or (timers[0].state, timers[0].deadline, timers[0].kind) == wanted:
                return after
            run = after
        return None

    def fire(self, run: Run, timer: Timer) -> Run | None:
        """The case after a timer."""
        return self.said(run, TimerFired(timer), SYSTEM, max(run.now, timer.due))

    def failed(self, run: Run, state: str) -> Iterator[Run]:
        """The case after a service could not be had."""
        for effect in [one for one in run.calls if one.state == state]:
            after = self.said(run, EffectResult(effect, ok=False, error="could not be had"), SYSTEM)
            if after is not None:
                yield after

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def said(self, run: Run, said: Input, actor: Actor, now: datetime | None = None) -> Run | None:
        """The case after an input, a little later or at a moment; None: it is refused, or nothing comes of it."""
        at = self.soon(run) if now is None else now
        made = self._tried(lambda: step(self.chart, run.case, said, actor, now=at))
        return None if made is None else self._gone_on(run, made, Act(said, actor, at))

    def soon(self, run: Run) -> datetime:
        """The next moment at which something is said: before the next timer is due, if there is time until then."""
        after = run.now + BETWEEN
        due = min((timer.due for timer in run.case.timers), default=after)
        return min(after, max(run.now, due - _BEFORE))

    def _tried(self, work: Any) -> Step | None:
        self.tried += 1
        try:
            made: Step | None = work()
        except (Refused, Uncountable):
            return None
        return None if made is None else fill(made, {name: _number(name, self.tried) for name in made.allocate})

    def _gone_on(self, run: Run | None, made: Step, act: Act) -> Run:
        """What others do at once: children exist as soon as they are asked for."""
        before = run.calls if run is not None else ()
        asked = tuple(e for e in made.effects if e.kind in {EffectKind.CALL, EffectKind.ISSUE} and e.state)
        after = Run(made.case, act.at, (*(run.acts if run is not None else ()), act), (*before, *asked), made)
        for effect in made.effects:
            if effect.kind is EffectKind.OPEN:
                after = self._opened(after, effect.payload)
        return after

    def _opened(self, run: Run, asked: Mapping[str, Any]) -> Run:
        exists = ChildOpened(asked["child_id"], asked["workflow"], None, asked.get("key"))
        opened = self._tried(lambda: step(self.chart, run.case, exists, SYSTEM, now=run.now))
        return run if opened is None else replace(run, case=opened.case)


def _number(name: str, count: int) -> str:
    return f"{name.rpartition('.')[2]}-{count}"
