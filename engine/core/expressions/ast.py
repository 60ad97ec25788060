"""The tree of an expression, as written and as resolved; what it means is left to the checker.

The parser makes syntax nodes; `Name` and `Call.target` occur only there. The checker makes the resolved tree that
`Expression.tree` holds: names have become Field, Special, Bound, Defined or StateTest, methods have become Calls with the
target as first argument, macros Comprehensions. It is meant to be read with `match`; `children(node)` gives the
nodes directly inside. `offset` and `length` count characters of the source of the expression (a Defined's tree: of
the source of the definition).
"""

from __future__ import annotations

from typing import Any

from engine.core.frozen import frozen


@frozen
class Node:
    """A part of the source; `depth` is the height of the tree below and with it."""

    offset: int
    length: int
    depth: int


@frozen
class Literal(Node):
    """int, Decimal, str, bool or None."""

    value: Any


@frozen
class Name(Node):
    """A bare name, as written."""

    name: str


@frozen
class Select(Node):
    """`operand.member`; `at` is the offset of the member."""

    operand: Node
    member: str
    at: int


@frozen
class Index(Node):
    """`operand[index]`."""

    operand: Node
    index: Node


@frozen
class Call(Node):
    """`function(arguments)`, or as written `target.function(arguments)`; `at` is the offset of the function's name."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    at: int


@frozen
class Items(Node):
    """A list literal."""

    items: tuple[Node, ...]


@frozen
class Unary(Node):
    """`!` or `-`."""

    operator: str
    operand: Node


@frozen
class Binary(Node):
    """Comparison (`== != < <= > >= in`) or arithmetic (`+ - * / %`); `at` is the offset of the operator."""

    operator: str
    left: Node
    right: Node
    at: int


@frozen
class Logic(Node):
    """`&&` or `||` of two or more operands."""

    operator: str
    operands: tuple[Node, ...]


@frozen
class Conditional(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


# ── only in the resolved tree ────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Field(Node):
    """A data path."""

    path: str


@frozen
class Special(Node):
    """`now`, `today`, `answers`, `children`, or a member of event, actor, case, result: `event.reasons`."""

    name: str


@frozen
class Bound(Node):
    """What a macro (or `as`) binds; `key` tells it from others of the same name."""

    name: str
    key: str


@frozen
class Defined(Node):
    """A `define`d name and its tree."""

    name: str
    tree: Node


@frozen
class StateTest(Node):
    """`in_state` or `entered` of a full path."""

    function: str
    path: str


@frozen
class Has(Node):
    """`has(operand)`: operand is a Field, a Special or a Select."""

    operand: Node


@frozen
class Comprehension(Node):
    """`range.macro(variable, body)`; `where` is the condition of a map with three arguments."""

    macro: str
    range: Node
    variable: Bound
    body: Node
    where: Node | None = None


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside, in source order."""
    match node:
        case Select(operand=operand) | Unary(operand=operand) | Has(operand=operand):
            return (operand,)
        case Index(operand=operand, index=index):
            return (operand, index)
        case Call(target=target, arguments=arguments):
            return (target, *arguments) if target is not None else arguments
        case Items(items=inner) | Logic(operands=inner):
            return inner
        case Binary(left=left, right=right):
            return (left, right)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Defined(tree=tree):
            return (tree,)
        case Comprehension(range=range_, where=where, body=body):
            return (range_, body) if where is None else (range_, where, body)
        case _:
            return ()


def height(*inside: Node | None) -> int:
    """The depth of a node that holds these."""
    return 1 + max((node.depth for node in inside if node is not None), default=0)
