"""Whether a policy holds, as far as a search over states and moves decides it (WF090 to WF093).

What no case can do, conditions taken as true, is proved. What a case can do by moves without any condition is refuted, with
the way. All else depends on conditions and is reported as not decided; scenarios still check it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.core.definition import StateKind
from engine.core.diagnostics import Mark
from engine.core.terms import Unit
from engine.verify.policies import AtMost, Before, NotBoth, Persons, Policy, PolicyFault, Thing, Within, parse_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.core.terms import Term
    from engine.verify.findings import Report
    from engine.verify.graph import Graph, Move

_MINUTES = {Unit.MINUTES: (1, 1), Unit.HOURS: (60, 60), Unit.DAYS: (1440, 2880), Unit.MONTHS: (40320, 46080)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a policy, and why."""

    answer: Literal["holds", "fails", "open"]
    why: str = ""


def check_policies(graph: Graph, calendar: Calendar | None, report: Report) -> None:
    """Each sentence is read and decided; one that counts working days or hours needs a calendar that has them."""
    workflow = graph.workflow
    for sentence in workflow.policies:
        mark = _mark(workflow, sentence)
        try:
            policy = parse_policy(sentence, workflow)
        except PolicyFault as fault:
            report.say("WF091" if fault.name else "WF090", mark, str(fault), fault.hint)
            continue
        if isinstance(policy, Within) and (lacks := _lacks(policy.term, workflow, calendar)):
            report.say("WF090", mark, f"'{sentence[:80]}' counts {policy.term.unit}: {lacks[0]}", lacks[1])
            continue
        verdict = prove(policy, graph)
        if verdict.answer == "fails":
            report.say("WF092", mark, f"'{sentence}' does not hold: {verdict.why}")
        elif verdict.answer == "open":
            report.say("WF093", mark, f"'{sentence}' is not decided: {verdict.why}", "a scenario can show it")


def _mark(workflow: Workflow, sentence: str) -> Mark:
    """Where a sentence stands in its file, as near as its text tells."""
    for number, line in enumerate(workflow.source.splitlines(), 1):
        column = line.find(sentence)
        if column >= 0 and not line.lstrip().startswith("#"):
            return Mark(number, column + 1, len(sentence))
    return workflow.root.mark


def _lacks(term: Term, workflow: Workflow, calendar: Calendar | None) -> tuple[str, str] | None:
    """Why a term cannot be counted, and what would be right; None where it can, or where its calendar is not there at all."""
    if term.unit.needs_calendar and workflow.calendar is None:
        return "there is no calendar", "name one at the top: `calendar: …`"
    if term.unit is Unit.WORKING_HOURS and calendar is not None and not calendar.hours:
        return f"the calendar '{calendar.name}' has no office hours", f"add `hours:` to calendars/{calendar.name}.yaml"
    return None


def prove(policy: Policy, graph: Graph) -> Verdict:
    """Decides one policy."""
    match policy:
        case Before(first=first, needed=needed):
            return _twice(lambda free: _before(first, needed, graph, free=free))
        case AtMost(count=count, thing=thing):
            return _at_most(count, thing, graph)
        case NotBoth(first=first, second=second):
            return _twice(lambda free: _both(first, second, graph, free=free))
        case Persons():
            return _persons(policy, graph.workflow)
        case Within(term=term, start=start, end=end):
            return _within(term, start, end, graph)


def _twice(search: Callable[[bool], str | None]) -> Verdict:
    """A way without conditions refutes; one with conditions leaves it open; none at all proves."""
    if (way := search(True)) is not None:  # noqa: FBT003
        return Verdict("fails", way)
    if (way := search(False)) is not None:  # noqa: FBT003
        return Verdict("open", f"conditions decide about {way}")
    return Verdict("holds")


def _allow(graph: Graph, *, free: bool, without: Thing | None = None) -> Callable[[Move], bool]:
    """Which moves a search may take: none that makes `without` happen; with `free` none that has a condition."""

    def allowed(move: Move) -> bool:
        if free and not (move.free and _all_regions_run(graph, move)):
            return False
        return without is None or not _makes(move, without, graph)

    return allowed


def _all_regions_run(graph: Graph, move: Move) -> bool:
    """Whether no region that this move enters, or completes, depends on its `if`, and no `need` on a condition."""
    entered = graph.entry(move.arm.to) if move.arm.to is not None else ()
    inner = [graph.states[path] for path in entered] + ([move.source] if move.kind == "done" else [])
    regions = [region for state in inner if state.kind is StateKind.PARALLEL for region in state.children]
    return all(region.condition is None for region in regions) and move.source.need.condition is None


def _makes(move: Move, thing: Thing, graph: Graph) -> bool:
    if thing.event is not None:
        return move.kind == "event" and move.name == thing.event
    return move.arm.to is not None and any(path in thing.states for path in graph.entry(move.arm.to))


def _happens(thing: Thing, reached: Iterable[str], graph: Graph, allow: Callable[[Move], bool]) -> str | None:
    """A state in which the thing has happened or its event can be taken, among these."""
    if thing.event is None:
        return next((path for path in thing.states if path in reached), None)
    for path in reached:
        if any(move.kind == "event" and move.name == thing.event and allow(move) for move in graph.moves[path]):
            return path
    return None


