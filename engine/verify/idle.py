"""Words that load and can do nothing where they stand (WF069, WF086)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.fixes import Remove

if TYPE_CHECKING:
    from engine.core.definition import State, Workflow
    from engine.verify.findings import Report

_NO_TURN = {
    StateKind.CHOICE: "a choice moves on at once; leave `turn` out",
    StateKind.FINAL: "work is over in a final state; leave `turn` out",
    StateKind.PANEL: "the turn of a panel is of those who have not answered; leave `turn` out",
}


def check_idle(workflow: Workflow, report: Report) -> None:
    """A turn that nobody ever has, actions on leaving what is never left, duties where nobody acts."""
    for state in workflow.states.values():
        if state.turn and state.kind in _NO_TURN:
            report.say(
                "WF069",
                state.mark,
                f"`turn` of '{state.name}' is nobody's ever",
                _NO_TURN[state.kind],
                fix=Remove(state.mark, inside=("turn",)),
            )
        if state.kind is StateKind.FINAL and not state.parent and state.leave:
            hint = "the case closes here; write it under `enter`"
            report.say(
                "WF069",
                state.mark,
                f"'{state.name}' is never left, so its `leave` is never done",
                hint,
                fix=Remove(state.mark, inside=("leave",)),
            )
    for duty in workflow.duties:
        for path in duty.states:
            named = workflow.states.get(path)
            if named is not None and not _acted_in(named):
                hint = "name a state in which somebody sends an event"
                report.say("WF086", duty.mark, f"duty '{duty.id}' names '{path}', where nobody acts", hint)


def _acted_in(state: State) -> bool:
    """Whether a person may send something in it or in a state inside."""
    return any(
        inner.panel is not None
        or any(who.kind == "role" for handler in inner.events.values() for who in handler.by)
        or any(deadline.extend is not None for deadline in inner.deadlines.values())
        for inner in state.walk()
    )
