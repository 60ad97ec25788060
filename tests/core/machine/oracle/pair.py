"""One case told to the engine and to the plain interpreter: the same must come of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from interpreter import Interpreter
from plain import DueTimer, Ended, Handled, Happened, Plain, Result
from vocabulary import FORMS, PEOPLE

from engine.core.case import (
    SYSTEM,
    Actor,
    Case,
    ChildEnded,
    ChildOpened,
    EffectKind,
    EffectResult,
    Event,
    Step,
    TimerFired,
)
from engine.core.definition import StateKind, Workflow
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case, step
from engine.core.work import EffectHandled
from engine.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator import Said

    from engine.core.case import Effect, Timer

START = datetime(2026, 1, 12, 9, tzinfo=UTC)
ANA = PEOPLE[0]
PANEL, CHILDREN = StateKind.PANEL, StateKind.CHILDREN


def half_states(workflow: Workflow, case: Case) -> list[str]:
    """What is wrong with a configuration; empty: it is a whole one."""
    active = [p.state for p in case.positions if p.state]
    states = [workflow.states[path] for path in active]
    wrong = (
        [] if active == sorted(set(active), key=lambda path: workflow.states[path].order) else ["order of positions"]
    )
    wrong += [f"{s.path}: nothing around it is active" for s in states if s.parent and s.parent not in active]
    wrong += [f"{s.path}: a choice rests" for s in states if s.kind is StateKind.CHOICE]
    for around in [workflow.root, *states]:
        inner = [child for child in around.children if child.path in active]
        if around.kind is StateKind.STAGE and len(inner) != 1:
            wrong.append(f"{around.path}: {len(inner)} active states inside")
        if around.kind is StateKind.PARALLEL:
            wrong += [
                f"{region.path}: an unconditional region is off"
                for region in around.children
                if region.condition is None and region not in inner
            ]
    ended = any(s.kind is StateKind.FINAL and s.parent == "" for s in states)
    if ended != (case.closed_at is not None):
        wrong.append("closed and not at an end, or the reverse")
    return wrong


def told(effect: Effect, children: list[str]) -> tuple[str, str]:
    """An effect in two words; a child by its place among this case's."""
    if effect.kind is EffectKind.CANCEL:
        return "cancel", str(children.index(effect.payload["child_id"]))
    member = {"notify": "template", "open": "workflow", "send": "event", "call": "operation"}[effect.kind]
    return effect.kind.value, effect.payload[member]


def engine_view(workflow: Workflow, case: Case) -> dict[str, Any]:
    """A case of the engine, as far as the oracle knows cases."""
    return {
        "positions": {p.state: (p.entry, p.entered_at, p.finished) for p in case.positions if p.state},
        "leaves": [leaf for leaf in case.leaves if leaf],
        "data": {path: plain(value) for path, value in case.data.items() if path in workflow.fields and value != ()},
        "closed": case.closed_at is not None,
        "outcome": case.outcome,
    }


def oracle_view(oracle: Interpreter, case: Plain) -> dict[str, Any]:
    """The same of the oracle."""
    oracle.case = case
    return {
        "positions": {path: (a.entry, a.entered_at, a.finished) for path, a in case.active.items()},
        "leaves": oracle.leaves(),
        "data": {path: plain(value) for path, value in case.data.items() if value != ()},
        "closed": case.closed,
        "outcome": case.outcome,
    }


