"""What leads to a goal: cases made on the engine that should go through it. Whether they do is seen when they are rehearsed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from engine.core.acts import Notify
from engine.core.definition import Arm
from engine.core.machine.chart import arms_of
from engine.rehearse.coverage import Covered
from engine.rehearse.goals import Goal, Lead, reached
from engine.rehearse.guards import Guards, Refusal
from engine.rehearse.turning import Turning
from engine.verify.trial.aiming import Aims
from engine.verify.trial.replay import replayed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.core.acts import Action
    from engine.rehearse.turning import Wish
    from engine.verify.trial.player import Run
    from engine.verify.trial.trials import Trials

MOST_LEADS = 400
_MOST_WAYS = 3
_LOOKED_AT = ("seq", "kind", "name", "state", "arms", "left", "entered", "payload", "effects")


class Leads:
    """Looks for cases of one workflow."""

    def __init__(self, trials: Trials) -> None:
        self.trials, self.workflow, self.player = trials, trials.workflow, trials.player
        self.aims = Aims(trials)
        self.turning = Turning(self.aims, Guards(trials.workflow))

    def to(self, goal: Goal) -> Iterator[Lead]:
        """Cases that may go through a goal, the likeliest first."""
        match goal.what:
            case "conditions":
                yield from self._seen(goal, self.turning.outcome(goal.name))
            case "boundaries":
                yield from self._seen(goal, self.turning.boundary(goal.name))
            case "met":
                state, _, deadline = goal.name.rpartition(":")
                if self.aims.entering(state) is not None:
                    yield from map(Lead, _some(self.aims.leaving(state, deadline)))
            case "messages":
                yield from map(Lead, self._letters(goal.name))
            case _:
                yield from map(Lead, self._through(goal.name))

    def _through(self, name: str) -> Iterator[Run]:
        """Cases that go through a state, an arm or a deadline: by a search for it, or one step on from the state it is of."""
        state, colon, what = name.rpartition(":")
        if not colon:
            yield from _some(self.aims.entering(name))
            return
        there = self.aims.entering(state)
        if there is None:
            return
        if name in {arm.id for arm in arms_of(self.workflow.states[state])}:
            yield from _some(self.aims.taking([name]))
        elif what in self.workflow.states[state].deadlines:
            yield from _some(self.player.until(there, state, what))
        else:
            yield from self.player.events(there, what)

    def _seen(self, goal: Goal, leads: Iterator[Lead]) -> Iterator[Lead]:
        """Those that go through the goal as far as can be told before they are rehearsed."""
        return (lead for lead in islice(leads, MOST_LEADS) if goal in self._gone_through(lead))

    def _gone_through(self, lead: Lead) -> set[Goal]:
        runs = replayed(self.player, lead.run.acts)
        records = [{name: getattr(run.last.record, name) for name in _LOOKED_AT} for run in runs]
        case, act = lead.run.case, lead.refused
        refusals = [] if act is None or not records else [Refusal(case.id, records[-1]["seq"], act.name, act.data)]
        covered = Covered(Guards(self.workflow))
        covered.add(case.id, records, refusals)
        return set(reached(covered))

    def _letters(self, template: str) -> Iterator[Run]:
        """Cases in which a letter of a template goes out: on opening, entering, leaving, by an arm, as a reminder."""
        for _ in self._notices(self.workflow.opening.actions, template):
            yield from self.player.openings()
        for path, state in self.workflow.states.items():
            for pins in self._notices(state.enter, template):
                yield from _some(self.aims.entering(path, pins))
            for _ in self._notices(state.leave, template):
                yield from _some(self.aims.leaving(path))
            for arm in arms_of(state):
                for pins in self._notices(arm.actions, template) if self.aims.entering(path) is not None else ():
                    yield from _some(self.aims.taking([arm.id], pins))
            for name, deadline in state.deadlines.items():
                if deadline.remind is not None and deadline.remind.template == template:
                    there = self.aims.entering(path)
                    yield from _some(None if there is None else self.player.until(there, path, name, "remind"))

    def _notices(self, actions: Iterable[Action], template: str) -> Iterator[Wish]:
        """For each action that sends such a letter: the data with which it does, a few ways."""
        for action in actions:
            if isinstance(action, Notify) and action.template == template:
                yield {}
                if action.condition is not None:
                    yield from self.turning.fitting([Arm("", when=(action.condition,))])[:_MOST_WAYS]


def _some(run: Run | None) -> Iterator[Run]:
    if run is not None:
        yield run
