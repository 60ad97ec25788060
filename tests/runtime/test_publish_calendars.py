"""`milepost publish` with calendars: what would move, what moves, and that somebody has to say why."""

from __future__ import annotations

import json

import pytest

from engine.service.searching import CaseFilters
from runtime.cli.settings import services_now
from tests.runtime.conftest import NOTE


def calendar(*off):
    """Years enough, with these days off."""
    years = "".join(f"  {year}: {{}}\n" for year in range(2021, 2040))
    days = ", ".join(f"{day}: decreed" for day in off)
    return f"calendar: here\nyears:\n  2020: {{days_off: {{{days}}}}}\n{years}"


@pytest.fixture
def counted(folder, milepost, token):
    """The small workflow with a calendar, and a case in it."""
    text = NOTE.replace("workflow: note", "workflow: note\ncalendar: here").replace("5 days", "5 working days")
    (folder / "workflows" / "note.yaml").write_text(text, encoding="utf-8")
    file = folder / "workflows" / "calendars" / "here.yaml"
    file.parent.mkdir()
    file.write_text(calendar(), encoding="utf-8")
    code, _, err = milepost("publish", "workflows")
    assert code == 0, err
    secret = token("carl", "clerk")
    with services_now() as services:
        services.cases.open_case("note", {"paper.text": "n"}, services.people.actor_of(secret))
        carl = services.people.actor_of(secret)
        due = services.cases.find(CaseFilters(), carl).items[0].next_due
    return file, due


def weekdays_off(file, due):
    """The day on which it is due is off now."""
    day = (due.date()).isoformat()  # the end of the day before, 21:00 UTC
    years = calendar().replace(f"  {day[:4]}: {{}}", f"  {day[:4]}: {{days_off: {{{day}: decreed}}}}")
    file.write_text(years, encoding="utf-8")


def test_first_looked_at_then_done(counted, milepost):
    """A table with every deadline that moves; nothing is stored by looking; publishing says how many moved."""
    file, due = counted
    assert milepost("publish", file, "--dry-run")[1] == "no deadline would move\n"
    weekdays_off(file, due)
    code, out, err = milepost("publish", file, "--dry-run")
    assert (code, err) == (0, "")
    assert "1 deadlines are counted otherwise" in out
    assert "check.soon" in out
    (line,) = json.loads(milepost("publish", file, "--dry-run", "--format", "json")[1])
    assert (line["deadline"], line["stays"]) == ("soon", "")
    assert line["new"] > line["due"]
    code, out, err = milepost("publish", file, "--reason", "decree 12")
    assert (code, err) == (0, "")
    assert out == "here: 1 deadlines moved, 0 stayed\n"
    assert milepost("publish", file, "--dry-run")[1] == "no deadline would move\n"


def test_earlier_needs_a_reason(counted, milepost):
    """And without --earlier a deadline stays where it is."""
    file, due = counted
    weekdays_off(file, due)
    milepost("publish", "workflows", "--reason", "decree 12")
    file.write_text(calendar(), encoding="utf-8")
    assert "which was not asked for" in milepost("publish", file, "--dry-run")[1]
    assert milepost("publish", file)[1] == "here: 0 deadlines moved, 1 stayed\n"
    weekdays_off(file, due)
    milepost("publish", file)
    file.write_text(calendar(), encoding="utf-8")
    code, _, err = milepost("publish", file, "--earlier")
    assert (code, "say why with --reason" in err) == (2, True)
    assert milepost("publish", file, "--earlier", "--reason", "withdrawn")[1] == "here: 1 deadlines moved, 0 stayed\n"


def test_a_calendar_that_is_none(counted, milepost):
    """Where it is wrong, and nothing is published."""
    file, _ = counted
    file.write_text("calendar: here\nyears: {2020: {days_of: {}}}\n", encoding="utf-8")
    code, _, err = milepost("publish", file)
    assert code == 1
    assert "here.yaml:2:16" in err
    file.write_text(calendar().replace("here", "there"), encoding="utf-8")
    code, _, err = milepost("publish", file)
    assert code == 1
    assert "here.yaml:1:1" in err
