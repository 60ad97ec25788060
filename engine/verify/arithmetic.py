"""Conditions that compare fields with each other, decided by z3 where it is installed (the extra `prover`); its only owner.

What it cannot say (texts by order, functions, lists) stands for itself: a value that may be anything, the same wherever the
same words stand. So an answer "never" holds; an example is one as far as these parts can be what it needs.
"""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.core.expressions.ast import Binary, Conditional, Defined, Field, Items, Literal, Logic, Node, Special, Unary
from engine.core.types import Kind
from engine.verify.cells import in_words, name_of
from engine.verify.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.core.definition import Workflow

MOST_MS = 200
_ORDER = frozenset({"<", "<=", ">", ">="})
_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})


class Prover:
    """Asks z3. Raises ModuleNotFoundError where it is not installed."""

    def __init__(self, workflow: Workflow) -> None:
        self._z3 = import_module("z3")
        self._workflow = workflow
        self._parts: dict[str, tuple[Any, Node]] = {}
        self._bounds: list[Any] = []
        self._texts: dict[str, int] = {}

    def gap(self, rows: Sequence[Sequence[Node]]) -> str | bool | None:
        """Values with which of each row some condition does not hold, in words; None: there are none; False: not decided in
        time.
        """
        z3 = self._z3
        wanted = [z3.Not(z3.And(*[self._truth(tree) for tree in row])) for row in rows]
        solver = z3.Solver()
        solver.set("timeout", MOST_MS)
        solver.add(*wanted, *self._bounds)
        said = solver.check()
        if said == z3.unsat:
            return None
        return self._words(solver.model()) if said == z3.sat else False

    def _words(self, model: Any) -> str:
        found: dict[str, Any] = {}
        names = {code: text for text, code in self._texts.items()}
        for part, node in self._parts.values():
            value = model.eval(part, model_completion=True)
            found[name_of(node)] = self._value(node, value, names)
        return in_words(found)

    def _value(self, node: Node, value: Any, names: dict[int, str]) -> Any:
        z3 = self._z3
        if z3.is_bool(value):
            return z3.is_true(value)
        kind = self._kind(node)
        if kind is not None and kind not in _NUMBERS:
            return names.get(value.as_long(), "another text")
        if z3.is_int_value(value):
            return value.as_long()
        return Decimal(value.numerator_as_long()) / Decimal(value.denominator_as_long())

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _truth(self, node: Node) -> Any:
        z3 = self._z3
        match node:
            case Literal(value=bool() as value):
                return z3.BoolVal(value)
            case Defined(tree=tree):
                return self._truth(tree)
            case Logic(operator=operator, operands=operands):
                return (z3.Or if operator == "||" else z3.And)(*[self._truth(inner) for inner in operands])
            case Unary(operator="!", operand=operand):
                return z3.Not(self._truth(operand))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return z3.If(self._truth(condition), self._truth(then), self._truth(otherwise))
            case Binary(operator=operator, left=left, right=right) if operator in _ORDER or operator in {"==", "!="}:
                compared = self._compared(operator, left, right)
                return self._part(node, z3.Bool) if compared is None else compared
            case Binary(operator="in", left=left, right=Items(items=items)):
                among = [self._compared("==", left, item) for item in items]
                return self._part(node, z3.Bool) if None in among else z3.Or(*among)
            case _:
                return self._part(node, z3.Bool)

    def _compared(self, operator: str, left: Node, right: Node) -> Any:
        one, other = self._number(left), self._number(right)
        if one is not None and other is not None:
            return _BY_OPERATOR[operator](one, other)
        if operator in _ORDER:
            return None
        one, other = self._named(left), self._named(right)
        if one is None or other is None:
            return None
        return _BY_OPERATOR[operator](one, other)

    def _number(self, node: Node) -> Any:
        z3 = self._z3
        match node:
            case Literal(value=bool()):
                return None
            case Literal(value=int() as value):
                return z3.IntVal(value)
            case Literal(value=Decimal() as value):
                return z3.RealVal(str(value))
            case Defined(tree=tree):
                return self._number(tree)
            case Unary(operator="-", operand=operand):
                inner = self._number(operand)
                return None if inner is None else -inner
            case Binary(operator=("+" | "-" | "*") as operator, left=left, right=right):
                one, other = self._number(left), self._number(right)
                return None if one is None or other is None else _BY_OPERATOR[operator](one, other)
        kind = self._kind(node)
        if kind not in _NUMBERS:
            return None
        return self._part(node, z3.Int if kind is Kind.INTEGER else z3.Real)

    def _named(self, node: Node) -> Any:
        """A choice or a text as the number of its word."""
        if isinstance(node, Literal) and isinstance(node.value, str):
            return self._z3.IntVal(self._texts.setdefault(node.value, len(self._texts)))
        return self._part(node, self._z3.Int) if self._kind(node) in {Kind.CHOICE, Kind.TEXT} else None

    def _part(self, node: Node, sort: Any) -> Any:
        key = shape(node)
        if key not in self._parts:
            self._parts[key] = (sort(f"p{len(self._parts)}"), node)
            self._bound(self._parts[key][0], node)
        return self._parts[key][0]

    def _bound(self, part: Any, node: Node) -> None:
        """What the field's own type says of its values."""
        field = self._workflow.fields.get(node.path) if isinstance(node, Field) else None
        if field is None:
            return
        if field.type.kind is Kind.CHOICE:
            options = [self._texts.setdefault(str(one), len(self._texts)) for one in field.type.options]
            self._bounds.append(self._z3.Or(*[part == code for code in options]))
        elif field.type.kind in _NUMBERS:
            for bound, operator in ((field.min, ">="), (field.max, "<=")):
                if isinstance(bound, int | Decimal):
                    self._bounds.append(_BY_OPERATOR[operator](part, self._z3.RealVal(str(bound))))

    def _kind(self, node: Node) -> Kind | None:
        if isinstance(node, Defined):
            return self._kind(node.tree)
        if isinstance(node, Field):
            field = self._workflow.fields.get(node.path)
        elif isinstance(node, Special) and node.name.startswith("event."):
            field = self._workflow.event_fields.get(node.name.removeprefix("event."))
        else:
            field = None
        return None if field is None else field.type.kind


_BY_OPERATOR: dict[str, Any] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
}


def prover(workflow: Workflow) -> Prover | None:
    """One, where z3 is installed."""
    try:
        return Prover(workflow)
    except ModuleNotFoundError:
        return None
