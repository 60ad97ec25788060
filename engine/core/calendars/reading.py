"""Calendar files: YAML text into a Calendar, or findings with their places; which file to read is left to others.

    calendar: ru                       # the name; the file is <name>.yaml
    title: Working calendar            # for readers (optional)
    weekend: [saturday, sunday]        # optional; these two
    hours: "09:00-13:00, 14:00-18:00"  # when people work on a working day (optional; see office_hours)
    years:                             # consecutive
      2026:
        source: decree of 24.09.2025   # where the days come from (optional)
        provisional: true              # no decree yet (optional)
        days_off: {2026-01-01: New Year}       # days that do not count, and why
        working_days: {2026-11-01: moved}      # days of the weekend that do

The version is the SHA-256 of the text. Anything else is refused (CL001 to CL010).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import MAXYEAR, date
from typing import TYPE_CHECKING

from engine.core.calendars.calendar import Calendar
from engine.core.calendars.office_hours import WEEK, read_hours
from engine.core.diagnostics import NOWHERE, Diagnostic, Mark, Severity
from engine.core.loader.yaml_nodes import ListNode, MapNode, ScalarNode, plain, read
from engine.errors import InvalidWorkflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.loader.yaml_nodes import Node

_TOP = ("calendar", "title", "weekend", "hours", "years")
_YEAR = ("source", "provisional", "days_off", "working_days")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MOST_YEARS = 200


@dataclass(slots=True)
class _Draft:
    """What is being read; `findings` as they come."""

    file: str
    findings: list[Diagnostic]
    weekend: frozenset[int] = frozenset({5, 6})
    days: dict[str, dict[date, str]] = field(default_factory=lambda: {"days_off": {}, "working_days": {}})
    provisional: set[int] = field(default_factory=set)
    sources: dict[int, str] = field(default_factory=dict)

    def error(self, code: str, mark: Mark, message: str, hint: str | None = None) -> None:
        self.findings.append(Diagnostic(code, Severity.ERROR, message, self.file, mark, hint))


def read_calendar(text: str, *, file: str) -> tuple[Calendar | None, tuple[Diagnostic, ...]]:
    """A calendar file as a Calendar; None where a finding is an error."""
    root, findings = read(text, file=file)
    draft = _Draft(file, list(findings))
    calendar = None
    if isinstance(root, MapNode):
        calendar = _calendar(root, text, draft)
    elif not findings:
        draft.error("CL002", NOWHERE, "this is no calendar file", "write `calendar: <name>` and `years:`")
    broken = any(finding.severity is Severity.ERROR for finding in draft.findings)
    return (None if broken else calendar), tuple(draft.findings)


def calendar_or_raise(text: str, *, file: str) -> Calendar:
    """The calendar; raises InvalidWorkflow with all errors."""
    calendar, findings = read_calendar(text, file=file)
    if calendar is None:
        raise InvalidWorkflow([finding for finding in findings if finding.severity is Severity.ERROR])
    return calendar


def _entries(node: Node, allowed: tuple[str, ...], draft: _Draft) -> dict[str, Node]:
    if not isinstance(node, MapNode):
        draft.error("CL003", node.mark, "a map is expected here", f"write {', '.join(f'{key}:' for key in allowed)}")
        return {}
    found: dict[str, Node] = {}
    for key, value in node.entries:
        if key.text not in allowed:
            draft.error("CL001", key.mark, f"no key '{key.text[:40]}' here", f"write one of {', '.join(allowed)}")
        found[key.text] = value
    return found


def _calendar(root: MapNode, text: str, draft: _Draft) -> Calendar | None:
    top = _entries(root, _TOP, draft)
    for key in ("calendar", "years"):
        if key not in top:
            draft.error("CL002", root.mark, f"the key '{key}' is missing", f"write `{key}:` at the top of the file")
    if "weekend" in top:
        draft.weekend = _weekend(top["weekend"], draft)
    name = _text(top.get("calendar"), draft)
    if "calendar" in top and not _NAME.fullmatch(name):
        draft.error("CL003", top["calendar"].mark, f"'{name[:40]}' is no name", "write small letters, digits and _")
    years = list(_years(top["years"], draft)) if "years" in top else []
    worked = draft.days["working_days"]
    hours = read_hours(top["hours"], weekend=draft.weekend, worked=worked, say=draft.error) if "hours" in top else ()
    if not years:
        return None
    return Calendar(
        name=name,
        version=hashlib.sha256(text.encode()).hexdigest(),
        first_year=min(years),
        last_year=max(years),
        weekend=draft.weekend,
        off=frozenset(draft.days["days_off"]),
        working=frozenset(worked),
        provisional=frozenset(draft.provisional),
        hours=hours,
        notes={day: note for days in draft.days.values() for day, note in days.items() if note},
        title=_text(top.get("title"), draft),
        sources=draft.sources,
    )


def _text(node: Node | None, draft: _Draft) -> str:
    if node is None:
        return ""
    if isinstance(node, ScalarNode):
        return node.text
    draft.error("CL003", node.mark, "a text is expected here")
    return ""


def _weekend(node: Node, draft: _Draft) -> frozenset[int]:
    days: set[int] = set()
    items = node.items if isinstance(node, ListNode) else [node]
    for item in items:
        name = _text(item, draft)
        if name not in WEEK:
            draft.error("CL003", item.mark, f"'{name[:40]}' is no day of the week", f"write {', '.join(WEEK)}")
            continue
        days.add(WEEK.index(name))
    if len(days) == len(WEEK):
        draft.error("CL003", node.mark, "no day of the week is left to work on", "leave at least one out")
    return frozenset(days)


def _years(node: Node, draft: _Draft) -> Iterator[int]:
    if not isinstance(node, MapNode) or not node.entries:
        draft.error("CL003", node.mark, "years are expected here", "write `2026: {days_off: {2026-01-01: New Year}}`")
        return
    last: int | None = None
    for key, value in node.entries:
        if not re.fullmatch(r"[1-9][0-9]{3}", key.text) or int(key.text) >= MAXYEAR:
            draft.error("CL003", key.mark, f"'{key.text[:40]}' is no year", "write four digits, such as 2026")
            continue
        year = int(key.text)
        if last is not None and year != last + 1:
            draft.error("CL006", key.mark, f"{year} does not follow {last}", "write the years in order, none left out")
        last = year
        _read_year(year, value, draft)
        yield year
    if len(node.entries) > _MOST_YEARS:
        draft.error("CL006", node.mark, f"{len(node.entries)} years are too many", f"write at most {_MOST_YEARS}")


def _read_year(year: int, node: Node, draft: _Draft) -> None:
    keys = _entries(node, _YEAR, draft)
    if "source" in keys:
        draft.sources[year] = _text(keys["source"], draft)
    if "provisional" in keys:
        value = plain(keys["provisional"])
        if not isinstance(value, bool):
            draft.error("CL003", keys["provisional"].mark, "true or false is expected here")
        elif value:
            draft.provisional.add(year)
    for kind in ("days_off", "working_days"):
        if kind in keys:
            _read_days(year, kind, keys[kind], draft)


def _read_days(year: int, kind: str, node: Node, draft: _Draft) -> None:
    if not isinstance(node, MapNode):
        draft.error("CL003", node.mark, "days are expected here", f"write `{kind}: {{{year}-01-01: why}}`")
        return
    for key, value in node.entries:
        day = _date(key, draft)
        if day is None:
            continue
        if day.year != year:
            draft.error("CL004", key.mark, f"{day} is not in {year}", f"move it to the year {day.year}")
        if day in draft.days["days_off" if kind == "working_days" else "working_days"]:
            draft.error("CL005", key.mark, f"{day} is both off and working", "leave it in one of the two")
        if kind == "working_days" and day.weekday() not in draft.weekend:
            message = f"{day} is a {WEEK[day.weekday()]} and counts anyway"
            draft.findings.append(
                Diagnostic(
                    "CL007", Severity.WARNING, message, draft.file, key.mark, "`working_days` is for the weekend"
                )
            )
        draft.days[kind][day] = _text(value, draft)


def _date(key: ScalarNode, draft: _Draft) -> date | None:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", key.text):
            return date.fromisoformat(key.text)
    except ValueError:
        pass
    draft.error("CL008", key.mark, f"'{key.text[:40]}' is no date", "write a day such as 2026-01-31")
    return None
