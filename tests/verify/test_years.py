"""Calendars against the deadlines that count in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.core.calendars.calendar import Calendar
from engine.verify.years import check_years

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
STATES = """\
one: {{turn: maker, events: {{go: {{by: clerk, to: end}}}}, deadlines: {{d: {{{deadline}, to: end}}}}}}
end: {{final: true}}
"""
OFFICE = Calendar("office", "1", 2020, 2026)


def found(make, deadline, *, calendar=OFFICE, profile="team"):
    """(code, severity, message) about the calendar's file."""
    users = [make(STATES.format(deadline=deadline))]
    said = check_years("office.yaml", calendar, users, profile, now=NOW)
    return [(one.code, str(one.severity), one.message) for one in said]


@pytest.mark.parametrize(
    ("deadline", "term"),
    [
        ("after: 90 working days", "90 working days"),
        ("after: 3 months", "3 months"),
        ("every: 90 working days", "90 working days"),
        (
            "after: 30 working days, extend: {by: clerk, times: 3, add: 15 working days}",
            "30 working days and 3 × 15 working days",
        ),
    ],
)
def test_a_deadline_past_the_last_year(make, deadline, term):
    """Working days, and terms that roll; extensions count."""
    words = f"the calendar ends with 2026, before 'd' of 'small' ({term}) is due that begins today"
    assert found(make, deadline) == [("WF116", "warning", words)]
    assert found(make, deadline, profile="draft") == [("WF116", "note", words)]
    assert found(make, deadline, calendar=replace(OFFICE, last_year=2080)) == []


@pytest.mark.parametrize(
    "deadline",
    [
        "after: 20 working days",
        "after: 6 months, roll: none",
        "after: 9000 hours",
        "at: now",
        "after: 90 working hours",  # no office hours: said elsewhere
    ],
)
def test_what_ends_before_or_does_not_ask(make, deadline):
    """Enough years, or a term that never asks which days count."""
    assert found(make, deadline) == []


def test_a_provisional_year(make):
    """A note in every profile, where a deadline of today reaches it; years behind us do not count."""
    calendar = replace(OFFICE, last_year=2028, provisional=frozenset({2025, 2027, 2028}))
    words = "'d' of 'small' (90 working days) that begins today is counted in 2027, which is provisional"
    for profile in ("draft", "team", "production"):
        assert found(make, "after: 90 working days", calendar=calendar, profile=profile) == [("WF117", "note", words)]
    assert found(make, "after: 20 working days", calendar=calendar) == []


def test_nobody_counts_in_it():
    """A calendar without workflows is nobody's concern."""
    assert check_years("office.yaml", OFFICE, [], "production", now=NOW) == ()
