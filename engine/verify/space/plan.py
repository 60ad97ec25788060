"""A workflow made ready for a search: its states as bits, its arms with their tests, and what is still looked at from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.core.definition import StateKind
from engine.core.machine.chart import arms_of, route_of
from engine.verify.space.values import Known, all_of, compiled, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from engine.core.definition import Arm, Assignment, State, Workflow
    from engine.core.expressions.expression import Expression
    from engine.core.machine.chart import Route
    from engine.verify.parts import Parts
    from engine.verify.space.values import Change, Test

_STAGE, _PARALLEL, _CHOICE = StateKind.STAGE, StateKind.PARALLEL, StateKind.CHOICE
_COUNTING = frozenset({StateKind.PANEL, StateKind.CHILDREN})
_RESTLESS = frozenset(
    {StateKind.CHOICE, StateKind.FINAL, StateKind.PARALLEL, *_COUNTING}
)  # by which something may move
SELF_ENDING = frozenset({*_COUNTING, StateKind.SERVICE})

Left = tuple[tuple[int, int] | None, ...]
"""For each kept state what was active and finished in it when it was left; None: nothing that still matters."""


class Config(NamedTuple):
    """Where a case rests."""

    active: int
    finished: int
    known: Known
    left: Left


class Move(NamedTuple):
    """What moves a case on: an event, a deadline, or work of a state that ends (`done`, `failed`)."""

    kind: str
    name: str
    state: str

    def __str__(self) -> str:
        return self.name or f"{self.state} {self.kind}".strip()


class Step(NamedTuple):
    """A move, the arms it took, the states entered in order (their places in the file), and where the case rests then."""

    move: Move
    arms: tuple[str, ...]
    entered: tuple[int, ...]
    to: Config


class Way(NamedTuple):
    """An arm, ready to be taken."""

    move: Move
    arm: str
    when: Test | None
    changes: tuple[Change, ...]
    route: Route | None
    keep: tuple[str, ...]


class Plan:
    """What a search looks up, worked out once."""

    def __init__(self, workflow: Workflow, parts: Parts, follow: Collection[str] | None = None) -> None:
        """`follow`: the only fields whose values are to be followed (None: all that can be)."""
        self.workflow = workflow
        self.states: list[State] = list(workflow.root.walk())
        self.place = {state.path: place for place, state in enumerate(self.states)}
        self.bit = {path: 1 << place for path, place in self.place.items()}
        self.inside = {state.path: sum(self.bit[s.path] for s in state.walk()) for state in self.states}
        conditions = [e for arm in _all_arms(self.states) for e in arm.when]
        conditions += [e for s in self.states for e in (s.condition, s.need.condition) if e is not None]
        self.values = values_of(workflow, parts, conditions, follow)
        self.kept = sorted({path for arm in _all_arms(self.states) for path in arm.keep})
        self._kept_place = {path: n for n, path in enumerate(self.kept)}
        self._brings = [self._before(_keeping(path), lambda _: False) for path in self.kept]
        self._live = [self._before(_reading(path), self.values.ends(path)) for path in self.values.places]
        self._sets = {state.path: self.values.changes(state.set) for state in self.states}
        self._if = {s.path: self._test(s.condition) for s in self.states if s.condition is not None}
        self._need = {s.path: self._test(s.need.condition) for s in self.states if s.need.condition is not None}
        self.ends = sum(self.bit[child.path] for child in workflow.root.children if child.kind is StateKind.FINAL)
        self._finals = {
            state.path: sum(self.bit[c.path] for c in state.children if c.kind is StateKind.FINAL)
            for state in self.states
        }
        self._moving = [
            (self.bit[state.path], state)
            for state in _inner_first(workflow.root)
            if state.kind in {_STAGE, _PARALLEL, _CHOICE, *_COUNTING}
        ]
        self._restless = sum(self.bit[s.path] for s in self.states if s.kind in _RESTLESS)
        self._keeps = sum(self.bit[path] for path in self.kept)
        self._ways = {state.path: self._ways_of(state) for state in self.states}
        self._outward = [(sum(bit for bit, _ in takers), takers) for takers in self._outward_of()]
        self._children = sum(self.bit[s.path] for s in self.states if s.cases is not None)
        self._unsure = sum(self.bit[path] for path in self._need)
        self._doing = [(self.bit[s.path], s) for s in self.states if s.kind in SELF_ENDING]

    def _test(self, condition: Expression) -> Test:
        return compiled(condition.tree, self.values, self.bit)

    def _way(self, state: State, arm: Arm, kind: str, name: str) -> Way:
        route = route_of(state, arm, self.workflow.states) if arm.to is not None else None
        when = all_of(arm.when, self.values, self.bit)
        return Way(Move(kind, name, state.path), arm.id, when, self.values.changes(arm.set), route, arm.keep)

    def _ways_of(self, state: State) -> dict[str, list[Way]]:
        return {
            kind: [self._way(state, arm, kind, "") for arm in arms]
            for kind, arms in (("choose", state.choose), ("done", state.done), ("failed", state.failed))
        }

    def _outward_of(self) -> list[list[tuple[int, list[Way]]]]:
        """For each event the states that take it with their arms; each deadline alone."""
        events: dict[str, list[tuple[int, list[Way]]]] = {}
        deadlines: list[list[tuple[int, list[Way]]]] = []
        for state in self.states:
            bit = self.bit[state.path]
            for handler in state.events.values():
                ways = [self._way(state, arm, "event", handler.event) for arm in handler.arms]
                events.setdefault(handler.event, []).append((bit, ways))
            for deadline in state.deadlines.values():
                if deadline.arms:
                    ways = [self._way(state, arm, "deadline", deadline.name) for arm in deadline.arms]
                    deadlines += [[(bit, ways)]]
        return [*events.values(), *deadlines]

    def _before(self, looks: Callable[[State], bool], ends: Callable[[Iterable[Assignment]], bool]) -> int:
        """The states from which a state that looks at something can be reached before a `set` makes an end of it."""
        able = sum(self.bit[state.path] for state in self.states if looks(state))
        ways = [
            (self.bit[state.path], self._around(arm.to))
            for state in self.states
            for arm in arms_of(state)
            if arm.to is not None and not ends(arm.set) and not any(ends(s.set) for s in self._surely(arm.to))
        ]
        changed = True
        while changed:
            changed = False
            for source, around in ways:
                if around & able and not source & able:
                    able |= source
                    changed = True
        return able

    def _surely(self, target: str) -> Iterator[State]:
        """What is entered with a target in any case, up to the first state in which regions are decided."""
        state = self.workflow.states[target]
        while state.kind is not _PARALLEL:
            yield state
            if state.initial is None:
                return
            state = self.workflow.states[state.initial]

    def _around(self, target: str) -> int:
        """A state, all inside it and all around it, with the other regions that are entered with it."""
        bits = self.inside[target]
        while target:
            target = target.rpartition(".")[0]
            state = self.workflow.states[target]
            bits |= self.inside[target] if state.kind is _PARALLEL else self.bit[target]
        return bits


def _keeping(path: str) -> Callable[[State], bool]:
    """Whether an arm of a state brings this one back."""
    return lambda state: any(path in arm.keep for arm in arms_of(state))


def _reading(path: str) -> Callable[[State], bool]:
    """Whether a condition of a state, of its arms or of a region in it looks at a field."""

    def reads(state: State) -> bool:
        own = [state.need.condition, *(region.condition for region in state.children)]
        conditions = [*(one for arm in arms_of(state) for one in arm.when), *(one for one in own if one is not None)]
        return any(path in condition.reads for condition in conditions)

    return reads


def _all_arms(states: Iterable[State]) -> Iterator[Arm]:
    return (arm for state in states for arm in arms_of(state))


def _inner_first(state: State) -> Iterator[State]:
    for child in state.children:
        yield from _inner_first(child)
    yield state
