"""What cells say, by the type of the field that they fill."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.service.columns import map_columns, row_data

TYPED = """
milepost: 1
workflow: typed
title: Typed
timezone: Europe/Moscow
roles: {clerk: {title: Clerk, sees: all}}
data:
  a: {day: date, at: datetime, yes: boolean, n: integer, price: number, name: text, spec: document, days: {type: list, of: date}}
open: {by: clerk, form: [a]}
initial: s
states:
  s: {turn: clerk, events: {e: {by: clerk, to: f}}}
  f: {final: true}
"""
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture(scope="module")
def chart():
    """The workflow, without a store."""
    return build_chart(load_or_raise(TYPED, file="typed.yaml"), None)


def read(chart, **cells):
    """A row, read by the form."""
    columns = map_columns(cells, chart.opening)
    return chart.opening.read(row_data(cells, columns, chart.opening, MOSCOW), {}).writes


@pytest.mark.parametrize(
    ("heading", "cell", "value"),
    [
        ("day", "31.12.2026", date(2026, 12, 31)),
        ("day", "2026-12-31", date(2026, 12, 31)),
        ("at", "31.12.2026 15:00", datetime(2026, 12, 31, 15, tzinfo=MOSCOW)),
        ("at", "2026-12-31T15:00:30", datetime(2026, 12, 31, 15, 0, 30, tzinfo=MOSCOW)),
        ("at", "2026-12-31", datetime(2026, 12, 31, tzinfo=MOSCOW)),
        ("at", "2026-12-31T15:00:00+00:00", datetime(2026, 12, 31, 18, tzinfo=MOSCOW)),
        ("yes", "Да", True),
        ("yes", "no", False),
        ("n", "0042", 42),
        ("name", "0042", "0042"),
        ("name", "31.12.2026", "31.12.2026"),
        ("days", "31.12.2026|2027-01-01", (date(2026, 12, 31), date(2027, 1, 1))),
    ],
)
def test_by_type(chart, heading, cell, value):
    """Days, moments, truth and numbers as people write them; a text stays as it is."""
    assert read(chart, **{heading: cell}) == {f"a.{heading}": value}


def test_members(chart):
    """A member of a document has its own type."""
    made = read(chart, **{"spec.number": "7", "spec.approved_on": "31.12.2026"})
    assert made == {"a.spec": {"number": "7", "approved_on": date(2026, 12, 31)}}


@given(st.dates(), st.times())
def test_a_day_is_the_same_in_both_spellings(chart, day, time):
    """Whatever the day and the hour."""
    hours = f"{time:%H:%M}"
    said = [f"{day.day:02}.{day.month:02}.{day.year:04} {hours}", f"{day.isoformat()} {hours}"]
    moments = [row_data({"at": text}, {"at": "a.at"}, chart.opening, MOSCOW) for text in said]
    assert moments[0] == moments[1]
    assert datetime.fromisoformat(moments[0]["a.at"]).utcoffset() > timedelta(0)
