"""Whether what a scenario expects is so; each check answers None, or one line: expected, but was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import last_day, local_date
from engine.core.fields import ValueFault, read_value
from engine.core.frozen import frozen
from engine.core.types import Kind
from engine.rehearse.likeness import alike, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from engine.core.case import Case
    from engine.core.machine.chart import Chart
    from engine.ports import Message
    from engine.rehearse.scenario import Claim, Sent


@frozen
class Seen:
    """What can be looked at: the case and its definition, the messages sent, effects that still wait, open incidents."""

    chart: Chart
    case: Case
    messages: Sequence[Message]
    pending_effects: int
    incidents: int


def check(seen: Seen, claim: Claim) -> str | None:
    """Why a claim does not hold, in words."""
    return CHECKS[claim.name](seen, claim.value)


def is_in(case: Case, name: str) -> bool:
    """Whether an active state has this name or path ending."""
    return any(p.state and (p.state == name or p.state.endswith(f".{name}")) for p in case.positions)


def _in(seen: Seen, wanted: tuple[str, ...]) -> str | None:
    missing = [name for name in wanted if not is_in(seen.case, name)]
    return f"expected to be in {', '.join(missing)}, but the case is in {_where(seen.case)}" if missing else None


def _not_in(seen: Seen, wanted: tuple[str, ...]) -> str | None:
    there = [name for name in wanted if is_in(seen.case, name)]
    return f"expected not to be in {', '.join(there)}, but the case is in {_where(seen.case)}" if there else None


def _where(case: Case) -> str:
    return ", ".join(case.leaves) or "no state"


def _turn(seen: Seen, wanted: tuple[str, ...]) -> str | None:
    turn = seen.case.turn
    if wanted == ("none",):
        return None if not turn else f"expected to be nobody's turn, but it is {', '.join(turn)}'s"
    missing = [who for who in wanted if who not in turn]
    return f"expected to be {', '.join(missing)}'s turn, but it is {', '.join(turn) or 'nobody'}'s" if missing else None


def _sent(seen: Seen, wanted: tuple[Sent, ...]) -> str | None:
    for claim in wanted:
        found = sum(claim.to in (None, m.to.id) and claim.template in (None, m.template) for m in seen.messages)
        if (claim.times is None and found) or claim.times == found:
            continue
        what = f"{claim.template or 'a message'} to {claim.to or 'anybody'}"
        often = "once or more" if claim.times is None else _times(claim.times)
        sent = ", ".join(f"{m.template} to {m.to.id}" for m in seen.messages[-6:]) or "nothing"
        return f"expected {what} {often}, but it was sent {_times(found)} (lately: {sent})"
    return None


def _times(count: int) -> str:
    return "never" if count == 0 else "once" if count == 1 else f"{count} times"


def _data(seen: Seen, wanted: Mapping[str, Any]) -> str | None:
    for path, expected in wanted.items():
        actual = seen.case.data.get(path)
        if alike(actual, expected, zone=seen.chart.zone):
            continue
        field = seen.chart.workflow.fields.get(path)
        if field is not None and expected is not None and field.type.kind not in {Kind.LIST, Kind.MAP}:
            try:
                if read_value(field, expected) == actual:
                    continue
            except ValueFault as fault:
                return f"{path} cannot be {shown(expected)}: it {fault.text}"
        return _other(path, expected, actual)
    return None


def _facts(group: str) -> Callable[[Seen, Mapping[str, Any]], str | None]:
    def checker(seen: Seen, wanted: Mapping[str, Any]) -> str | None:
        for name, said in wanted.items():
            actual, expected = seen.case.data.get(f"{group}.{name}"), None if said == "none" else said
            if not alike(actual, expected, zone=seen.chart.zone):
                return _other(f"{group}.{name}", expected, actual)
        return None

    return checker


def _other(path: str, expected: Any, actual: Any) -> str:
    wanted = f"no {path}" if expected is None else f"{path} {shown(expected)}"
    return f"expected {wanted}, but it is {shown(actual) if actual is not None else 'without a value'}"


def _deadline(seen: Seen, wanted: Mapping[str, date | None]) -> str | None:
    zone = seen.chart.zone
    for name, day in wanted.items():
        due = sorted(last_day(t.due, zone) for t in seen.case.timers if t.deadline == name and t.kind == "due")
        if day is None:
            if due:
                return f"expected no deadline {name}, but it is due {due[0]}"
        elif day not in due:
            return f"expected deadline {name} due {day}, but it is {f'due {due[0]}' if due else 'not armed'}"
    return None


def _children(seen: Seen, wanted: int | Mapping[str, int]) -> str | None:
    children = seen.case.memory.children
    if isinstance(wanted, int):
        return None if len(children) == wanted else f"expected {wanted} children, but there are {len(children)}"
    for workflow, count in wanted.items():
        there = sum(child.workflow == workflow for child in children)
        if there != count:
            return f"expected {count} {workflow} children, but there are {there}"
    return None


def _outcome(seen: Seen, wanted: str) -> str | None:
    outcome = seen.case.outcome
    return None if outcome == wanted else f"expected the outcome {wanted}, but it is {outcome or 'still open'}"


def _open_work(seen: Seen, wanted: int) -> str | None:
    children = sum(not child.ended for child in seen.case.memory.children)
    if len(seen.case.timers) + seen.pending_effects + children == wanted:
        return None
    timers = [f"{t.deadline} ({local_date(t.due, seen.chart.zone)})" for t in seen.case.timers[:3]]
    there = f"timers {', '.join(timers) or 'none'}, {seen.pending_effects} effects, {children} children"
    count = len(seen.case.timers) + seen.pending_effects + children
    return f"expected {wanted} things still to be done, but there are {count}: {there}"


def _incidents(seen: Seen, wanted: int) -> str | None:
    there = seen.incidents
    return None if there == wanted else f"expected {wanted} incidents, but there are {there}"


CHECKS: Mapping[str, Callable[[Seen, Any], str | None]] = {
    "in": _in,
    "not_in": _not_in,
    "state": _in,
    "turn": _turn,
    "sent": _sent,
    "data": _data,
    "deadline": _deadline,
    "certificate": _facts("certificate"),
    "register": _facts("register"),
    "children": _children,
    "outcome": _outcome,
    "open_work": _open_work,
    "incidents": _incidents,
}
