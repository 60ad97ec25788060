"""Why a case stands where it stands for one reader: its active states with their lines, every event with what stands
against it, every deadline with how it was counted; nothing is changed here, and no value of a field is told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.calendars.calendar import Uncountable
from engine.core.calendars.explain import CountedDay, explain_term
from engine.core.calendars.moments import local_instant
from engine.core.case import SYSTEM
from engine.core.expressions.expression import ExpressionError, MissingValue
from engine.core.frozen import frozen
from engine.core.machine.draft import Draft
from engine.core.machine.duties import stands_against
from engine.core.machine.timers import due_moment, used_of
from engine.core.selection import active_leaves, admits
from engine.core.sight import Sight
from engine.core.terms import Unit
from engine.describe.candidates import Candidate, candidates
from engine.describe.derivations import counted, due_at, said_moment
from engine.describe.guards import Guard, guard_of
from engine.describe.words import condition, timing, title_of
from engine.errors import GuardFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from engine.core.case import Actor, Case, Position, Track
    from engine.core.definition import Arm, Deadline
    from engine.core.expressions.expression import Expression
    from engine.core.machine.chart import Chart, Ways

NOBODY: Mapping[str, Sequence[Actor]] = MappingProxyType({})


@frozen
class Line:
    """A line of the workflow file; `text` without its indentation."""

    number: int
    text: str


@frozen
class ActiveState:
    """A state the case is in; `turn` is whose move it makes it."""

    path: str
    title: str
    kind: str
    entered_at: datetime
    leaf: bool
    turn: tuple[str, ...]
    line: Line


@frozen
class Against:
    """Something that stands against an event: kind who, duty, false, missing or failed; `text` in words."""

    kind: str
    text: str


@frozen
class ExplainedArm:
    """One way an event can go: `open` where what the form says decides."""

    to: str | None
    when: str
    fits: bool
    open: bool
    against: tuple[Against, ...]
    line: Line
    guard: Guard | None = None


@frozen
class ExplainedEvent:
    """An event of an active state: whether this reader may send it, and if not, why; `people` who else may, and who not."""

    event: str
    state: str
    by: tuple[str, ...]
    allowed: bool
    against: tuple[Against, ...]
    arms: tuple[ExplainedArm, ...]
    line: Line
    people: tuple[Candidate, ...] = ()


@frozen
class ExplainedDeadline:
    """A deadline of an active state: `due` None where it is not armed, `said` how it was counted in one sentence, `why` its
    parts, `days` one by one where it is counted in days from its start, `used` what is used of a term of one side.
    """

    state: str
    name: str
    rule: str
    due: datetime | None
    overdue: bool
    fired_at: datetime | None
    start: datetime | None
    provisional: bool
    said: str
    why: tuple[str, ...]
    line: Line
    days: tuple[CountedDay, ...] = ()
    used: str | None = None


@frozen
class Explanation:
    """The whole of it."""

    case_id: str
    number: str | None
    file: str
    states: tuple[ActiveState, ...]
    events: tuple[ExplainedEvent, ...]
    deadlines: tuple[ExplainedDeadline, ...]
    closed: str | None


def explain_case(
    chart: Chart,
    case: Case,
    actor: Actor,
    *,
    now: datetime,
    locale: str = "",
    holders: Mapping[str, Sequence[Actor]] = NOBODY,
) -> Explanation:
    """Everything about where it stands, for this reader, now; `holders` of roles, as far as he may know of them."""
    draft = Draft(chart, case, actor, now)
    draft.scope.event = None
    lines = chart.workflow.source.splitlines()
    closed = None if case.closed_at is None else f"closed with the outcome {case.outcome}; it takes no event any more"
    return Explanation(
        case_id=case.id,
        number=case.number,
        file=chart.workflow.file,
        states=tuple(_states(chart, case, lines, locale)),
        events=() if closed else tuple(_events(draft, case, actor, lines, holders)),
        deadlines=() if closed else tuple(_deadlines(draft, case, lines)),
        closed=closed,
    )


def _line(lines: list[str], number: int) -> Line:
    return Line(number, lines[number - 1].strip() if 1 <= number <= len(lines) else "")


def _states(chart: Chart, case: Case, lines: list[str], locale: str) -> Iterator[ActiveState]:
    leaves = frozenset(case.leaves)
    for position in case.positions:
        if position.state:
            state = chart.states[position.state]
            yield ActiveState(
                path=state.path,
                title=title_of(state, locale),
                kind=state.kind.value,
                entered_at=position.entered_at,
                leaf=state.path in leaves,
                turn=tuple(str(who) for who in chart.turns[state.path]),
                line=_line(lines, state.mark.line),
            )


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _events(
    draft: Draft, case: Case, actor: Actor, lines: list[str], holders: Mapping[str, Sequence[Actor]]
) -> Iterator[ExplainedEvent]:
    seen: set[tuple[str, str]] = set()
    sees = Sight(draft.chart, case, actor).sees
    for leaf in sorted(active_leaves(draft.active), key=lambda path: draft.chart.states[path].order):
        for path in draft.chart.around[leaf]:
            for event, ways in draft.chart.ways[path].items():
                if (path, event) not in seen:
                    seen.add((path, event))
                    people = tuple(candidates(draft, ways, holders))
                    yield replace(_event(draft, case, actor, ways, lines, sees), people=people)


def _event(
    draft: Draft, case: Case, actor: Actor, ways: Ways, lines: list[str], sees: Callable[[str], bool]
) -> ExplainedEvent:
    handler = ways.handler
    by = tuple(str(who) for who in handler.by)
    role = admits(draft.chart.workflow, handler.by, actor, case.data, case.memory.excluded, case.memory.assigned)
    against = list(_duties(draft, case, actor, ways, role) if role else _senders(draft, case, actor, ways, by))
    arms = tuple(_arm(draft, ways, arm, lines, sees) for arm in handler.arms)
    if not any(arm.fits or arm.open for arm in arms):
        against += dict.fromkeys(one for arm in arms for one in arm.against)
    return ExplainedEvent(
        event=handler.event,
        state=ways.state,
        by=by,
        allowed=not against,
        against=tuple(against),
        arms=arms,
        line=_line(lines, handler.mark.line),
    )


def _senders(draft: Draft, case: Case, actor: Actor, ways: Ways, by: tuple[str, ...]) -> Iterator[Against]:
    workflow = draft.chart.workflow
    mine = [who for who in ways.handler.by if who.kind == "role" and str(who) in actor.roles]
    said = f"may be sent by {', '.join(by)}"
    if not mine:
        yield Against("who", f"{said}; you have none of these roles")
    for who in mine:
        if actor.among(case.memory.excluded.get(who.name, ())):
            yield Against("who", f"as {who} other people are wanted now; you have acted in this case")
        else:
            where = ", ".join(f"{key} = {path}" for key, path in workflow.roles[who.name].where.items())
            yield Against("who", f"{said}; as {who} you act in other cases ({where})")


def _duties(draft: Draft, case: Case, actor: Actor, ways: Ways, role: str) -> Iterator[Against]:
    if actor.kind == "person":
        conflict = stands_against(draft.chart, case, actor, ways.state, now=draft.now, role=role)
        if conflict is not None:
            yield Against("duty", str(conflict))


def _arm(draft: Draft, ways: Ways, arm: Arm, lines: list[str], sees: Callable[[str], bool]) -> ExplainedArm:
    given = frozenset(ways.form.slots)
    decided = [one for one in arm.when if not _asks(one, given)]
    against = tuple(found for one in decided for found in _false(draft, one))
    waits = len(decided) < len(arm.when)
    return ExplainedArm(
        to=arm.to,
        when=condition(arm.when, most=200),
        fits=not against and not waits,
        open=not against and waits,
        against=against,
        line=_line(lines, arm.mark.line),
        guard=guard_of(arm.when, draft.scope, sees),
    )


def _asks(expression: Expression, given: frozenset[str]) -> bool:
    """Whether it looks at what the sender says."""
    return not given.isdisjoint(expression.reads) or any(call.startswith("event") for call in expression.calls)


def _false(draft: Draft, expression: Expression) -> Iterator[Against]:
    """The parts of a condition that are not true."""
    for name, run in expression.parts or ((expression.source, expression.run),):
        try:
            if run(draft.scope) is not True:
                yield Against("false", f"{name} is false")
        except MissingValue as missing:
            yield Against("missing", f"{name}: {missing}")
        except ExpressionError as error:
            yield Against("failed", f"{name}: {error}")


# ── deadlines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def deadlines_said(chart: Chart, case: Case, *, now: datetime) -> dict[tuple[str, str], str]:
    """How each deadline of an active state was counted, in one sentence, by (state, name)."""
    found = _deadlines(Draft(chart, case, SYSTEM, now), case, [])
    return {(one.state, one.name): one.said for one in found}


def _deadlines(draft: Draft, case: Case, lines: list[str]) -> Iterator[ExplainedDeadline]:
    for position in case.positions:
        for deadline in draft.chart.states[position.state].deadlines.values():
            yield _deadline(draft, position, deadline, lines)


def _deadline(draft: Draft, position: Position, deadline: Deadline, lines: list[str]) -> ExplainedDeadline:
    track = draft.track(f"{position.state}#{position.entry}:{deadline.name}")
    zone = draft.chart.zone
    why = list(_moved(track, deadline, zone))
    days: tuple[CountedDay, ...] = ()
    due = start = None
    provisional = False
    try:
        due = due_moment(draft, position, deadline)
        start = _start(draft, position, deadline)
        if due is None and track.paused_since is None:
            why.append("not armed: what it is counted from has no value yet")
        if due is not None and start is not None and deadline.after is not None:
            calendar = draft.chart.calendar
            derived = explain_term(start, deadline.after, calendar=calendar, zone=zone, roll=deadline.roll)
            days, provisional = derived.days, derived.provisional
            why = [*counted(derived, calendar, zone), *why]
            if deadline.before is not None:
                why.append(f"{deadline.before} earlier")
        elif due is not None:
            why.insert(0, timing(deadline))
    except (GuardFailed, Uncountable, ValueError) as error:
        why.append(str(error))
    if provisional:
        why.append("counted by a year whose decree is not out yet")
    return ExplainedDeadline(
        state=position.state,
        name=deadline.name,
        rule=timing(deadline),
        due=due,
        overdue=due is not None and due <= draft.now,
        fired_at=track.fired,
        start=start,
        provisional=provisional,
        said=", ".join([*why, *([due_at(due, zone)] if due is not None else [])]),
        why=tuple(why),
        line=_line(lines, deadline.mark.line),
        days=days,
        used=next(_used(draft, position, deadline), None),
    )


def _start(draft: Draft, position: Position, deadline: Deadline) -> datetime | None:
    """What a term is counted from."""
    if deadline.start is None:
        return position.entered_at if deadline.at is None else None
    value = draft.value_or_none(deadline.start)
    if isinstance(value, date) and not isinstance(value, datetime):
        return local_instant(datetime.combine(value, time()), draft.chart.zone)
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def deadlines_used(chart: Chart, case: Case, *, now: datetime) -> dict[tuple[str, str], str]:
    """What is used of the terms that count one side's time only (`12 working days`), by (state, name)."""
    states = [(position, chart.states[position.state].deadlines.values()) for position in case.positions]
    if not any(one.counts for _, deadlines in states for one in deadlines):
        return {}
    draft = Draft(chart, case, SYSTEM, now)
    return {
        (position.state, one.name): used
        for position, deadlines in states
        for one in deadlines
        for used in _used(draft, position, one)
    }


def _used(draft: Draft, position: Position, deadline: Deadline) -> Iterator[str]:
    try:
        used = used_of(draft, position, deadline)
    except GuardFailed:
        return  # why not is said where it is counted
    if used is not None:
        yield str(used)


def _moved(track: Track, deadline: Deadline, zone: ZoneInfo) -> Iterator[str]:
    if track.paused_since is not None:
        since = said_moment(track.paused_since.astimezone(zone))
        yield f"stands still since {since}: it counts the {deadline.counts}'s time only"
    if track.paused_days:
        yield f"{track.paused_days} days later for the pauses so far"
    if track.paused:
        term = deadline.after or deadline.every
        working = " of working time" if term is not None and term.unit is Unit.WORKING_HOURS else ""
        yield f"{track.paused}{working} later for the pauses so far"
    if track.extensions and deadline.extend is not None:
        yield f"extended {track.extensions} × {deadline.extend.add}"
    if track.kept:
        yield "as it was counted before the calendar changed"
    if track.shift:
        yield f"{track.shift} later: its state was left and kept for that long"
    if track.fired is not None:
        yield f"fired at {said_moment(track.fired.astimezone(zone))}"
