"""What a sender gives with an event: a form compiled once, and its reading of a payload; single values are left to fields.

A payload is a map by path (`requirements.verdict`), by group (`requirements: {verdict: …}`) or both. A list is replaced
whole; `list+` only adds (its rows stand under the list's own path); `list.column` takes rows with the key and these
columns of existing items. `null`, an empty text and an empty list empty a field. Nothing else is taken.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.fields import ValueFault, read_value
from engine.core.frozen import frozen
from engine.core.naming import Field
from engine.core.types import TEXT
from engine.errors import FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.core.definition import FormItem, Workflow

REASONS = Field(path="reasons", type=TEXT, max=4000)
"""Event data that the engine itself asks for where a workflow does not declare it (extensions, cancelling)."""

MAX_PROBLEMS = 100
_MAPS = (dict, Mapping)  # dict first: an abstract class is slow to say yes
_LISTS = (list, tuple)
_MAX_SHOWN = 200


@frozen
class Slot:
    """One path that a form takes: `columns` where only these of existing rows change, `adds` where rows are added."""

    path: str
    field: Field
    must: bool
    event_data: bool
    adds: bool = False
    columns: tuple[str, ...] = ()
    must_columns: tuple[str, ...] = ()  # those that every row has to have afterwards
    rows: Field | None = None  # of `adds`: the list without bounds on its length, which hold for the whole


@frozen
class Filled:
    """A payload as read: `writes` by data path (None empties), `said` the event data."""

    writes: Mapping[str, Any]
    said: Mapping[str, Any]

    @property
    def given(self) -> Mapping[str, Any]:
        """What the record says of it: all that has a value."""
        if not self.writes:
            return self.said
        written = {path: value for path, value in self.writes.items() if value is not None}
        return {**written, **self.said} if self.said else written


NOTHING_FILLED = Filled({}, {})


@frozen
class Form:
    """The slots by path, and the groups under which a payload may nest them."""

    slots: Mapping[str, Slot]
    groups: frozenset[str]
    musts: tuple[Slot, ...]

    def read(self, payload: Mapping[str, Any], data: Mapping[str, Any]) -> Filled:
        """Raises InvalidPayload with a problem a field; `data` is what the case holds before."""
        if not payload and not self.musts:
            return NOTHING_FILLED
        problems: list[FieldProblem] = []
        writes: dict[str, Any] = {}
        said: dict[str, Any] = {}
        faulty: set[str] = set()
        for path, raw in self._flat(payload, problems).items():
            if len(problems) >= MAX_PROBLEMS:
                break
            slot = self.slots.get(path)
            if slot is None:
                problems.append(self._unknown(path))
                continue
            empty = _is_empty(raw)
            if empty and (slot.adds or slot.columns):
                continue  # nothing is added, nothing changed
            try:
                value = None if empty else _read_slot(slot, raw, data)
            except ValueFault as fault:
                tail = "" if not fault.subpath else fault.subpath if fault.subpath[0] == "[" else f".{fault.subpath}"
                problems.append(FieldProblem(path + tail, fault.code, fault.text))
                faulty.add(path)
                continue
            if not slot.event_data:
                writes[path] = value
            elif value is not None:
                said[path] = value
        for slot in self.musts:
            path = slot.path
            if writes.get(path) and not slot.must_columns:
                continue  # given: nothing more to ask
            given = said if slot.event_data else writes if slot.adds or path in writes else data
            held = given.get(path)
            if path in faulty:
                continue
            if held is None or held == ():
                problems.append(FieldProblem(path, "missing", "needs a value"))
            elif slot.must_columns:
                problems += _gaps(slot, held)
        if problems:
            raise InvalidPayload(problems)
        return Filled(writes, said)

    def _flat(self, payload: Mapping[str, Any], problems: list[FieldProblem]) -> Mapping[str, Any]:
        if payload.keys() <= self.slots.keys():
            return payload
        flat: dict[str, Any] = {}
        for path, value in self._pairs(payload):
            if path in flat and len(problems) < MAX_PROBLEMS and path in self.slots:
                problems.append(FieldProblem(path, "duplicate", "is given twice; give it by path or in its group"))
            flat[path] = value
        return flat

    def _pairs(self, payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in payload.items():
            if name in self.slots:
                yield name, value
                continue
            key = str(name).removesuffix("+").removesuffix("!").removesuffix("+")
            if key in self.groups and key not in self.slots and isinstance(value, _MAPS):
                for inner, item in value.items():
                    yield f"{key}.{str(inner).removesuffix('+')}", item
            else:
                yield key, value

    def _unknown(self, path: str) -> FieldProblem:
        path = path[:_MAX_SHOWN]
        near = difflib.get_close_matches(path, self.slots, n=1)
        if near:
            text = f"is not asked for here; did you mean {near[0]}?"
        elif self.slots:
            text = f"is not asked for here; the form takes {', '.join(self.slots)}"
        else:
            text = "is not asked for here; the form takes nothing"
        return FieldProblem(path, "unknown", text)


def _is_empty(raw: Any) -> bool:
    if isinstance(raw, str):
        return not raw or raw.isspace()
    return raw is None or (isinstance(raw, _LISTS) and not raw)


def _gaps(slot: Slot, rows: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """The rows that lack a column which has to have a value; the first few."""
    lacking = [(place, name) for place, row in enumerate(rows) for name in slot.must_columns if row.get(name) is None]
    return [FieldProblem(f"{slot.path}[{place}].{name}", "missing", "needs a value") for place, name in lacking[:10]]


def _read_slot(slot: Slot, raw: Any, data: Mapping[str, Any]) -> Any:
    if slot.columns:
        return _change_columns(slot, raw, data.get(slot.path, ()))
    if slot.adds:
        return _add_rows(slot, raw, data.get(slot.path, ()))
    return read_value(slot.field, raw)


def _add_rows(slot: Slot, raw: Any, held: Sequence[Any]) -> tuple[Any, ...]:
    added = read_value(slot.rows or slot.field, raw)
    key = slot.field.key
    if key is not None:
        have = {row.get(key) for row in held}
        for place, row in enumerate(added):
            if row.get(key) in have:
                raise ValueFault("duplicate", f"{key} {row.get(key)!r} is in the list already", f"[{place}].{key}")
    rows = (*held, *added)
    if isinstance(slot.field.max, int) and len(rows) > slot.field.max:
        raise ValueFault("range", f"would have {len(rows)} rows; at most {slot.field.max}")
    return rows


def _change_columns(slot: Slot, raw: Any, held: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    key = slot.field.key or ""
    if not isinstance(raw, list | tuple):
        raise ValueFault("type", f"is no list; give rows with {key} and {', '.join(slot.columns)}")
    rows = {row.get(key): dict(row) for row in held}
    for place, given in enumerate(raw):
        if not isinstance(given, Mapping):
            raise ValueFault("type", f"is no row; give {key} and {', '.join(slot.columns)}", f"[{place}]")
        row = rows.get(_key_of(slot.field, given.get(key)))
        if row is None:
            known = ", ".join(str(name) for name in list(rows)[:10])
            raise ValueFault("unknown", f"no item has this {key}; there are {known or 'none'}", f"[{place}].{key}")
        for column, value in given.items():
            if column == key:
                continue
            if column not in slot.columns:
                raise ValueFault(
                    "unknown", f"may not be changed here; only {', '.join(slot.columns)}", f"[{place}].{column}"
                )
            if value in (None, ""):
                row.pop(column, None)
                continue
            try:
                row[column] = read_value(slot.field.columns[column], value)
            except ValueFault as fault:
                raise fault.inside(column).inside(f"[{place}]") from None
    return tuple(rows.values())


def _key_of(field: Field, raw: Any) -> Any:
    """What tells a row apart, read by its column's type; None where it is none."""
    try:
        return read_value(field.columns[field.key or ""], raw)
    except (ValueFault, KeyError):
        return None


