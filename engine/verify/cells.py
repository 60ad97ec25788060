"""The values that stand for all others of a compared part: its cells, cut at the constants it is compared with.

A choice has its options, a boolean two values, a number the constants and what lies between them, a text the constants
and others between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.core.expressions.ast import Call, Defined, Node, Special
from engine.core.expressions.ast import Field as Path
from engine.core.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.core.definition import Workflow
    from engine.core.naming import Field

_OTHER = "\x00other"


@dataclass(slots=True)
class Part:
    """A compared part: its constants, and the field it is, if it is one."""

    node: Node
    constants: set[Any] = field(default_factory=set)
    boolean: bool = False


def _field(node: Node, workflow: Workflow) -> Field | None:
    if isinstance(node, Defined):
        return _field(node.tree, workflow)
    if isinstance(node, Path):
        return workflow.fields.get(node.path)
    if isinstance(node, Special) and node.name.startswith("event."):
        return workflow.event_fields.get(node.name.removeprefix("event."))
    return None


def values_of(part: Part, workflow: Workflow) -> list[Any]:
    """One value of each cell."""
    known = _field(part.node, workflow)
    kind = known.type.kind if known else None
    if part.boolean or kind is Kind.BOOLEAN or any(isinstance(value, bool) for value in part.constants):
        return [True, False]
    if known is not None and kind is Kind.CHOICE:
        return list(dict.fromkeys(known.type.options))
    if any(isinstance(value, str) for value in part.constants):
        return [*sorted(str(value) for value in part.constants), *_texts_between(part.constants)]
    counted = isinstance(part.node, Call) and part.node.function in {"size", "count"}
    low, high = (known.min, known.max) if known else (0 if counted else None, None)
    bounds = [Decimal(bound) for bound in (low, high) if isinstance(bound, int | Decimal)]  # they cut too
    values = _numbers({*part.constants, *bounds}, whole=counted or kind is Kind.INTEGER)
    return [
        value
        for value in values
        if not (isinstance(low, int | Decimal) and value < low)
        and not (isinstance(high, int | Decimal) and value > high)
    ]


def _texts_between(constants: set[Any]) -> Iterator[str]:
    """A text before, between and after the constants, for comparisons by order."""
    yield ""
    yield from (f"{value}{_OTHER}" for value in sorted(str(value) for value in constants))


def _numbers(constants: set[Any], *, whole: bool) -> Iterator[Decimal]:
    points = sorted({Decimal(value) for value in constants})
    yield points[0] - 1
    for here, after in zip(points, [*points[1:], None], strict=True):
        yield here
        if after is None:
            yield here + 1
        elif not whole:
            yield (here + after) / 2
        elif after - here > 1:
            yield here + 1


def name_of(node: Node) -> str:
    """What a part is called in a message."""
    if isinstance(node, Path):
        return node.path
    if isinstance(node, Special):
        return node.name
    if isinstance(node, Defined):
        return name_of(node.tree)
    if isinstance(node, Call) and node.arguments:
        return f"{node.function}({', '.join(name_of(argument) for argument in node.arguments)})"
    return "another condition"


def in_words(example: Mapping[str, Any]) -> str:
    """A combination of values as people say it."""
    shown = []
    for name, value in example.items():
        if name == "another condition":
            continue
        text = "another text" if isinstance(value, str) and (_OTHER in value or not value) else str(value)
        shown.append(f"{name} is {text.lower() if isinstance(value, bool) else text}")
    return " and ".join(shown) or "no condition is true"
