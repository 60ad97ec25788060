"""`milepost preview`: the nominal path of a workflow with every due date, before any case runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from adapters.templates import MessageTemplates
from engine.core.calendars.moments import ended_day, last_day, local_date
from engine.describe.timeline import draw, happens, lanes
from engine.errors import InvalidWorkflow, MilepostError
from engine.rehearse.preview import preview
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.findings import refuse
from runtime.cli.printing import as_json, cells, err, out, printable, table

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from rich.console import Console
    from rich.table import Table

    from engine.describe.timeline import Due, Stay, Timeline

FIRST, LAST = 1900, 2999


class BadDay(MilepostError):
    """A path cannot begin there."""


def run(path: Path, begin: str, scenario: str | None, svg: Path | None, report: Format) -> int:
    """Print the path, and draw it where a file is named. 1 where it could not be followed to its end."""
    day = _day(begin)
    try:
        timeline = preview(path, day, scenario=scenario, templates=MessageTemplates)
    except InvalidWorkflow as invalid:
        return refuse(invalid, path.parent)
    if svg is not None:
        svg.write_text(draw(timeline), encoding="utf-8")
        err().print(Text(f"{printable(svg)} is written", style="green"))
    if report is Format.JSON:
        as_json(_as_json(timeline))
    else:
        _print(out(), timeline)
    return FINE if timeline.stopped is None else FINDINGS


def _day(text: str) -> date:
    """Raises BadDay."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise BadDay(f"'{text[:40]}' is no day; write one such as 2026-01-12")
    if not FIRST <= day.year <= LAST:
        raise BadDay(f"{text} is too far away; a path begins in the years {FIRST} to {LAST}")
    return day


# ── for people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _print(console: Console, timeline: Timeline) -> None:
    zone = timeline.zone
    console.print(Text(printable(f"{timeline.title}: {timeline.story}"), style="bold"))
    begin = timeline.begin.astimezone(zone)
    console.print(f"from {begin:%Y-%m-%d %H:%M}, everybody uses all the time there is; days in {zone.key}")
    made = table("", "state, whose turn", "from, until", "deadline, term", "due", "counted, reminders")
    made.columns[1].no_wrap = made.columns[3].no_wrap = True
    for name, stays in lanes(timeline.stays):
        made.add_section()
        if name:
            cells(made, name)
            made.rows[-1].style = "bold"
        for stay in stays:
            _rows(made, stay, zone)
    console.print(made)
    provisional = [due.name for stay in timeline.stays for due in stay.dues if due.provisional]
    if provisional:
        words = f"counted with a provisional year, its decree is not out yet: {', '.join(dict.fromkeys(provisional))}"
        console.print(Text(printable(words), style="yellow"))
    if timeline.stopped is not None:
        console.print(Text(printable(f"the path ends here: {timeline.stopped}"), style="red"))
    elif timeline.outcome is not None:
        console.print(Text(printable(f"ends with the outcome {timeline.outcome}"), style="green"))


def _rows(made: Table, stay: Stay, zone: ZoneInfo) -> None:
    """A row for each deadline of a stay, or one without."""
    state = "\n".join([stay.title, *stay.turn])
    for number, due in enumerate(stay.dues or (None,)):
        head = ("", "") if number else (state, _time(stay, zone))
        cells(made, *head, *(() if due is None else _told(due, stay, zone)))


def _time(stay: Stay, zone: ZoneInfo) -> str:
    if stay.entered is None:
        return "not reached"
    since = local_date(stay.entered, zone)
    return f"{since}\n{'goes on' if stay.left is None else max(since, last_day(stay.left, zone))}"


def _told(due: Due, stay: Stay, zone: ZoneInfo) -> tuple[str, str, str]:
    name = f"{due.name}\n{due.rule}"
    reminders = ", ".join(_shown(moment, zone) for moment in due.reminders)
    counted = "\n".join([due.counted, *([f"reminders {reminders}"] if reminders else [])])
    if due.due is None:
        return name, "not counted" if stay.entered is None else "none", counted
    notes = [happens(due, stay), "provisional" if due.provisional else ""]
    return name, "\n".join([_shown(due.due, zone), *(note for note in notes if note)]), counted


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-03-16` for the end of that day, or with the time."""
    day = ended_day(moment, zone)
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if day is None else day.isoformat()


# ── for programs ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(timeline: Timeline) -> dict[str, object]:
    zone = timeline.zone
    return {
        "workflow": timeline.workflow,
        "title": timeline.title,
        "scenario": timeline.story,
        "timezone": zone.key,
        "from": timeline.begin,
        "outcome": timeline.outcome,
        "stopped": timeline.stopped,
        "stays": [
            {
                "case": stay.case or None,
                "state": stay.path,
                "title": stay.title,
                "turn": stay.turn,
                "side": stay.side,
                "entered": stay.entered,
                "left": stay.left,
                "deadlines": [_due_as_json(due, stay, zone) for due in stay.dues],
            }
            for stay in timeline.stays
        ],
    }


def _due_as_json(due: Due, stay: Stay, zone: ZoneInfo) -> dict[str, object]:
    return {
        "name": due.name,
        "term": due.rule,
        "counted": due.counted,
        "due": due.due,
        "day": None if due.due is None else last_day(due.due, zone),
        "reminders": [last_day(moment, zone) for moment in due.reminders],
        "provisional": due.provisional,
        "happens": happens(due, stay) or None,
    }
