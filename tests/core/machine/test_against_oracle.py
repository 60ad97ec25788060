"""Random workflows and conversations: the engine against the plain interpreter of oracle/, equal after every step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from by_hand import F, P, S, W, panel, state, tree
from generator import Said, said, workflows
from hypothesis import HealthCheck, Phase, event, given, settings
from interpreter import Interpreter
from plain import DueTimer, Ended, Handled, Happened, Plain, Result
from vocabulary import FORMS, PEOPLE, compiled

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
from engine.core.definition import Arm, Children, Deadline, StateKind, Workflow
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case, step
from engine.core.terms import Term, Unit
from engine.core.types import BOOLEAN
from engine.core.work import EffectHandled
from engine.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from telling import Drawn

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


def converse(workflow: Workflow, conversation: list[Said]) -> None:
    """Both take the whole conversation and agree after every step."""
    pair = Pair(workflow, event)
    if pair.open():
        for one in conversation:
            pair.say(one)


def scripted(workflow: Workflow, *script: tuple[Any, ...]) -> Pair:
    """Both take a script: (event, data, person), ("due", deadline) or ("ended", child); they agree after every step."""
    pair = Pair(workflow)
    assert pair.open()
    for word, *rest in script:
        pair.now += timedelta(minutes=10)
        if word == "due":
            pair.fire(next(t for t in pair.case.timers if t.deadline == rest[0] and t.kind == "due"))
        elif word == "ended":
            pair.end(rest[0])
        else:
            said_event = Event(word, rest[0] if rest else {})
            pair.both(said_event, said_event, rest[1] if len(rest) > 1 else ANA, word)
    return pair


FLAG = compiled("facts.flag", "", BOOLEAN)


def test_a_region_that_was_off_is_kept_off() -> None:
    """`keep` brings a region back as it was left the last time, not as it was in an earlier stay."""
    regions = [state("a", S, state("x", W)), state("b", S, state("x", W), condition=FLAG)]
    workflow = tree(
        state("q", W, on={"go": Arm("in", to="p"), "push": Arm("back", to="p", keep=("p.b",)), "tell": Arm("tell")}),
        state("p", P, *regions, on={"go": Arm("out", to="q")}),
    )
    on, off = ("tell", {"facts.flag": True}), ("tell", {"facts.flag": False})
    first = scripted(workflow, off, ("go",), ("go",), on, ("push",))
    assert [p.state for p in first.case.positions if p.state] == ["p", "p.a", "p.a.x"]
    second = scripted(workflow, on, ("go",), ("go",), off, ("go",), ("go",), ("push",))
    assert [p.state for p in second.case.positions if p.state] == ["p", "p.a", "p.a.x"]


def test_no_arm_enters_a_region_of_a_state_that_another_leaves() -> None:
    """An arm into a region that is off meets one that leaves the parallel state: the inner one wins."""
    inner = [state("a", S, state("x", W)), state("b", S, state("x", W), condition=FLAG)]
    workflow = tree(
        state(
            "p",
            P,
            state("in", P, *inner, on={"go": Arm("inner", to="p.in.b.x")}),
            state("other", S, state("x", W)),
            on={"go": Arm("outer", to="q")},
        ),
        state("q", W),
    )
    assert scripted(workflow, ("go",)).case.leaves == ("p.in.a.x", "p.in.b.x", "p.other.x")


def test_an_answer_counts_for_a_role_that_is_still_asked() -> None:
    """Who holds two roles answers in the one of which not all have answered."""
    workflow = tree(
        state("v", PANEL, panel=panel(red=1, blue=1, green=1), done=(Arm("done", to="end"),)), state("end", F)
    )
    ana, ben, cyd, dov, _, fay, _ = PEOPLE
    pair = scripted(workflow, ("vote0", {"vote": 1}, ana), ("vote0", {"vote": 2}, cyd))
    assert [row["role"] for row in pair.case.data["votes.list0"]] == ["red", "blue"]
    pair = scripted(workflow, *(("vote0", {"vote": 1}, who) for who in (ana, cyd, ben, dov, fay)))
    assert pair.case.closed_at is not None


def test_child_ended_is_an_event_like_others() -> None:
    """Each region may take it, and so may the state around them."""
    one = Children("other", values={})
    regions = [
        state("a", CHILDREN, cases=one, on={"child_ended": Arm("a")}),
        state("b", S, state("x", W, on={"child_ended": Arm("b", to="p.b.y")}), state("y", W)),
    ]
    pair = scripted(tree(state("p", P, *regions)), ("ended", 0))
    assert pair.case.leaves == ("p.a", "p.b.y")


def test_a_deadline_that_has_fired_does_not_fire_again_when_its_state_is_kept() -> None:
    """A kept state's deadlines go on with the time that was left; one that has fired has none."""
    late = Deadline("late", after=Term(1, Unit.HOURS), arms=(Arm("late"),))
    workflow = tree(
        state("w", W, deadlines={"late": late}, on={"go": Arm("out", to="q")}),
        state("q", W, on={"go": Arm("back", to="w", keep=("w",))}),
    )
    assert scripted(workflow, ("due", "late"), ("go",), ("go",)).case.timers == ()


def test_children_count_for_the_state_that_opened_them() -> None:
    """A state that waits for all open children does not take them from the one that opened them."""
    regions = [
        state("a", CHILDREN, cases=Children("other", values={}), done=(Arm("a done"),)),
        state("b", S, state("x", W, on={"go": Arm("wait", to="p.b.y")}), state("y", CHILDREN, cases=Children("other"))),
    ]
    pair = scripted(tree(state("p", P, *regions)), ("go",))
    assert not any(p.finished for p in pair.case.positions)
    pair = scripted(tree(state("p", P, *regions)), ("go",), ("ended", 0))
    assert {p.state for p in pair.case.positions if p.finished} == {"p.a", "p.b.y"}


ANY_SIZE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=200, deadline=None, suppress_health_check=ANY_SIZE)
@given(workflows(), said())
def test_engine_and_oracle_agree(drawn: Drawn, conversation: list[Said]) -> None:
    """The engine does what a plain reading of the language does, and never rests in a half state."""
    converse(drawn.workflow, conversation)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=ANY_SIZE, phases=(Phase.generate, Phase.shrink))
@given(workflows(), said())
def test_engine_and_oracle_agree_for_long(drawn: Drawn, conversation: list[Said]) -> None:
    """The same for thousands of workflows."""
    converse(drawn.workflow, conversation)
