"""What is said of a workflow after its configurations were searched and real cases were tried: it holds, it fails so, or it is open."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from engine.core.expressions.expression import Expression
from engine.core.frozen import frozen
from engine.verify.policies import Persons, Within
from engine.verify.space.acting import acting, perhaps_acting
from engine.verify.space.explore import explore
from engine.verify.space.proving import Prover
from engine.verify.space.watch import beginning, monitor_of
from engine.verify.trial.hunt import finds, hunt
from engine.verify.trial.lasting import lasting
from engine.verify.trial.persons import breaking, judged
from engine.verify.trial.player import PLAIN, Player
from engine.verify.trial.replay import replayed, shortened
from engine.verify.trial.story import story, way_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.verify.parts import Parts
    from engine.verify.policies import AtMost, Before, NotBoth, Policy
    from engine.verify.space.explore import Limit, Monitor
    from engine.verify.space.space import Space
    from engine.verify.trial.player import Run


_KNOWN = 40
"""Cases, the last ones."""


@frozen
class Verdict:
    """What is known, why, and what would help."""

    answer: Literal["holds", "fails", "open"]
    why: str = ""
    hint: str | None = None


class Trials:
    """Searches and tries of one workflow; `calendar` None: every day from Monday to Friday is a working day."""

    def __init__(self, workflow: Workflow, parts: Parts, calendar: Calendar | None, limit: Limit) -> None:
        self.workflow, self.parts, self.limit = workflow, parts, limit
        self.calendar = calendar
        self.prover = Prover(workflow, parts, limit)
        self.known: tuple[Run, ...] = ()  # cases that were made, to go on with

    @cached_property
    def player(self) -> Player:
        """Plays cases of the workflow on the engine."""
        expressions = self.parts.of(Expression)
        return Player(self.workflow, self.calendar, expressions, start=_start(self.calendar or PLAIN))

    def decide(self, policy: Policy) -> Verdict:
        """Whether a policy holds in every case."""
        match policy:
            case Persons():
                return self._persons(policy)
            case Within():
                return self._within(policy)
            case _:
                return self._order(policy)

    def _order(self, policy: Before | AtMost | NotBoth) -> Verdict:
        explored, space = self.prover.search(policy)
        if explored.way is None:
            if explored.whole:
                return Verdict("holds")
            return Verdict("open", f"of more than {len(explored.nodes)} configurations not all were looked at")
        found = self.made(space, monitor_of(policy, space.place))
        if found is not None:
            return Verdict("fails", story(found, self.player.answers.telling))
        return Verdict("open", f"no case was found that does it; conditions decide about {way_of(explored.way)}")

    def _persons(self, policy: Persons) -> Verdict:
        """It holds where nobody can act in two of its places; else two acts are looked for that break it."""
        explored, _ = self.prover.find(perhaps_acting(policy.things, self.workflow))
        if explored.way is None and explored.whole:
            return Verdict("holds")
        found = self.to(acting(policy.things))
        broken = None if found is None else breaking(self.player, policy, found)
        if broken is None:
            return Verdict("open", "no duty keeps it, and no case was found that breaks it")
        runs = replayed(self.player, broken.acts)
        said, names = story(broken, self.player.answers.telling), ", ".join(thing.name for thing in policy.things)
        why = f"{said}: {judged(policy, self.player, runs)}"
        return Verdict("fails", why, f"add to `duties`: {{{policy.kind}: [{names}]}}")

    def _within(self, policy: Within) -> Verdict:
        """It holds where the time never begins, or ends in the same step; else a case is looked for that takes longer."""
        begins = beginning(policy, self.workflow)
        explored, space = self.prover.find(begins)
        if explored.way is None and explored.whole:
            return Verdict("holds")
        begun = None if explored.way is None else self.made(space, begins(space.place))
        found = None if begun is None else lasting(self.player, policy, begun)
        if found is None:
            alone = f"no deadline of '{policy.start.name}' alone bounds the time"
            return Verdict("open", f"{alone}, and no case was found that takes longer")
        run, why = found
        return Verdict("fails", f"{story(run, self.player.answers.telling)}: {why}")

    def against(self, policy: Before | AtMost | NotBoth) -> Run | None:
        """A case of the engine that breaks a policy, without what is not needed; None: none was found."""
        return self.to(lambda place: monitor_of(policy, place))

    def to(self, monitor_at: Callable[[Mapping[str, int]], Monitor]) -> Run | None:
        """A case of the engine in which a monitor finds what it looks for; it is told the place of each state."""
        explored, space = self.prover.find(monitor_at)
        return None if explored.way is None else self.made(space, monitor_at(space.place))

    def made(self, space: Space, monitor: Monitor) -> Run | None:
        """The same for a space that was searched already, and its monitor."""
        found = hunt(self.player, space, explore(space, self.limit, monitor, links=True), monitor, known=self.known)
        if found is None:
            return None
        found = shortened(self.player, found, lambda runs: finds(space, monitor, runs))
        self.known = (*self.known, found)[-_KNOWN:]
        return found


def _start(calendar: Calendar) -> datetime:
    """A working morning well inside a calendar."""
    year = min(max(2026, calendar.first_year), calendar.last_year)
    return datetime(year, 1, 12, 6, tzinfo=UTC)
