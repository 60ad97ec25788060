"""The macros over lists: `all exists exists_one filter map count`, checked and compiled.

`all` and `exists` absorb errors as `&&` and `||` do; in the others the first error is the result, as in CEL.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast
from engine.core.expressions.code import MAX_STEPS, STEP, Code, Run, fault, mismatch
from engine.core.expressions.expression import ExpressionError, Scope
from engine.core.expressions.faults import FUNCTION, MISMATCH
from engine.core.expressions.fitting import a_type
from engine.core.expressions.functions import MACROS
from engine.core.expressions.names import SPECIAL
from engine.core.types import ANY, BOOLEAN, INTEGER, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.core.expressions.checker import Checker

MAX_ROWS = 10_000

_keys = count(1)  # every macro binds under a key of its own, so nothing has to be put back


def macro(checker: Checker, node: ast.Call) -> Code:
    """`list.macro(x, body)`."""
    usage = f"write {MACROS[node.function]}"
    arguments = node.arguments
    three = node.function == "map" and len(arguments) == 3
    if node.target is None or (len(arguments) != 2 and not three):
        raise fault(FUNCTION, node, f"'{node.function}' is not called like this", usage)
    variable = arguments[0]
    if not isinstance(variable, ast.Name):
        raise fault(FUNCTION, variable, f"the first argument of '{node.function}' is a name for each item", usage)
    if variable.name in SPECIAL:
        raise fault(FUNCTION, variable, f"'{variable.name}' means something already", "choose another name")
    rows = checker.code(node.target)
    if rows.type.kind is not Kind.LIST:
        raise mismatch(node.target, f"'{node.function}' goes through a list, not {a_type(rows.type)}", usage)
    key = f"{variable.name}#{next(_keys)}"
    resolved = ast.Bound(variable.offset, variable.length, 1, variable.name, key)
    item = Code(resolved, rows.type.item or ANY, lambda scope: scope.names[key], label=rows.label or variable.name)
    where, body = inside(checker, node, rows, item)
    return compiled(checker, node, rows, resolved, where, body)


def inside(checker: Checker, node: ast.Call, rows: Code, item: Code) -> tuple[Code | None, Code]:
    """The macro's condition (for a map with three arguments) and body, checked with the item bound."""
    word = node.arguments[0]
    assert isinstance(word, ast.Name)  # noqa: S101 (the caller has looked)
    before, loops = checker.variables, checker.loops
    checker.variables = {**before, word.name: item}
    checker.loops = loops * max(1, rows.rows)
    try:
        where = checker.condition(node.arguments[1], f"'{node.function}'") if len(node.arguments) == 3 else None
        last = node.arguments[-1]
        body = checker.code(last)
    finally:
        checker.variables, checker.loops = before, loops
    if node.function != "map" and body.type.kind is not Kind.BOOLEAN:
        raise fault(
            MISMATCH,
            last,
            f"'{node.function}' takes a condition, not {a_type(body.type)}",
            f"write {MACROS[node.function]}",
        )
    return where, body


def compiled(checker: Checker, node: ast.Call, rows: Code, variable: ast.Bound, where: Code | None, body: Code) -> Code:
    """The closure of a macro, with its cost and its type."""
    each = STEP + body.cost + (where.cost if where else 0)
    cost = 1 + rows.cost + max(1, rows.rows) * each
    limit = max(1, min(MAX_ROWS, MAX_STEPS * STEP // (each * checker.loops)))
    resolved = ast.Comprehension(
        node.offset,
        node.length,
        ast.height(rows.node, body.node, where.node if where else None),
        node.function,
        rows.node,
        variable,
        body.node,
        where.node if where else None,
    )
    items = bounded(rows.run, limit)
    if node.function == "map":
        run = mapped(items, variable.key, where.run if where else None, body.run)
        return Code(resolved, Type(Kind.LIST, item=body.type), run, cost=cost, rows=rows.rows, label=body.label)
    run = LOOPS[node.function](items, variable.key, body.run)
    if node.function == "filter":
        return Code(resolved, rows.type, run, cost=cost, rows=rows.rows, label=rows.label, texts=rows.texts)
    return Code(resolved, INTEGER if node.function == "count" else BOOLEAN, run, cost=cost)


def bounded(rows: Run, limit: int) -> Run:
    """A list's rows, no more than the cost bound allows."""

    def run(scope: Scope) -> Any:
        found = rows(scope)
        if len(found) > limit:
            raise ExpressionError(f"the list has {len(found)} rows; this expression goes through {limit} at most")
        return found

    return run


def for_all(rows: Run, key: str, body: Run) -> Run:
    """Whether the body is true of every row; false of one absorbs errors of others."""

    def run(scope: Scope) -> bool:
        names, failed = scope.names, None
        for names[key] in rows(scope):
            try:
                if not body(scope):
                    return False
            except ExpressionError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return True

    return run


def exists(rows: Run, key: str, body: Run) -> Run:
    """Whether the body is true of some row; true of one absorbs errors of others."""

    def run(scope: Scope) -> bool:
        names, failed = scope.names, None
        for names[key] in rows(scope):
            try:
                if body(scope):
                    return True
            except ExpressionError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return False

    return run


def counted(rows: Run, key: str, body: Run) -> Run:
    """Of how many rows the body is true."""

    def run(scope: Scope) -> int:
        names, found = scope.names, 0
        for names[key] in rows(scope):
            if body(scope):
                found += 1
        return found

    return run


def exists_one(rows: Run, key: str, body: Run) -> Run:
    """Whether the body is true of exactly one row."""
    number = counted(rows, key, body)
    return lambda scope: number(scope) == 1


def filtered(rows: Run, key: str, body: Run) -> Run:
    """The rows of which the body is true."""

    def run(scope: Scope) -> tuple[Any, ...]:
        names, found = scope.names, []
        for row in rows(scope):
            names[key] = row
            if body(scope):
                found.append(row)
        return tuple(found)

    return run


def mapped(rows: Run, key: str, where: Run | None, body: Run) -> Run:
    """The body's value for each row (of which `where` is true)."""

    def run(scope: Scope) -> tuple[Any, ...]:
        names, found = scope.names, []
        for names[key] in rows(scope):
            if where is None or where(scope):
                found.append(body(scope))
        return tuple(found)

    return run


LOOPS: dict[str, Callable[[Run, str, Run], Run]] = {
    "all": for_all,
    "exists": exists,
    "exists_one": exists_one,
    "filter": filtered,
    "count": counted,
}
