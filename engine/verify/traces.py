"""Whether policies hold over what really happened: the history of a case as moments, and the two that break a sentence.

A moment is one record: whatever happens in the same step happens at once, so it comes neither before nor after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.calendars.calendar import Uncountable
from engine.core.calendars.moments import due_after
from engine.core.frozen import frozen
from engine.verify.policies import AtMost, Before, NotBoth, Persons, Within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from engine.core.case import Record
    from engine.core.machine.chart import Chart
    from engine.verify.policies import Policy, Thing


@frozen
class Moment:
    """What a record says that policies ask about; `acted` are the states in which this natural person acted."""

    at: datetime
    event: str | None
    entered: tuple[str, ...]
    acted: tuple[str, ...]
    person: str | None


@frozen
class Trace:
    """One case's whole history, up to the present or to its end."""

    chart: Chart
    moments: Sequence[Moment]
    until: datetime


def moment_of(record: Mapping[str, Any]) -> Moment:
    """A line of a history as a moment."""
    name, state, arms = str(record["name"]), str(record.get("state", "")), tuple(map(str, record.get("arms", ())))
    return _moment(record["at"], record["kind"], name, record["actor"], state, arms, record.get("entered", ()))


def moment_of_step(record: Record) -> Moment:
    """The same of a step that was just made."""
    return _moment(record.at, record.kind, record.name, record.actor, record.state, record.arms, record.entered)


def _moment(
    at: datetime,
    kind: str,
    name: str,
    actor: Mapping[str, Any],
    state: str,
    arms: tuple[str, ...],
    entered: Iterable[str],
) -> Moment:
    sent = kind in {"event", "extension"}
    named = (arm.rpartition("#")[0] or arm for arm in arms)
    regions = (region for region, _, event in (arm.rpartition(":") for arm in named) if event == name)
    return Moment(
        at=at,
        event=name if sent else None,
        entered=tuple(entered),
        acted=tuple(dict.fromkeys((state, *regions))) if sent else (),
        person=str(actor["id"]) if sent and actor.get("kind") == "person" else None,
    )


def broken(policy: Policy, trace: Trace) -> str | None:
    """The two moments that break a policy, in words; None where it holds."""
    match policy:
        case Before():
            return _before(policy, trace)
        case AtMost():
            return _at_most(policy, trace)
        case NotBoth():
            return _not_both(policy, trace)
        case Persons():
            return _persons(policy, trace)
        case Within():
            return _within(policy, trace)


def _times(thing: Thing, trace: Trace) -> list[datetime]:
    """When it happened, once for each time."""
    return [moment.at for moment in trace.moments for _ in range(happens(thing, moment))]


def happens(thing: Thing, moment: Moment) -> int:
    """How often something happens in one step."""
    if thing.event is not None:
        return int(moment.event == thing.event)
    return sum(path in thing.states for path in moment.entered)


def _before(policy: Before, trace: Trace) -> str | None:
    for moment in trace.moments:
        if happens(policy.needed, moment):
            return None
        if happens(policy.first, moment):
            later = _times(policy.needed, trace)
            first, needed = policy.first.name, policy.needed.name
            then = (
                f"{needed} only on {_shown(later[0], trace)}"
                if later
                else f"no {needed} until {_shown(trace.until, trace)}"
            )
            return f"{first} on {_shown(moment.at, trace)}, {then}"
    return None


def _at_most(policy: AtMost, trace: Trace) -> str | None:
    times = _times(policy.thing, trace)
    if len(times) <= policy.count:
        return None
    first, last = _shown(times[0], trace), _shown(times[policy.count], trace)
    return f"{policy.thing.name} first on {first}, for the {policy.count + 1}. time on {last}"


def _not_both(policy: NotBoth, trace: Trace) -> str | None:
    one, other = _times(policy.first, trace), _times(policy.second, trace)
    if not one or not other:
        return None
    return f"{policy.first.name} on {_shown(one[0], trace)}, {policy.second.name} on {_shown(other[0], trace)}"


def acts_of(policy: Persons, moments: Sequence[Moment]) -> list[tuple[Thing, int]]:
    """Where persons have acted, of what the policy names: the thing and the place of the moment."""
    return [
        (thing, place)
        for place, moment in enumerate(moments)
        if moment.person is not None
        for thing in policy.things
        if _acts_in(thing, moment)
    ]


def _persons(policy: Persons, trace: Trace) -> str | None:
    acts = [(thing, trace.moments[place]) for thing, place in acts_of(policy, trace.moments)]
    for number, (thing, moment) in enumerate(acts):
        for earlier, before in acts[:number]:
            same = moment.person == before.person
            if earlier is not thing and before is not moment and same == (policy.kind == "different"):
                first = f"{before.person} in {earlier.name} on {_shown(before.at, trace)}"
                return f"{first}, {moment.person} in {thing.name} on {_shown(moment.at, trace)}"
    return None


def _acts_in(thing: Thing, moment: Moment) -> bool:
    if thing.event is not None:
        return moment.event == thing.event
    return any(state == path or state.startswith(f"{path}.") for path in thing.states for state in moment.acted)


def _within(policy: Within, trace: Trace) -> str | None:
    """Each start has its end in time; a case that closes before the time is over has taken no longer."""
    ends = _times(policy.end, trace)
    chart = trace.chart
    for start in _times(policy.start, trace):
        try:
            due = due_after(start, policy.term, calendar=chart.calendar, zone=chart.zone, roll="none")
        except (Uncountable, ValueError) as error:
            return f"{policy.start.name} on {_shown(start, trace)}: {error}"
        end = next((end for end in ends if end > start or (end == start and policy.start != policy.end)), None)
        if end is None and trace.until > due:
            return f"{policy.start.name} on {_shown(start, trace)}, no {policy.end.name} until {_shown(trace.until, trace)}"
        if end is not None and end > due:
            return f"{policy.start.name} on {_shown(start, trace)}, {policy.end.name} on {_shown(end, trace)}"
    return None


def _shown(at: datetime, trace: Trace) -> str:
    return f"{at.astimezone(trace.chart.zone):%Y-%m-%d %H:%M}"
