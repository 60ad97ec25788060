"""A timer fires: a deadline falls due, reminds or escalates (LANGUAGE §2.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.machine.actions import notify
from engine.core.machine.finishing import Said, finish
from engine.core.machine.moves import run_arms
from engine.core.machine.settle import settle
from engine.core.machine.turns import missing_answers
from engine.core.naming import Who
from engine.core.selection import Taken

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from engine.core.case import Step, Timer
    from engine.core.definition import Deadline
    from engine.core.machine.draft import Draft


def fire(draft: Draft, timer: Timer) -> Step:
    """The step of a timer that is still armed."""
    deadline = draft.chart.states[timer.state].deadlines[timer.deadline]
    key = f"{timer.state}#{timer.entry}:{timer.deadline}"
    if timer.kind == "due":
        return _fall_due(draft, timer, deadline, key)
    due = _due_of(draft, timer)
    if timer.kind == "remind" and deadline.remind is not None:
        to = deadline.remind.to or _turn(draft, timer.state)
        template, reason, note = deadline.remind.template, "reminder", f"{deadline.remind.before[timer.rung]} before"
    else:
        rung = deadline.escalate[timer.rung]
        to, template, reason, note = (rung.to,), "escalation", "escalation", f"{rung.after} after"
    notify(draft, to, template, state=timer.state, reason=reason, deadline=deadline.name, due=due)
    return finish(draft, Said(reason, deadline.name, state=timer.state, note=note, spent=timer))


def _fall_due(draft: Draft, timer: Timer, deadline: Deadline, key: str) -> Step:
    track = draft.track(key)
    draft.keep_track(key, replace(track, fired=timer.due, count=track.count + 1))
    now_told = [rung.to for rung in deadline.escalate if rung.after is None]
    if now_told:
        notify(
            draft, now_told, "escalation", state=timer.state, reason="escalation", deadline=deadline.name, due=timer.due
        )
    fitting = next((arm for arm in deadline.arms if draft.holds(arm.when)), None)
    if fitting is not None:
        run_arms(draft, [Taken(timer.state, fitting)])
        settle(draft)
    note = "" if fitting is not None or not deadline.arms else "its condition is false: nothing happens"
    return finish(draft, Said("deadline", deadline.name, state=timer.state, note=note, spent=timer, touched=(key,)))


def _turn(draft: Draft, state: str) -> Iterable[Who]:
    """To whom a reminder goes by default: what the nearest state around says, else the case's turn."""
    states = draft.chart.states
    panel = states[state].panel
    if panel is not None:  # its turn is who has not answered
        return [
            Who("role", who)
            for who in missing_answers(panel, draft.data, draft.answers.get(state, ()), draft.out.get(state, ()))
        ]
    own = next((states[p].turn for p in draft.chart.around[state] if states[p].turn is not None), None)
    return own or (Who("turn"),)


def _due_of(draft: Draft, timer: Timer) -> datetime | None:
    for other in draft.before.timers:
        if (other.state, other.entry, other.deadline, other.kind) == (timer.state, timer.entry, timer.deadline, "due"):
            return other.due
    return draft.track(f"{timer.state}#{timer.entry}:{timer.deadline}").fired
