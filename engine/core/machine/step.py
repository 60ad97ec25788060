"""The step: (definition, case, input, actor, now) → new case, record, effects, timers; pure, whole or not at all.

It reads no clock, no database, no network; every refusal is an exception and leaves the case as it was (LANGUAGE §3.1, §3.14).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from engine.core.case import (
    SYSTEM,
    Actor,
    Cancelled,
    Case,
    ChildEnded,
    ChildOpened,
    EffectResult,
    Event,
    Input,
    Parent,
    Step,
    TimerFired,
)
from engine.core.machine.actions import run_action
from engine.core.machine.assigning import change_assignment
from engine.core.machine.draft import Draft
from engine.core.machine.duties import PARENT
from engine.core.machine.events import take_event
from engine.core.machine.finishing import Said, finish, only_recorded
from engine.core.machine.firing import fire
from engine.core.machine.handling import take_handled
from engine.core.machine.kin import child_ended, child_opened
from engine.core.machine.moves import cancel_children, start
from engine.core.machine.panels import change_panel
from engine.core.machine.people import remember_givers
from engine.core.machine.results import take_result
from engine.core.machine.settle import settle
from engine.core.machine.subscribing import subscribe, subscribes
from engine.core.selection import admits, could_be
from engine.core.work import AssignmentChanged, EffectHandled, PanelChanged
from engine.errors import ActorNotAllowed

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.machine.chart import Chart

OPEN = "open"


def open_case(
    chart: Chart, event: Event, actor: Actor, *, case_id: str, now: datetime, parent: Parent | None = None
) -> Step:
    """The first step of a new case; raises ActorNotAllowed, InvalidPayload, GuardRefused, GuardFailed."""
    workflow = chart.workflow
    data: dict[str, Any] = dict(chart.defaults)
    blank = Case(
        id=case_id,
        workflow=workflow.name,
        number=None,
        opened_at=now,
        opened_by=actor,
        last_at=now,
        data={},
        parent=parent,
    )
    if not any(could_be(who, actor) for who in workflow.opening.by):
        raise _may_not_open(chart, actor)
    filled = chart.opening.read(event.data, data)
    data.update(filled.writes)
    data = {path: value for path, value in data.items() if value is not None}
    role = admits(workflow, workflow.opening.by, actor, data, {}, {})
    if role is None:
        raise _may_not_open(chart, actor)
    draft = Draft(chart, blank, actor, now)
    for path, value in data.items():
        draft.write(path, value)
    draft.happens(OPEN, filled.said)
    draft.assign_together([("", workflow.opening.set)])
    for action in workflow.opening.actions:
        run_action(draft, action, "")
    start(draft)
    settle(draft)
    if workflow.number is not None:
        draft.allocate.append("case.number")
    if parent is not None and parent.acts:
        draft.acts = {PARENT: parent.acts}
    if actor.kind == "person":
        draft.acted_as = {role.removesuffix(".supervisor"): actor.persons}
    remember_givers(draft, filled.writes)
    return finish(draft, Said("opened", OPEN, data=filled.given, command=event.command, role=role))


def _may_not_open(chart: Chart, actor: Actor) -> ActorNotAllowed:
    by = [str(who) for who in chart.workflow.opening.by]
    words = f"{actor.id} may not open a {chart.workflow.name} case; {' or '.join(by)} may"
    return ActorNotAllowed(words, event=OPEN, by=by)


def step(chart: Chart, case: Case, happened: Input, actor: Actor, *, now: datetime) -> Step | None:
    """One input to one case. None: a timer that is stale, so there is nothing to do or to record."""
    match happened:
        case Event():
            draft = Draft(chart, case, actor, now)
            return subscribe(draft, happened) if subscribes(draft, happened) else take_event(draft, happened)
        case TimerFired():
            if case.closed_at is not None or happened.timer not in case.timers:
                return None
            return fire(Draft(chart, case, actor, now), happened.timer)
        case EffectResult():
            return take_result(Draft(chart, case, actor, now), happened)
        case EffectHandled():
            return take_handled(Draft(chart, case, SYSTEM, now), happened, actor)
        case AssignmentChanged():
            return change_assignment(Draft(chart, case, actor, now), happened)
        case PanelChanged():
            return change_panel(Draft(chart, case, actor, now), happened)
        case ChildOpened():
            return child_opened(Draft(chart, case, actor, now), happened)
        case ChildEnded():
            return child_ended(Draft(chart, case, actor, now), happened)
        case Cancelled():
            return _cancel(chart, case, happened, actor, now)
        case _:
            assert_never(happened)


def dropped(chart: Chart, case: Case, happened: Input, actor: Actor, *, now: datetime, reason: str) -> Step:
    """Only a record: something was sent to this case, or came too late, and is not taken (LANGUAGE §3.7, §3.8).

    A timer that is dropped leaves the list, so that it cannot come again.
    """
    spent = happened.timer if isinstance(happened, TimerFired) else None
    kept = only_recorded(Draft(chart, case, actor, now), Said("dropped", _name(happened), note=reason))
    if spent is None or spent not in case.timers:
        return kept
    timers = tuple(timer for timer in case.timers if timer != spent)
    return replace(kept, case=replace(kept.case, timers=timers), cancelled=(spent,))


def _name(happened: Input) -> str:
    match happened:
        case Event(name=name):
            return name
        case TimerFired(timer=timer):
            return timer.deadline
        case EffectResult(effect=effect) | EffectHandled(effect=effect):
            return str(effect.kind)
        case AssignmentChanged(verb=verb) | PanelChanged(verb=verb):
            return verb
        case ChildOpened() | ChildEnded():
            return "child"
        case _:
            return "cancelled"


def _cancel(chart: Chart, case: Case, happened: Cancelled, actor: Actor, now: datetime) -> Step:
    if case.closed_at is not None:
        return dropped(chart, case, happened, actor, now=now, reason="the case is closed")
    draft = Draft(chart, case, actor, now)
    draft.outcome = "cancelled"
    for path in draft.active:
        cancel_children(draft, path)
    return finish(draft, Said("cancelled", "cancelled", note=happened.reason))
