"""A compiled expression and the scope it is evaluated in; parsing and checking are left to the neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar
    from engine.core.diagnostics import Mark
    from engine.core.types import Type


class ExpressionError(Exception):
    """An expression has no value here: division by zero, overflow, a bad conversion, a cost bound."""


class MissingValue(ExpressionError):
    """A name without a value decides; `path` is its name. `||`, `&&` absorb it as in CEL; `has()` asks for it."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path} has no value")


@dataclass(slots=True)
class Scope:
    """Everything an expression can see; nothing else is reachable.

    `data` by path (`requirements.rounds`), certificate and register facts included. `event`, `actor`, `case`, `result` by
    member name, absent where there is none. `names` holds what macros and `as` bind.
    """

    data: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo
    calendar: Calendar | None = None
    event: Mapping[str, Any] | None = None
    actor: Mapping[str, Any] | None = None
    case: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    children: tuple[Mapping[str, Any], ...] = ()
    answers: tuple[Mapping[str, Any], ...] = ()
    in_state: Callable[[str], bool] = lambda _: False  # by full path
    entered: Callable[[str], datetime | None] = lambda _: None  # by full path
    names: dict[str, Any] = field(default_factory=dict)


@frozen
class Expression:
    """A checked expression. `run` raises ExpressionError (MissingValue) only.

    `reads` are the data paths it looks at, `calls` the special names it uses (`event.reasons`, `answers`, `in_state:<full
    path>`, `entered:<full path>`, `now`, `today`, …), `cost` its static bound. `parts` are the operands of its
    top-level `&&`, each with the name to quote in a refusal: a `define`d name, or the operand's text. `notes` are text and
    `run` of every node of `tree` that is true or false, by its `id`, for who explains it.
    """

    source: str
    type: Type
    run: Callable[[Scope], Any] = field(compare=False)
    reads: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    cost: int = 1
    parts: tuple[tuple[str, Callable[[Scope], Any]], ...] = field(default=(), compare=False)
    constant: Any = None  # the value, where it is a literal
    mark: Mark | None = field(default=None, compare=False)
    tree: Any = field(default=None, compare=False)  # the parsed tree, for verify
    notes: Mapping[int, tuple[str, Callable[[Scope], Any]]] = field(default_factory=dict, compare=False, repr=False)
    needs: tuple[tuple[str, Type], ...] = ()  # what a user of this definition needs: `event.reasons`, `answers.vote`, …
