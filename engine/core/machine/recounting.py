"""Deadlines that run are counted again: by a new version of the calendar, or because of an outage.

What has passed stays passed. A due moment that a new calendar would bring forward keeps its place unless that was asked for,
and keeps it in any case where it would lie in the past at once. Reminders and escalations go with their due moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.core.case import SYSTEM
from engine.core.machine.draft import Draft
from engine.core.machine.finishing import Said, finish
from engine.core.machine.timers import begin_of, due_by, paused_by
from engine.core.machine.turns import running_sides
from engine.core.naming import Side
from engine.core.recounts import CalendarChanged, Move, Outage, ZoneChanged
from engine.errors import GuardFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.core.case import Case, Position, Step, Track
    from engine.core.definition import Deadline
    from engine.core.machine.chart import Chart
    from engine.core.recounts import Recount

_NOTHING = timedelta(0)
_APPLICANT = frozenset({Side.APPLICANT})
Moved = tuple[str, Move, "Track"]
"""The key of a deadline, what becomes of it, and what it remembers from now on."""


def recount(chart: Chart, case: Case, said: Recount, *, now: datetime) -> Step:
    """The step of an open case that counts again; its record says nothing where nothing moves. Raises GuardFailed."""
    draft = Draft(chart, case, SYSTEM, now)
    draft.recounted = said.number
    touched, moved = [], []
    for key, move, track in _moves(draft, said):
        draft.keep_track(key, track)
        if not move.stays:
            touched.append(key)
            moved.append({"state": move.state, "deadline": move.deadline, "from": move.due, "to": move.new})
    told = {**_told(said), "moved": tuple(moved)} if moved else None
    return finish(draft, Said("recount", said.kind, data=told, note=said.reason, touched=tuple(touched)))


def moves(chart: Chart, case: Case, said: Recount, *, now: datetime) -> tuple[Move, ...]:
    """What would move, and what would not though it is counted otherwise now."""
    return tuple(move for _, move, _ in _moves(Draft(chart, case, SYSTEM, now), said) if move.due != move.new)


def _told(said: Recount) -> dict[str, Any]:
    match said:
        case CalendarChanged():
            return {"calendar": said.calendar, "version": said.version}
        case ZoneChanged():
            return {"zone": said.zone}
        case Outage():
            return {"since": said.since, "until": said.until}


def _moves(draft: Draft, said: Recount) -> Iterator[Moved]:
    armed = {(t.state, t.entry, t.deadline): t.due for t in draft.before.timers if t.kind == "due"}
    for clock in draft.configuration.clocks:
        state, deadline = clock.state, clock.deadline
        position = draft.active[state]
        key = f"{state}#{position.entry}:{deadline.name}"
        track = draft.track(key)
        due = armed.get((state, position.entry, deadline.name))
        if not isinstance(said, Outage):
            found = _by_calendar(draft, position, deadline, track, due, said)
        else:
            found = None if due is None else _by_outage(draft, position, deadline, track, due, said)
        if found is not None:
            yield (key, *found)


# ── a new calendar, a zone with other rules ────────────────────────────────────────────────────────────────────────


def _by_calendar(
    draft: Draft,
    position: Position,
    deadline: Deadline,
    track: Track,
    due: datetime | None,
    said: CalendarChanged | ZoneChanged,
) -> tuple[Move, Track] | None:
    old = due or track.fired
    if old is None:
        return None
    move = Move(position.state, deadline.name, old, None)
    free = replace(track, kept=_NOTHING)
    try:
        new = due_by(draft, position, deadline, free)
    except GuardFailed as error:
        return replace(move, stays=str(error)), track
    if new is None or (new == old and not track.kept):
        return None
    stays = "it has passed" if due is None else _why_not(old, new, draft.now, said)
    return replace(move, new=new, stays=stays), replace(free, kept=old - new) if stays else free


def _why_not(old: datetime, new: datetime, now: datetime, said: CalendarChanged | ZoneChanged) -> str:
    if new >= old:
        return ""
    if not said.earlier:
        return "it would be earlier, which was not asked for"
    return "it would be past already" if new <= now else ""


# ── an outage ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_outage(
    draft: Draft, position: Position, deadline: Deadline, track: Track, due: datetime, said: Outage
) -> tuple[Move, Track] | None:
    """Terms by the day are longer by each day that the outage has touched, others by the time it took."""
    if running_sides(draft.chart.workflow, draft.chart.turns[position.state]) != _APPLICANT or due <= said.since:
        return None
    begin = begin_of(draft, position, deadline) or position.entered_at
    days, length = paused_by(draft, deadline, begin, said.since, said.until)
    if not days and not length:
        return None
    if deadline.at is not None:
        later = replace(track, shift=track.shift + timedelta(days=days) + length)
    else:
        later = replace(track, paused_days=track.paused_days + days, paused=track.paused + length)
    return Move(position.state, deadline.name, due, due_by(draft, position, deadline, later)), later