def plain(value: Any) -> Any:
    """A value of `data` with persons by their ids."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {k: v["id"] if k == "person" and isinstance(v, dict) else v for k, v in value.items()}
    return value


class Pair:
    """One case in the engine and the same in the oracle."""

    def __init__(self, workflow: Workflow, tally: Callable[[str], None] = lambda _: None) -> None:
        self.tally = tally
        self.workflow = workflow
        self.chart = build_chart(workflow, None)
        self.oracle = Interpreter(workflow)
        self.now = START
        self.calls: list[Effect] = []
        self.children: list[str] = []

    def open(self) -> bool:
        """Open both; False: both refuse."""
        asked = Event("open")
        expected_case, expected = self.oracle.open_case(asked, ANA, self.now)
        actual = attempt(lambda: open_case(self.chart, asked, ANA, case_id="c1", now=self.now))
        return self.agree(expected_case, expected, actual, "open")

    def agree(self, case: Plain | None, expected: Happened, actual: Step | Refused | None, what: str) -> bool:
        """Assert that both say the same, and take it over; False: both refuse or do nothing."""
        if isinstance(actual, Refused) or expected.refused:
            refused = type(actual).__name__ if isinstance(actual, Refused) else None
            assert expected.refused == refused, f"{what}: {actual}"
            self.tally(f"refused: {refused}")
            return False
        if expected.nothing:
            assert actual is None or (actual.case.positions, actual.record.arms) == (self.case.positions, ()), what
            self.case = actual.case if actual else self.case
            self.tally("nothing")
            return False
        assert actual is not None, what
        record = actual.record
        opened = [e for e in actual.effects if e.kind is EffectKind.OPEN]
        children = [*self.children, *(e.payload["child_id"] for e in opened)]
        effects = [told(e, children) for e in actual.effects if e.kind is not EffectKind.CHILD_ENDED]
        by_oracle = {
            "arms": expected.arms,
            "left": expected.left,
            "entered": expected.entered,
            "effects": expected.effects,
            **oracle_view(self.oracle, case),
        }
        by_engine = {
            "arms": list(record.arms),
            "left": list(record.left),
            "entered": list(record.entered),
            "effects": effects,
            **engine_view(self.workflow, actual.case),
        }
        assert by_oracle == by_engine, what
        assert half_states(self.workflow, actual.case) == [], what
        self.plain, self.case = case, actual.case
        self.calls += [e for e in actual.effects if e.kind is EffectKind.CALL and e.state]
        for effect in opened:
            self.opened(effect)
        return True

    def opened(self, effect: Effect) -> None:
        """The case that an effect asks for exists at once; nothing moves by that."""
        child, key = effect.payload["child_id"], effect.payload.get("key")
        self.children.append(child)
        exists = ChildOpened(child, effect.payload["workflow"], None, key)
        after = step(self.chart, self.case, exists, SYSTEM, now=self.now)
        if after is not None:
            assert after.case.positions == self.case.positions
            self.case = after.case

    # ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────

    def say(self, one: Said) -> None:
        """Say one thing to both, where there is something of its kind to say."""
        self.now += timedelta(minutes=10)
        say = {
            "event": self.say_event,
            "timer": self.say_due,
            "result": self.say_result,
            "handled": self.say_handled,
            "child": self.say_ended,
        }
        say[one.kind](one)

    def both(self, to_engine: Any, to_oracle: Any, actor: Actor, what: str) -> None:
        """Give one input to both and compare."""
        expected_case, expected = self.oracle.step(self.plain, to_oracle, actor, self.now)
        actual = attempt(lambda: step(self.chart, self.case, to_engine, actor, now=self.now))
        self.agree(expected_case, expected, actual, what)

    def say_event(self, one: Said) -> None:
        """An event that may well be taken, or any."""
        active = [self.workflow.root, *(self.workflow.states[path] for path in self.plain.active)]
        offers = [(n, h.by) for s in active for n, h in s.events.items() if n in FORMS]
        votes = [(s.panel.event, ()) for s in active if s.panel]
        pool = [*offers, *votes] if one.good else [(name, ()) for name in FORMS]
        if not pool:
            return
        name, by = pool[one.which % len(pool)]
        actors = [a for a in PEOPLE if any(str(who) in a.roles for who in by)] if one.good and one.actor % 8 else PEOPLE
        actor = (actors or PEOPLE)[one.actor % len(actors or PEOPLE)]
        data: dict[str, Any] = {
            "count": {"facts.n": one.value},
            "tell": {"facts.gap": one.value, "facts.flag": one.actor % 2 == 0} if one.value else {},
            "pay": {"amount": one.value},
        }.get(name, {"vote": one.value} if name.startswith("vote") else {})
        if not one.good and one.value == 0:
            data = {"facts.m": 7}
        said_event = Event(name, data)
        self.both(said_event, said_event, actor, f"{name} {data} by {actor.id}")

    def say_due(self, one: Said) -> None:
        """One of the due timers fires, at its moment or late."""
        due = [t for t in self.case.timers if t.kind == "due"]
        if due:
            self.fire(due[one.which % len(due)])

    def fire(self, timer: Timer) -> None:
        """A timer fires, at its moment or late."""
        self.now = max(self.now, timer.due)
        asks = DueTimer(timer.state, timer.entry, timer.deadline)
        self.both(TimerFired(timer), asks, SYSTEM, f"due {timer.key}")

    def say_result(self, one: Said) -> None:
        """A call is answered, also one that nobody waits for."""
        if self.calls:
            effect = self.calls[-1 - one.which // 4 % len(self.calls)]
            ok, data = one.actor % 4 != 0, {"score": one.value}
            result = EffectResult(effect, ok, data if ok else {}, None if ok else "no")
            asks = Result(effect.state, effect.entry, ok, data if ok else {})
            self.both(result, asks, SYSTEM, f"result {ok} {data} for {effect.state}#{effect.entry}")

    def say_handled(self, one: Said) -> None:
        """Somebody sees to a call, also to one that nobody waits for."""
        if self.calls:
            effect = self.calls[-1 - one.which // 4 % len(self.calls)]
            data: dict[str, Any] = [{}, {"score": one.value}, {"score": one.value}, {"score": "many"}][one.actor % 4]
            verb = "retry" if one.actor % 5 == 0 else "resolve"
            handled = EffectHandled(effect, verb, "by hand", data)
            asks = Handled(effect.state, effect.entry, verb == "resolve", data)
            self.both(handled, asks, ANA, f"{verb} {data} for {effect.state}#{effect.entry}")

    def say_ended(self, one: Said) -> None:
        """A child has ended."""
        alive = [index for index, child in enumerate(self.plain.children) if not child["ended"]]
        if alive:
            self.end(alive[one.which % len(alive)])

    def end(self, index: int) -> None:
        """One of the children has ended."""
        child = self.children[index]
        actor = Actor(child, kind="case", workflow="other", relation="child")
        ended = ChildEnded(child, None, "other", "good")
        self.both(ended, Ended(index, "good"), actor, f"child {index} ended")


def attempt(work: Callable[[], Step | None]) -> Step | Refused | None:
    """What the engine says, a refusal included."""
    try:
        return work()
    except Refused as refused:
        return refused
