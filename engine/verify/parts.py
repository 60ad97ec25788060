"""Everything that a definition is made of, by kind, wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from engine.core.definition import Workflow
from engine.core.diagnostics import Mark
from engine.core.expressions.expression import Expression
from engine.core.naming import Text
from engine.core.terms import Term
from engine.core.types import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_NOTHING_INSIDE = (str, int, Mark, Text, Type, Term)


class Parts:
    """What is found in one walk through a part of a definition; `define`d expressions where they are used."""

    def __init__(self, of: object) -> None:
        self._found: dict[type[Any], list[Any]] = {}
        for part in _walk(of):
            self._found.setdefault(type(part), []).append(part)

    def of(self, kind: type[T]) -> list[T]:
        """The parts of exactly this kind, in file order."""
        return self._found.get(kind, [])


def _walk(of: object) -> Iterator[object]:
    if of is None or isinstance(of, _NOTHING_INSIDE):
        return
    if isinstance(of, tuple | list):
        for item in of:
            yield from _walk(item)
    elif isinstance(of, Mapping):
        for item in of.values():
            yield from _walk(item)
    elif isinstance(of, Workflow):
        yield from _walk([of.root, of.opening, of.certificate, of.register, of.fields])
    elif is_dataclass(of) and not isinstance(of, type):
        yield of
        if not isinstance(of, Expression):
            for name in _names(type(of)):
                yield from _walk(getattr(of, name))


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))
