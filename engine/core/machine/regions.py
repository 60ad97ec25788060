"""One flat transitions.Machine a region, shared by all cases and threads; what a move means is left to draft and step.

Every state is entered and left by a transition of the library: entering a region is `+child` from OUT, leaving it is `-`,
an arm is a transition on the machine of its domain. A move only collects which states were left and entered; models
are thrown away, nothing is ever added to a machine after it is built (DESIGN §2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from transitions import Event, EventData, Machine, State, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import Enum

OUT = "(out)"


class Moves(Protocol):
    """What a move reports to."""

    left: list[str]
    entered: list[str]


class _Model:
    """The throw-away model of one transition."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class _Reporting(State):
    """A state that tells the move of its leaving and entering: the library's own hooks, without its callback lists."""

    def exit(self, event_data: EventData) -> None:
        event_data.args[0].left.append(self._name)  # type: ignore[index]  # the library's stub says Iterable

    def enter(self, event_data: EventData) -> None:
        event_data.args[0].entered.append(self._name)  # type: ignore[index]


class _Outside(State):
    """Where a case is that is not in this region: nobody is told of it."""

    def exit(self, event_data: EventData) -> None:
        """Without the library's callback lists and its log."""

    def enter(self, event_data: EventData) -> None:
        """The same."""


class _Plain(Transition):
    """A transition without conditions and callbacks, which regions never have: selection and actions are the engine's."""

    def execute(self, event_data: EventData) -> bool:
        self._change_state(event_data)  # the library's own: exit, set, enter
        return True


class _Direct(Event):
    """An event without the library's queue and callbacks around it: the one transition from where the model is, or MachineError."""

    def trigger(self, model: object, *args: object, **kwargs: object) -> bool:
        machine, source = self.machine, getattr(model, self.machine.model_attribute)
        ways = self.transitions.get(source)
        if ways is None:
            self._is_valid_source(machine.get_state(source))  # the library's own words: MachineError
            return False
        return ways[0].execute(EventData(machine.states[source], self, machine, model, args, kwargs))


class _Machine(Machine):
    """All states are declared and have texts as names: looking one up needs no questions."""

    state_cls = _Reporting
    transition_cls = _Plain
    event_cls = _Direct

    def get_state(self, state: str | Enum) -> State:
        return self.states[state]  # type: ignore[index]

    def set_state(self, state: str | Enum | State, model: object = None) -> None:
        setattr(model, self.model_attribute, state)


class Region:
    """The machine over the children of one stage, or over the single state of a region that is no stage."""

    __slots__ = ("_events", "machine")

    def __init__(self, children: Iterable[str], arms: Iterable[tuple[str, str, str]]) -> None:
        """`arms` are (arm id, child that is left, child that is entered)."""
        names = list(children)
        self.machine = _Machine(model=None, states=[_Outside(OUT), *names], initial=OUT, auto_transitions=False)
        for child in names:
            self.machine.add_transition(f"+{child}", OUT, child)
            self.machine.add_transition("-", child, OUT)
        for arm, source, target in arms:
            self.machine.add_transition(arm, source, target)
        self._events = self.machine.events

    def enter(self, child: str, moves: Moves) -> None:
        """From outside to `child`."""
        self._events[f"+{child}"].trigger(_Model(OUT), moves)

    def leave(self, child: str, moves: Moves) -> None:
        """From `child` to outside."""
        self._events["-"].trigger(_Model(child), moves)

    def take(self, arm: str, child: str, moves: Moves) -> None:
        """Along an arm, from the active `child` to the arm's."""
        self._events[arm].trigger(_Model(child), moves)
