"""A checked and compiled part of an expression, as the checker's functions hand it to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from engine.core.expressions.expression import ExpressionError, Scope
from engine.core.expressions.faults import MISMATCH, ExpressionFault
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.expressions.ast import Node
    from engine.core.types import Type

Run = Callable[[Scope], Any]

ROWS = 1000  # how many rows a list is assumed to have
STEP = 10  # cost of a row gone through; an operation is about a tenth of it
MAX_STEPS = 10_000_000
NO_SCOPE = cast("Scope", None)


@frozen
class Code:
    """`node` is resolved; `cost` counts tenths of a step; `rows` bounds a list; `constant` with `value` where it depends on nothing.

    `label` names it in MissingValue. `texts`: all values it can have, where these are literal texts, each with its node.
    """

    node: Node
    type: Type
    run: Run
    cost: int = 1
    rows: int = ROWS
    constant: bool = False
    value: Any = None
    label: str = ""
    texts: Mapping[str, Node] | None = None


def constant(node: Node, kind: Type, value: Any, **more: Any) -> Code:
    """A part that is a literal."""
    return Code(node, kind, lambda _: value, constant=True, value=value, **more)


def fold(code: Code, *inside: Code) -> Code:
    """The same part, computed now where all inside is constant; an error is left to happen when it is run."""
    if not all(part.constant for part in inside):
        return code
    try:
        value = code.run(NO_SCOPE)
    except ExpressionError:
        return code
    return replace(code, run=lambda _: value, constant=True, value=value)


def mismatch(node: Node, message: str, hint: str | None = None) -> ExpressionFault:
    """The fault for a part of the wrong type."""
    return ExpressionFault(MISMATCH, message, offset=node.offset, length=node.length, hint=hint)


def fault(code: str, node: Node, message: str, hint: str | None = None) -> ExpressionFault:
    """A fault about the whole of a node."""
    return ExpressionFault(code, message, offset=node.offset, length=node.length, hint=hint)
