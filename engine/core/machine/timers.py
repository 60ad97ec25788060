"""Which timers a case has after a step: due moments, reminders, escalations, pauses (LANGUAGE §2.7, §3.6, §5).

A deadline is computed again where it was entered, kept, fired, extended, or where data it looks at has changed; all other
timers stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from engine.core.calendars.calendar import CalendarEnds
from engine.core.calendars.moments import (
    due_after,
    due_before,
    end_of_day,
    local_date,
    local_instant,
    roll_forward,
    roll_instant,
)
from engine.core.case import Timer, Track
from engine.core.machine.configuration import configuration
from engine.core.machine.turns import running_sides
from engine.core.terms import Term, Unit
from engine.errors import GuardFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.case import Position
    from engine.core.definition import Deadline
    from engine.core.machine.chart import Moments
    from engine.core.machine.draft import Draft

_TICK = timedelta(microseconds=1)
_REMEMBERED = 20_000


def rearm(draft: Draft, turn: Iterable[str], *, spent: Timer | None, touched: tuple[str, ...]) -> tuple[Timer, ...]:
    """All timers from now on; those that stay are the same objects. `spent` has just fired; `touched` are the keys
    of deadlines that were extended or fell due.
    """
    before: dict[tuple[str, str, int], list[Timer]] = {}
    for timer in draft.before.timers:
        if spent is None or timer != spent:
            before.setdefault((timer.state, timer.deadline, timer.entry), []).append(timer)
    timers: list[Timer] = []
    sides = None
    active, changed = draft.active, draft.changed
    for state, name, deadline, watched in configuration(draft.chart, active).deadlines:
        position = active[state]
        armed = before.get((state, name, position.entry), [])
        still = state not in draft.entered_states and watched is not None and watched.isdisjoint(changed)
        if still and deadline.counts is None and not touched and not draft.kept_now:
            timers += armed
            continue
        place = f"{state}#{position.entry}"
        key = f"{place}:{name}"
        stood = draft.tracks.get(key)
        if deadline.counts is not None:
            sides = running_sides(draft.chart.workflow, turn) if sides is None else sides
            _count(draft, key, position, deadline, runs=deadline.counts in sides)
        if not still or draft.tracks.get(key) is not stood or key in touched or place in draft.kept_now:
            timers += _timers(draft, key, position, deadline, armed)
        else:
            timers += armed
    return tuple(timers)


def _timers(draft: Draft, key: str, position: Position, deadline: Deadline, before: list[Timer]) -> list[Timer]:
    track = draft.tracks.get(key)
    try:
        moments = _plain(draft, position, deadline) if track is None and _is_plain(deadline) else None
        if moments is None:
            moments = _moments(draft, position, deadline, track or Track())
    except (CalendarEnds, OverflowError) as error:
        raise _uncountable(deadline, error) from None
    fired = None if track is None else track.fired
    armed: dict[tuple[str, int, datetime], Timer] = {(timer.kind, timer.rung, timer.due): timer for timer in before}
    timers = []
    for rung in moments:
        there = armed.get(rung)
        if there is not None:
            timers.append(there)
        elif rung[2] != fired if rung[0] == "due" else rung[2] > draft.now:
            timers.append(Timer(position.state, position.entry, deadline.name, *rung))  # type: ignore[arg-type]
    return timers


def _uncountable(deadline: Deadline, error: Exception) -> GuardFailed:
    line = deadline.mark.line
    text = f"deadline {deadline.name} (line {line}) could not be computed: {error}"
    return GuardFailed(text, expression=deadline.name, values={}, line=line)


def _is_plain(deadline: Deadline) -> bool:
    """Whether its moments depend on the local day of entry only."""
    return (
        deadline.start is None and deadline.counts is None and deadline.after is not None and deadline.after.unit.by_day
    )


def _plain(draft: Draft, position: Position, deadline: Deadline) -> Moments:
    memory = draft.chart.moments
    day = draft.today if position.entered_at is draft.now else local_date(position.entered_at, draft.chart.zone)
    key = (position.state, deadline.name, day)
    moments = memory.get(key)
    if moments is None:
        moments = _moments(draft, position, deadline, Track())
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[key] = moments
    return moments


def _moments(draft: Draft, position: Position, deadline: Deadline, track: Track) -> Moments:
    """The due moment, the reminders before it and the escalations after it; nothing while it is not armed."""
    due = _due(draft, position, deadline, track)
    if due is None:
        return ()
    found: list[tuple[str, int, datetime]] = [("due", 0, due)]
    if deadline.remind is not None:
        found += [("remind", n, _earlier(draft, due, term)) for n, term in enumerate(deadline.remind.before)]
    found += [
        ("escalate", n, _later(draft, due, rung.after, deadline))
        for n, rung in enumerate(deadline.escalate)
        if rung.after
    ]
    return tuple(found)


def due_moment(draft: Draft, position: Position, deadline: Deadline) -> datetime | None:
    """When a deadline of this position is due; None while it is not armed."""
    return _due(draft, position, deadline, draft.track(f"{position.state}#{position.entry}:{deadline.name}"))


def _due(draft: Draft, position: Position, deadline: Deadline, track: Track) -> datetime | None:
    if track.paused_since is not None:
        return None
    if deadline.at is not None:
        value = draft.value_or_none(deadline.at)
        due = None if value is None else _fixed(draft, deadline, value)
    else:
        begin = _begin(draft, position, deadline)
        due = None if begin is None else _term_end(draft, deadline, begin, track)
    if due is None:
        return None
    if deadline.extend is not None and track.extensions:
        due = _later(draft, due, _times(deadline.extend.add, track.extensions), deadline)
    if track.shift:
        due += track.shift
    return due if deadline.before is None else _earlier(draft, due, deadline.before)


def _begin(draft: Draft, position: Position, deadline: Deadline) -> datetime | None:
    return position.entered_at if deadline.start is None else _instant(draft, draft.value_or_none(deadline.start))


def _term_end(draft: Draft, deadline: Deadline, begin: datetime, track: Track) -> datetime:
    term = deadline.after or _times(deadline.every or Term(1, Unit.DAYS), track.count + 1)
    due = due_after(begin, term, calendar=draft.chart.calendar, zone=draft.chart.zone, roll=deadline.roll)
    if track.paused_days:
        unit = Unit.WORKING_DAYS if term.unit is Unit.WORKING_DAYS else Unit.DAYS
        due = _later(draft, due, Term(track.paused_days, unit), deadline)
    return due + track.paused


def _fixed(draft: Draft, deadline: Deadline, value: Any) -> datetime:
    """A date means the end of that day; with `roll: next` a day off moves either on."""
    zone, calendar = draft.chart.zone, draft.chart.calendar
    rolls = deadline.roll == "next" and calendar is not None
    if isinstance(value, datetime):
        return roll_instant(value, calendar, zone) if rolls and calendar else value
    return end_of_day(roll_forward(value, calendar) if rolls and calendar else value, zone)


def _instant(draft: Draft, value: Any) -> datetime | None:
    """Where a term begins: a date stands for its first moment."""
    if isinstance(value, datetime):
        return value
    return local_instant(datetime.combine(value, time()), draft.chart.zone) if isinstance(value, date) else None


def _later(draft: Draft, due: datetime, term: Term | None, deadline: Deadline) -> datetime:
    """So much after a due moment: n days and then m are n + m days."""
    if term is None:
        return due
    begin = due - _TICK if term.unit.by_day else due
    return due_after(begin, term, calendar=draft.chart.calendar, zone=draft.chart.zone, roll=deadline.roll)


def _earlier(draft: Draft, due: datetime, term: Term) -> datetime:
    return due_before(due, term, calendar=draft.chart.calendar, zone=draft.chart.zone)


def _times(term: Term, n: int) -> Term:
    return Term(term.amount * n, term.unit)


def stand_still(draft: Draft, position: Position, deadline: Deadline, *, since: datetime) -> None:
    """A kept state was not there since then: its clock stood (once only, where it was paused) and goes on from now."""
    key = f"{position.state}#{position.entry}:{deadline.name}"
    track = draft.track(key)
    if _has_fired(draft, position, deadline, track):
        return
    if deadline.at is not None:
        draft.keep_track(key, replace(track, shift=track.shift + (draft.now - since)))
    elif track.paused_since is None:
        draft.keep_track(key, _resumed(draft, position, deadline, replace(track, paused_since=since)))


def _has_fired(draft: Draft, position: Position, deadline: Deadline, track: Track) -> bool:
    """Whether its present due moment is behind it: no pause moves it any more."""
    return track.fired is not None and track.fired == _due(draft, position, deadline, track)


def _count(draft: Draft, key: str, position: Position, deadline: Deadline, *, runs: bool) -> None:
    """Stop or go on with a clock that counts one side's turn only; a pause moves it by the days (hours) it lasted."""
    track = draft.track(key)
    if not runs and track.paused_since is None:
        if not _has_fired(draft, position, deadline, track):
            draft.keep_track(key, replace(track, paused_since=draft.now))
    elif runs and track.paused_since is not None:
        draft.keep_track(key, _resumed(draft, position, deadline, track))


def _resumed(draft: Draft, position: Position, deadline: Deadline, track: Track) -> Track:
    """The pause is over; what of it lay before the term began does not count."""
    begin, since = _begin(draft, position, deadline), track.paused_since
    term = deadline.after or deadline.every
    track = replace(track, paused_since=None)
    if begin is None or since is None or max(begin, since) >= draft.now:
        return track
    since = max(begin, since)
    if term is None or not term.unit.by_day:
        return replace(track, paused=track.paused + (draft.now - since))
    zone, calendar = draft.chart.zone, draft.chart.calendar
    first, last = local_date(since, zone), local_date(draft.now, zone)
    days = (last - first).days
    if term.unit is Unit.WORKING_DAYS and calendar is not None:
        try:
            days = sum(calendar.is_working(first + timedelta(days=n)) for n in range(1, days + 1))
        except CalendarEnds as error:
            raise _uncountable(deadline, error) from None
    return replace(track, paused_days=track.paused_days + days)
