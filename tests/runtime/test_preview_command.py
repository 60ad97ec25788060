"""`milepost preview`: what people and programs read, what is drawn, and how it ends."""

from __future__ import annotations

import json

import pytest

from runtime.cli.choices import FINDINGS, FINE

STORY = """\
workflow: note.yaml
clock: 2026-01-12 09:00
people: {zoya: {roles: [writer]}, ana: {roles: [clerk]}}
scenarios:
  - name: accepted
    open: {by: zoya, with: {paper.text: hello}}
    steps: [{do: accept, by: ana}]
"""
CALENDAR = "calendar: sample\nyears:\n  2026:\n    days_off: {2026-01-01: New Year}\n  2027: {provisional: true, days_off: {2027-01-01: New Year}}\n"


@pytest.fixture
def story(folder):
    """The small workflow with a scenario and a calendar of two years, the second without a decree."""
    workflows = folder / "workflows"
    (workflows / "note.test.yaml").write_text(STORY)
    (workflows / "calendars").mkdir()
    (workflows / "calendars" / "sample.yaml").write_text(CALENDAR)
    note = workflows / "note.yaml"
    note.write_text(note.read_text().replace("title: Note\n", "title: Note\ncalendar: sample\n"))
    return workflows


def test_people_read_a_table(milepost, story):
    """States, whose turn, deadlines, how each was counted, when it is due; then the outcome."""
    code, out, err = milepost("preview", "workflows/note.yaml", "--from", "2026-03-02")
    assert (code, err) == (FINE, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "Note: accepted"
    assert lines[1] == "from 2026-03-02 09:00, everybody uses all the time there is; days in Europe/Moscow"
    assert [line for line in lines if line.startswith("│")] == [
        "│ Check │ 2026-03-02 │ soon │ 2026-03-09 │ 5 days from 2 March 2026, 7 March 2026 is a day off │",
        "│ Writer │ 2026-03-09 │ 5 days │ │ │",
        "│ Done │ 2026-03-09 │ │ │ │",
        "│ │ 2026-03-09 │ │ │ │",
    ]
    assert lines[-1] == "ends with the outcome completed"


def test_a_provisional_year_is_marked(milepost, story):
    """At the due date, and below for all of them."""
    code, out, _ = milepost("preview", "workflows/note.yaml", "--from", "2027-03-01")
    assert code == FINE
    assert "│ 5 days         │ provisional │" in out
    assert "counted with a provisional year, its decree is not out yet: soon" in out


def test_programs_read_one_document(milepost, story):
    """JSON on stdout and nothing else, also where a picture is drawn."""
    code, out, err = milepost(
        "preview", "workflows/note.yaml", "--from", "2026-03-02", "--svg", "way.svg", "--format", "json"
    )
    assert (code, err.split()) == (FINE, ["way.svg", "is", "written"])
    said = json.loads(out)
    assert {name: said[name] for name in ("workflow", "scenario", "timezone", "outcome", "stopped")} == {
        "workflow": "note",
        "scenario": "accepted",
        "timezone": "Europe/Moscow",
        "outcome": "completed",
        "stopped": None,
    }
    check, done = said["stays"]
    assert (check["state"], check["turn"], check["side"]) == ("check", ["Writer"], "applicant")
    assert (check["entered"], check["left"]) == ("2026-03-02T06:00:00.000000Z", "2026-03-09T20:59:59.000000Z")
    assert check["deadlines"] == [
        {
            "name": "soon",
            "term": "5 days",
            "counted": "5 days from 2 March 2026, 7 March 2026 is a day off",
            "due": "2026-03-09T21:00:00.000000Z",
            "day": "2026-03-09",
            "reminders": [],
            "provisional": False,
            "happens": None,
        }
    ]
    assert (done["state"], done["deadlines"]) == ("done", [])


def test_it_is_drawn(milepost, story, folder):
    """An SVG by itself, the same each time, written over."""
    (folder / "way.svg").write_text("something older")
    pictures = set()
    for _ in range(2):
        assert milepost("preview", "workflows/note.yaml", "--from", "2026-03-02", "--svg", "way.svg")[0] == FINE
        pictures.add((folder / "way.svg").read_text(encoding="utf-8"))
    (picture,) = pictures
    assert picture.startswith("<svg ")
    assert "soon 9 March 2026" in picture


def test_where_the_calendar_ends_the_path_ends(milepost, story):
    """What was reached is shown, the reason said; the exit code tells programs."""
    code, out, _ = milepost("preview", "workflows/note.yaml", "--from", "2027-12-30")
    assert code == FINDINGS
    assert "not reached" in out
    assert "not counted" in out
    assert "the path ends here: zoya could not open note: deadline soon (line 18) could not be computed" in out
    assert "calendar sample covers 2026 to 2027" in out
    code, out, _ = milepost("preview", "workflows/note.yaml", "--from", "2027-12-30", "--format", "json")
    said = json.loads(out)
    assert (code, said["stays"][0]["entered"], said["outcome"]) == (FINDINGS, None, None)


@pytest.mark.parametrize(
    ("begin", "why"),
    [
        ("tomorrow", "'tomorrow' is no day; write one such as 2026-01-12"),
        ("2026-02-30", "'2026-02-30' is no day; write one such as 2026-01-12"),
        ("20260112", "'20260112' is no day; write one such as 2026-01-12"),
        ("2026-01-12T09:00", "'2026-01-12T09:00' is no day; write one such as 2026-01-12"),
        ("0001-01-01", "0001-01-01 is too far away; a path begins in the years 1900 to 2999"),
        ("9999-12-31", "9999-12-31 is too far away; a path begins in the years 1900 to 2999"),
    ],
)
def test_what_is_no_day_is_refused(milepost, story, begin, why):
    """One line, before anything is read."""
    assert milepost("preview", "workflows/note.yaml", "--from", begin) == (2, "", f"milepost: {why}\n")


def test_what_cannot_be_looked_at_is_refused(milepost, story, folder):
    """No day, no file, no scenario, a fault in the file, a picture that cannot be written: each says why."""
    code, _, err = milepost("preview", "workflows/note.yaml")
    assert (code, "--from" in err) == (2, True)
    code, _, err = milepost("preview", "workflows/nota.yaml", "--from", "2026-03-02")
    assert (code, "workflows/nota.yaml is no workflow file" in err) == (2, True)
    code, _, err = milepost("preview", "workflows/note.yaml", "--from", "2026-03-02", "--scenario", "acepted")
    assert (code, "there is 'accepted'" in err) == (2, True)
    code, _, err = milepost("preview", "workflows/note.yaml", "--from", "2026-03-02", "--svg", "nowhere/way.svg")
    assert (code, "nowhere/way.svg: No such file" in err) == (2, True)
    note = folder / "workflows" / "note.yaml"
    note.write_text(note.read_text().replace("to: done}}\n    dead", "to: dome}}\n    dead"))
    code, out, err = milepost("preview", "workflows/note.yaml", "--from", "2026-03-02")
    assert (code, out) == (FINDINGS, "")
    assert "note.yaml:17:38: error[WF020]" in err
    assert "^^^^" in err


def test_names_from_a_file_do_nothing_to_the_terminal(milepost, story, folder):
    """Markup is text, control characters are shown."""
    note = folder / "workflows" / "note.yaml"
    note.write_text(note.read_text().replace("title: Note\n", 'title: "[red]N\\e[31mote"\n'))
    code, out, _ = milepost("preview", "workflows/note.yaml", "--from", "2026-03-02")
    assert code == FINE
    assert "[red]N�[31mote: accepted" in out
    assert "\x1b[31m" not in out
