"""Which timers a case has after a step: due moments, reminders, escalations, pauses (LANGUAGE §2.7, §3.6, §5).

A deadline is computed again where it was entered, kept, fired, extended, or where data it looks at has changed; all other
timers stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from engine.core.calendars.calendar import Uncountable
from engine.core.calendars.moments import (
    add_working_time,
    due_after,
    due_before,
    end_of_day,
    local_instant,
    roll_forward,
    roll_instant,
    working_time,
)
from engine.core.case import NO_TRACK, Timer, Track
from engine.core.machine.turns import running_sides
from engine.core.terms import Term, Unit
from engine.errors import GuardFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.core.case import Position
    from engine.core.definition import Deadline
    from engine.core.machine.chart import Clock
    from engine.core.machine.draft import Draft

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_REMEMBERED = 20_000


def rearm(
    draft: Draft, turn: Iterable[str], *, spent: Timer | None, touched: tuple[str, ...]
) -> tuple[tuple[Timer, ...], tuple[Timer, ...], tuple[Timer, ...]]:
    """All timers from now on, which of them are new, and which of those before are gone; those that stay are the same objects.

    `spent` has just fired; `touched` are the keys of deadlines that were extended or fell due.
    """
    timers: list[Timer] = []
    fresh: list[Timer] = []
    before: dict[tuple[str, int, str], list[Timer]] | None = None
    sides = None
    active, changed, entered, kept = draft.active, draft.changed, draft.entered_states, draft.kept_now
    for clock in draft.configuration.clocks:
        state, deadline, watched, _ = clock
        position, counts = active[state], deadline.counts
        if counts is None and state in entered and not kept:  # no memory yet, nothing armed
            fresh += (made := _timers(draft, position, clock, None, ()))
            timers += made
            continue
        before = _by_deadline(draft.before.timers, spent) if before is None else before
        armed = before.get((state, position.entry, deadline.name), ())
        still = state not in entered and watched is not None and watched.isdisjoint(changed)
        if still and counts is None and not touched and not kept:
            timers += armed
            continue
        place = f"{state}#{position.entry}"
        key = f"{place}:{deadline.name}"
        stood = draft.tracks.get(key)
        if counts is not None:
            sides = running_sides(draft.chart.workflow, turn) if sides is None else sides
            _count(draft, key, position, deadline, runs=counts in sides)
        track = draft.tracks.get(key)
        if still and track is stood and key not in touched and place not in kept:
            timers += armed
        else:
            made = _timers(draft, position, clock, track, armed)
            fresh += _without(made, armed)
            timers += made
    all_now, all_before = tuple(timers), draft.before.timers
    if len(fresh) == len(timers):
        return all_now, all_now, all_before
    stayed = _without(all_now, fresh)
    return all_now, tuple(fresh), tuple(_without(all_before, stayed))


def _without(these: Sequence[Timer], those: Sequence[Timer]) -> Sequence[Timer]:
    """Timers that stay are the same objects, so identity decides."""
    if not these or not those:
        return these
    known = set(map(id, those))
    return [timer for timer in these if id(timer) not in known]


def _by_deadline(timers: Iterable[Timer], spent: Timer | None) -> dict[tuple[str, int, str], list[Timer]]:
    found: dict[tuple[str, int, str], list[Timer]] = {}
    for timer in timers:
        if spent is None or timer != spent:
            found.setdefault((timer.state, timer.entry, timer.deadline), []).append(timer)
    return found


def _timers(
    draft: Draft, position: Position, clock: Clock, track: Track | None, before: Sequence[Timer]
) -> Sequence[Timer]:
    """Of what the deadline asks for: what is still to come, and a due moment that has not fired."""
    _, deadline, _, by_day = clock
    try:
        asked = (_by_the_day if by_day else _asked)(draft, position, deadline, track or NO_TRACK)
    except (Uncountable, OverflowError) as error:
        raise _uncountable(deadline, error) from None
    now, fired = draft.now, None if track is None else track.fired
    armed = {(timer.kind, timer.rung, timer.due): timer for timer in before} if before else None
    timers = []
    for timer in asked:
        there = armed.get((timer.kind, timer.rung, timer.due)) if armed else None
        if there is not None:
            timers.append(there)
        elif timer.due != fired if timer.kind == "due" else timer.due > now:
            timers.append(timer)
    return timers


def _uncountable(deadline: Deadline, error: Exception) -> GuardFailed:
    line = deadline.mark.line
    text = f"deadline {deadline.name} (line {line}) could not be computed: {error}"
    return GuardFailed(text, expression=deadline.name, values={}, line=line)


def _by_the_day(draft: Draft, position: Position, deadline: Deadline, track: Track) -> tuple[Timer, ...]:
    """The timers of a term that is counted in days, remembered: whatever was entered on one day is due on one."""
    if track.paused_since is not None:
        return ()
    memory = draft.chart.timers
    day = draft.day(position.entered_at)
    key = (position.state, deadline.name, position.entry, day, track.paused_days, track.extensions, track.kept)
    timers = memory.get(key)
    if timers is None:
        timers = _asked(draft, position, deadline, track)
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[key] = timers
    return timers


def _asked(draft: Draft, position: Position, deadline: Deadline, track: Track) -> tuple[Timer, ...]:
    """The due moment, the reminders before it and the escalations after it; nothing while it is not armed."""
    due = _due(draft, position, deadline, track)
    if due is None:
        return ()
    state, entry, name = position.state, position.entry, deadline.name
    found = [Timer(state, entry, name, "due", 0, due)]
    if deadline.remind is not None:
        for n, term in enumerate(deadline.remind.before):
            found.append(Timer(state, entry, name, "remind", n, _earlier(draft, due, term)))
    for n, rung in enumerate(deadline.escalate):
        if rung.after:
            found.append(Timer(state, entry, name, "escalate", n, _later(draft, due, rung.after, deadline)))
    return tuple(found)


def due_moment(draft: Draft, position: Position, deadline: Deadline) -> datetime | None:
    """When a deadline of this position is due; None while it is not armed."""
    return due_by(draft, position, deadline, draft.track(f"{position.state}#{position.entry}:{deadline.name}"))


def due_by(draft: Draft, position: Position, deadline: Deadline, track: Track) -> datetime | None:
    """The same, had it such a past. Raises GuardFailed where the calendar does not reach so far."""
    try:
        return _due(draft, position, deadline, track)
    except (Uncountable, OverflowError) as error:
        raise _uncountable(deadline, error) from None


def _due(draft: Draft, position: Position, deadline: Deadline, track: Track) -> datetime | None:
    if track.paused_since is not None:
        return None
    if deadline.at is not None:
        value = draft.value_or_none(deadline.at)
        due = None if value is None else _fixed(draft, deadline, value)
    else:
        begin = begin_of(draft, position, deadline)
        due = None if begin is None else _term_end(draft, deadline, begin, track)
    if due is None:
        return None
    if deadline.extend is not None and track.extensions:
        due = _later(draft, due, _times(deadline.extend.add, track.extensions), deadline)
    if track.shift:
        due += track.shift
    due = due if deadline.before is None else _earlier(draft, due, deadline.before)
    return due + track.kept if track.kept else due


def begin_of(draft: Draft, position: Position, deadline: Deadline) -> datetime | None:
    """When its term begins; None while it is not armed."""
    return position.entered_at if deadline.start is None else _instant(draft, draft.value_or_none(deadline.start))


def _term_end(draft: Draft, deadline: Deadline, begin: datetime, track: Track) -> datetime:
    term = deadline.after or _times(deadline.every or Term(1, Unit.DAYS), track.count + 1)
    due = due_after(begin, term, calendar=draft.chart.calendar, zone=draft.chart.zone, roll=deadline.roll)
    if track.paused_days:
        unit = Unit.WORKING_DAYS if term.unit is Unit.WORKING_DAYS else Unit.DAYS
        due = _later(draft, due, Term(track.paused_days, unit), deadline)
    if term.unit is Unit.WORKING_HOURS and draft.chart.calendar is not None:
        return add_working_time(due, track.paused, draft.chart.calendar, draft.chart.zone)
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
        draft.keep_track(key, _resumed(draft, position, deadline, track.stopped(since)))


def _has_fired(draft: Draft, position: Position, deadline: Deadline, track: Track) -> bool:
    """Whether its present due moment is behind it: no pause moves it any more."""
    return track.fired is not None and track.fired == _due(draft, position, deadline, track)


def _count(draft: Draft, key: str, position: Position, deadline: Deadline, *, runs: bool) -> None:
    """Stop or go on with a clock that counts one side's turn only; a pause moves it by the days, hours or working time it lasted."""
    track = draft.track(key)
    if not runs and track.paused_since is None:
        if not _has_fired(draft, position, deadline, track):
            draft.keep_track(key, track.stopped(draft.now))
    elif runs and track.paused_since is not None:
        draft.keep_track(key, _resumed(draft, position, deadline, track))


