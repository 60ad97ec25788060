"""docs/deadlines.md: its tables are counted anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from documents import ROOT, table

from engine.core.calendars.moments import due_after, local_instant
from engine.core.calendars.reading import read_calendar
from engine.core.calendars.words import parse_term

MOSCOW = ZoneInfo("Europe/Moscow")
ROWS = table("docs/deadlines.md", "How a term is counted, by example")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_due_as_the_table_says(row):
    """At 09:00 in Moscow, by the shipped calendar."""
    happens, term, roll, due = row
    calendar, _ = read_calendar((ROOT / "workflows/calendars/ru.yaml").read_text("utf-8"), file="ru.yaml")
    start = local_instant(datetime.fromisoformat(f"{happens} 09:00"), MOSCOW)
    found = due_after(start, parse_term(term), calendar=calendar, zone=MOSCOW, roll=roll).astimezone(MOSCOW)
    day, hour = due.split()
    if hour == "24:00":
        assert found == datetime.fromisoformat(day).replace(tzinfo=MOSCOW) + timedelta(days=1)
    else:
        assert f"{found:%Y-%m-%d %H:%M}" == due