def _before(first: Thing, needed: Thing, graph: Graph, *, free: bool) -> str | None:
    if needed.states and any(path in graph.start for path in needed.states):
        return None
    allow = _allow(graph, free=free, without=needed)
    reached = graph.reach(graph.start, allow)
    place = _happens(first, reached, graph, _allow(graph, free=free))
    return None if place is None else f"{graph.way(reached, place)} leads to '{first.name}' without '{needed.name}'"


def _after(thing: Thing, graph: Graph, *, free: bool) -> list[tuple[str, ...]]:
    """What is active just after a thing has happened, every way it can."""
    allow = _allow(graph, free=free)
    reached = graph.reach(graph.start, allow)
    after: list[tuple[str, ...]] = []
    if thing.event is None:
        after += [_beside(path, graph) for path in thing.states if path in reached]
        return after
    for path in reached:
        for move in graph.moves[path]:
            if move.kind == "event" and move.name == thing.event and allow(move):
                target = move.arm.to
                after.append((*_beside(path, graph),) if target is None else ("", *graph.entry(target)))
    return after


def _beside(path: str, graph: Graph) -> tuple[str, ...]:
    """A state with what it begins with and what is around it; other regions may be anywhere."""
    active = dict.fromkeys(("", *graph.entry(path)))
    for outer in graph.around(path):
        if outer.kind is StateKind.PARALLEL:
            active.update(
                dict.fromkeys(
                    inner.path
                    for region in outer.children
                    for inner in region.walk()
                    if not path.startswith(region.path)
                )
            )
    return tuple(active)


def _both(first: Thing, second: Thing, graph: Graph, *, free: bool) -> str | None:
    for one, other in ((first, second), (second, first)):
        allow = _allow(graph, free=free)
        for start in _after(one, graph, free=free):
            reached = graph.reach(start, allow)
            place = _happens(other, reached, graph, allow)
            if place is not None:
                way = graph.way(reached, place)
                return f"after '{one.name}', {way} leads to '{other.name}'"
    return None


def _at_most(count: int, thing: Thing, graph: Graph) -> Verdict:
    def again(free: bool) -> str | None:
        allow = _allow(graph, free=free)
        for start in _after(thing, graph, free=free):
            reached = graph.reach(start, allow)
            for path in reached:
                for move in graph.moves[path]:
                    if allow(move) and _makes(move, thing, graph):
                        return f"'{thing.name}' can happen again by {graph.way(reached, path)} → {move}"
        return None

    if count == 0:
        allow = _allow(graph, free=False)
        reached = graph.reach(graph.start, allow)
        if _happens(thing, reached, graph, allow) is None:
            return Verdict("holds")
        return Verdict("open", f"'{thing.name}' can happen")
    return _twice(again)


def _persons(policy: Persons, workflow: Workflow) -> Verdict:
    """A duty of the same kind over states that hold these is what keeps it."""
    wanted = [path for thing in policy.things for path in thing.states]
    if len(wanted) < len(policy.things):
        return Verdict("open", "it names an event; only states have persons who act in them")
    for duty in workflow.duties:
        if duty.kind == policy.kind:
            holders = [
                {state for state in duty.states if path == state or path.startswith(f"{state}.")} for path in wanted
            ]
            apart = policy.kind == "same" or all(
                not (one & other) for n, one in enumerate(holders) for other in holders[:n]
            )
            if all(holders) and apart:
                return Verdict("holds")
    names = ", ".join(thing.name for thing in policy.things)
    return Verdict("fails", f"no duty keeps it; add to `duties`: {{{policy.kind}: [{names}]}}")


def _within(term: Term, start: Thing, end: Thing, graph: Graph) -> Verdict:
    """Holds where `start` has a deadline no longer than the term that leads to `end` whatever happens."""
    unsure = Verdict("open", f"no deadline of '{start.name}' alone bounds the time")
    if start.event is not None or not end.states:
        return unsure
    for path in start.states:
        bounds = [
            deadline
            for deadline in graph.states[path].deadlines.values()
            if deadline.after is not None
            and deadline.start is None
            and deadline.counts is None
            and _no_longer(deadline.after, term)
            and deadline.extend is None
            and (deadline.roll == "none" or deadline.after.unit.needs_calendar)
            and any(
                not arm.when and arm.to is not None and set(end.states) & set(graph.entry(arm.to))
                for arm in deadline.arms
            )
        ]
        leaves = [move for move in graph.moves[path] if move.arm.to is not None]
        others = [
            move for move in leaves if move.arm.to is not None and not set(end.states) & set(graph.entry(move.arm.to))
        ]
        if not bounds or others or any(not _leads(outer.path, graph, end) for outer in graph.around(path)):
            return unsure
    return Verdict("holds")


def _leads(path: str, graph: Graph, end: Thing) -> bool:
    """Whether all that leads away from a state around leads to the end too."""
    moves = [move for move in graph.moves[path] if move.arm.to is not None and move.kind in {"event", "deadline"}]
    return all(move.arm.to is not None and set(end.states) & set(graph.entry(move.arm.to)) for move in moves)


def _no_longer(short: Term, long: Term) -> bool:
    if short.unit is long.unit:
        return short.amount <= long.amount
    if short.unit in _MINUTES and long.unit in _MINUTES:
        return short.amount * _MINUTES[short.unit][1] <= long.amount * _MINUTES[long.unit][0]
    return False
