"""What scenarios have gone through: states, arms, outcomes of conditions, deadlines met and missed, messages, of all that there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.core.machine.chart import arms_of
from engine.verify.between import templates_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.core.definition import Workflow
    from engine.rehearse.guards import Guards, Refusal

Seen = tuple[frozenset[str], ...]
GOALS = ("states", "transitions", "conditions", "boundaries", "deadlines", "met", "messages")


@frozen
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
    """Collected over all scenarios of one workflow; `guards` say what its conditions came to."""

    guards: Guards
    states: set[str] = field(default_factory=set)
    arms: set[str] = field(default_factory=set)
    deadlines: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)

    def add(self, case: str, records: Sequence[Mapping[str, Any]], refusals: Sequence[Refusal] = ()) -> None:
        """What one case went through, from its history and from what was refused."""
        self.guards.look(case, records, refusals)
        fallen: set[str] = set()
        for record in records:
            self.arms.update(_texts(record.get("arms")))
            self.states.update(_texts(record.get("entered")))
            if record.get("kind") == "deadline":
                fallen.add(f"{record.get('state', '')}:{record.get('name')}")
                self.deadlines |= fallen
            for state in _texts(record.get("left")):
                self.met |= {name for name in self._deadlines_of(state) if name not in fallen}
                fallen -= set(self._deadlines_of(state))
            for effect in _texts(record.get("effects")):
                _, kind, what = effect.split(":", 2)
                if kind == "notify":
                    self.messages.add(what)

    def seen(self) -> Seen:
        """All that was collected, to be joined elsewhere."""
        return tuple(map(frozenset, self._kinds()))

    def join(self, seen: Seen) -> None:
        """What was collected elsewhere."""
        for mine, other in zip(self._kinds(), seen, strict=True):
            mine.update(other)

    def _kinds(self) -> tuple[set[str], ...]:
        return (
            self.states,
            self.arms,
            self.guards.outcomes,
            self.guards.boundaries,
            self.deadlines,
            self.met,
            self.messages,
        )

    def _deadlines_of(self, path: str) -> list[str]:
        state = self.guards.workflow.states.get(path)
        return [] if state is None else [f"{path}:{name}" for name in state.deadlines]

    def shares(self) -> dict[str, Share]:
        """A share for each of GOALS."""
        workflow = self.guards.workflow
        lasting = [name for name in deadlines(workflow) if not name.startswith(":")]
        return {
            "states": _share(self.states, [path for path in workflow.states if path]),
            "transitions": _share(self.arms, transitions(workflow)),
            "conditions": _share(self.guards.outcomes, self.guards.all_outcomes()),
            "boundaries": _share(self.guards.boundaries, self.guards.all_boundaries()),
            "deadlines": _share(self.deadlines, deadlines(workflow)),
            "met": _share(self.met, lasting),
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
