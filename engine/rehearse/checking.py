"""Whether what a scenario expects is so; each check answers None, or one line: expected, but was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import last_day, local_date
from engine.core.fields import ValueFault, read_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.core.case import Case
    from engine.core.machine.chart import Chart
    from engine.ports import Message


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be looked at: the case and its definition, the messages sent, effects that still wait."""

    chart: Chart
    case: Case
    messages: Sequence[Message]
    pending_effects: int


def check(seen: Seen, claims: Mapping[str, Any]) -> str | None:
    """The first claim that does not hold, in words."""
    for name, wanted in claims.items():
        checker = CHECKS.get(name)
        fault = checker(seen, wanted) if checker else None
        if fault is not None:
            return fault
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_in(case: Case, name: str) -> bool:
    """Whether an active state has this name or path ending."""
    return any(p.state and (p.state == name or p.state.endswith(f".{name}")) for p in case.positions)


def _in(seen: Seen, wanted: Any) -> str | None:
    missing = [name for name in _listed(wanted) if not is_in(seen.case, str(name))]
    return f"expected to be in {', '.join(missing)}, but the case is in {_where(seen.case)}" if missing else None


def _not_in(seen: Seen, wanted: Any) -> str | None:
    there = [name for name in _listed(wanted) if is_in(seen.case, str(name))]
    return f"expected not to be in {', '.join(there)}, but the case is in {_where(seen.case)}" if there else None


def _where(case: Case) -> str:
    return ", ".join(case.leaves) or "no state"


def _turn(seen: Seen, wanted: Any) -> str | None:
    turn = seen.case.turn
    if wanted == "none":
        return None if not turn else f"expected to be nobody's turn, but it is {', '.join(turn)}'s"
    missing = [str(who) for who in _listed(wanted) if who not in turn]
    return f"expected to be {', '.join(missing)}'s turn, but it is {', '.join(turn) or 'nobody'}'s" if missing else None


def _sent(seen: Seen, wanted: Any) -> str | None:
    for claim in _listed(wanted):
        to, template = claim.get("to"), claim.get("template")
        found = [m for m in seen.messages if to in (None, m.to.id) and template in (None, m.template)]
        times = claim.get("times")
        if (times is None and found) or (times is not None and len(found) == int(times)):
            continue
        what = f"{template or 'a message'} to {to or 'anybody'}"
        sent = ", ".join(f"{m.template} to {m.to.id}" for m in seen.messages[-6:]) or "nothing"
        return f"expected {what} {times or 'at least 1'} times, but it was sent {len(found)} times (lately: {sent})"
    return None


def _data(seen: Seen, wanted: Mapping[str, Any]) -> str | None:
    for path, expected in wanted.items():
        actual = seen.case.data.get(path)
        field = seen.chart.workflow.fields.get(path)
        try:
            value = read_value(field, expected) if field is not None and expected is not None else expected
        except ValueFault as fault:
            return f"{path} cannot be {expected!r}: {fault.text}"
        if actual != value and not (field is None and str(actual) == str(value)):
            return f"expected {path} = {expected}, but it is {actual if actual is not None else 'without a value'}"
    return None


def _deadline(seen: Seen, wanted: Mapping[str, Any]) -> str | None:
    zone = seen.chart.zone
    for name, day in wanted.items():
        due = sorted(
            last_day(t.due, zone).isoformat() for t in seen.case.timers if t.deadline == name and t.kind == "due"
        )
        if day in (None, "none"):
            if due:
                return f"expected no deadline {name}, but it is due {due[0]}"
        elif str(day) not in due:
            return f"expected deadline {name} due {day}, but it is {'due ' + due[0] if due else 'not armed'}"
    return None


def _group(group: str) -> Callable[[Seen, Any], str | None]:
    def checker(seen: Seen, wanted: Mapping[str, Any]) -> str | None:
        for name, expected in wanted.items():
            actual = seen.case.data.get(f"{group}.{name}")
            if expected in (None, "none"):
                if actual is not None:
                    return f"expected no {group}.{name}, but it is {actual}"
            elif str(actual) != str(expected):
                return f"expected {group}.{name} {expected}, but it is {actual}"
        return None

    return checker


def _children(seen: Seen, wanted: Any) -> str | None:
    children = seen.case.memory.children
    if not isinstance(wanted, dict):
        return None if len(children) == int(wanted) else f"expected {wanted} children, but there are {len(children)}"
    for workflow, count in wanted.items():
        there = sum(child.workflow == workflow for child in children)
        if there != int(count):
            return f"expected {count} {workflow} children, but there are {there}"
    return None


def _outcome(seen: Seen, wanted: Any) -> str | None:
    outcome = seen.case.outcome
    return None if outcome == wanted else f"expected the outcome {wanted}, but it is {outcome or 'still open'}"


def _open_work(seen: Seen, wanted: Any) -> str | None:
    waiting = len(seen.case.timers) + seen.pending_effects + sum(not child.ended for child in seen.case.memory.children)
    if waiting == int(wanted):
        return None
    timers = ", ".join(f"{t.deadline} ({local_date(t.due, seen.chart.zone)})" for t in seen.case.timers[:3])
    return f"expected {wanted} things still to be done, but there are {waiting}: timers {timers or 'none'}, {seen.pending_effects} effects"


CHECKS: Mapping[str, Callable[[Seen, Any], str | None]] = {
    "in": _in,
    "not_in": _not_in,
    "state": _in,
    "turn": _turn,
    "sent": _sent,
    "data": _data,
    "deadline": _deadline,
    "certificate": _group("certificate"),
    "register": _group("register"),
    "children": _children,
    "outcome": _outcome,
    "open_work": _open_work,
}
