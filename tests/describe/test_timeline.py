"""The picture of a way: what is drawn, where, and that nothing in it but the drawing is alive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from engine.describe.timeline import Due, Stay, Timeline, draw, happens, lanes, said_due

MOSCOW = ZoneInfo("Europe/Moscow")
SVG = "{http://www.w3.org/2000/svg}"
NASTY = '</text><script>alert(1)</script><a href="x">&\x00\x1b\u202e\ud800'


def local(day, time="00:00"):
    """A moment of the workflow's zone, in UTC."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=MOSCOW).astimezone(UTC)


def due(name="decide", after="2026-02-10", **more):
    """Due at the end of the day before."""
    return Due(name, "20 working days", local(after), "20 working days from 12 January 2026", **more)


def stay(path="check", entered="2026-01-12", left="2026-02-10", **more):
    """A stay from one day to another."""
    begin, end = entered and local(entered, "09:00"), left and local(left) - timedelta(seconds=1)
    return Stay(path, path.title(), ("Clerk",), more.pop("side", "operator"), begin, end, **more)


def timeline(*stays, **more):
    """A way that begins on 12 January 2026."""
    return Timeline("order", "Order", "nominal", MOSCOW, local("2026-01-12", "09:00"), stays, **more)


def drawn(*stays, **more):
    """The picture's root; it has to be well-formed."""
    return ET.fromstring(draw(timeline(*stays, **more)))  # noqa: S314  drawn by ourselves


def texts(root):
    """All that is written, in order."""
    return [found.text for found in root.iter(f"{SVG}text")]


def marks(root):
    """The diamonds of due moments, without the legend's three."""
    return list(root.iter(f"{SVG}path"))[:-3]


def test_months_along_the_top_and_a_bar_from_entry_to_exit():
    """A bar is as long as its stay: here it begins on 12 January and ends with 9 February, of 90 days."""
    root = drawn(stay(dues=(due(),)))
    assert [word for word in ("2026", "Jan", "Feb", "Mar") if word not in texts(root)] == []
    (bar,) = (found for found in root.iter(f"{SVG}rect") if found.get("height") == "11" and found.get("width") != "20")
    day = 860 / 90
    assert abs(float(bar.get("x")) - (330 + 11.375 * day)) < 0.1
    assert abs(float(bar.get("width")) - (40 - 11.375) * day) < 0.1


def test_each_due_moment_has_a_mark_with_its_date():
    """The day that is over, or the time of day where it is no end of a day."""
    later = replace(due("call"), due=local("2026-02-03", "18:00"))
    root = drawn(stay(dues=(due(), later)))
    assert len(marks(root)) == 2
    assert {"decide 9 February 2026", "call 3 February 2026 18:00"} <= set(texts(root))
    assert said_due(local("2027-01-01"), MOSCOW) == "31 December 2026"


def test_marks_tell_provisional_from_counted_and_what_passes():
    """Hollow with a dotted line: a provisional year; in another colour: it falls due while the state goes on."""
    soon = due("explain", "2026-01-20", fired=True)
    root = drawn(stay(dues=(due(provisional=True), soon)))
    assert [mark.get("fill") for mark in marks(root)] == ["#ffffff", "#8e3a9d"]
    assert {"falls due while the state goes on", "due, counted with a provisional year"} <= set(texts(root))


def test_what_comes_of_a_due_moment():
    """Nothing where the state was left in time, or goes on; else it passes, or it is what ends the state."""
    one = stay(dues=())
    assert happens(due(), one) == ""
    assert happens(due(after="2026-01-20", fired=True), one) == "falls due"
    assert happens(due(after="2026-01-20", fired=True), replace(one, left=None)) == "falls due"
    assert happens(due(), replace(one, left=local("2026-02-10"))) == "moves on"
    assert happens(due(), replace(one, left=None)) == ""
    assert happens(replace(due(), due=None), one) == ""
    assert happens(due(), replace(one, entered=None, left=None)) == ""


def test_reminders_are_ticks_before_the_mark():
    """One for each."""
    plain, reminded = due(), due(reminders=(local("2026-02-03"), local("2026-02-07")))
    lines = [len(list(drawn(stay(dues=(one,))).iter(f"{SVG}line"))) for one in (plain, reminded)]
    assert lines[1] - lines[0] == 2


