"""Where terms end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.calendars.calendar import Calendar, CalendarEnds, NoOfficeHours
from engine.core.calendars.moments import (
    add_months,
    add_working_days,
    due_after,
    due_before,
    end_of_day,
    last_day,
    local_date,
    local_instant,
    roll_forward,
    roll_instant,
)
from engine.core.calendars.words import parse_term
from engine.core.terms import Term, Unit

MOSCOW = ZoneInfo("Europe/Moscow")
ZONES = [ZoneInfo(name) for name in ("Europe/Moscow", "Asia/Vladivostok", "America/Sao_Paulo", "America/St_Johns")]
BUSY = Calendar(
    "busy",
    "1",
    2018,
    2021,
    weekend=frozenset({4, 5, 6}),
    off=frozenset({date(2019, 1, 1), date(2019, 5, 1), date(2020, 2, 26), date(2020, 2, 27)}),
    working=frozenset({date(2019, 4, 26), date(2019, 4, 27), date(2020, 2, 29)}),
)
DAYS = st.dates(date(2018, 3, 1), date(2020, 6, 30))


def moment(text):
    """A Moscow time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "term", "due"),
    [
        ("2025-12-29", "10 working days", "2026-01-22"),
        ("2026-04-24", "5 working days", "2026-05-04"),
        ("2026-04-30", "10 working days", "2026-05-18"),
        ("2026-01-03", "1 working day", "2026-01-12"),
        ("2026-03-06", "1 working day", "2026-03-10"),
        ("2024-04-26", "1 working day", "2024-04-27"),
        ("2026-03-02", "20 working days", "2026-03-31"),
    ],
)
@pytest.mark.parametrize("hour", ["00:00", "09:30", "23:59:59"])
def test_the_vectors_of_the_roadmap(ru, start, term, due, hour):
    """The Russian vectors hold on the calendar file that is shipped, whatever the time of day a term starts."""
    found = due_after(moment(f"{start} {hour}"), parse_term(term), calendar=ru, zone=MOSCOW, roll="next")
    expected = date.fromisoformat(due)
    assert last_day(found, MOSCOW) == expected
    assert found == moment(f"{expected + timedelta(days=1)} 00:00")


def test_a_leap_day_and_36_months():
    """2028-02-29 plus 36 months is due on 2031-02-28."""
    due = due_after(moment("2028-02-29 12:00"), parse_term("36 months"), calendar=None, zone=MOSCOW, roll="none")
    assert due == moment("2031-03-01 00:00")


def test_months_end_with_the_month():
    """The same day of a later or earlier month, or that month's last day."""
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)
    assert add_months(date(2026, 1, 31), -13) == date(2024, 12, 31)
    assert add_months(date(2100, 1, 29), 1) == date(2100, 2, 28)


@pytest.mark.parametrize(("roll", "due"), [("none", "2026-01-04"), ("next", "2026-01-12")])
def test_a_calendar_term_rolls_only_where_it_is_said(ru, roll, due):
    """15 days that end on a day off move to the next working day with `roll: next` alone."""
    found = due_after(moment("2025-12-20 10:00"), parse_term("15 days"), calendar=ru, zone=MOSCOW, roll=roll)
    assert last_day(found, MOSCOW) == date.fromisoformat(due)


def test_hours_and_minutes_are_exact():
    """24 hours and 10 minutes are instants, across a change of the clocks too."""
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 11, 0, 0, 5, tzinfo=UTC)
    assert due_after(start, parse_term("24 hours"), calendar=None, zone=berlin, roll="none") - start == timedelta(
        days=1
    )
    assert due_before(start, parse_term("10 minutes"), calendar=None, zone=berlin) == start - timedelta(minutes=10)


def test_hours_that_roll_keep_their_local_time(ru):
    """With `roll: next` an instant on a day off moves to the same local time of the next working day."""
    found = due_after(moment("2026-03-06 15:20"), parse_term("24 hours"), calendar=ru, zone=MOSCOW, roll="next")
    assert found == moment("2026-03-10 15:20")
    assert roll_instant(moment("2026-03-10 15:20"), ru, MOSCOW) == moment("2026-03-10 15:20")


def test_before_a_due_moment(ru):
    """Terms by day before a due at the end of day D end with a day counted back from D, without a roll."""
    due = due_after(moment("2026-03-02 09:00"), parse_term("20 working days"), calendar=ru, zone=MOSCOW, roll="next")

    def before(term):
        return last_day(due_before(due, parse_term(term), calendar=ru, zone=MOSCOW), MOSCOW)

    assert before("10 working days") == date(2026, 3, 17)
    assert before("3 days") == date(2026, 3, 28)
    assert before("1 month") == date(2026, 2, 28)
    assert due_before(due, parse_term("5 hours"), calendar=ru, zone=MOSCOW) == due - timedelta(hours=5)


