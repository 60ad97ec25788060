"""A story as acts without their dates: what was sent and what fell due, each with the state that took it.

Acts keep their order, but those of one region of a parallel do not wait for those of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import local_date, local_instant
from engine.core.definition import StateKind
from engine.core.types import Kind
from engine.rehearse.scenario import Do, Expect, OpenCase, Refuse
from engine.rehearse.watching import Place, moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from engine.core.definition import State, Workflow
    from engine.core.types import Type
    from engine.rehearse.play import Play
    from engine.rehearse.scenario import Move
    from engine.rehearse.watching import Watch


@dataclass(frozen=True, slots=True)
class Act:
    """Something that carries a story on: a move, made on `day`, or (`move` None) a deadline that falls due for the
    `times`-th time; `state` took it, and left something where `leaves`.
    """

    place: Place
    state: str
    leaves: bool
    move: Do | OpenCase | None
    day: date
    deadline: str = ""
    times: int = 0


def acts_of(play: Play, watch: Watch, moves_made: Sequence[Move]) -> list[Act]:
    """Play a story as it is written, and say what carried it on. Raises Difference."""
    acts: list[Act] = []
    fired: dict[tuple[Place, str, str], int] = {}
    for move in moves_made:
        first = len(watch.records)
        day = local_date(play.world.moment, play.chart.zone)
        play.do(move)
        watch.look()
        if isinstance(move, OpenCase):
            acts.append(Act(_opened(watch), "", leaves=False, move=move, day=day))
        waiting = move if isinstance(move, Do) else None
        for place, record in () if isinstance(move, Expect | Refuse) else watch.records[first:]:
            state, name = str(record.get("state", "")), str(record["name"])
            if waiting is not None and record["kind"] in {"event", "extension"} and name == waiting.event:
                acts.append(Act(place, state, bool(record.get("left")), waiting, day))
                waiting = None
            elif record["kind"] == "deadline":
                key = (place, state, name)
                fired[key] = fired.get(key, 0) + 1
                if moves(record):
                    acts.append(Act(place, state, True, None, day, name, fired[key]))  # noqa: FBT003  it carries the story on
    return acts


def _opened(watch: Watch) -> Place:
    return next(reversed(watch.ids), Place("", 1))


def next_acts(pending: Sequence[Act], workflows: Mapping[str, Workflow]) -> Iterator[Act]:
    """The first act, and every later one that waits for none before it, as it is in another region."""
    for number, act in enumerate(pending):
        if all(_beside(earlier, act, workflows) for earlier in pending[:number]):
            yield act


def _beside(one: Act, other: Act, workflows: Mapping[str, Workflow]) -> bool:
    """Whether two acts are in two regions of the same parallel of the same case."""
    if one.place != other.place or not one.state or not other.state:
        return False
    names, others = one.state.split("."), other.state.split(".")
    same = next((n for n, (a, b) in enumerate(zip(names, others, strict=False)) if a != b), None)
    if same is None:
        return False
    around: State = workflows[one.place.workflow].states[".".join(names[:same])]
    return around.kind is StateKind.PARALLEL


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def moved(values: Mapping[str, Any], workflow: Workflow, by: timedelta, zone: ZoneInfo) -> dict[str, Any]:
    """What is said with an event, its dates and moments as many days later as the event itself."""
    fields = {**workflow.fields, **workflow.event_fields}

    def put(path: str, value: Any) -> Any:
        if path in fields:
            return _later(value, fields[path].type, by, zone)
        return {key: put(f"{path}.{key}", item) for key, item in value.items()} if isinstance(value, dict) else value

    return {path: put(path, value) for path, value in values.items()}


def _later(value: Any, kind: Type, by: timedelta, zone: ZoneInfo) -> Any:
    if kind.kind is Kind.LIST and kind.item is not None and isinstance(value, list):
        return [_later(item, kind.item, by, zone) for item in value]
    if kind.kind is Kind.RECORD and isinstance(value, dict):
        return {
            key: _later(item, kind.members[key], by, zone) if key in kind.members else item
            for key, item in value.items()
        }
    if kind.kind not in {Kind.DATE, Kind.DATETIME} or not isinstance(value, str):
        return value
    try:
        if kind.kind is Kind.DATE:
            return (date.fromisoformat(value) + by).isoformat()
        moment = datetime.fromisoformat(value)
        local = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
        return local_instant(local + by, zone).isoformat()
    except (ValueError, OverflowError):
        return value  # what is no date is refused where it is sent


def on(act: Act, day: date, workflow: Workflow, zone: ZoneInfo) -> Do | OpenCase:
    """The move of an act, made on another day."""
    move = act.move
    if move is None:
        raise ValueError("a deadline falls due by itself")
    return replace(move, values=moved(move.values, workflow, day - act.day, zone))
