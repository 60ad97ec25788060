"""What scenarios have gone through: states, arms, deadlines and messages, of all that a definition has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.machine.chart import arms_of
from engine.verify.between import templates_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.core.definition import Workflow

GOALS = ("states", "transitions", "deadlines", "messages")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and which are missing."""

    covered: int
    whole: int
    missing: tuple[str, ...]

    @property
    def percent(self) -> float:
        """100 where there is nothing to cover."""
        return 100.0 if not self.whole else 100.0 * self.covered / self.whole


@dataclass(slots=True)
class Covered:
    """Collected over all scenarios of one workflow."""

    states: set[str] = field(default_factory=set)
    arms: set[str] = field(default_factory=set)
    deadlines: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)

    def add(self, record: Mapping[str, object]) -> None:
        """What one line of a history went through."""
        self.arms.update(_texts(record.get("arms")))
        self.states.update(_texts(record.get("entered")))
        if record.get("kind") == "deadline":
            self.deadlines.add(f"{record.get('state', '')}:{record.get('name')}")
        for effect in _texts(record.get("effects")):
            _, kind, what = effect.split(":", 2)
            if kind == "notify":
                self.messages.add(what)

    def shares(self, workflow: Workflow) -> dict[str, Share]:
        """A share for each of GOALS."""
        return {
            "states": _share(self.states, [path for path in workflow.states if path]),
            "transitions": _share(self.arms, transitions(workflow)),
            "deadlines": _share(self.deadlines, deadlines(workflow)),
            "messages": _share(self.messages, messages(workflow)),
        }


def transitions(workflow: Workflow) -> list[str]:
    """The id of every arm: of events, deadlines, choices, done, failed, extensions and answers."""
    found = []
    for state in workflow.states.values():
        found += [arm.id for arm in arms_of(state)]
        found += [f"{state.path}:extend_{name}" for name, deadline in state.deadlines.items() if deadline.extend]
        if state.panel is not None:
            found.append(f"{state.path}:{state.panel.event}")
    return found


def deadlines(workflow: Workflow) -> list[str]:
    """Every deadline as `<state>:<name>`."""
    return [f"{state.path}:{name}" for state in workflow.states.values() for name in state.deadlines]


def messages(workflow: Workflow) -> list[str]:
    """The template of every message that the file names: in actions and in reminders of its own."""
    return list(dict.fromkeys(name for _, name in templates_of(workflow)))


def _texts(some: object) -> Iterable[str]:
    return map(str, some) if isinstance(some, tuple | list) else ()


def _share(covered: Iterable[str], wanted: list[str]) -> Share:
    there = set(covered)
    missing = tuple(name for name in wanted if name not in there)
    return Share(len(wanted) - len(missing), len(wanted), missing)
