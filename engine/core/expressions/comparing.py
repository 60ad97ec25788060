"""Comparisons, checked and compiled: `== != < <= > >= in`; which types compare is said in fitting."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast
from engine.core.expressions.code import ROWS, Code, Run, fold, mismatch
from engine.core.expressions.expression import ExpressionError, MissingValue, Scope
from engine.core.expressions.fitting import (
    NUMBERS,
    ORDERED,
    TEXTS,
    a_type,
    can_equal,
    check_options,
    has_any,
    why_not,
)
from engine.core.types import BOOLEAN, NUMBER, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.core.types import Type

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def comparison(node: ast.Binary, left: Code, right: Code) -> Code:
    """`left == right` and its like."""
    if Kind.MONEY in {left.type.kind, right.type.kind}:
        return money(node, left, right)
    if node.operator in {"==", "!="}:
        check_equality(node, left, right)
    else:
        check_order(node, left, right)
    resolved = replace(node, left=left.node, right=right.node, depth=ast.height(left.node, right.node))
    cost = 1 + left.cost + right.cost + (ROWS if left.type.kind is Kind.LIST else 0)
    if has_any(left.type) or has_any(right.type):
        run = strictly(node.operator == "==", left.run, right.run)
    else:
        run = compare(node.operator, left, right)
    return fold(Code(resolved, BOOLEAN, run, cost=cost), left, right)


def check_equality(node: ast.Binary, left: Code, right: Code) -> None:
    """Refuses what can never be equal, options that do not exist among it."""
    if not can_equal(left.type, right.type):
        raise mismatch(
            node,
            f"{a_type(left.type)} can never equal {a_type(right.type)}",
            why_not(left, right),
        )
    check_choice(left, right)
    check_choice(right, left)


def check_choice(one: Code, other: Code) -> None:
    """A choice against literal texts, or against another choice."""
    if one.type.kind is not Kind.CHOICE:
        return
    if other.type.kind is Kind.CHOICE and not set(one.type.options) & set(other.type.options):
        raise mismatch(other.node, "these two choices have no option in common and can never be equal")
    if other.type.kind is not Kind.CHOICE:
        check_options(one.type, other.texts)


def check_order(node: ast.Binary, left: Code, right: Code) -> None:
    """Refuses an order that does not exist."""
    a, b = left.type.kind, right.type.kind
    if a in NUMBERS and b in NUMBERS:
        return
    if Kind.CHOICE in {a, b}:
        raise mismatch(node, "the options of a choice have no order", "compare with ==, or with in [a, b]")
    if (a in TEXTS and b in TEXTS) or (a is b and a in ORDERED):
        return
    hint = why_not(left, right)
    if a is Kind.BOOLEAN and isinstance(node.left, ast.Binary) and node.left.operator in COMPARE:
        hint = "write a < x && x < b"
    raise mismatch(node, f"'{node.operator}' does not compare {a_type(left.type)} with {a_type(right.type)}", hint)


def compare(sign: str, left: Code, right: Code) -> Run:
    """The closure of a comparison; one of its own for the commonest: a field against a constant."""
    check, a, b = COMPARE[sign], left.run, right.run
    if not right.constant:
        return lambda scope: check(a(scope), b(scope))
    value = right.value
    if not isinstance(left.node, ast.Field) or left.type.kind is Kind.LIST:
        return lambda scope: check(a(scope), value)
    path = left.node.path

    def field(scope: Scope) -> bool:
        try:
            return check(scope.data[path], value)
        except KeyError:
            raise MissingValue(path) from None

    def equal(scope: Scope) -> bool:
        try:
            return bool(scope.data[path] == value)
        except KeyError:
            raise MissingValue(path) from None

    return equal if sign == "==" else field


def strictly(positive: bool, a: Run, b: Run) -> Run:
    """Equality of values whose types are not known: true is not 1."""
    return lambda scope: same(a(scope), b(scope)) is positive


def same(a: Any, b: Any) -> bool:
    """Whether two values of a case are equal; those of different types are not."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def money(node: ast.Binary, left: Code, right: Code) -> Code:
    """Money compares by its amount; amounts in two currencies are not equal, and have no order."""
    a, b = left.type.kind, right.type.kind
    if not {a, b} <= {Kind.MONEY, *NUMBERS}:
        raise mismatch(node, f"'{node.operator}' does not compare {a_type(left.type)} with {a_type(right.type)}")
    resolved = replace(node, left=left.node, right=right.node, depth=ast.height(left.node, right.node))
    cost = 1 + left.cost + right.cost
    if a is not b:
        return Code(resolved, BOOLEAN, compare(node.operator, amount(left), amount(right)), cost=cost)
    check, first, second, sign = COMPARE[node.operator], left.run, right.run, node.operator

    def run(scope: Scope) -> bool:
        one, two = first(scope), second(scope)
        if one.get("currency") != two.get("currency"):
            if sign in {"==", "!="}:
                return sign == "!="
            raise ExpressionError(f"{one.get('currency')} and {two.get('currency')} have no order")
        return check(part(one, left.label), part(two, right.label))

    return Code(resolved, BOOLEAN, run, cost=cost)


