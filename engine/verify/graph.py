"""Where a case can go, state by state: moves, what is entered with a target, and a search over both.

Conditions are taken as possibly true, so what is not reached here is never reached at all. A `done` is possible once the
states inside that it needs are reached.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from engine.core.definition import StateKind
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from engine.core.acts import Action
    from engine.core.definition import Arm, State, Workflow

_SELF_ENDING = frozenset({StateKind.PANEL, StateKind.SERVICE, StateKind.CHILDREN})


@frozen
class Move:
    """An arm of a state with what takes it: the name of its event or deadline; `else_of`: arms that go before it."""

    source: State
    arm: Arm
    kind: Literal["event", "deadline", "choose", "done", "failed"]
    name: str
    else_of: int = 0

    @property
    def free(self) -> bool:
        """Whether nothing but the event, deadline or completion is needed: no condition, no arm before it."""
        return not self.arm.when and not self.else_of

    def __str__(self) -> str:
        words = {"choose": "choose", "done": "done", "failed": "failed"}
        return words.get(self.kind, self.name)


@frozen
class Via:
    """How a state was first reached: from a state by a move; None: it was there at the start."""

    source: str
    move: Move | None


class Graph:
    """A workflow's states and moves, for searching."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.states = workflow.states
        self.moves: Mapping[str, tuple[Move, ...]] = {
            path: tuple(moves_of(state)) for path, state in self.states.items()
        }
        self._entries: dict[str, tuple[str, ...]] = {}
        self._exits: dict[str, list[tuple[Move, tuple[str, ...]]]] = {
            path: [(move, self.entry(move.arm.to)) for move in moves if move.arm.to is not None]
            for path, moves in self.moves.items()
        }  # the moves that enter something, with that
        self._dones = {
            path: [(move, entered) for move, entered in exits if move.kind == "done"]
            for path, exits in self._exits.items()
        }

    def around(self, path: str) -> Iterator[State]:
        """The states around a state, inner first, with the root."""
        while path:
            path = path.rpartition(".")[0]
            yield self.states[path]

    def entry(self, target: str) -> tuple[str, ...]:
        """What becomes active with a target, outer first: the states around it, their other regions, what it begins with."""
        known = self._entries.get(target)
        if known is None:
            chain = [*[state.path for state in self.around(target)][::-1], target]
            entered: dict[str, None] = {}
            for outer, inner in zip(chain, [*chain[1:], ""], strict=True):
                entered[outer] = None
                if inner and self.states[outer].kind is StateKind.PARALLEL:
                    for region in self.states[outer].children:
                        if region.path != inner:
                            entered.update(dict.fromkeys(self._defaults(region)))
            entered.update(dict.fromkeys(self._defaults(self.states[target])))
            known = self._entries[target] = tuple(entered)
        return known

    def _defaults(self, state: State) -> Iterator[str]:
        yield state.path
        if state.kind is StateKind.PARALLEL:
            for region in state.children:
                yield from self._defaults(region)
        elif state.initial is not None:
            yield from self._defaults(self.states[state.initial])

    def completes(self, state: State, reached: Iterable[str]) -> bool:
        """Whether a state can be done when these states are reached."""
        if state.kind is StateKind.STAGE:
            return any(child.kind is StateKind.FINAL and child.path in reached for child in state.children)
        if state.kind is not StateKind.PARALLEL:
            return state.kind in _SELF_ENDING
        able = [region.condition is not None or self.completes(region, reached) for region in state.children]
        need = state.need.count
        if need == "all":
            return all(able)
        return need is None or sum(able) >= (1 if need == "any" else int(need))

    def reach(self, start: Iterable[str], allow: Callable[[Move], bool] = lambda _: True) -> dict[str, Via]:
        """Every state that can become active from these on, using only the moves that are allowed, with how."""
        reached: dict[str, Via] = {path: Via("", None) for path in start}
        fresh = set(reached)
        while fresh:
            looked_at, fresh = fresh, set()
            for path in list(reached):  # of those that were looked at before, only a `done` may be possible now
                for move, entered in (self._exits if path in looked_at else self._dones)[path]:
                    new = [one for one in entered if one not in reached]
                    if not new or (move.kind == "done" and not self.completes(move.source, reached)):
                        continue
                    if allow(move):
                        fresh.update(new)
                        reached.update(dict.fromkeys(new, Via(path, move)))
        return reached

    @cached_property
    def start(self) -> tuple[str, ...]:
        """What is active when a case is opened."""
        return ("", *self.entry(self.workflow.root.initial)) if self.workflow.root.initial else ("",)

    @cached_property
    def reached(self) -> dict[str, Via]:
        """Everything that can ever be active."""
        return self.reach(self.start)

    def way(self, reached: Mapping[str, Via], path: str) -> str:
        """How a state was reached, as people read it: `submit → include → accept`."""
        steps: list[str] = []
        seen = set()
        while path in reached and path not in seen:
            seen.add(path)
            via = reached[path]
            if via.move is None:
                break
            steps.append(str(via.move))
            path = via.source
        shown = steps[::-1] if len(steps) <= 12 else [*steps[:-7:-1], "…", *steps[5::-1]]
        return " → ".join(shown) or "the start"


def moves_of(state: State) -> Iterator[Move]:
    """The arms of a state, in file order by kind."""
    for handler in state.events.values():
        yield from (Move(state, arm, "event", handler.event, n) for n, arm in enumerate(handler.arms))
    for deadline in state.deadlines.values():
        yield from (Move(state, arm, "deadline", deadline.name, n) for n, arm in enumerate(deadline.arms))
    yield from (Move(state, arm, "choose", "", n) for n, arm in enumerate(state.choose))
    yield from (Move(state, arm, "done", "", n) for n, arm in enumerate(state.done))
    yield from (Move(state, arm, "failed", "", n) for n, arm in enumerate(state.failed))


def actions(workflow: Workflow) -> Iterator[Action]:
    """Every action of a workflow."""
    yield from workflow.opening.actions
    for state in workflow.states.values():
        yield from state.enter
        yield from state.leave
        for move in moves_of(state):
            yield from move.arm.actions
