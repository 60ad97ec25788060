"""What the plain interpreter remembers and says, and how it computes values; which arms run is left to interpreter.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.core.acts import Call, Notify, Open, Send
from engine.core.definition import StateKind
from engine.core.expressions.expression import ExpressionError, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from engine.core.acts import Action
    from engine.core.case import Actor
    from engine.core.definition import State, Workflow
    from engine.core.naming import Who


class No(Exception):
    """The step is refused; the text is the name of the refusal's class."""


@dataclass(frozen=True)
class Active:
    """What is known of an active state."""

    entry: int
    entered_at: datetime
    finished: bool = False


@dataclass
class Plain:
    """A case between two steps."""

    data: dict[str, Any]
    active: dict[str, Active] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    left: dict[str, dict[str, Active]] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    children: list[dict[str, Any]] = field(default_factory=list)
    fired: set[tuple[str, int, str]] = field(default_factory=set)
    closed: bool = False
    outcome: str | None = None

    def copy(self) -> Plain:
        """One that can be changed without touching this one."""
        return Plain(
            dict(self.data),
            dict(self.active),
            dict(self.entries),
            dict(self.left),
            {path: list(rows) for path, rows in self.answers.items()},
            [dict(child) for child in self.children],
            set(self.fired),
            closed=self.closed,
            outcome=self.outcome,
        )


@dataclass(frozen=True)
class DueTimer:
    """A deadline's due moment has come."""

    state: str
    entry: int
    deadline: str


@dataclass(frozen=True)
class Result:
    """What came of the call of a service state."""

    state: str
    entry: int
    ok: bool
    data: dict[str, Any]


@dataclass(frozen=True)
class Handled:
    """A person has the call of a service state tried again, or ends it as done by hand."""

    state: str
    entry: int
    ends: bool
    data: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The child of this position in `Plain.children` has ended."""

    index: int
    outcome: str | None


@dataclass
class Happened:
    """What a step did; `refused` is the refusal's class, `nothing` a stale input."""

    refused: str | None = None
    nothing: bool = False
    arms: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    effects: list[tuple[str, str]] = field(default_factory=list)


def inside(path: str, outer: str) -> bool:
    """Whether a state lies strictly inside another; all lie inside the root."""
    return path != outer and (outer == "" or path.startswith(outer + "."))


def upward(path: str) -> list[str]:
    """A state and all around it, up to the root."""
    parts = path.split(".") if path else []
    return [".".join(parts[:n]) for n in range(len(parts), -1, -1)]


class Scene:
    """One step while it runs, on a copy of a plain case."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.states = workflow.states

    def _begin(self, case: Plain, actor: Actor, now: datetime) -> None:
        self.case, self.actor, self.now = case, actor, now
        self.happened = Happened()
        self.claims: dict[str, str] = {}  # path → the state whose `set` wrote it in this step
        self.event: dict[str, Any] | None = None
        self.result: dict[str, Any] | None = None
        self._here: State | None = None  # whose `answers` are seen

    def leaves(self) -> list[str]:
        """The active states that have no active state inside, in file order."""
        states = [s.path for s in self._active_states()]
        return [s for s in states if not any(inside(other, s) for other in states)]

    def _active_states(self) -> list[State]:
        return sorted((self.states[path] for path in self.case.active), key=lambda s: s.order)

    def _fits(self, who: Who, actor: Actor) -> bool:
        if who.kind == "role":
            return actor.kind == "person" and str(who) in actor.roles
        if who.kind == "workflow":
            return actor.kind == "case" and actor.workflow == who.name
        return who.kind == actor.kind == "system"

    def _inner_first(self, state: State) -> list[State]:
        """The active states, in file order but each after those inside it."""
        inner = [found for child in state.children for found in self._inner_first(child)]
        return [*inner, state] if state.path in self.case.active else inner

    def _scope(self, state: State | None = None) -> Scope:
        here = state or self._here
        return Scope(
            data=dict(self.case.data),
            now=self.now,
            zone=self.workflow.zone,
            event=self.event,
            actor={"id": self.actor.id, "roles": tuple(sorted(self.actor.roles))},
            case={"opened_at": self.now},
            result=self.result,
            answers=tuple(self.case.answers.get(here.path, ())) if here else (),
            in_state=lambda path: path in self.case.active,
        )

    def _value(self, expression: Any, state: State | None = None) -> Any:
        try:
            return expression.run(self._scope(state))
        except ExpressionError:
            raise No("GuardFailed") from None

    def _computed(self, assignments: Iterable[Any]) -> dict[str, Any]:
        return {a.path: None if a.expression is None else self._value(a.expression) for a in assignments}

    def _write(self, values: dict[str, Any]) -> None:
        for path, value in values.items():
            if value is None:
                self.case.data.pop(path, None)
            else:
                self.case.data[path] = value

    def _assign(self, state: State) -> None:
        written: dict[str, Any] = {}
        for assignment in state.set:
            self._claim(assignment.path, state)
            written.update(self._computed([assignment]))
        self._write(written)

    def _claim(self, path: str, state: State) -> None:
        """Two states in different regions of one parallel may not set one path in a step."""
        other = self.claims.setdefault(path, state.path)
        ways = [self._around(place) for place in (other, state.path)]
        common = next(place for place in ways[0] if place in ways[1])
        if common not in (other, state.path) and self.states[common].kind is StateKind.PARALLEL:
            raise No("ConflictingSets")
        self.claims[path] = state.path

    @staticmethod
    def _around(path: str) -> list[str]:
        chain = [path]
        while path:
            path = path.rpartition(".")[0]
            chain.append(path)
        return chain

    def _run(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if action.condition is not None and self._value(action.condition) is not True:
                continue
            if isinstance(action, Notify):
                self.happened.effects.append(("notify", action.template))
            elif isinstance(action, Open):
                self.happened.effects.append(("open", action.workflow))
            elif isinstance(action, Send):
                self.happened.effects.append(("send", action.event))
            elif isinstance(action, Call):
                self.happened.effects.append(("call", action.operation))
