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
    from collections.abc import Callable, Iterable

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
    if inside is None:
        return
    if _is_part(kind):
        found.setdefault(kind, []).append(of)
    for item in inside(of):
        _gather(item, found)


@cache
def _is_part(kind: type[Any]) -> bool:
    return is_dataclass(kind) and kind is not Workflow


@cache
def _inside(kind: type[Any]) -> Callable[[Any], Iterable[Any]] | None:
    """How what is inside of something of this kind is gone through; None: there is no part in it, nor is it one."""
    if issubclass(kind, tuple | list):
        return iter
    if issubclass(kind, Mapping):
        return lambda of: of.values()
    if kind in _NOTHING_INSIDE or not is_dataclass(kind):
        return None
    names = ("root", "opening", "certificate", "register", "fields") if kind is Workflow else _names(kind)
    return lambda of: [getattr(of, name) for name in names]


def _names(kind: type[Any]) -> tuple[str, ...]:
    return () if kind is Expression else tuple(item.name for item in fields(kind))
