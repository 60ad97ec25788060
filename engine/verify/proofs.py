"""Policies of a workflow, proved or refuted (WF090 to WF093).

What no configuration allows is proved. What a case did on the real engine is refuted, with its story. All else is reported as
not decided; scenarios still look at it. Of persons duties may decide at once, of time the deadlines of one state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.diagnostics import Mark
from engine.core.terms import Unit
from engine.verify.policies import Persons, Policy, PolicyFault, Thing, Within, parse_policy
from engine.verify.trial.trials import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Workflow
    from engine.core.terms import Term
    from engine.verify.findings import Report
    from engine.verify.graph import Graph
    from engine.verify.trial.trials import Trials

_MINUTES = {Unit.MINUTES: (1, 1), Unit.HOURS: (60, 60), Unit.DAYS: (1440, 2880), Unit.MONTHS: (40320, 46080)}
_LATER = Verdict("open", "`milepost validate` searches for it")


def check_policies(graph: Graph, trials: Trials | None, calendar: Calendar | None, report: Report) -> None:
    """Each sentence is read, and decided where `trials` are to be had; one that counts working days or hours needs a calendar that has them."""
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
        verdict = _prove(policy, graph, trials)
        if verdict.answer == "fails":
            report.say("WF092", mark, f"'{sentence}' does not hold: {verdict.why}", verdict.hint)
        elif verdict.answer == "open":
            report.say("WF093", mark, f"'{sentence}' is not decided: {verdict.why}", "a scenario can show it")


def refuted(graph: Graph, sentences: Iterable[tuple[str, Mark]], trials: Trials, report: Report) -> None:
    """Of sentences that stand elsewhere, as in a scenario file, those that a case breaks; the others are held against what happens there."""
    workflow = graph.workflow
    for sentence, mark in sentences:
        if sentence in workflow.policies:
            continue
        verdict = _prove(parse_policy(sentence, workflow), graph, trials)
        if verdict.answer == "fails":
            report.say("WF092", mark, f"'{sentence}' does not hold: {verdict.why}", verdict.hint)


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


def _prove(policy: Policy, graph: Graph, trials: Trials | None) -> Verdict:
    """What the file alone shows needs no search."""
    match policy:
        case Persons() if _kept_by_a_duty(policy, graph.workflow):
            return Verdict("holds")
        case Within(term=term, start=start, end=end) if _bounded(term, start, end, graph):
            return Verdict("holds")
        case _:
            return _LATER if trials is None else trials.decide(policy)


def _kept_by_a_duty(policy: Persons, workflow: Workflow) -> bool:
    """Whether one of the same kind is over states that hold these."""
    wanted = [path for thing in policy.things for path in thing.states]
    if len(wanted) < len(policy.things):  # an event: duties are about states
        return False
    for duty in workflow.duties:
        if duty.kind == policy.kind:
            holders = [
                {state for state in duty.states if path == state or path.startswith(f"{state}.")} for path in wanted
            ]
            apart = policy.kind == "same" or all(
                not (one & other) for n, one in enumerate(holders) for other in holders[:n]
            )
            if all(holders) and apart:
                return True
    return False


def _bounded(term: Term, start: Thing, end: Thing, graph: Graph) -> bool:
    """Whether `start` has a deadline no longer than the term that leads to `end` whatever happens."""
    if start.event is not None or not end.states:
        return False
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
            return False
    return True


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
