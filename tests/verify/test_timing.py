"""Deadlines and terms."""

from __future__ import annotations

import re

import pytest

STATES = """\
one: {{turn: {turn}, events: {{go: {{by: clerk, to: end}}}}, deadlines: {{d: {{{deadline}}}}}}}
end: {{final: true}}
"""


def text(deadline, turn="maker"):
    """One state with this deadline."""
    return STATES.format(deadline=deadline, turn=turn)


def test_working_days_in_an_expression_need_a_calendar(codes):
    """`add_working_days` is refused where no calendar is named, through a `define` too; with one it is fine."""
    for when in ("'add_working_days(today, 5) > today'", "soon"):
        states = text(f"after: 5 days, when: {when}, to: end")
        extra = "define: {soon: 'add_working_days(today, n) > today'}" if when == "soon" else ""
        assert codes(states, top="", extra=extra) == ["WF085"]
        assert codes(states, extra=extra) == []


NINE_TO_SIX = (((540, 1080),),) * 7


@pytest.mark.parametrize(
    "deadline",
    [
        "after: 8 working hours, to: end",
        "after: 5 days, remind: [3 working hours], to: end",
        "at: now, before: 1 working hour, to: end",
        "after: 5 days, extend: {by: clerk, times: 1, add: 2 working hours}, to: end",
        "after: 5 days, escalate: [{to: clerk, after: 2 working hours}], to: end",
    ],
)
def test_working_hours_need_a_calendar_with_office_hours(diagnostics, deadline):
    """Wherever a term counts them: at the term, with what to add; with office hours it is fine."""
    found = diagnostics(text(deadline))
    assert [(one.code, str(one.severity), one.message) for one in found] == [
        ("WF079", "error", "the calendar 'office' has no office hours to count working hours in")
    ]
    said = text(deadline)
    assert found[0].mark.column == said.index(re.search(r"\d+ working hours?", said)[0]) + 1 + len("  ")
    assert 'add `hours: "09:00-18:00"` to calendars/office.yaml' in found[0].hint
    assert diagnostics(text(deadline), hours=NINE_TO_SIX) == ()


def test_the_calendar_named_has_to_be_there(verify):
    """A name without a file is an error that names it."""
    found = verify(text("after: 5 days, to: end"), top="calendar: moon")
    assert found == [("WF070", "error", "there is no calendar 'moon'")]


@pytest.mark.parametrize(
    ("deadline", "code"),
    [
        ("after: 5 days", "WF088"),
        ("after: 5 days, remind: [5 days], to: end", "WF089"),
        ("after: 5 days, remind: [1 day, 7 days], to: end", "WF089"),
    ],
)
def test_what_never_has_an_effect(codes, deadline, code):
    """A deadline that does nothing, a reminder before the deadline began."""
    assert codes(text(deadline)) == [code]


@pytest.mark.parametrize(
    "deadline", ["after: 5 days, escalate: [clerk]", "after: 5 days, from: now, remind: [9 days], to: end"]
)
def test_what_has_an_effect(codes, deadline):
    """Escalation alone is enough; a term from elsewhere may be longer than it looks."""
    assert codes(text(deadline)) == []


@pytest.mark.parametrize(
    ("deadline", "turn", "refused"),
    [
        ("after: 5 days, to: end", "clerk", True),
        ("every: 5 days, to: end", "[maker, clerk]", True),
        ("after: 5 days, to: end", "clerk.supervisor", True),
        ("after: 5 days, to: end", "maker", False),
        ("after: 5 days, to: end", "none", False),
        ("at: now, to: end", "clerk", False),
        ("after: 5 days, escalate: [clerk]", "clerk", False),
        ("after: 5 days, counts: applicant, to: end", "clerk", False),
    ],
)
def test_the_operators_silence_does_not_decide(verify, deadline, turn, refused):
    """`to` on `after` or `every` in the operator's turn: refused in production, a warning for a team, silent in a draft."""
    states = text(deadline, turn)
    found = {
        p: [(code, grave) for code, grave, _ in verify(states, profile=p) if code == "WF087"]
        for p in ("draft", "team", "production")
    }
    if refused:
        assert found == {"draft": [], "team": [("WF087", "warning")], "production": [("WF087", "error")]}
    else:
        assert found == {"draft": [], "team": [], "production": []}


def test_the_deadline_of_a_stage_asks_for_the_turns_inside(verify):
    """A stage's deadline that leads out while an inner state is the operator's is found too, with that state."""
    states = """\
        one:
          initial: theirs
          deadlines: {all: {after: 6 months, to: end}}
          states:
            theirs: {turn: maker, events: {give: {by: maker, to: ours}}}
            ours: {turn: clerk, events: {go: {by: clerk, to: end}}}
        end: {final: true}
    """
    found = verify(states, profile="production")
    assert found == [("WF087", "error", "'all' moves the case while it is the operator's turn in 'one.ours'")]


def test_a_panel_has_the_side_of_its_members(codes):
    """Who has not answered has the turn: a panel of the operator's people is the operator's turn."""
    states = """\
        one:
          panel: {ask: {ROLE: 2}, form: [x!], into: rows}
          done: [{to: end}]
          deadlines: {d: {after: 5 days, to: end}}
        end: {final: true}
    """
    assert codes(states.replace("ROLE", "clerk"), profile="production") == ["WF087"]
    assert codes(states.replace("ROLE", "maker"), profile="production") == []
