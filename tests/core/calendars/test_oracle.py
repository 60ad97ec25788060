"""Terms against an oracle that walks: a table of moments, and calendars at random."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.calendars.calendar import Calendar
from engine.core.calendars.moments import due_after, due_before, end_of_day, last_day, opened_on, working_time
from engine.core.calendars.reading import read_calendar
from engine.core.calendars.words import parse_term
from engine.core.terms import Term, Unit
from tests.core.calendars import oracle

HERE = Path(__file__).parent
TICK = timedelta(microseconds=1)


def table():
    """vectors.csv: what the oracle once said, by what it is about. A line that is added is written with its help."""
    groups = {}
    with (HERE / "vectors.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["why"], []).append(row)
    return groups


def days_of(calendar):
    """A calendar as the oracle has it."""
    if calendar is None:
        return oracle.Days()
    return oracle.Days(calendar.weekend, calendar.off, calendar.working, calendar.hours)


@pytest.fixture(scope="session")
def calendars(ru):
    """The calendars of the table, by name."""
    found = {"ru": ru, "": None}
    for name in ("old", "night"):
        found[name], findings = read_calendar((HERE / f"{name}.yaml").read_text(encoding="utf-8"), file=f"{name}.yaml")
        assert findings == ()
    return found


def test_the_table_is_long_enough():
    """Some hundred moments, in ten zones, of every unit."""
    rows = [row for rows in table().values() for row in rows]
    assert len(rows) >= 400
    assert len({row["zone"] for row in rows}) >= 9
    assert {parse_term(row["term"]).unit for row in rows} == set(Unit)


@pytest.mark.parametrize("why", table())
def test_the_table_holds(calendars, why):
    """Each line is what the oracle says, and what the engine says: a change of either shows."""
    wrong = []
    for row in table()[why]:
        start, zone, calendar = datetime.fromisoformat(row["start"]), ZoneInfo(row["zone"]), calendars[row["calendar"]]
        said = {
            "oracle": oracle.due(start, row["term"], days=days_of(calendar), zone=zone, roll=row["roll"]),
            "engine": due_after(start, parse_term(row["term"]), calendar=calendar, zone=zone, roll=row["roll"]),
        }
        due = datetime.fromisoformat(row["due"])
        wrong += [f"{who}: {at.astimezone(zone)} for {row}" for who, at in said.items() if at != due]
    assert not wrong, "\n".join(wrong)


# ── calendars at random ──────────────────────────────────────────────────────────────────────────────────────────────

ZONES = [ZoneInfo(name) for name in ("Europe/Moscow", "Asia/Vladivostok", "America/Sao_Paulo", "Asia/Beirut", "UTC")]
FIRST, LAST = date(2018, 8, 1), date(2018, 12, 31)  # the clocks change in São Paulo, Beirut; at midnight
DAYS = st.dates(FIRST, LAST)
MOMENTS = st.datetimes(
    datetime.combine(FIRST, datetime.min.time()), datetime.combine(LAST, datetime.min.time()), timezones=st.just(UTC)
)
BY_DAY = st.builds(Term, st.integers(1, 40), st.sampled_from([Unit.WORKING_DAYS, Unit.DAYS]))
TERMS = st.one_of(
    BY_DAY,
    st.builds(Term, st.integers(1, 9), st.just(Unit.MONTHS)),
    st.builds(Term, st.integers(1, 400), st.sampled_from([Unit.HOURS, Unit.MINUTES])),
)
ROLLS = st.sampled_from(["next", "none"])
SPANS = (
    st.lists(st.integers(0, 144), min_size=2, max_size=6, unique=True)
    .map(lambda marks: list(zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)))
    .filter(lambda spans: sum(until - since for since, until in spans) >= 12)
    .map(lambda spans: tuple((since * 10, until * 10) for since, until in spans))
)
"""From one to three spans of a day, two hours at least, in steps of ten minutes: from midnight and until 24:00 too."""


@st.composite
def calendar_of_any_kind(draw):
    """Some days of the week are the weekend, some days are off, and some of the weekend are worked; hours are any spans."""
    weekend = draw(st.frozensets(st.integers(0, 6), max_size=5))
    off = draw(st.frozensets(DAYS, max_size=30))
    worked = draw(st.frozensets(DAYS, max_size=15))
    worked = frozenset(day for day in worked if day.weekday() in weekend) - off
    hours = draw(st.tuples(*[SPANS] * 7))
    return Calendar("any", "1", 2016, 2030, weekend=weekend, off=off, working=worked, hours=hours)


CALENDARS = calendar_of_any_kind()


@given(MOMENTS, TERMS, CALENDARS, st.sampled_from(ZONES), ROLLS)
def test_any_term_ends_where_the_walk_ends(start, term, calendar, zone, roll):
    """Whatever the calendar, the start and the zone, engine and oracle agree."""
    due = due_after(start, term, calendar=calendar, zone=zone, roll=roll)
    assert due == oracle.due(start, str(term), days=days_of(calendar), zone=zone, roll=roll)


@given(MOMENTS, TERMS, CALENDARS, st.sampled_from(ZONES), ROLLS, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_a_later_start_is_not_due_earlier(start, term, calendar, zone, roll, later):
    """Due moments are monotone in the start; but hours that roll keep their local time, so they may pass one another."""
    roll = roll if term.unit.by_day else "none"
    due, then = (due_after(at, term, calendar=calendar, zone=zone, roll=roll) for at in (start, start + later))
    assert start < due <= then


@given(MOMENTS, TERMS, CALENDARS, st.sampled_from(ZONES), ROLLS, st.integers(1, 30))
def test_a_longer_term_is_not_due_earlier(start, term, calendar, zone, roll, more):
    """Due moments are monotone in the amount, with the same reserve."""
    roll = roll if term.unit.by_day else "none"
    longer = Term(term.amount + more, term.unit)
    due, then = (due_after(start, one, calendar=calendar, zone=zone, roll=roll) for one in (term, longer))
    assert due <= then


@given(MOMENTS, BY_DAY, st.integers(1, 40), CALENDARS, st.sampled_from(ZONES))
def test_so_many_days_and_then_more_add_up(start, term, more, calendar, zone):
    """N days and then m are n + m, the second term being counted from within the last day of the first (machine/timers)."""

    def due(at, amount):
        return due_after(at, Term(amount, term.unit), calendar=calendar, zone=zone, roll="none")

    assert due(due(start, term.amount) - TICK, more) == due(start, term.amount + more)


@given(MOMENTS, TERMS, CALENDARS, st.sampled_from(ZONES))
def test_what_rolls_is_never_due_on_a_day_off(start, term, calendar, zone):
    """Working days, and whatever rolls, end with a working day; an hour that rolls falls on one."""
    days = days_of(calendar)
    due = due_after(start, term, calendar=calendar, zone=zone, roll="next")
    assert days.counts(last_day(due, zone) if term.unit.by_day else due.astimezone(zone).date())
    if term.unit is Unit.WORKING_DAYS:
        assert due == due_after(start, term, calendar=calendar, zone=zone, roll="none")


@settings(max_examples=60)
@given(MOMENTS, BY_DAY, CALENDARS, st.sampled_from(ZONES))
def test_so_many_days_before_end_with_a_day_walked_back(start, term, calendar, zone):
    """Before the end of a day: the end of a day that counts, the n-th that does, walking back."""
    due = end_of_day(start.date(), zone)
    before = due_before(due, term, calendar=calendar, zone=zone)
    first, days = last_day(before, zone), days_of(calendar)
    passed = [first + timedelta(days=n) for n in range((start.date() - first).days)]
    counts = [day for day in passed if term.unit is Unit.DAYS or days.counts(day)]
    assert before == oracle.over(first, zone)
    assert (len(counts), counts[0]) == (term.amount, first)


# ── working hours ────────────────────────────────────────────────────────────────────────────────────────────────────

HOURS = st.builds(Term, st.integers(1, 24), st.just(Unit.WORKING_HOURS))
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=20))


@pytest.fixture(scope="module")
def few_years():
    """A shorter calendar with these days, so that its hours are laid out quickly."""
    return lambda calendar: replace(calendar, first_year=2018, last_year=2019)


@settings(max_examples=60)
@given(start=MOMENTS, term=HOURS, calendar=CALENDARS, zone=st.sampled_from(ZONES), roll=ROLLS)
def test_working_hours_end_where_the_walk_ends(few_years, start, term, calendar, zone, roll):
    """Engine and oracle agree to the second, on a working day, while the office is open or as it closes; nothing rolls."""
    calendar = few_years(calendar)
    due = due_after(start, term, calendar=calendar, zone=zone, roll=roll)
    assert due == oracle.due(start, str(term), days=days_of(calendar), zone=zone, roll="none")
    assert days_of(calendar).counts(last_day(due, zone))
    assert any(opens < due <= closes for opens, closes in opened_on(last_day(due, zone), calendar, zone))


@settings(max_examples=60)
@given(
    start=MOMENTS, term=HOURS, more=st.integers(1, 24), later=LENGTHS, calendar=CALENDARS, zone=st.sampled_from(ZONES)
)
def test_working_hours_add_up_and_are_monotone(few_years, start, term, more, later, calendar, zone):
    """N working hours and then m are n + m; no later start and no longer term is due earlier."""
    calendar = few_years(calendar)

    def due(at, amount):
        return due_after(at, Term(amount, term.unit), calendar=calendar, zone=zone, roll="none")

    assert due(due(start, term.amount), more) == due(start, term.amount + more) > due(start, term.amount)
    assert due(start, term.amount) <= due(start + later, term.amount)


@settings(max_examples=60)
@given(start=MOMENTS, term=HOURS, later=LENGTHS, calendar=CALENDARS, zone=st.sampled_from(ZONES))
def test_working_hours_are_what_lies_between(few_years, start, term, later, calendar, zone):
    """So much working time lies between start and due, and before a moment and that moment; pauses add up."""
    calendar = few_years(calendar)
    length = timedelta(hours=term.amount)
    due = due_after(start, term, calendar=calendar, zone=zone, roll="none")
    assert working_time(start, due, calendar, zone) == length
    assert working_time(start, due, calendar, zone) + working_time(due, due + later, calendar, zone) == (
        working_time(start, due + later, calendar, zone)
    )
    before = due_before(due + later, term, calendar=calendar, zone=zone)
    assert working_time(before, due + later, calendar, zone) == length
    assert any(opens <= before < closes for opens, closes in opened_on(before.astimezone(zone).date(), calendar, zone))
    assert due_after(before, term, calendar=calendar, zone=zone, roll="none") <= due + later
