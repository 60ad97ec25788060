"""A real case told as a scenario: who sent what when, what was answered from outside, how it ended.

Deadlines are not told: the clock of the scenario goes on to the moment of each event, and they fall due on the way as they did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.core.case import EffectKind
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from engine.core.case import Actor, Case
    from engine.core.definition import Workflow
    from engine.store.records import StoredEffect
    from engine.store.transaction import Reader

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
TOLD = frozenset({"event", "panel", "extension"})
ENDED = frozenset({"done", "recorded", "dead"})
MOST_CASES = 100
MOST_RECORDS = 10_000


@frozen
class Recorded:
    """A case with its history and what went out: `calls` are (adapter.operation, answer or None where it failed), `told` the ids
    of who had letters.
    """

    workflow: Workflow
    case: Case
    records: Sequence[Mapping[str, Any]]
    calls: Sequence[tuple[str, Mapping[str, Any] | None]]
    told: Sequence[str]


def read_case(reader: Reader, ref: str, workflow_of: Callable[[int], Workflow]) -> tuple[Recorded, ...]:
    """A case (by id or number) and all children below it; `workflow_of` a version. Empty: there is none."""
    found: list[Recorded] = []
    waiting = [reader.case(reader.case_id_of_number(ref) or ref)]
    while waiting and len(found) < MOST_CASES:
        stored = waiting.pop(0)
        if stored is None:
            continue
        case, effects = stored.case, reader.effects(stored.case.id)
        records = [line.record for line in reader.history(case.id, 0, MOST_RECORDS)]
        told = [str(who) for effect in effects for who in (effect.result or {}).get("to", ())]
        found.append(Recorded(workflow_of(stored.version_id), case, records, _calls(effects), told))
        waiting += [reader.case(child.id) for child in reader.children(case.id)]
    return tuple(found)


def _calls(effects: Iterable[StoredEffect]) -> list[tuple[str, Mapping[str, Any] | None]]:
    asked = [effect for effect in effects if str(effect.kind) == EffectKind.CALL and effect.status in ENDED]
    return [
        (f"{one.adapter}.{one.payload['operation']}", one.result if one.status != "dead" else None) for one in asked
    ]


def scenario_of(whole: Sequence[Recorded], people: Mapping[str, Actor]) -> str:
    """The file of one scenario: the first case is told, the others are children of it; `people` are known by their ids."""
    return _Telling(whole, people).text()


class _Telling:
    def __init__(self, whole: Sequence[Recorded], people: Mapping[str, Actor]) -> None:
        self.workflow, self.whole, self.people = whole[0].workflow, whole, people
        self.mine = {recorded.case.id for recorded in whole}
        self.names: dict[str, str] = {}
        self.told: dict[str, dict[str, Any]] = {}

    def text(self) -> str:
        main = self.whole[0]
        opened, *_ = main.records
        steps = self.steps(opened["at"])
        begin = self.sender(opened)
        for who in {who for recorded in self.whole for who in recorded.told} & self.people.keys():
            self.sender({"actor": {"id": who, "kind": "person", "name": self.people[who].name}})
        lines = [
            f"# {main.case.number or main.case.id} as it went; what is not told here: offers and claims of work, what people did outside.",
            f"workflow: {self.workflow.name}",
            f"clock: {self.local(opened['at'])}",
            "people:",
            *(f"  {name}: {one_line(said)}" for name, said in self.told.items()),
            *self.answers(),
            "scenarios:",
            f"  - name: {one_line(f'{main.case.number or main.case.id} as it went')}",
            f"    open: {{by: {begin}, with: {one_line(_said(opened))}}}",
            *(["    steps:"] if steps or main.case.closed_at is None else []),
            *(f"      - {step}" for step in steps),
            *self.end(main.case),
        ]
        return "\n".join(lines) + "\n"

    def steps(self, begin: datetime) -> list[str]:
        """Events of all its cases in the order of their times, with the waits between them."""
        events = [
            (record["at"], place, record["seq"], record)
            for place, recorded in enumerate(self.whole)
            for record in recorded.records
            if record["kind"] in TOLD and not self.is_ours(record["actor"])
        ]
        steps, now = [], begin
        for at, place, _, record in sorted(events, key=lambda event: event[:3]):
            if at > now:
                steps.append(f"until: {self.local(at)}")
                now = at
            case = f", case: {self.whole[place].case.workflow}" if place else ""
            values = _given(self.whole[place].workflow, record)
            given = f", with: {one_line(values)}" if values else ""
            steps.append(f"{{do: {record['name']}, by: {self.sender(record)}{given}{case}}}")
        last = max(record["at"] for record in self.whole[0].records)
        return [*steps, f"until: {self.local(last)}"] if last > now else steps

    def is_ours(self, actor: Mapping[str, Any]) -> bool:
        """Whether it is a case that is told here: what these send each other they send again."""
        return actor.get("kind") == "case" and actor.get("id") in self.mine

    def sender(self, record: Mapping[str, Any]) -> str:
        """The name in the scenario of who did something; he is one of its people from now on."""
        actor = record["actor"]
        if actor.get("kind") == "system":
            return "system"
        key = str(actor["id"])
        name = self.names.get(key)
        if name is None:
            name = key if _NAME.fullmatch(key) and key not in {"system", *self.told} else f"person-{len(self.told) + 1}"
            self.names[key] = name
            self.told[name] = {}
        self.told[name] = self.person(key, actor, self.told[name])
        return name

    def person(self, key: str, actor: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        if actor.get("kind") == "case":
            return {"case": str(actor.get("role") or actor.get("workflow") or "")}
        known = self.people.get(key)
        roles = {
            *(known.roles if known else ()),
            *before.get("roles", ()),
            *([actor["role"]] if actor.get("role") else ()),
        }
        attributes = dict(known.attributes) if known else {}
        if actor.get("party"):
            attributes["party"] = actor["party"]
        declared = {duty for one in self.whole for duty, who in one.case.memory.declared.items() if key in who}
        more = {"declares": sorted(declared)} if declared else {}
        named = {"name": str(actor["name"])} if actor.get("name") else {}
        return {"roles": sorted(roles), **named, **attributes, **more}

    def answers(self) -> list[str]:
        """What adapters answered, in their order."""
        calls: dict[str, list[dict[str, Any]]] = {}
        for recorded in self.whole:
            for call, answer in recorded.calls:
                said = {"refuse": "as it was"} if answer is None else {"return": answer}
                calls.setdefault(call, []).append(said)
        return ["calls:", *(f"  {call}: {one_line(said)}" for call, said in sorted(calls.items()))] if calls else []

    def end(self, case: Case) -> list[str]:
        """Where it ended; one that goes on is left where it is."""
        if case.closed_at is None:
            return [f"      - expect: {one_line({'in': list(case.leaves)})}"]
        outcome = {"outcome": case.outcome} if case.outcome else {}
        return [f"    end: {one_line({'state': case.leaves[0], **outcome})}"]

    def local(self, moment: datetime) -> str:
        zone: ZoneInfo = self.workflow.zone
        return moment.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ")


def _said(record: Mapping[str, Any]) -> Mapping[str, Any]:
    said: Mapping[str, Any] = (record.get("payload") or {}).get("said") or {}
    return said


def _given(workflow: Workflow, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was said, but of a list of which only columns are asked for these and what tells its rows apart."""
    said = dict(_said(record))
    state = workflow.states.get(record["state"])
    handler = state.events.get(record["name"]) if state is not None else None
    form = handler.form if handler is not None else ()
    columns: dict[str, set[str]] = {}
    for item in form:
        if item.mode == "column" and item.column is not None:
            columns.setdefault(item.path, {str(workflow.fields[item.path].key)}).add(item.column)
    for path, named in columns.items():
        if path in said:
            said[path] = [{name: row[name] for name in row if name in named} for row in said[path]]
    return said


def one_line(value: Any) -> str:
    """As YAML on one line, which JSON is."""
    return json.dumps(plain(value), ensure_ascii=False)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
