"""What `allowed` lists and what `step` takes agree, in random workflows with random duties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from generator import workflows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vocabulary import FORMS, PEOPLE

from engine.core.case import Event
from engine.core.definition import Duty
from engine.core.machine.chart import build_chart
from engine.core.machine.step import open_case, step
from engine.core.sight import allowed
from engine.errors import ActorNotAllowed, DutyConflict, EventNotAllowed, Refused

START = datetime(2026, 1, 12, 9, tzinfo=UTC)
NEVER = (ActorNotAllowed, EventNotAllowed, DutyConflict)
PAYLOADS = {"count": {"facts.n": 1}, "tell": {"facts.gap": 2, "facts.flag": True}, "pay": {"amount": 3}}


def attempt(chart, case, event, actor, now, data):
    """A step, or how it is refused."""
    try:
        return step(chart, case, Event(event, data), actor, now=now)
    except Refused as refused:
        return refused


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(workflows(), st.data())
def test_allowed_and_step_agree(drawn, data) -> None:
    """What is listed is never refused for its sender, its event or a duty; what is taken without a form was listed."""
    paths = [path for path in drawn.workflow.states if path]
    chosen = data.draw(st.lists(st.sampled_from(paths), max_size=3, unique=True))
    duties = (Duty("d-1", data.draw(st.sampled_from(["different", "same"])), tuple(chosen)),) if len(chosen) > 1 else ()
    chart = build_chart(replace(drawn.workflow, duties=duties), None)
    try:
        case = open_case(chart, Event("open"), PEOPLE[0], case_id="c1", now=START).case
    except Refused:
        return
    votes = {state.panel.event for state in drawn.workflow.states.values() if state.panel}
    names, now = sorted({*FORMS, *votes}), START
    for _ in range(6):
        now += timedelta(minutes=10)
        taken = []
        for actor in PEOPLE:
            listed = {one.event for one in allowed(chart, case, actor, now=now)}
            for event in names:
                outcome = attempt(chart, case, event, actor, now, {})
                if isinstance(outcome, Refused):
                    assert not (event in listed and isinstance(outcome, NEVER)), f"{event} by {actor.id}: {outcome}"
                else:
                    assert event in listed, f"{event} by {actor.id} is taken and was not listed"
                full = attempt(
                    chart, case, event, actor, now, PAYLOADS.get(event, {"vote": 1} if event in votes else {})
                )
                taken += [] if isinstance(full, Refused) else [full.case]
        if not taken:
            return
        case = taken[data.draw(st.integers(0, len(taken) - 1))]
