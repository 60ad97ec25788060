"""Decides conditions over all values at once: each compared part is cut into cells at the constants it is compared with.

What is compared with no constant is a part of its own that may be true or false. A missing value is an error when a case
runs, never another value, so it is left out here. Too many combinations are not decided (None).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from engine.core.expressions.ast import (
    Binary,
    Conditional,
    Defined,
    Field,
    Items,
    Literal,
    Logic,
    Node,
    Select,
    Special,
    Unary,
    children,
)
from engine.core.frozen import frozen
from engine.verify.cells import Part, in_words, name_of, values_of
from engine.verify.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.core.definition import Arm, Workflow
    from engine.core.expressions.expression import Expression

_Test = Callable[[Mapping[str, Any]], bool]
_MOST = 20_000
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def same(first: Arm, second: Arm) -> bool:
    """Whether two arms have the same conditions."""
    return {shape(e.tree) for e in first.when} == {shape(e.tree) for e in second.when}


@frozen
class Conditions:
    """Conditions of several arms over the values that decide them; `holds[i]` says in which combinations arm i fits.

    `exact`: each combination can be; else fields are compared with each other, and some cannot.
    """

    holds: tuple[tuple[bool, ...], ...]
    examples: tuple[Mapping[str, Any], ...]
    exact: bool

    def never(self, arm: int) -> bool:
        """Whether this arm's condition is false everywhere."""
        return not any(self.holds[arm])

    def always(self, arm: int) -> bool:
        """Whether this arm's condition is true everywhere."""
        return all(self.holds[arm])

    def hidden(self, arm: int) -> bool:
        """Whether an arm before fits wherever this one does."""
        before = [any(row) for row in zip(*self.holds[:arm], strict=True)] if arm else []
        return bool(before) and all(taken or not here for taken, here in zip(before, self.holds[arm], strict=True))

    def both(self, first: int, second: int) -> bool:
        """Whether two can be true together."""
        return any(a and b for a, b in zip(self.holds[first], self.holds[second], strict=True))

    def gap(self) -> str | None:
        """A combination in which no arm fits, in words; None: there is none."""
        for number, row in enumerate(zip(*self.holds, strict=True)):
            if not any(row):
                return in_words(self.examples[number])
        return None


def decide(arms: Sequence[Arm], workflow: Workflow) -> Conditions | None:
    """The conditions of arms over all combinations of what they compare; None: too many to decide."""
    trees = [[expression.tree for expression in arm.when] for arm in arms]
    if any(not isinstance(tree, Node) for row in trees for tree in row):
        return None
    parts: dict[str, Part] = {}
    for row in trees:
        for tree in row:
            _collect(tree, parts)
    cells = {key: values_of(part, workflow) for key, part in parts.items()}
    total = 1
    for values in cells.values():
        total *= len(values)
        if total * max(1, len(arms)) > _MOST:
            return None
    combinations = [dict(zip(cells, values, strict=True)) for values in product(*cells.values())]
    tests = [[_test(tree) for tree in row] for row in trees]
    holds = tuple(tuple(all(test(case) for test in row) for case in combinations) for row in tests)
    names = {key: name_of(part.node) for key, part in parts.items()}
    examples = tuple({names[key]: value for key, value in case.items()} for case in combinations)
    return Conditions(holds, examples, _independent(parts))


def telling_values(conditions: Iterable[Expression], workflow: Workflow) -> dict[str, list[Any]]:
    """For each field, and each `event.name`, that conditions compare: one value of each cell."""
    parts: dict[str, Part] = {}
    for condition in conditions:
        if isinstance(condition.tree, Node):
            _collect(condition.tree, parts)
    return {
        name_of(part.node): values_of(part, workflow)
        for part in parts.values()
        if isinstance(part.node, Field | Special)
    }


def telling_members(conditions: Iterable[Expression]) -> dict[str, list[Any]]:
    """For each member of a row that conditions compare with constants: these, and for numbers what lies beside them."""
    found: dict[str, dict[Any, None]] = {}
    for condition in conditions:
        for member, value in _members(condition.tree) if isinstance(condition.tree, Node) else ():
            beside = [value - 1, value, value + 1] if _is_number(value) else [value]
            found.setdefault(member, {}).update(dict.fromkeys(beside))
    return {member: list(values) for member, values in found.items()}


