"""The entry to expressions: a source and the names it may use, in; an Expression, out; raises ExpressionFault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast
from engine.core.expressions.checker import Checker
from engine.core.expressions.code import STEP, constant
from engine.core.expressions.expression import Expression
from engine.core.expressions.faults import UNKNOWN, ExpressionFault
from engine.core.expressions.fitting import conform
from engine.core.expressions.names import Names
from engine.core.expressions.parser import parse
from engine.core.types import BOOLEAN, Type

if TYPE_CHECKING:
    from engine.core.diagnostics import Mark
    from engine.core.expressions.code import Code, Run

__all__ = ["ExpressionFault", "Names", "compile_expression", "literal"]


def compile_expression(
    source: str, names: Names, *, mark: Mark | None = None, expect: Type | None = None
) -> Expression:
    """A source, parsed, checked against its names (and the type expected of it), and compiled."""
    tree = parse(source)
    checker = Checker(source, names)
    try:
        code = checker.code(tree)
    except ExpressionFault as fault:
        word = source[fault.offset : fault.offset + fault.length]
        if expect is not None and fault.code == UNKNOWN and word in expect.options:
            raise fault.with_hint(f"for text write '\"{word}\"'") from None
        raise
    if expect is not None:
        code = conform(code, expect)
    return Expression(
        source=source,
        type=code.type,
        run=code.run,
        reads=frozenset(checker.reads),
        calls=frozenset(checker.calls),
        cost=max(1, -(-code.cost // STEP)),
        parts=parts(checker, tree, code),
        constant=code.value if code.constant else None,
        mark=mark,
        tree=code.node,
        notes=checker.notes,
        needs=tuple(checker.needs.items()),
    )


def literal(value: Any, type: Type, source: str, mark: Mark | None = None) -> Expression:  # noqa: A002 (fixed)
    """A constant, such as a bare option of a choice in `set`."""
    code = constant(ast.Literal(0, len(source), 1, value), type, value)
    return Expression(source, type, code.run, constant=value, mark=mark, tree=code.node)


def parts(checker: Checker, tree: ast.Node, code: Code) -> tuple[tuple[str, Run], ...]:
    """The operands of the top-level `&&` of a condition (the whole, where there is none), each with its name."""
    if code.type.kind is not BOOLEAN.kind:
        return ()
    if not isinstance(tree, ast.Logic) or tree.operator != "&&":
        return ((checker.quoted(tree), code.run),)
    runs = checker.junctions[id(tree)]
    return tuple((checker.quoted(operand), run) for operand, run in zip(tree.operands, runs, strict=True))
