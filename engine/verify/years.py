"""Calendars that end before the deadlines that count in them (WF116), or whose years have no decree yet (WF117)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.calendars.calendar import CalendarEnds, NoOfficeHours
from engine.core.calendars.moments import due_after, last_day
from engine.core.diagnostics import NOWHERE, Diagnostic
from engine.core.frozen import frozen
from engine.verify.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from engine.core.calendars.calendar import Calendar
    from engine.core.definition import Deadline, Workflow
    from engine.core.terms import Term
    from engine.verify.rules.rule import Profile


@frozen
class _Longest:
    """A deadline that begins now, its extensions with it; `end` None: the calendar ends before."""

    workflow: Workflow
    deadline: Deadline
    end: date | None

    def __str__(self) -> str:
        extend = self.deadline.extend
        more = f" and {extend.times} × {extend.add}" if extend is not None else ""
        term = self.deadline.after or self.deadline.every
        return f"'{self.deadline.name}' of '{self.workflow.name}' ({term}{more})"


def check_years(
    file: str, calendar: Calendar, users: Iterable[Workflow], profile: Profile, *, now: datetime
) -> tuple[Diagnostic, ...]:
    """Findings about a calendar's file: `users` are the workflows that name it; their deadlines are counted from `now`."""
    ends = [one for workflow in users for one in _ends(workflow, calendar, now)]
    beyond = next((one for one in ends if one.end is None), None)
    if beyond is not None:
        message = f"the calendar ends with {calendar.last_year}, before {beyond} is due that begins today"
        return _say("WF116", message, f"add the year {calendar.last_year + 1}", file, profile)
    last = max((one for one in ends if one.end is not None), key=lambda one: str(one.end), default=None)
    if last is None or last.end is None:
        return ()
    guessed = sorted(year for year in calendar.provisional if now.year <= year <= last.end.year)
    if not guessed:
        return ()
    years = ", ".join(str(year) for year in guessed)
    message = f"{last} that begins today is counted in {years}, which is provisional"
    return _say("WF117", message, "compare the year with its decree when it is out", file, profile)


def _say(code: str, message: str, hint: str, file: str, profile: Profile) -> tuple[Diagnostic, ...]:
    severity = RULES[code].severity(profile)
    return () if severity is None else (Diagnostic(code, severity, message, file, NOWHERE, hint),)


def _ends(workflow: Workflow, calendar: Calendar, now: datetime) -> Iterator[_Longest]:
    for state in workflow.states.values():
        for deadline in state.deadlines.values():
            term = deadline.after or deadline.every
            if term is None or not (term.unit.needs_calendar or deadline.roll == "next"):
                continue
            try:
                due = now
                for each in (term, *_added(deadline)):
                    due = due_after(due, each, calendar=calendar, zone=workflow.zone, roll=deadline.roll)
            except NoOfficeHours:
                continue  # WF079
            except CalendarEnds:
                yield _Longest(workflow, deadline, None)
            else:
                yield _Longest(workflow, deadline, last_day(due, workflow.zone))


def _added(deadline: Deadline) -> list[Term]:
    """The terms by which it can be extended, as often as it can;."""
    return [] if deadline.extend is None else [deadline.extend.add] * deadline.extend.times