def _members(node: Node) -> Iterator[tuple[str, Any]]:
    """The constants that members of rows are compared with."""
    compared = _comparison(node)
    if compared is not None and isinstance(compared[0], Select):
        yield from ((compared[0].member, value) for value in compared[2])
    for inner in children(node):
        yield from _members(inner)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _independent(parts: Mapping[str, Part]) -> bool:
    """Whether no field is in two parts."""
    named = [path for part in parts.values() for path in set(_paths(part.node))]
    return len(named) == len(set(named))


def _paths(node: Node) -> Iterator[str]:
    if isinstance(node, Field):
        yield node.path
    for inner in children(node):
        yield from _paths(inner)


# ── taking a condition apart ─────────────────────────────────────────────────────────────────────────────────────────


def _constant(node: Node) -> tuple[bool, Any]:
    if isinstance(node, Literal) and node.value is not None:
        return True, node.value
    if isinstance(node, Unary) and node.operator == "-" and isinstance(node.operand, Literal):
        return True, -node.operand.value
    return False, None


def _comparison(node: Node) -> tuple[Node, str, tuple[Any, ...]] | None:
    """A part compared with constants: (part, operator, constants)."""
    if not isinstance(node, Binary):
        return None
    if node.operator == "in":
        if isinstance(node.right, Items):
            found = [_constant(item) for item in node.right.items]
            if all(known for known, _ in found):
                return node.left, "in", tuple(value for _, value in found)
        return None
    if node.operator not in FLIPPED:
        return None
    for part, other, operator in (
        (node.left, node.right, node.operator),
        (node.right, node.left, FLIPPED[node.operator]),
    ):
        known, value = _constant(other)
        if known:
            return part, operator, (value,)
    return _difference(node)


def _difference(node: Binary) -> tuple[Node, str, tuple[Any, ...]]:
    """`a < b` as `a - b < 0`, so that `b <= a` is seen as its opposite."""
    left, right, operator = node.left, node.right, node.operator
    if shape(left) > shape(right):
        left, right, operator = right, left, FLIPPED[operator]
    return Binary(node.offset, node.length, node.depth, "-", left, right, node.at), operator, (0,)


def _inside(node: Node) -> tuple[Node, ...] | None:
    """The operands of what is decided from its operands; None: a part of its own."""
    match node:
        case Logic(operands=operands):
            return operands
        case Unary(operator="!", operand=operand):
            return (operand,)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Defined(tree=tree):
            return (tree,)
        case _:
            return None


def _collect(node: Node, parts: dict[str, Part]) -> None:
    if isinstance(node, Literal):
        return
    inside = _inside(node)
    if inside is not None:
        for operand in inside:
            _collect(operand, parts)
        return
    compared = _comparison(node)
    part = compared[0] if compared else node
    known = parts.setdefault(shape(part), Part(part))
    if compared:
        known.constants.update(compared[2])
    known.boolean = known.boolean or compared is None


def _test(node: Node) -> _Test:
    """A condition over a combination of values; shapes are looked up once, not for every combination."""
    if isinstance(node, Literal):
        value = bool(node.value)
        return lambda _: value
    inside = _inside(node)
    if inside is not None:
        tests = [_test(operand) for operand in inside]
        if isinstance(node, Conditional):
            return lambda case: tests[1](case) if tests[0](case) else tests[2](case)
        if isinstance(node, Unary):
            return lambda case: not tests[0](case)
        if isinstance(node, Logic) and node.operator == "||":
            return lambda case: any(test(case) for test in tests)
        return lambda case: all(test(case) for test in tests)
    compared = _comparison(node)
    if compared is None:
        key = shape(node)
        return lambda case: bool(case[key])
    part, operator, constants = compared
    key = shape(part)
    return lambda case: _compare(case[key], operator, constants)


def _compare(value: Any, operator: str, constants: tuple[Any, ...]) -> bool:
    if operator in {"==", "!=", "in"}:
        return (value in constants) != (operator == "!=")
    first = constants[0]
    if isinstance(value, str) != isinstance(first, str):
        return False
    if operator in {"<", ">="}:
        return bool(value < first) == (operator == "<")
    return bool(value > first) == (operator == ">")
