"""A story as scenes without their dates: what was sent and what fell due, each with the state that took it.

Scenes keep their order, but those of one region of a parallel do not wait for those of another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import local_date, local_instant
from engine.core.definition import StateKind
from engine.core.frozen import frozen
from engine.core.types import Kind
from engine.rehearse.scenario import Do, Expect, OpenCase, Refuse
from engine.rehearse.watching import CaseName, moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from engine.core.definition import State, Workflow
    from engine.core.types import Type
    from engine.rehearse.play import Play
    from engine.rehearse.scenario import Move
    from engine.rehearse.watching import Watch


@frozen
class Scene:
    """Something that carries a story on: a move, made on `day`, or (`move` None) a deadline that falls due for the
    `times`-th time; `state` took it, and left something where `leaves`.
    """

    case: CaseName
    state: str
    leaves: bool
    move: Do | OpenCase | None
    day: date
    deadline: str = ""
    times: int = 0


def scenes_of(play: Play, watch: Watch, moves_made: Sequence[Move]) -> list[Scene]:
    """Play a story as it is written, and say what carried it on. Raises Difference."""
    scenes: list[Scene] = []
    fired: dict[tuple[CaseName, str, str], int] = {}
    for move in moves_made:
        first = len(watch.records)
        day = local_date(play.world.moment, play.chart.zone)
        play.do(move)
        watch.look()
        if isinstance(move, OpenCase):
            opened = CaseName(move.workflow or play.chart.workflow.name, 0)  # it has no number yet
            scenes.append(Scene(opened, "", leaves=False, move=move, day=day))
        waiting = move if isinstance(move, Do) else None
        for which, record in () if isinstance(move, Expect | Refuse) else watch.records[first:]:
            state, name = str(record.get("state", "")), str(record["name"])
            if waiting is not None and record["kind"] in {"event", "extension"} and name == waiting.event:
                scenes.append(Scene(which, state, bool(record.get("left")), waiting, day))
                waiting = None
            elif record["kind"] == "deadline":
                key = (which, state, name)
                fired[key] = fired.get(key, 0) + 1
                if moves(record):
                    scenes.append(Scene(which, state, True, None, day, name, fired[key]))  # noqa: FBT003  it carries the story on
    return scenes


def next_scenes(pending: Sequence[Scene], workflows: Mapping[str, Workflow]) -> Iterator[Scene]:
    """The first scene, and every later one that waits for none before it, as it is in another region."""
    for number, scene in enumerate(pending):
        if all(_beside(earlier, scene, workflows) for earlier in pending[:number]):
            yield scene


def _beside(one: Scene, other: Scene, workflows: Mapping[str, Workflow]) -> bool:
    """Whether two scenes are in two regions of the same parallel of the same case."""
    if one.case != other.case or not one.state or not other.state:
        return False
    names, others = one.state.split("."), other.state.split(".")
    same = next((n for n, (a, b) in enumerate(zip(names, others, strict=False)) if a != b), None)
    if same is None:
        return False
    around: State = workflows[one.case.workflow].states[".".join(names[:same])]
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


def on(scene: Scene, day: date, workflow: Workflow, zone: ZoneInfo) -> Do | OpenCase:
    """The move of a scene, made on another day."""
    move = scene.move
    if move is None:
        raise ValueError("a deadline falls due by itself")
    return replace(move, values=moved(move.values, workflow, day - scene.day, zone))
