"""Arithmetic and joining, checked and compiled: `+ - * / %` and the minus sign."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast, numerals
from engine.core.expressions.code import Code, Run, fold, mismatch
from engine.core.expressions.expression import ExpressionError, Scope
from engine.core.expressions.fitting import NUMBERS, TEXTS, a_type, unify
from engine.core.types import DATETIME, DURATION, INTEGER, NUMBER, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT = 10_000
MAX_ITEMS = 10_000

ON_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": numerals.add,
    "-": numerals.subtract,
    "*": numerals.multiply,
    "/": numerals.divide,
    "%": numerals.remainder,
}


def arithmetic(node: ast.Binary, left: Code, right: Code) -> Code:
    """`left + right` and its like."""
    kind, work = operation(node, left, right)
    a, b = left.run, right.run
    resolved = replace(node, left=left.node, right=right.node, depth=ast.height(left.node, right.node))
    cost, rows = 1 + left.cost + right.cost, left.rows
    if kind.kind is Kind.LIST:
        rows = left.rows + right.rows
        cost += rows
    code = Code(resolved, kind, lambda scope: work(a(scope), b(scope)), cost=cost, rows=rows)
    return fold(code, left, right)


def operation(node: ast.Binary, left: Code, right: Code) -> tuple[Type, Callable[[Any, Any], Any]]:
    """The type of the result and the function of the values."""
    sign, a, b = node.operator, left.type.kind, right.type.kind
    if a in NUMBERS and b in NUMBERS:
        if sign == "%" and not a is b is Kind.INTEGER:
            raise mismatch(node, "'%' takes integers", "int(x) cuts a number to an integer")
        whole = a is b is Kind.INTEGER and sign != "/"
        return INTEGER if whole else NUMBER, ON_NUMBERS[sign]
    if sign == "+" and a in TEXTS and b in TEXTS:
        return TEXT, join_texts
    if sign == "+" and a is b is Kind.LIST:
        kind = unify(left.type, right.type)
        if kind is None:
            raise mismatch(node, f"a {left.type} and a {right.type} do not make one list")
        return kind, join_lists
    moments = moment_operation(sign, a, b)
    if moments is not None:
        return moments
    raise mismatch(node, f"'{sign}' does not take {a_type(left.type)} and {a_type(right.type)}", hint(sign, a, b))


def moment_operation(sign: str, a: Kind, b: Kind) -> tuple[Type, Callable[[Any, Any], Any]] | None:
    """Moments and durations: what CEL has."""
    if sign not in {"+", "-"}:
        return None
    work = plus if sign == "+" else minus
    if a is b is Kind.DURATION or (sign == "-" and a is b is Kind.DATETIME):
        return DURATION, work
    if (a is Kind.DATETIME and b is Kind.DURATION) or (sign == "+" and a is Kind.DURATION and b is Kind.DATETIME):
        return DATETIME, work
    return None


def hint(sign: str, a: Kind, b: Kind) -> str | None:
    """What is meant, probably."""
    kinds = {a, b}
    if Kind.MONEY in kinds:
        return "write x.amount"
    if Kind.DATE in kinds:
        return "write add_days(date, n), add_working_days, add_months or days_between(a, b)"
    if Kind.DATETIME in kinds and kinds & NUMBERS:
        return 'write duration("24h"), or add_days(date(x), n)'
    if sign == "+" and kinds & TEXTS:
        return "string(x) makes a text of it"
    if kinds & TEXTS and kinds & NUMBERS and sign != "*":
        return "int(x) makes a number of a text"
    if Kind.ANY in kinds:
        return "a map is not looked into; int(x) or string(x) make a value of it"
    return None


def join_texts(a: str, b: str) -> str:
    """Two texts as one."""
    if len(a) + len(b) > MAX_TEXT:
        raise ExpressionError(f"the text is too long: more than {MAX_TEXT} characters")
    return a + b


def join_lists(a: Any, b: Any) -> tuple[Any, ...]:
    """Two lists as one."""
    if len(a) + len(b) > MAX_ITEMS:
        raise ExpressionError(f"the list is too long: more than {MAX_ITEMS} items")
    return (*a, *b)


def plus(a: Any, b: Any) -> Any:
    """Moments and durations."""
    try:
        return a + b
    except OverflowError:
        raise ExpressionError("the moment is out of bounds") from None


def minus(a: Any, b: Any) -> Any:
    """Moments and durations."""
    try:
        return a - b
    except OverflowError:
        raise ExpressionError("the moment is out of bounds") from None


def negation(node: ast.Unary, operand: Code) -> Code:
    """`-operand`."""
    if operand.type.kind not in NUMBERS:
        raise mismatch(node, f"'-' takes a number, not {a_type(operand.type)}")
    run: Run = operand.run
    resolved = replace(node, operand=operand.node, depth=ast.height(operand.node))

    def negative(scope: Scope) -> Any:
        return numerals.negate(run(scope))

    return fold(Code(resolved, operand.type, negative, cost=1 + operand.cost), operand)
