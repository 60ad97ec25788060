"""What a form could be given: what it must have, and values on each side of what conditions compare."""

from __future__ import annotations

from copy import copy
from random import Random
from typing import TYPE_CHECKING, Any

from engine.core.types import Kind
from engine.verify.domains import telling_members, telling_values
from engine.verify.trial.samples import NoSample, rows, sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.core.definition import Workflow
    from engine.core.expressions.expression import Expression
    from engine.core.forms import Form, Slot
    from engine.core.naming import Field

_TRIES = 12
_OFTEN = 0.8


class Answers:
    """Payloads for forms of one workflow; the same seed gives the same ones."""

    def __init__(self, workflow: Workflow, expressions: Iterable[Expression], seed: int = 1) -> None:
        conditions = [one for one in expressions if one.type.kind is Kind.BOOLEAN]
        self.workflow = workflow
        self.read = sorted(frozenset().union(*(condition.reads for condition in conditions)))
        self.telling = {
            name: [_said(value) for value in values] for name, values in telling_values(conditions, workflow).items()
        }
        self._members = telling_members(conditions)
        self.outcomes = [str(outcome) for outcome in self._members.get("outcome", ["done"])]
        self.random = Random(seed)  # for samples, not for secrets
        self._pins: Mapping[str, Any] = {}

    def pinned(self, pins: Mapping[str, Any]) -> Answers:
        """The same, with values that are given wherever there is a place for them: by field, `event.name`, `result.name`."""
        answers = copy(self)
        answers._pins = {**self._pins, **pins}  # noqa: SLF001
        return answers

    def payloads(
        self, form: Form, data: Mapping[str, Any], now: datetime, known: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """What may be given, as little as it must be first; `known` are values that are wanted, by field or `event.name`."""
        try:
            least = {
                slot.path: self._value(slot, data, now)
                for slot in form.slots.values()
                if (slot.must and self._needed(slot, data)) or (slot.field.columns and slot.path in self.read)
            }
        except NoSample:
            return
        known = {**known, **self._pins}
        slots = [(path, slot, _name(slot)) for path, slot in form.slots.items()]
        wanted = {path: known[name] for path, slot, name in slots if name in known and not slot.columns}
        seen: list[dict[str, Any]] = []
        for payload in ({**least, **wanted}, *self._varied(form, {**least}, wanted, data)):
            if payload not in seen:
                seen.append(payload)
                yield payload

    def some(self, field: Field, name: str, now: datetime) -> Any:
        """Any value of a field."""
        if name in self._pins:
            return self._pins[name]
        values = self.telling.get(name)
        return self.random.choice(values) if values else sample(field, now)

    def _varied(
        self, form: Form, least: dict[str, Any], wanted: dict[str, Any], data: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        told = {
            path: values for path, slot in form.slots.items() if (values := self._told(slot) or self._keys(slot, data))
        }
        lists = [path for path, slot in form.slots.items() if slot.path in least and slot.field.columns]
        for _ in range(_TRIES if told or lists else 0):
            chosen = {
                path: self.random.choice(values)
                for path, values in told.items()
                if path in least or self.random.random() < _OFTEN
            }
            rows = {path: self._other_rows(form.slots[path], least[path]) for path in lists}
            yield {**least, **rows, **chosen, **wanted}

    def _told(self, slot: Slot) -> list[Any] | None:
        """Values that conditions tell apart: of a field, of what is said, of a panel's answer."""
        return self.telling.get(_name(slot)) or (self._members.get(slot.path) if slot.event_data else None)

    def _keys(self, slot: Slot, data: Mapping[str, Any]) -> list[list[str]]:
        """For a list of texts that conditions look at: the keys of each list that the case has, as it may name their rows."""
        inner = slot.field.type.item
        if slot.path not in self.read or slot.field.columns or inner is None or inner.kind is not Kind.TEXT:
            return []
        lists = [(field.key, data.get(path)) for path, field in self.workflow.fields.items() if field.key]
        return [[str(row[key]) for row in rows if key in row] for key, rows in lists if rows]

    def _other_rows(self, slot: Slot, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same rows with other options, all rows alike."""
        said = {
            name: self.random.choice(options)
            for name, column in slot.field.columns.items()
            if (not slot.columns or name in slot.columns) and (options := self._options(column))
        }
        return [{**row, **said} for row in rows]

    def _options(self, column: Field) -> Sequence[Any]:
        match column.type.kind:
            case Kind.BOOLEAN:
                return [True, False]
            case Kind.CHOICE:
                return column.type.options
            case Kind.INTEGER | Kind.NUMBER | Kind.TEXT:
                return self._members.get(column.path.rpartition(".")[2], ())
            case _:
                return ()

    def _needed(self, slot: Slot, data: Mapping[str, Any]) -> bool:
        return slot.event_data or slot.adds or bool(slot.columns) or not data.get(slot.path)

    def _value(self, slot: Slot, data: Mapping[str, Any], now: datetime) -> Any:
        if slot.columns:
            key = slot.field.key or ""
            return [
                {key: row.get(key), **{column: sample(slot.field.columns[column], now, n) for column in slot.columns}}
                for n, row in enumerate(data.get(slot.path, ()), 1)
            ]
        if slot.adds and slot.rows is not None:
            return rows(slot.rows, now, len(data.get(slot.path, ())) + 1)
        return sample(slot.field, now)


def _name(slot: Slot) -> str:
    return f"event.{slot.path}" if slot.event_data else slot.path


def _said(value: Any) -> Any:
    """A text between others, as a form takes it."""
    return value.replace("\x00", " ") or "another" if isinstance(value, str) else value
