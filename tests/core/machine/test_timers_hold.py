"""Timers after any conversation: exact differences, one a rung, of active entries, and as if computed anew."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.machine.draft import Draft
from engine.core.machine.timers import due_moment
from engine.errors import Refused
from engine.service.stepping import next_due

SOURCE = """
define: {soon: 'add_days(day, 3)'}
deadlines: {whole: {after: 3 months, escalate: [chief]}}
states:
  p:
    turn: clerk
    events: {out: {by: clerk, to: away}, tell: {by: [clerk, buyer], form: [day, at, n]}, again: {by: clerk, to: p}}
    deadlines:
      fixed: {at: soon, remind: [1 working day], escalate: [{to: chief, after: 2 days}], set: {m: m + 1}}
      begun: {after: 30 hours, from: at, set: {m: m + 1}, extend: {by: chief, times: 2, add: 5 hours}}
      ours: {after: 4 working days, counts: operator, remind: [1 working day], extend: {by: chief, times: 1, add: 2 working days}}
      theirs: {every: 50 hours, counts: applicant, actions: [{notify: chief, template: theirs}]}
      since: {after: 40 hours, from: 'entered("away")', before: 2 hours, escalate: [chief]}
      many: {after: 6 days, when: n > 2, to: away}
    parallel:
      one: {initial: x, states: {x: {events: {ask: {by: [clerk, chief], to: y}}}, y: {turn: buyer, deadlines: {slow: {after: 2 days, to: x}}, events: {answer: {by: buyer, to: x}}}}}
      two: {turn: none, initial: x, states: {x: {deadlines: {tick: {every: 1 day, set: {n: n + 1}}}, events: {ask: {by: [clerk, chief], to: y}}}, y: {turn: chief, events: {ask: {by: [clerk, chief], to: x}}}}}
  away: {turn: buyer, events: {back: {by: [clerk, buyer], to: p}, kept: {by: [clerk, buyer], to: p, keep: all}, part: {by: clerk, to: p, keep: [p.one]}}}
"""
EVENTS = ["out", "again", "ask", "answer", "back", "kept", "part", "extend_begun", "extend_ours"]
SAID = st.one_of(
    st.tuples(st.sampled_from(EVENTS), st.just({"reasons": "x"})),
    st.tuples(
        st.just("tell"),
        st.fixed_dictionaries(
            {},
            optional={
                "day": st.sampled_from([None, "2026-01-13", "2026-01-16", "2026-02-21"]),
                "at": st.sampled_from([None, "2026-01-12T12:00:00+03:00", "2026-01-15T23:30:00+03:00"]),
                "n": st.integers(0, 5),
            },
        ),
    ),
)
STEPS = st.lists(
    st.tuples(SAID, st.sampled_from(["ana", "bob", "cyd"]), st.sampled_from([0, 1, 7, 20, 49, 100])), max_size=14
)


def as_if_anew(case) -> set[tuple]:
    """The due timers that a case should have, each computed from nothing but the case."""
    draft = Draft(case.chart, case.case, case.people, case.now)
    expected = set()
    for position in case.case.positions:
        for name, deadline in case.chart.states[position.state].deadlines.items():
            due = due_moment(draft, position, deadline)
            track = case.case.memory.tracks.get(f"{position.state}#{position.entry}:{name}")
            if due is not None and due != (track and track.fired):
                expected.add((position.state, position.entry, name, due))
    return expected


def check(case, before) -> None:
    """What has to hold after every step."""
    after, made = case.case.timers, case.last
    assert len({timer.key for timer in after}) == len(after)
    assert set(after) == (set(before) - set(made.cancelled)) | set(made.armed)
    assert not set(made.armed) & set(made.cancelled)
    assert set(made.cancelled) <= set(before)
    entries = {(position.state, position.entry) for position in case.case.positions}
    assert {(timer.state, timer.entry) for timer in after} <= entries
    due = {(t.state, t.entry, t.deadline, t.due) for t in after if t.kind == "due"}
    assert due == as_if_anew(case)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_timers_hold(play, data) -> None:
    """Armed and cancelled are exact, and every due timer is what it would be if it were computed anew."""
    case = play(SOURCE).open({"day": data.draw(st.sampled_from([None, "2026-01-20"]))})
    case.people = play.people["ana"]
    check(case, ())
    for (event, said), by, hours in data.draw(STEPS):
        before = case.case.timers
        try:
            case.send(event, said if event == "tell" or event.startswith("extend") else {}, by=by)
        except Refused:
            assert case.case.timers == before
        else:
            check(case, before)
        to = case.now + timedelta(hours=hours)
        for _ in range(60):
            timer = next_due(case.chart, case.case, by=to)
            if timer is None:
                break
            before = case.case.timers
            case.until(timer.due) if timer.due > case.now else case.until(case.now)
            assert timer not in case.case.timers
            due = {(t.state, t.entry, t.deadline, t.due) for t in case.case.timers if t.kind == "due"}
            assert due == as_if_anew(case)
        else:
            raise AssertionError("timers fire without end")
        case.now = max(case.now, to)