def test_regions_and_other_cases_are_lanes_of_their_own():
    """Stays of a region stand together under its name, though they took turns with those of another."""
    stays = (
        stay("all", around=True),
        stay("all.left.a", lane="Both · Left#all.left"),
        stay("all.right.b", lane="Both · Right#all.right"),
        stay("all.left.c", "2026-01-20", lane="Both · Left#all.left"),
        stay("end", "2026-02-10", "2026-02-11"),
        stay("visit", "2026-02-10", "2026-02-12", case="Visit (visit 1)"),
    )
    found = [(name, [one.path for one in some]) for name, some in lanes(stays)]
    assert found == [
        ("", ["all"]),
        ("Both · Left", ["all.left.a", "all.left.c"]),
        ("Both · Right", ["all.right.b"]),
        ("", ["end"]),
        ("Visit (visit 1)", ["visit"]),
    ]
    written = texts(drawn(*stays))
    heads = [word for word in written if word in {"Both · Left", "Both · Right", "Visit (visit 1)"}]
    assert heads == ["Both · Left", "Both · Right", "Visit (visit 1)"]


def test_the_side_whose_turn_it_is_has_its_colour_and_the_legend_says_so():
    """Applicant, operator, nobody."""
    root = drawn(stay("a", side="applicant"), stay("b"), stay("c", side="none"))
    colours = [found.get("fill") for found in root.iter(f"{SVG}rect") if found.get("height") == "11"]
    assert colours[:3] == ["#d9822b", "#3b6fb6", "#9aa5b1"]
    assert sorted(colours[3:]) == sorted(colours[:3])
    assert {"applicant's turn", "operator's turn", "nobody's turn", "due", "reminder"} <= set(texts(root))


def test_where_the_way_ends_is_said():
    """The reason below, and each state behind it is there without a bar."""
    root = drawn(stay(), stay("later", None, None, dues=(due(),)), stopped="calendar ru covers 2024 to 2032")
    written = texts(root)
    assert "not reached" in written
    assert any("calendar ru covers 2024 to 2032" in word for word in written)
    assert marks(root) == []


def test_nothing_of_a_workflow_file_comes_alive():
    """Names, titles, turns, stories and reasons are text: escaped, without signs that do not print, and cut."""
    one = Stay(
        NASTY, NASTY, (NASTY,), "operator", local("2026-01-12"), None, (replace(due(), name=NASTY),), NASTY, NASTY
    )
    made = replace(timeline(one, stopped=NASTY * 40), title=NASTY, story=NASTY)
    text = draw(made)
    root = ET.fromstring(text)  # noqa: S314  as above
    assert {found.tag.removeprefix(SVG) for found in root.iter()} == {
        "svg",
        "title",
        "rect",
        "text",
        "line",
        "path",
        "g",
    }
    alive = {"href", "src", "style", "class", "id"}
    assert [name for found in root.iter() for name in found.attrib if name in alive or name.startswith("on")] == []
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.encode("utf-8")
    assert max(len(word or "") for word in texts(root)) <= 300


def test_the_same_way_is_the_same_picture():
    """Byte for byte."""
    stays = (stay(dues=(due(),)), stay("end", "2026-02-10", None, lane="A#a"))
    assert draw(timeline(*stays)) == draw(timeline(*stays))


@pytest.mark.parametrize(("until", "most"), [("2026-01-12", 40), ("2030-06-30", 400), ("2998-12-31", 1100)])
def test_any_length_fits_the_page(until, most):
    """A day or ten centuries: as wide as a page can be, with as many lines as can be told apart."""
    root = drawn(stay(left=until))
    assert float(root.get("width")) <= 1850
    assert len(list(root.iter())) <= most
    year = until[:4] if until < "2900" else "2100"
    assert year in texts(root)


@pytest.mark.parametrize("moment", [datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)])
def test_a_due_moment_that_nobody_meant_does_not_break_the_picture(moment):
    """A mistyped year is drawn at the edge; its date says what it is."""
    root = drawn(stay(dues=(replace(due(), due=moment),)))
    assert any(str(moment.year) in (word or "") for word in texts(root) if "decide" in (word or ""))
    assert 330 <= float(marks(root)[0].get("d")[1:].split()[0]) <= 1830


def test_nothing_at_all_can_be_drawn():
    """A way without a single stay."""
    assert "Order" in texts(drawn())