def test_the_same_instant_is_another_day_elsewhere():
    """23:59 in Moscow is 06:59 of the next day in Vladivostok; the workflow's zone decides."""
    late = moment("2026-03-02 23:59")
    term = parse_term("1 day")
    assert local_date(late, ZoneInfo("Asia/Vladivostok")) == date(2026, 3, 3)
    assert last_day(due_after(late, term, calendar=None, zone=MOSCOW, roll="none"), MOSCOW) == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("America/Sao_Paulo", date(2018, 11, 3), "2018-11-04T01:00:00-02:00"),  # 00:00 does not exist
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-31T00:00:00+14:00"),  # 30 December does not exist
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-31T00:00:00+14:00"),
        ("America/St_Johns", date(2006, 10, 28), "2006-10-29T00:00:00-02:30"),  # 00:00 exists twice: the first
        ("America/Santiago", date(2024, 9, 7), "2024-09-08T01:00:00-03:00"),
        ("Asia/Beirut", date(2024, 3, 30), "2024-03-31T01:00:00+03:00"),
    ],
)
def test_days_without_a_midnight(zone, day, end):
    """The end of a day is the first moment of the next that exists, the first of two."""
    there = ZoneInfo(zone)
    assert end_of_day(day, there) == datetime.fromisoformat(end)
    assert end_of_day(day, there).utcoffset() == timedelta(0)


