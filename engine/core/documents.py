"""Where data refers to documents that were uploaded, by their SHA-256; whether they were is left to the service.

A `file` says the SHA-256 itself. Where a `sha256` stands beside it (in a `document`, in a list with such a column), that one
says which document it is, and the `file` is a name for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.core.naming import Field

DIGEST = "sha256"


def can_refer(field: Field) -> bool:
    """Whether values of this field may refer to documents."""
    if field.columns:
        return any(can_refer(column) for column in field.columns.values())
    if field.item is not None:
        return can_refer(field.item)
    return field.type.kind in {Kind.FILE, Kind.DOCUMENT}


def references(field: Field, value: Any) -> Iterator[tuple[str, str]]:
    """(place inside the value, digest) of each document that a value refers to; "" where it does not say which."""
    if value is None:
        return
    if field.type.kind is Kind.FILE:
        yield "", value
    elif field.type.kind is Kind.DOCUMENT:
        yield from _named(value, "file")
    elif field.columns:
        names = [name for name, column in field.columns.items() if can_refer(column)]
        for place, row in enumerate(value):
            for inside, digest in _of_row(field, names, row):
                yield f"[{place}].{inside}", digest
    elif field.item is not None and can_refer(field.item):
        for place, one in enumerate(value):
            for inside, digest in references(field.item, one):
                yield f"[{place}]{'.' if inside else ''}{inside}", digest


def _of_row(field: Field, names: Iterable[str], row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in names:
        column = field.columns[name]
        if column.type.kind is Kind.FILE and DIGEST in field.columns:
            yield from _named(row, name)
            continue
        for inside, digest in references(column, row.get(name)):
            yield f"{name}{'.' if inside else ''}{inside}", digest


def _named(row: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """What a row with `sha256` refers to; nothing where it names no file either."""
    if row.get(DIGEST) is not None or row.get(name) is not None:
        yield DIGEST, row.get(DIGEST) or ""