def amount(code: Code) -> Code:
    """The amount, where a part is money; numbers as they are."""
    if code.type.kind is not Kind.MONEY:
        return code
    run, label = code.run, code.label
    node = ast.Select(code.node.offset, code.node.length, ast.height(code.node), code.node, "amount", code.node.offset)
    return replace(code, node=node, type=NUMBER, run=lambda scope: part(run(scope), label))


def part(value: Any, label: str) -> Any:
    """The amount of a money value."""
    try:
        return value["amount"]
    except KeyError:
        raise MissingValue(f"{label}.amount") from None


def membership(node: ast.Binary, left: Code, right: Code) -> Code:
    """`value in list`, `key in map`."""
    resolved = replace(node, left=left.node, right=right.node, depth=ast.height(left.node, right.node))
    cost = 1 + left.cost + right.cost
    a, b = left.run, right.run
    if right.type.kind is Kind.MAP and left.type.kind in TEXTS:
        return Code(resolved, BOOLEAN, lambda scope: a(scope) in b(scope), cost=cost)
    if right.type.kind is not Kind.LIST:
        hint = "write text.contains(part)" if right.type.kind in TEXTS else "a list is written [a, b]"
        raise mismatch(node.right, f"'in' looks into a list, not into {a_type(right.type)}", hint)
    item = right.type.item
    check_item(node, left, right, item)
    if item is not None and (has_any(item) or has_any(left.type)):

        def loosely(scope: Scope) -> bool:
            value = a(scope)
            return any(same(value, one) for one in b(scope))

        return fold(Code(resolved, BOOLEAN, loosely, cost=cost + right.rows), left, right)
    if not right.constant:
        return Code(resolved, BOOLEAN, lambda scope: a(scope) in b(scope), cost=cost + right.rows)
    return fold(Code(resolved, BOOLEAN, among(left, right), cost=cost), left, right)


def check_item(node: ast.Binary, left: Code, right: Code, item: Type | None) -> None:
    """Refuses a value that the list can never hold."""
    if item is None:
        return
    if not can_equal(left.type, item):
        as_item = replace(right, type=item)
        raise mismatch(node, f"{a_type(left.type)} is never in a {right.type}", why_not(left, as_item))
    check_choice(left, replace(right, type=item))
    check_choice(replace(right, type=item), left)


def among(left: Code, right: Code) -> Run:
    """Membership in a constant list: a set where its items allow it."""
    a = left.run
    values = frozenset(right.value) if left.type.kind in TEXTS | NUMBERS else right.value
    if not isinstance(left.node, ast.Field) or left.type.kind not in TEXTS | NUMBERS:
        return lambda scope: a(scope) in values
    path = left.node.path

    def run(scope: Scope) -> bool:
        try:
            return scope.data[path] in values
        except KeyError:
            raise MissingValue(path) from None

    return run
