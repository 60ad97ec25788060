"""What is said of a workflow after its configurations were searched and real cases were tried: it holds, it fails so, or it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from engine.core.expressions.expression import Expression
from engine.verify.space.explore import explore
from engine.verify.space.proving import Prover
from engine.verify.space.watch import monitor_of
from engine.verify.trial.hunt import finds, hunt
from engine.verify.trial.player import PLAIN, Player
from engine.verify.trial.replay import shortened
from engine.verify.trial.story import story, way_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.verify.parts import Parts
    from engine.verify.policies import AtMost, Before, NotBoth
    from engine.verify.space.explore import Limit, Monitor
    from engine.verify.space.space import Space
    from engine.verify.trial.player import Run


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known, and why."""

    answer: Literal["holds", "fails", "open"]
    why: str = ""


class Trials:
    """Searches and tries of one workflow; `calendar` None: every day from Monday to Friday is a working day."""

    def __init__(self, workflow: Workflow, parts: Parts, calendar: Calendar | None, limit: Limit) -> None:
        self.workflow, self.parts, self.limit = workflow, parts, limit
        self.calendar = calendar
        self.prover = Prover(workflow, parts, limit)

    @cached_property
    def player(self) -> Player:
        """Plays cases of the workflow on the engine."""
        expressions = self.parts.of(Expression)
        return Player(self.workflow, self.calendar, expressions, start=_start(self.calendar or PLAIN))

    def decide(self, policy: Before | AtMost | NotBoth) -> Verdict:
        """Whether a policy holds in every case."""
        explored, space = self.prover.search(policy)
        if explored.way is None:
            if explored.whole:
                return Verdict("holds")
            return Verdict("open", f"of more than {len(explored.nodes)} configurations not all were looked at")
        found = self.made(space, monitor_of(policy, space.place))
        if found is not None:
            return Verdict("fails", story(found, self.player.answers.telling))
        return Verdict("open", f"no case was found that does it; conditions decide about {way_of(explored.way)}")

    def against(self, policy: Before | AtMost | NotBoth) -> Run | None:
        """A case of the engine that breaks a policy, without what is not needed; None: none was found."""
        return self.to(lambda place: monitor_of(policy, place))

    def to(self, monitor_at: Callable[[Mapping[str, int]], Monitor]) -> Run | None:
        """A case of the engine in which a monitor finds what it looks for; it is told the place of each state."""
        explored, space = self.prover.find(monitor_at)
        return None if explored.way is None else self.made(space, monitor_at(space.place))

    def made(self, space: Space, monitor: Monitor) -> Run | None:
        """The same for a space that was searched already, and its monitor."""
        found = hunt(self.player, space, explore(space, self.limit, monitor, links=True), monitor)
        return None if found is None else shortened(self.player, found, lambda runs: finds(space, monitor, runs))


def _start(calendar: Calendar) -> datetime:
    """A working morning well inside a calendar."""
    year = min(max(2026, calendar.first_year), calendar.last_year)
    return datetime(year, 1, 12, 6, tzinfo=UTC)