def _resumed(draft: Draft, position: Position, deadline: Deadline, track: Track) -> Track:
    """The pause is over; what of it lay before the term began does not count."""
    begin, since = begin_of(draft, position, deadline), track.paused_since
    if begin is None or since is None:
        return track.resumed()
    since = max(begin, since)
    if since >= draft.now:
        return track.resumed()
    if not _by_day(deadline):
        return track.resumed(length=_time(draft, deadline, since, draft.now))
    return track.resumed(days=_days(draft, deadline, draft.day(since) + _DAY, draft.day(draft.now)))


def paused_by(
    draft: Draft, deadline: Deadline, begin: datetime, since: datetime, until: datetime
) -> tuple[int, timedelta]:
    """What a time in which nobody could act takes from a term that began at `begin`: (days, time).

    Every day it touches is lost, but for the day of the beginning, which does not count anyway.
    """
    since = max(begin, since)
    if since >= until:
        return 0, timedelta(0)
    if not _by_day(deadline):
        return 0, _time(draft, deadline, since, until)
    first = max(draft.day(since), draft.day(begin) + _DAY)
    return _days(draft, deadline, first, draft.day(until - _TICK)), timedelta(0)


def used_of(draft: Draft, position: Position, deadline: Deadline) -> Term | None:
    """What is used of a term that counts one side's time only, by now; None: all time counts, or it has not begun."""
    term, begin = deadline.after or deadline.every, begin_of(draft, position, deadline)
    if deadline.counts is None or term is None or begin is None:
        return None
    track = draft.track(f"{position.state}#{position.entry}:{deadline.name}")
    end = track.paused_since or draft.now
    if not term.unit.by_day:
        hours = (_time(draft, deadline, begin, end) - track.paused) // timedelta(hours=1)
        return Term(max(hours, 0), Unit.WORKING_HOURS if term.unit is Unit.WORKING_HOURS else Unit.HOURS)
    unit = Unit.WORKING_DAYS if term.unit is Unit.WORKING_DAYS else Unit.DAYS
    days = _days(draft, deadline, draft.day(begin) + _DAY, draft.day(end)) - track.paused_days
    return Term(max(days, 0), unit)


def _by_day(deadline: Deadline) -> bool:
    """Whether it is counted in days: dates are."""
    term = deadline.after or deadline.every
    return deadline.at is not None or (term is not None and term.unit.by_day)


def _days(draft: Draft, deadline: Deadline, first: date, last: date) -> int:
    """How many days of its kind there are from the first to the last."""
    term, calendar = deadline.after or deadline.every, draft.chart.calendar
    days = (last - first).days + 1
    if term is None or term.unit is not Unit.WORKING_DAYS or calendar is None:
        return max(days, 0)
    try:
        return sum(calendar.is_working(first + timedelta(days=n)) for n in range(days))
    except Uncountable as error:
        raise _uncountable(deadline, error) from None


def _time(draft: Draft, deadline: Deadline, since: datetime, until: datetime) -> timedelta:
    """How much time of its kind there is between two moments."""
    term, calendar = deadline.after or deadline.every, draft.chart.calendar
    if term is None or term.unit is not Unit.WORKING_HOURS or calendar is None:
        return until - since
    try:
        return working_time(since, until, calendar, draft.chart.zone)
    except Uncountable as error:
        raise _uncountable(deadline, error) from None
