"""A condition as a tree of values: each part with what it is now and why, definitions opened up, hidden fields left hidden."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  programs read the annotations to describe what they send
from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast
from engine.core.expressions.expression import ExpressionError, MissingValue
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.core.expressions.expression import Expression, Scope

MOST = 200
"""Nodes of one tree; a condition has no more by far, and a definition that is used often is opened up often."""


@frozen
class Guard:
    """A part of a condition. `holds` None: it cannot be decided, and `why` says so. `operator` joins `parts`: &&, ||, !; of a
    definition it is `=`, and the text its name. `values` are the fields that the part itself looks at.
    """

    text: str
    holds: bool | None
    why: str = ""
    operator: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Guard, ...] = ()


def guard_of(conditions: Iterable[Expression], scope: Scope, sees: Callable[[str], bool]) -> Guard | None:
    """The tree of what has to hold together, None where that is nothing."""
    trees = tuple(_Tree(one, scope, sees).guard() for one in conditions)
    if len(trees) < 2:
        return trees[0] if trees else None
    holds = [one.holds for one in trees]
    together = False if False in holds else None if None in holds else True
    return Guard(" && ".join(one.text for one in trees), together, operator="&&", parts=trees)


class _Tree:
    """One expression's."""

    def __init__(self, expression: Expression, scope: Scope, sees: Callable[[str], bool]) -> None:
        self._expression, self._scope, self._sees, self._left = expression, scope, sees, MOST

    def guard(self) -> Guard:
        """Of the whole."""
        source = " ".join(self._expression.source.split())
        if self._expression.tree is None:
            return Guard(source, self._expression.constant is True)
        return self._node(self._expression.tree, source)

    def _node(self, node: ast.Node, text: str) -> Guard:
        noted = self._expression.notes.get(id(node))
        text = noted[0] if noted is not None else text
        paths = _paths(node)
        hidden = not all(map(self._sees, paths))
        holds, why = (None, "it looks at what you may not see") if hidden else self._decided(node, noted)
        self._left -= 1
        operator, inner = _inside(node)
        inside = tuple(self._node(one, text) for one in inner) if self._left > 0 else ()
        values = {} if inside or hidden else {path: self._scope.data.get(path) for path in paths}
        return Guard(text, holds, why, operator if inside else "", values, inside)

    def _decided(self, node: ast.Node, noted: tuple[str, Callable[[Scope], Any]] | None) -> tuple[bool | None, str]:
        run = self._expression.run if noted is None else noted[1]
        if _asks(node):
            return None, "it looks at what the sender says"
        try:
            return run(self._scope) is True, ""
        except MissingValue as missing:
            return None, str(missing)
        except ExpressionError as error:
            return None, str(error)


def _inside(node: ast.Node) -> tuple[str, tuple[ast.Node, ...]]:
    match node:
        case ast.Logic(operator=operator, operands=operands):
            return operator, operands
        case ast.Unary(operator="!", operand=operand):
            return "!", (operand,)
        case ast.Defined(tree=tree):
            return "=", (tree,)
        case _:
            return "", ()


def _paths(node: ast.Node) -> tuple[str, ...]:
    """The fields below a node, in their order."""
    if isinstance(node, ast.Field):
        return (node.path,)
    return tuple(dict.fromkeys(path for one in ast.children(node) for path in _paths(one)))


def _asks(node: ast.Node) -> bool:
    """Whether it looks at what comes with the event."""
    if isinstance(node, ast.Special):
        return node.name.startswith("event")
    return any(_asks(one) for one in ast.children(node))
