"""What scenarios have gone through: arms taken and deadlines fallen due, of all that a definition has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.machine.chart import arms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.core.definition import Workflow


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

    arms: set[str] = field(default_factory=set)
    deadlines: set[str] = field(default_factory=set)

    def add(self, record: Mapping[str, object]) -> None:
        """What one line of a history went through."""
        arms = record.get("arms")
        if isinstance(arms, tuple | list):
            self.arms.update(str(arm) for arm in arms)
        if record.get("kind") == "deadline":
            self.deadlines.add(f"{record.get('state', '')}:{record.get('name')}")

    def shares(self, workflow: Workflow) -> dict[str, Share]:
        """`transitions` and `deadlines`."""
        return {
            "transitions": _share(self.arms, transitions(workflow)),
            "deadlines": _share(self.deadlines, deadlines(workflow)),
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


def _share(covered: Iterable[str], wanted: list[str]) -> Share:
    there = set(covered)
    missing = tuple(name for name in wanted if name not in there)
    return Share(len(wanted) - len(missing), len(wanted), missing)
