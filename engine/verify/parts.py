"""Everything that a definition is made of, by kind, wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from engine.core.definition import Workflow
from engine.core.diagnostics import Mark
from engine.core.expressions.expression import Expression
from engine.core.naming import Text
from engine.core.terms import Term
from engine.core.types import Type

T = TypeVar("T")

_NOTHING_INSIDE = (Mark, Text, Type, Term)


class Parts:
    """What is found in one walk through a part of a definition; `define`d expressions where they are used."""

    def __init__(self, of: object) -> None:
        self._found: dict[type[Any], list[Any]] = {}
        _gather(of, self._found)

    def of(self, kind: type[T]) -> list[T]:
        """The parts of exactly this kind, in file order."""
        return self._found.get(kind, [])


def _gather(of: Any, found: dict[type[Any], list[Any]]) -> None:
    kind: Any = type(of)
    inside = _inside(kind)
    if inside is _ITEMS:
        for item in of:
            _gather(item, found)
    elif inside is _VALUES:
        for item in of.values():
            _gather(item, found)
    elif inside is not None:
        if kind is not Workflow:
            found.setdefault(kind, []).append(of)
        for name in inside:
            _gather(getattr(of, name), found)


_ITEMS, _VALUES = ("items",), ("values",)


@cache
def _inside(kind: type[Any]) -> tuple[str, ...] | None:
    """The members in which a part of this kind has others, or how a collection is gone through; None: it is no part."""
    if issubclass(kind, tuple | list):
        return _ITEMS
    if issubclass(kind, Mapping):
        return _VALUES
    if kind is Workflow:
        return ("root", "opening", "certificate", "register", "fields")
    if kind in _NOTHING_INSIDE or not is_dataclass(kind):
        return None
    return () if kind is Expression else tuple(item.name for item in fields(kind))
