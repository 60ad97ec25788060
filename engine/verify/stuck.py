"""Cases that come to rest for ever although each state by itself has a way on: joins that wait for each other, counters used up (WF124,
WF125).

Followed are the fields that conditions look at in states from which no end is come to without one: where there is such a way no value
bars it. Where these are too many, only those are that can stop a case altogether, and it is said that rounds were looked at without the others.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.machine.chart import arms_of
from engine.verify.space.explore import Seen, distances, explore
from engine.verify.trial.story import story, way_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from engine.core.definition import Arm, State
    from engine.verify.findings import Report
    from engine.verify.graph import Graph
    from engine.verify.space.explore import Explored, Monitor, Node
    from engine.verify.space.plan import Config, Step
    from engine.verify.space.space import Space
    from engine.verify.trial.trials import Trials

_SAID = frozenset({"WF064", "WF065", "WF066", "WF068"})
"""Findings on single states after which this one would say the same again."""
_MOST = 5_000
"""Configurations, as they are estimated, up to which values are followed."""
_MOVES_ON = frozenset({StateKind.CHOICE, StateKind.FINAL, StateKind.STAGE, StateKind.PARALLEL})


def check_stuck(graph: Graph, trials: Trials, report: Report) -> None:
    """From every configuration that is reached a case can be closed."""
    if any(finding.code in _SAID for finding in report.found):
        return
    space, left_out = _followed(graph, trials)
    explored = explore(space, trials.limit)
    if left_out or not explored.whole or space.cut:
        mark, short = (
            graph.workflow.root.mark,
            f"there are more than {len(explored.nodes)} configurations; not all were looked at",
        )
        if left_out:
            mark = graph.workflow.fields[left_out[0]].mark
            short = f"whether a case may go round for ever was looked at without the values of {', '.join(left_out)}"
        report.say("WF125", mark, short, "have scenarios for it, and say so in a silence")
    stuck = _stuck(space, explored) if explored.whole else set()
    if stuck:
        nearest = [node for node in explored.nodes if node in stuck]
        still = (node for node in nearest if _rests(space, node))
        _say(trials, space, explored, next(still, nearest[0]), report)


def _followed(graph: Graph, trials: Trials) -> tuple[Space, list[str]]:
    """The space to be searched, with the values of as many decisive fields as it can bear, and those that are left out."""
    plain = trials.prover.space(frozenset())
    whole = trials.prover.space()
    ranges = {path: (whole.values.caps[place] or 1) + 1 for path, place in whole.values.places.items()}
    size = len(explore(plain, trials.limit).nodes)
    decisive = _decisive(graph)
    for fields in (decisive, _barring(graph)):
        able = frozenset(fields & ranges.keys())
        if size * prod(ranges[path] for path in able) <= _MOST:
            return trials.prover.space(able), sorted((decisive & ranges.keys()) - able)
    return plain, sorted(decisive & ranges.keys())


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
    run = trials.made(space, _comes_to(node[0]))
    if run is None:
        how = f"{way_of(explored.way_to(node))}, if conditions allow it,"
    else:
        how = story(run, trials.player.answers.telling)
    where = " and ".join(f"'{name}'" for name in names)
    mark = space.workflow.states[names[0]].mark
    fate = f"rests in {where} for ever" if _rests(space, node) else f"is in {where} and never comes to an end"
    report.say("WF124", mark, f"after {how} a case {fate}", "add a way on that is open whatever the data say")


def _rests(space: Space, node: Node) -> bool:
    """Whether nothing leads away from it."""
    return all(step.to == node[0] for step in space.steps(node[0]))


def _comes_to(config: Config) -> Monitor:
    def monitor(memory: Hashable, step: Step) -> Hashable:
        return Seen.FOUND if step.to == config else memory

    return monitor


def _decisive(graph: Graph) -> frozenset[str]:
    """The fields that conditions look at in states from which no end is come to without a condition."""
    able = _always_able(graph)
    found: set[str] = set()
    for path, state in graph.states.items():
        if state.kind not in _MOVES_ON and path not in able:
            for one in (state, *graph.around(path)):
                found.update(*(condition.reads for arm in arms_of(one) for condition in arm.when))
    return frozenset(found)


def _barring(graph: Graph) -> frozenset[str]:
    """Those in states that have no way on at all without a condition."""
    found: set[str] = set()
    for state in graph.states.values():
        chain = [state, *graph.around(state.path)]
        if state.kind not in _MOVES_ON and not any(arm.to and not arm.when for one in chain for arm in arms_of(one)):
            found.update(*(condition.reads for one in chain for arm in arms_of(one) for condition in arm.when))
    return frozenset(found)


def _always_able(graph: Graph) -> set[str]:
    """The states from which arms without a condition lead to an end, their own or those of states around."""
    able = {child.path for child in graph.workflow.root.children if child.kind is StateKind.FINAL}
    changed = True
    while changed:
        changed = False
        for path, state in graph.states.items():
            if path not in able and any(_leads(graph, arm, able) for one in _speaking(graph, state) for arm in one):
                able.add(path)
                changed = True
    return able


def _speaking(graph: Graph, state: State) -> Iterator[tuple[Arm, ...]]:
    """The lists of arms that may be taken while a case rests in a state; a final has its stage's `done`."""
    chain = [state, *graph.around(state.path)]
    if state.kind is StateKind.FINAL:
        yield from (one.done for one in chain[1:])
    yield from (handler.arms for one in chain for handler in one.events.values())
    yield from (deadline.arms for one in chain for deadline in one.deadlines.values())
    yield from (state.choose, state.done)


def _leads(graph: Graph, arm: Arm, able: set[str]) -> bool:
    """Whether an arm without a condition enters nothing but states that are able."""
    if arm.when or arm.to is None:
        return False
    inside = [path for path in graph.entry(arm.to) if path == arm.to or path.startswith(f"{arm.to}.")]
    return all(path in able for path in inside if not graph.states[path].children)