def compile_form(items: Sequence[FormItem], workflow: Workflow, *, columns: Mapping[str, Field] | None = None) -> Form:
    """A form's slots; `columns` are those of a panel's list, which its form names by themselves."""
    slots: dict[str, Slot] = {}
    for item in items:
        for slot in _slots(item, workflow, columns or {}):
            slots[slot.path] = _joined(slots.get(slot.path), slot)
    groups = frozenset(path.partition(".")[0] for path, slot in slots.items() if "." in path and not slot.event_data)
    return Form(slots, groups, tuple(slot for slot in slots.values() if slot.must))


def _joined(before: Slot | None, slot: Slot) -> Slot:
    """Two entries of a form on one path: columns add up, one `!` is enough."""
    if before is None:
        return slot
    columns = (*before.columns, *slot.columns) if before.columns and slot.columns else slot.columns
    musts = (*before.must_columns, *slot.must_columns)
    return replace(slot, columns=columns, must_columns=musts, must=before.must or slot.must)


def _slots(item: FormItem, workflow: Workflow, columns: Mapping[str, Field]) -> list[Slot]:
    if item.path in columns:
        return [Slot(item.path, columns[item.path], item.must, event_data=True)]
    if item.event_data:
        return [Slot(item.path, workflow.event_fields.get(item.path, REASONS), item.must, event_data=True)]
    if item.mode == "group":
        prefix = f"{item.path}."
        return [
            Slot(path, field, item.must and field.required, event_data=False)
            for path, field in workflow.fields.items()
            if path.startswith(prefix)
        ]
    field = workflow.fields[item.path]
    chosen = (item.column,) if item.mode == "column" and item.column else ()
    if item.mode == "add":
        unbounded = replace(field, min=None, max=None)
        return [Slot(item.path, field, item.must, event_data=False, adds=True, rows=unbounded)]
    musts = chosen if item.must else ()
    return [Slot(item.path, field, item.must, event_data=False, columns=chosen, must_columns=musts)]
