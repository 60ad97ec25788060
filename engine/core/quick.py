"""Frozen for the type checker, plain at run time: the dataclass decorator of values that every step makes anew.

A frozen dataclass sets each field through object.__setattr__: that alone cost more than the state machine's transition
(docs/adr/0004). mypy still refuses every assignment, because it sees the decorator of dataclasses.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def dataclass(*, frozen: bool, slots: bool) -> Callable[[type[Any]], type[Any]]:
    """As dataclasses.dataclass(frozen=True, slots=True), equal and hashed by its fields, without the run-time lock."""
    return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)
