"""A value for every field, as plain as its type, bounds and pattern allow; nothing in it is meant to be believed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.core.fields import ValueFault, read_value
from engine.core.patterns import shortest
from engine.core.types import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.naming import Field

_CHECKED = {"ru_inn": ("7707083893", "500100732259")}
"""Texts that pass a checksum by its name."""


class NoSample(Exception):
    """No value was found that a field takes."""


def sample(field: Field, now: datetime, number: int = 1) -> Any:
    """A value that the field takes, as JSON says it; `number` tells rows apart. Raises NoSample."""
    for value in _values(field, now, number):
        try:
            read_value(field, value)
        except ValueFault:
            continue
        return value
    raise NoSample(field.path)


def _values(field: Field, now: datetime, number: int) -> list[Any]:
    kind = field.type.kind
    if field.check is not None:
        return list(_CHECKED.get(field.check, ()))
    match kind:
        case Kind.TEXT | Kind.CODE | Kind.FILE:
            return _texts(field, number)
        case Kind.INTEGER | Kind.NUMBER:
            return [*(one for one in (field.default, field.min, field.max) if one is not None), 0, 1]
        case Kind.BOOLEAN:
            return [False, True]
        case Kind.CHOICE:
            return list(field.type.options)
        case Kind.DATE:
            return [now.date().isoformat()]
        case Kind.DATETIME:
            return [now.isoformat()]
        case Kind.LIST:
            return [rows(field, now, number)]
        case Kind.MAP:
            return [{"key": "value"}]
        case _:
            return [_record(kind, field, now, number)]


def _texts(field: Field, number: int) -> list[str]:
    if field.pattern is not None:
        found = shortest(field.pattern)
        return [] if found is None else [found]
    said = f"sample {number}"
    least = field.min if isinstance(field.min, int) else 0
    most = field.max if isinstance(field.max, int) else 1000
    return [said.ljust(least, ".")[:most]]


def _record(kind: Kind, field: Field, now: datetime, number: int) -> dict[str, Any]:
    match kind:
        case Kind.MONEY:
            return {"amount": str(field.min if isinstance(field.min, int | Decimal) else 1), "currency": "EUR"}
        case Kind.PERSON:
            return {"id": f"person-{number}", "name": f"Person {number}"}
        case Kind.PARTY:
            return {"id": f"party-{number}", "name": f"Party {number}"}
        case Kind.DOCUMENT:
            return {"number": f"D-{number}", "title": "sample", "approved_on": now.date().isoformat()}
        case _:
            return {"text": f"sample {number}"}


def rows(field: Field, now: datetime, number: int = 1) -> list[Any]:
    """As many rows as a list must have, one at least; `number` is that of the first."""
    least = max(1, field.min if isinstance(field.min, int) else 1)
    numbers = range(number, number + least)
    if field.item is not None:
        return [sample(field.item, now, n) for n in numbers]
    return [{name: _cell(field, column, now, n) for name, column in field.columns.items()} for n in numbers]


def _cell(field: Field, column: Field, now: datetime, number: int) -> Any:
    """A value of a row; what tells rows apart is another one in each."""
    if column.path.rpartition(".")[2] == field.key and column.type.kind in {Kind.INTEGER, Kind.NUMBER}:
        least = column.min if isinstance(column.min, int) else 0
        return least + number
    return sample(column, now, number)