def test_a_local_time_in_a_gap_is_the_first_moment_after_it():
    """02:30 of the night the clocks go forward means 03:00; 02:30 of the other night means the first of the two."""
    berlin = ZoneInfo("Europe/Berlin")
    assert local_instant(datetime(2026, 3, 29, 2, 30), berlin) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # noqa: DTZ001
    assert local_instant(datetime(2026, 10, 25, 2, 30), berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # noqa: DTZ001


def test_beyond_the_calendar_is_said():
    """A day outside the years covered is never guessed, neither in front nor behind."""
    short = Calendar("short", "1", 2026, 2026)
    assert add_working_days(date(2025, 12, 31), 1, short) == date(2026, 1, 1)
    for day, amount in [
        (date(2026, 12, 31), 1),
        (date(2026, 1, 1), -1),
        (date(2025, 12, 30), 1),
        (date(2027, 1, 2), -1),
    ]:
        with pytest.raises(CalendarEnds, match="covers 2026 to 2026"):
            add_working_days(day, amount, short)
    with pytest.raises(CalendarEnds):
        roll_forward(date(2027, 1, 1), short)


def test_dates_at_the_end_of_time_are_refused():
    """9999-12-31 and a term that leads there give a statement, not an overflow."""
    with pytest.raises(CalendarEnds, match="too far away"):
        end_of_day(date(9999, 12, 31), MOSCOW)
    far = datetime(9990, 1, 1, tzinfo=UTC)
    for term in ("10000 days", "10000 months"):
        with pytest.raises(CalendarEnds):
            due_after(far, parse_term(term), calendar=None, zone=MOSCOW, roll="none")
    with pytest.raises(CalendarEnds):
        due_before(datetime(2026, 1, 1, tzinfo=UTC), Term(40000, Unit.MONTHS), calendar=None, zone=MOSCOW)


def test_working_hours_run_in_office_hours_alone(ru):
    """To the second, over the lunch, the night and days off; at the end of a day, not the next morning; back to the morning."""

    def after(start, term):
        return due_after(moment(start), parse_term(term), calendar=ru, zone=MOSCOW, roll="next")

    assert after("2026-04-24 00:00", "8 working hours") == moment("2026-04-24 18:00")
    assert after("2026-04-24 12:00:10", "1 working hour") == moment("2026-04-24 14:00:10")
    assert after("2026-04-30 17:00", "2 working hours") == moment("2026-05-04 10:00")
    assert after("2024-04-26 17:00", "2 working hours") == moment("2024-04-27 10:00")  # a working Saturday
    assert after("2026-04-30 17:00", "24 hours") == moment("2026-05-04 17:00")  # round the clock, rolled

    def before(due, term):
        return due_before(moment(due), parse_term(term), calendar=ru, zone=MOSCOW)

    assert before("2026-05-04 10:00", "1 working hour") == moment("2026-05-04 09:00")
    assert before("2026-05-04 10:00", "2 working hours") == moment("2026-04-30 17:00")
    assert before("2026-05-05 00:00", "8 working hours") == moment("2026-05-04 09:00")


@pytest.mark.parametrize("roll", ["next", "none"])
def test_working_hours_that_end_with_a_day_do_not_roll(roll):
    """Over at 24:00 of a Friday they are due then, although that moment is the first of a Saturday off."""
    night = Calendar("night", "1", 2026, 2026, hours=(((1200, 1440),),) * 7)
    due = due_after(moment("2026-03-06 12:00"), parse_term("4 working hours"), calendar=night, zone=MOSCOW, roll=roll)
    assert (due, last_day(due, MOSCOW)) == (moment("2026-03-07 00:00"), date(2026, 3, 6))


def test_working_hours_are_counted_to_the_last_day_that_is_covered():
    """The last office hour of a calendar is reached and gone back from; what lies beyond is said, and so are no hours."""
    short = Calendar("short", "1", 2026, 2026, weekend=frozenset(), hours=(((540, 1080),),) * 7)

    def after(start, term, calendar=short):
        return due_after(moment(start), parse_term(term), calendar=calendar, zone=MOSCOW, roll="none")

    assert after("2026-12-31 17:00", "1 working hour") == moment("2026-12-31 18:00")
    for start, term in [("2026-12-31 17:00:01", "1 working hour"), ("2025-12-31 23:59", "1 working hour")]:
        with pytest.raises(CalendarEnds, match="covers 2026 to 2026"):
            after(start, term)
    hour = parse_term("1 working hour")
    assert due_before(moment("2027-01-01 00:00"), hour, calendar=short, zone=MOSCOW) == moment("2026-12-31 17:00")
    with pytest.raises(CalendarEnds, match="not 2025-12-31"):
        due_before(moment("2026-01-01 09:30"), hour, calendar=short, zone=MOSCOW)
    with pytest.raises(NoOfficeHours, match=r"busy has no office hours; add `hours:`"):
        after("2019-03-01 12:00", "1 working hour", BUSY)


def test_working_days_need_a_calendar_and_instants_a_zone():
    """Both are said as they are missed."""
    with pytest.raises(ValueError, match="8 working hours cannot be counted without a calendar"):
        due_after(moment("2026-03-02 09:00"), parse_term("8 working hours"), calendar=None, zone=MOSCOW, roll="none")
    with pytest.raises(ValueError, match="without a calendar"):
        due_after(moment("2026-03-02 09:00"), parse_term("5 working days"), calendar=None, zone=MOSCOW, roll="none")
    with pytest.raises(ValueError, match="has no zone"):
        local_date(datetime(2026, 3, 2), MOSCOW)  # noqa: DTZ001


# ── against a walk, day by day ───────────────────────────────────────────────────────────────────────────────────────


def walked(day, amount, calendar):
    """The oracle: one day at a time."""
    step = 1 if amount > 0 else -1
    left = abs(amount)
    while left:
        day += timedelta(days=step)
        left -= calendar.is_working(day)
    return day


@given(DAYS, st.integers(-30, 60).filter(bool))
def test_working_days_as_they_are_walked(day, amount):
    """Counting working days forwards and back equals walking them."""
    assert add_working_days(day, amount, BUSY) == walked(day, amount, BUSY)


@given(DAYS, st.integers(1, 30), st.integers(1, 30))
def test_working_days_add_up(day, first, second):
    """N and then m working days are n + m; going back from there by m is where n led."""
    there = add_working_days(add_working_days(day, first, BUSY), second, BUSY)
    assert there == add_working_days(day, first + second, BUSY)
    assert add_working_days(there, -second, BUSY) == add_working_days(day, first, BUSY)


@settings(max_examples=200)
@given(
    st.datetimes(datetime(2018, 3, 1), datetime(2020, 6, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(0), timedelta(days=40)),
    st.sampled_from(["12 working days", "1 working day", "15 days", "2 months"]),
    st.sampled_from(ZONES),
)
def test_due_moments_are_monotone_and_never_on_a_day_off(start, later, text, zone):
    """A later start is never due earlier; what rolls is due at the end of a working day; a term lasts at least its days."""
    term = parse_term(text)

    def due(at):
        return due_after(at, term, calendar=BUSY, zone=zone, roll="next")

    assert start < due(start) <= due(start + later)
    assert BUSY.is_working(last_day(due(start), zone))
    assert end_of_day(last_day(due(start), zone), zone) == due(start)
