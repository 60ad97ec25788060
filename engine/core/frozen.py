"""Frozen for the type checker, plain at run time: the decorator of the engine's values.

A frozen dataclass of the standard library sets each field through object.__setattr__: a value of eight fields takes five
times as long to make (docs/adr/0004). mypy refuses every assignment to a field all the same.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_made: Callable[[type[T]], type[T]] = dataclasses.dataclass(slots=True, unsafe_hash=True)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: type[T]) -> type[T]:
    """As dataclasses.dataclass(frozen=True, slots=True): equal and hashed by its fields, but without the run-time lock."""
    return _made(cls)
