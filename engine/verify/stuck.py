"""Cases that come to rest for ever although each state by itself has a way on: joins that wait for each other, counters used up (WF124,
WF125).

Followed are the fields on which every way out of some state depends: where there is a way without a condition no value bars it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.machine.chart import arms_of
from engine.verify.space.explore import Seen, distances, explore
from engine.verify.trial.hunt import hunt
from engine.verify.trial.replay import shortened
from engine.verify.trial.story import story, way_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from engine.core.definition import State, Workflow
    from engine.verify.findings import Report
    from engine.verify.space.explore import Explored, Monitor, Node
    from engine.verify.space.plan import Config, Step
    from engine.verify.space.space import Space
    from engine.verify.trial.trials import Trials

_SAID = frozenset({"WF064", "WF065", "WF066", "WF068"})
"""Findings on single states after which this one would say the same again."""
_MOVES_ON = frozenset({StateKind.CHOICE, StateKind.FINAL, StateKind.STAGE, StateKind.PARALLEL})


def check_stuck(trials: Trials, report: Report) -> None:
    """From every configuration that is reached a case can be closed."""
    if any(finding.code in _SAID for finding in report.found):
        return
    workflow = trials.workflow
    space = trials.prover.space(_decisive(workflow))
    explored = explore(space, trials.limit)
    if not explored.whole or space.cut:
        message = f"not all configurations were looked at: there are more than {len(explored.nodes)}"
        report.say("WF125", workflow.root.mark, message, "fewer regions side by side, or scenarios for what is beyond")
        return
    stuck = _stuck(space, explored)
    if stuck:
        nearest = [node for node in explored.nodes if node in stuck]
        still = (node for node in nearest if all(step.to == node[0] for step in space.steps(node[0])))
        _say(trials, space, explored, next(still, nearest[0]), report)


def _stuck(space: Space, explored: Explored) -> set[Node]:
    """The configurations from which no end can be reached."""
    before_of: dict[Node, list[Node]] = {}
    for node in explored.nodes:
        for step in space.steps(node[0]):
            before_of.setdefault((step.to, node[1]), []).append(node)
    ends = [node for node in explored.nodes if node[0].active & space.ends]
    return explored.nodes.keys() - distances(ends, before_of).keys()


def _say(trials: Trials, space: Space, explored: Explored, node: Node, report: Report) -> None:
    names = space.names(node[0])
    monitor = _comes_to(node[0])
    run = hunt(trials.player, space, explore(space, trials.limit, monitor, links=True), monitor)
    if run is None:
        how = f"{way_of(explored.way_to(node))}, if conditions allow it,"
    else:
        seen = shortened(trials.player, run, lambda runs: space.config_of(runs[-1].case) == node[0])
        how = story(seen, trials.player.answers.telling)
    where = " and ".join(f"'{name}'" for name in names)
    mark = space.workflow.states[names[0]].mark
    rests = all(step.to == node[0] for step in space.steps(node[0]))
    fate = f"rests in {where} for ever" if rests else f"is in {where} and never comes to an end"
    report.say("WF124", mark, f"after {how} a case {fate}", "add a way on that is open whatever the data say")


def _comes_to(config: Config) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        return Seen.FOUND if step.to == config else memory

    return monitor


def _decisive(workflow: Workflow) -> frozenset[str]:
    """The fields that the conditions look at where a state has no way on without one, its own or of a state around it."""
    found: set[str] = set()
    for state in workflow.root.walk():
        chain = [state, *_around(workflow, state)]
        if state.kind in _MOVES_ON or any(_free(one) for one in chain):
            continue
        for one in chain:
            found.update(*(condition.reads for arm in arms_of(one) for condition in arm.when))
    return frozenset(found)


def _around(workflow: Workflow, state: State) -> list[State]:
    around = []
    while state.path:
        state = workflow.states[state.parent]
        around.append(state)
    return around


def _free(state: State) -> bool:
    """Whether some arm leads on without a condition."""
    return any(arm.to is not None and not arm.when for arm in arms_of(state))
