"""Calendar files."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.holidays import UnknownCountry, seed
from engine.core.calendars.explain import explain_term, year_table
from engine.core.calendars.reading import read_calendar
from engine.core.calendars.words import parse_term

FILE = Path(__file__).parents[3] / "workflows" / "calendars" / "ru.yaml"
GOOD = """\
calendar: office
title: Office
weekend: [friday, saturday]
years:
  2026:
    source: decree 7
    days_off: {2026-01-01: New Year}
    working_days:
      2026-01-02: moved
  2027: {provisional: true}
"""


def test_a_file_says_which_days_count():
    """Weekend, days off, working weekends, provisional years, notes and sources come out; the version is the digest."""
    calendar, findings = read_calendar(GOOD, file="office.yaml")
    assert findings == ()
    assert (calendar.name, calendar.first_year, calendar.last_year) == ("office", 2026, 2027)
    assert calendar.version == hashlib.sha256(GOOD.encode()).hexdigest()
    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4), date(2027, 1, 1)]
    assert [calendar.is_working(day) for day in days] == [False, True, False, True, False]
    assert calendar.notes == {date(2026, 1, 1): "New Year", date(2026, 1, 2): "moved"}
    assert (calendar.provisional, calendar.sources, calendar.title) == (frozenset({2027}), {2026: "decree 7"}, "Office")


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("title: Office", "titel: Office", "CL001", 2),
        ("source: decree 7", "decree: 7", "CL001", 6),
        ("calendar: office\n", "", "CL002", 1),
        ("calendar: office", "calendar: My Office", "CL003", 1),
        ("[friday, saturday]", "[friday, caturday]", "CL003", 3),
        ("2027: {provisional: true}", "2027: {provisional: maybe}", "CL003", 10),
        ("days_off: {2026-01-01: New Year}", "days_off: [2026-01-01]", "CL003", 7),
        ("2026-01-01: New", "2025-01-01: New", "CL004", 7),
        ("2026-01-01: New", "2026-01-02: New", "CL005", 9),
        ("  2027:", "  2028:", "CL006", 10),
        ("2026-01-02: moved", "2026-01-05: moved", "CL007", 9),
        ("2026-01-01: New", "2026-02-30: New", "CL008", 7),
        ("2026-01-01: New", "1 January: New", "CL008", 7),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_place(old, new, code, line):
    """One finding for one fault, at its line; only a warning leaves a calendar."""
    calendar, findings = read_calendar(GOOD.replace(old, new), file="office.yaml")
    assert [(finding.code, finding.mark.line) for finding in findings] == [(code, line)]
    assert (calendar is None) == (code != "CL007")


WEEKDAYS = (
    "sunday: '09:00-13:00, 14:00-18:00', monday: '10:00-24:00', tuesday: '09:00 - 10:00', wednesday: '09:00-10:00'"
)


def test_hours_say_when_people_work():
    """One text for every working day, or one by day of the week, and `others` for those not named; no text, no hours."""

    def hours(text):
        calendar, findings = read_calendar(GOOD.replace("years:", f"hours: {text}\nyears:"), file="office.yaml")
        assert findings == ()
        return calendar.hours

    assert read_calendar(GOOD, file="office.yaml")[0].hours == ()
    assert hours("09:00-13:00, 14:00-18:00") == (((540, 780), (840, 1080)),) * 7
    assert hours("{others: '09:00-18:00', monday: '00:00-24:00'}") == (((0, 1440),), *[((540, 1080),)] * 6)
    named = hours(f"{{{WEEKDAYS}, thursday: '09:00-10:00', friday: '08:00-09:00'}}")
    assert named[0] == ((600, 1440),)
    assert (named[4], named[5], named[6]) == (((480, 540),), (), ((540, 780), (840, 1080)))
    office = read_calendar(GOOD.replace("years:", "hours: 09:00-18:00\nyears:"), file="office.yaml")[0]
    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4)]
    assert [len(office.office_hours(day)) for day in days] == [0, 1, 0, 1]
    assert office != read_calendar(GOOD, file="office.yaml")[0]


@pytest.mark.parametrize(
    ("hours", "code", "said"),
    [
        ("9-18", "CL009", "'9-18' are no office hours"),
        ("09:00-25:00", "CL009", "'09:00-25:00' are no office hours"),
        ("09:00-12:60", "CL009", "'09:00-12:60' are no office hours"),
        ("09:00-24:01", "CL009", "'09:00-24:01' are no office hours"),
        ("''", "CL009", "'' are no office hours"),
        ("[09:00-18:00]", "CL009", "office hours are expected here"),
        ("{}", "CL009", "office hours are expected here"),
        ("18:00-09:00", "CL009", "18:00-09:00 ends before it has begun"),
        ("09:00-09:00", "CL009", "09:00-09:00 ends before it has begun"),
        ("'14:00-18:00, 09:00-13:00'", "CL009", "09:00-13:00 begins before the span in front of it ends"),
        ("'09:00-13:00, 12:00-18:00'", "CL009", "12:00-18:00 begins before the span in front of it ends"),
        ("{mon: 09:00-18:00}", "CL001", "no key 'mon' here"),
        ("{monday: 09:00-18:00}", "CL010", "tuesday is a working day and has no hours"),
        (f"{{{WEEKDAYS}, thursday: '09:00-10:00'}}", "CL010", "2026-01-02 is worked and has no hours"),
    ],
)
def test_hours_that_cannot_be_are_said_with_their_place(hours, code, said):
    """One finding for one fault, at its line, with what would be right; a day that is worked never lacks its hours."""
    calendar, findings = read_calendar(GOOD.replace("years:", f"hours: {hours}\nyears:"), file="office.yaml")
    assert calendar is None
    assert [(finding.code, finding.message, finding.mark.line) for finding in findings] == [(code, said, 4)]
    assert findings[0].hint


@pytest.mark.parametrize(
    "text", ["", "- 1\n", "just text\n", "calendar: [\n", "calendar: x\nyears: {}\n", "years: 5\n"]
)
def test_what_is_no_calendar_is_refused(text):
    """Anything else is a finding, never an exception."""
    calendar, findings = read_calendar(text, file="x.yaml")
    assert calendar is None
    assert findings


WORDS = "calendar: office title: weekend: [friday] years: 2026: 99999: 0000-00-00: 2026-01-01: days_off: working_days: hours: 09:00-18:00, others:"
TOKENS = st.sampled_from([*WORDS.split(), "provisional:", "true", *"{}[],", "- ", "&a", "*a", "!x", "\n", "\n  "])


@given(st.one_of(st.lists(TOKENS, max_size=25).map(" ".join), st.text(max_size=60)))
def test_any_text_is_a_calendar_or_findings(text):
    """Whatever the text, there is a calendar or at least one error; never an exception."""
    calendar, findings = read_calendar(text, file="x.yaml")
    assert (calendar is None) == any(finding.severity == "error" for finding in findings)


def test_the_shipped_calendar_is_the_seed_but_for_its_title():
    """The file still equals what the package says for 2024 to 2032; 2028 and later are provisional."""
    shipped = FILE.read_text(encoding="utf-8").splitlines()
    seeded = seed("RU", range(2024, 2033)).splitlines()
    calendar, _ = read_calendar(FILE.read_text(encoding="utf-8"), file="ru.yaml")
    again, findings = read_calendar("\n".join(seeded), file="seed.yaml")
    assert findings == ()
    assert (calendar.off, calendar.working) == (again.off, again.working)
    assert calendar.provisional == frozenset(range(2028, 2033))
    assert shipped[0].startswith("# The process owner's file")


def test_the_moved_days_of_the_decrees_are_there(ru):
    """Days off and working Saturdays moved by the decrees of 2024 to 2026 (ROADMAP §6)."""
    moved_off = ["2024-04-29", "2024-04-30", "2024-05-10", "2024-12-30", "2024-12-31", "2025-05-02", "2025-05-08"]
    moved_off += ["2025-06-13", "2025-11-03", "2025-12-31", "2026-01-09", "2026-12-31", "2026-03-09", "2026-05-11"]
    assert not [day for day in moved_off if ru.is_working(date.fromisoformat(day))]
    assert all(ru.is_working(date(*day)) for day in [(2024, 4, 27), (2024, 11, 2), (2024, 12, 28), (2025, 11, 1)])


@pytest.mark.parametrize("country", ["DE", "il", "JP"])
def test_other_countries_can_be_seeded(country):
    """A seed is a calendar file without findings, whatever the weekend."""
    calendar, findings = read_calendar(seed(country, [2026, 2027]), file="seed.yaml")
    assert findings == ()
    assert calendar.name == country.lower()


def test_a_seed_refuses_what_it_cannot_know():
    """Unknown countries and years with a gap are refused."""
    with pytest.raises(UnknownCountry, match="ISO 3166"):
        seed("Atlantis", [2026])
    with pytest.raises(ValueError, match="consecutive"):
        seed("RU", [2024, 2026])


def test_a_term_is_explained_day_by_day(ru):
    """Every day is counted or skipped with its reason, up to the due day."""
    moscow = ZoneInfo("Europe/Moscow")
    start = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
    found = explain_term(start, parse_term("1 working day"), calendar=ru, zone=moscow, roll="none")
    assert [(day.day.day, day.number, day.reason) for day in found.days] == [
        (7, None, "Saturday, weekend"),
        (8, None, "Sunday, Международный женский день"),
        (9, None, "Monday, Международный женский день (выходной)"),
        (10, 1, "Tuesday"),
    ]
    assert (found.last, found.due, found.provisional) == (
        date(2026, 3, 10),
        datetime(2026, 3, 10, 21, 0, tzinfo=UTC),
        False,
    )


def test_working_hours_are_explained_span_by_span(ru):
    """Each day from the start with what of it was counted, and how much it was by then; days off say why they are skipped."""
    moscow = ZoneInfo("Europe/Moscow")
    start = datetime(2026, 4, 30, 13, 20, 30, tzinfo=UTC)
    found = explain_term(start, parse_term("12 working hours"), calendar=ru, zone=moscow, roll="next")
    assert [(day.day.day, day.number, day.spans, day.so_far) for day in found.days] == [
        (30, 1, ("16:20:30-18:00",), "1:39:30"),
        (1, None, (), ""),
        (2, None, (), ""),
        (3, None, (), ""),
        (4, 2, ("09:00-13:00", "14:00-18:00"), "9:39:30"),
        (5, 3, ("09:00-11:20:30",), "12:00"),
    ]
    assert (found.last, found.rolled_from, found.due_local.hour) == (date(2026, 5, 5), None, 11)
    late = explain_term(start + timedelta(hours=2), parse_term("1 working hour"), calendar=ru, zone=moscow, roll="none")
    assert late.days[0].reason == "Thursday, nothing left of its hours"


def test_a_rolled_term_says_from_where(ru):
    """A term in months lists its last day and the days it rolled over; a provisional year is said."""
    moscow = ZoneInfo("Europe/Moscow")
    start = datetime(2027, 10, 1, 9, 0, tzinfo=UTC)
    found = explain_term(start, parse_term("3 months"), calendar=ru, zone=moscow, roll="next")
    assert found.rolled_from == date(2028, 1, 1)
    assert next((day.day.day, day.number) for day in found.days) == (1, 3)
    assert [day.number for day in found.days[1:]] == [None] * (len(found.days) - 1)
    assert found.provisional
    assert explain_term(start, parse_term("3 hours"), calendar=ru, zone=moscow, roll="none").days == ()


def test_a_year_has_its_table(ru):
    """365 days in 12 months; 247 of them count in Russia in 2026 (the official norm of a five-day week)."""
    table = year_table(ru, 2026)
    assert [len(month) for month in table.months] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert table.working_days == 247
    assert year_table(ru, 2024).working_days == 248
    assert year_table(ru, 2025).working_days == 247
