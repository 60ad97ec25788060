"""What workflows say to each other: cases opened and events sent, against the receiver's own file (WF071 to WF078, WF094).

A receiver whose file is not given is not looked into. Which of its states takes an event when it comes is decided when it
comes (a case that does not take it records so); here at least one has to be able to.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.core.acts import Notify, Open, Send
from engine.verify.giving import problems
from engine.verify.graph import actions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from engine.core.definition import FormItem, Handler, Workflow
    from engine.core.diagnostics import Mark
    from engine.core.expressions.expression import Expression
    from engine.core.naming import Who
    from engine.verify.findings import Report


def check_templates(workflow: Workflow, templates: Collection[str], report: Report) -> None:
    """Every template that is named is there; each is reported once."""
    reported: set[str] = set()
    for mark, name in templates_of(workflow):
        if name not in templates and name not in reported:
            reported.add(name)
            close = get_close_matches(name, sorted(templates), 1)
            hint = f"did you mean '{close[0]}'?" if close else "write it, with a subject and a text per locale"
            report.say("WF071", mark, f"there is no template '{name}'", hint)


def check_daily(workflow: Workflow, daily: Collection[str], report: Report) -> None:
    """Nobody waits for the delivery of a letter that waits itself: it may go out with others, or not at all."""
    for action in actions(workflow):
        if isinstance(action, Notify) and action.delivered and action.template in daily:
            message = f"letters of '{action.template}' wait for the day's digest, and `delivered` waits for this one"
            report.say(
                "WF094", action.mark, message, "take `Digest: daily` out of the template, or `delivered` out of here"
            )


def templates_of(workflow: Workflow) -> Iterator[tuple[Mark, str]]:
    """Where which template of letters is named: in actions, then in reminders of its own."""
    for action in actions(workflow):
        if isinstance(action, Notify):
            yield action.mark, action.template
    for state in workflow.states.values():
        for deadline in state.deadlines.values():
            if deadline.remind is not None:
                yield deadline.mark, deadline.remind.template


def check_between(workflow: Workflow, others: Mapping[str, Workflow], report: Report) -> None:
    """Each `open`, `cases` and `send` fits the workflow it goes to."""
    known = {**others, workflow.name: workflow}
    for action in actions(workflow):
        if isinstance(action, Open):
            _check_opening(workflow, action.workflow, action.values, action.mark, known, report)
        elif isinstance(action, Send):
            _check_send(workflow, action, known, report)
    for state in workflow.states.values():
        if state.cases is not None:
            _check_opening(workflow, state.cases.workflow, state.cases.values, state.mark, known, report)
    _check_names(workflow, known, report)


def _absent(name: str, mark: Mark, known: Mapping[str, Workflow], report: Report) -> None:
    close = get_close_matches(name, sorted(known), 1)
    hint = f"did you mean '{close[0]}'?" if close else "give its file too, so that what is said to it can be checked"
    report.say("WF072", mark, f"there is no workflow '{name}' here", hint)


def _admits(by: tuple[Who, ...], name: str) -> bool:
    return any(who.kind == "workflow" and who.name == name for who in by)


def _check_opening(
    workflow: Workflow,
    name: str,
    values: Mapping[str, Expression] | None,
    mark: Mark,
    known: Mapping[str, Workflow],
    report: Report,
) -> None:
    receiver = known.get(name)
    if receiver is None:
        _absent(name, mark, known, report)
        return
    if values is None:
        return
    if not _admits(receiver.opening.by, workflow.name):
        message = f"'{name}' may not be opened by '{workflow.name}'"
        report.say("WF077", mark, message, f"add {workflow.name} to `open: by` of {name}")
    _say_problems(f"`open` of '{name}'", receiver, receiver.opening.form, values, mark, report)


def _say_problems(
    what: str,
    receiver: Workflow,
    form: tuple[FormItem, ...],
    values: Mapping[str, Expression],
    mark: Mark,
    report: Report,
) -> None:
    for problem in problems(receiver, form, values):
        report.say(problem.code, problem.mark or mark, f"{what}: {problem.message}", problem.hint)


def _check_send(workflow: Workflow, action: Send, known: Mapping[str, Workflow], report: Report) -> None:
    if action.to in {"parent", "children"}:
        names = _parents(workflow, known) if action.to == "parent" else _children(workflow)
        receivers = [known[name] for name in names if name in known]
        if len(receivers) < len(names) or not receivers:
            receivers = [receiver for receiver in receivers if _handlers(receiver, action.event)]
    elif action.to in known:
        receivers = [known[action.to]]
        _check_where(receivers[0], action, report)
    else:
        _absent(action.to, action.mark, known, report)
        return
    if not receivers:
        return
    taking = [(receiver, handler) for receiver in receivers for handler in _handlers(receiver, action.event)]
    shown = ", ".join(f"'{receiver.name}'" for receiver in receivers)
    if not taking:
        events = sorted(
            {event for receiver in receivers for state in receiver.states.values() for event in state.events}
        )
        close = get_close_matches(action.event, events, 1)
        hint = f"did you mean '{close[0]}'?" if close else "send an event that it takes"
        report.say("WF076", action.mark, f"{shown} knows no event '{action.event}'", hint)
        return
    admitted = [(receiver, handler) for receiver, handler in taking if _admits(handler.by, workflow.name)]
    if not admitted:
        message = f"{shown} does not take '{action.event}' from '{workflow.name}'"
        report.say("WF077", action.mark, message, f"add {workflow.name} to its `by`")
        return
    for receiver in {receiver.name: receiver for receiver, _ in admitted}.values():
        forms = [handler.form for other, handler in admitted if other is receiver]
        best = min(forms, key=lambda form: len(problems(receiver, form, action.values)))
        _say_problems(f"'{action.event}' of '{receiver.name}'", receiver, best, action.values, action.mark, report)


def _handlers(workflow: Workflow, event: str) -> list[Handler]:
    return [state.events[event] for state in workflow.states.values() if event in state.events]


def _parents(workflow: Workflow, known: Mapping[str, Workflow]) -> list[str]:
    names = [who.name for who in workflow.opening.by if who.kind == "workflow"]
    return [
        *names,
        *(other.name for other in known.values() if workflow.name in _children(other) and other.name not in names),
    ]


def _children(workflow: Workflow) -> list[str]:
    opened = [action.workflow for action in actions(workflow) if isinstance(action, Open)]
    waited = [state.cases.workflow for state in workflow.states.values() if state.cases is not None]
    return list(dict.fromkeys([*opened, *waited]))


def _check_where(receiver: Workflow, action: Send, report: Report) -> None:
    for path, expression in action.where.items():
        if path not in receiver.fields:
            close = get_close_matches(path, list(receiver.fields), 1)
            hint = f"did you mean '{close[0]}'?" if close else None
            place = expression.mark or action.mark
            report.say("WF073", place, f"'{receiver.name}' has no field '{path}' to look for", hint)


def _check_names(workflow: Workflow, known: Mapping[str, Workflow], report: Report) -> None:
    """A workflow named as a sender that is not there, while one of nearly that name is."""
    senders = [(workflow.opening.mark, workflow.opening.by)]
    senders += [(handler.mark, handler.by) for state in workflow.states.values() for handler in state.events.values()]
    for mark, by in senders:
        for who in by:
            if who.kind == "workflow" and who.name not in known:
                close = get_close_matches(who.name, sorted(known), 1, cutoff=0.8)
                if close:
                    report.say("WF078", mark, f"there is no workflow '{who.name}'", f"did you mean '{close[0]}'?")
