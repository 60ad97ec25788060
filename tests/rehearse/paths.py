"""Nominal paths as tests look at them: a workflow with one term, a story about it, and the days on which something is due."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from adapters.templates import MessageTemplates
from engine.core.calendars.moments import last_day
from engine.rehearse.preview import preview

WORKFLOWS = Path(__file__).parents[2] / "workflows"

TERM = """\
milepost: 1
workflow: term
title: A term
calendar: ru
timezone: Europe/Moscow
roles: {{clerk: {{title: Clerk, side: applicant}}}}
data: {{term: {{memo: text}}}}
open: {{by: clerk, form: [term.memo]}}
initial: counting
states:
  counting:
    turn: clerk
    events: {{finish: {{by: clerk, to: finished}}}}
    deadlines: {{counted: {{after: {term}, to: finished}}}}
  finished: {{final: true}}
"""
STORY = """\
workflow: {name}.yaml
clock: 2026-01-12 09:00
people: {{ana: {{roles: [clerk]}}}}
scenarios:
"""


def look(path, begin="2026-01-12", **more):
    """The path from a day on."""
    return preview(path, date.fromisoformat(begin), templates=MessageTemplates, **more)


def dues(timeline):
    """(state, deadline) → days on which it is due."""
    found = {}
    for stay in timeline.stays:
        for due in stay.dues:
            key = (stay.path.rpartition(".")[2], due.name)
            found.setdefault(key, []).append(None if due.due is None else last_day(due.due, timeline.zone).isoformat())
    return found
