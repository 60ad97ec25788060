"""The data that an exploration knows: counters and marks that only the definition itself writes; conditions in three values.

A field is followed when every `set` of it gives a constant or adds a positive whole number to it, no form or answer writes it,
and a condition looks at it. A number that is added to counts up to just above the constants it is compared with, since all
larger ones decide alike. What is not followed may have any value: a condition over it is neither true nor false (None).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.core.definition import Assignment
from engine.core.expressions.ast import (
    Binary,
    Conditional,
    Defined,
    Field,
    Has,
    Items,
    Literal,
    Logic,
    Node,
    StateTest,
    Unary,
    children,
)
from engine.core.expressions.comparing import COMPARE
from engine.core.frozen import frozen
from engine.core.types import Kind
from engine.verify.reads import written_by_others

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from engine.core.definition import Workflow
    from engine.core.expressions.expression import Expression
    from engine.verify.parts import Parts

MOST_COUNTED = 32
"""A counter that is compared with more is not followed."""

Known = tuple[Any, ...]
Change = tuple[int, Any, bool]
"""Which field, the value, and whether it is added."""
Test = Callable[[Known, int], Any]
"""A value of an expression for known values and active states (as bits); UNKNOWN where it may be any."""


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()
_FOLLOWED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.CHOICE})


@frozen
class Values:
    """The fields that are followed, by place; `start` their values in a new case, `caps` where counting ends."""

    places: Mapping[str, int]
    start: Known
    caps: tuple[int | None, ...]

    def changes(self, assignments: Iterable[Assignment]) -> tuple[Change, ...]:
        """What `set` does to the fields that are followed."""
        return tuple((self.places[item.path], *_written(item)) for item in assignments if item.path in self.places)

    def capped(self, known: Known) -> Known:
        """Real values, as far as they are told apart."""
        return tuple(
            min(value, cap) if cap is not None and value is not None else value
            for value, cap in zip(known, self.caps, strict=True)
        )

    def ends(self, path: str) -> Callable[[Iterable[Assignment]], bool]:
        """Whether a `set` gives a field a value that does not depend on the one before."""
        return lambda assignments: any(item.path == path and not _written(item)[1] for item in assignments)

    def after(self, known: Known, changes: tuple[Change, ...]) -> Known:
        """The values when these changes are made at once."""
        if not changes:
            return known
        new = list(known)
        for place, value, added in changes:
            cap = self.caps[place]
            said = (known[place] or 0) + value if added else value
            new[place] = min(said, cap) if cap is not None and said is not None else said
        return tuple(new)


def values_of(
    workflow: Workflow, parts: Parts, conditions: Iterable[Expression], follow: Collection[str] | None
) -> Values:
    """Which fields of a workflow can be followed, for these conditions; of these only, where `follow` is given."""
    conditions = list(conditions)
    read = frozenset().union(*(condition.reads for condition in conditions))
    given = written_by_others(workflow, parts)
    opening = {item.path for item in workflow.opening.set}
    sets: dict[str, list[Assignment]] = {}
    for item in parts.of(Assignment):
        sets.setdefault(item.path, []).append(item)
    places: dict[str, int] = {}
    start, caps = [], []
    for path, field in workflow.fields.items():
        if follow is not None and path not in follow:
            continue
        if path not in read or path in given or path in opening or field.type.kind not in _FOLLOWED:
            continue
        writes = [_written(item) for item in sets.get(path, ())]
        if any(value is UNKNOWN for value, _ in writes):
            continue
        cap = None
        if any(added for _, added in writes):
            cap = _cap(path, conditions)
            if cap is None or (isinstance(field.default, int) and field.default > cap):
                continue
        places[path] = len(places)
        start.append(field.default)
        caps.append(cap)
    return Values(places, tuple(start), tuple(caps))


def _written(item: Assignment) -> tuple[Any, bool]:
    """The value that an assignment gives, and whether it is added to the one before; UNKNOWN: neither."""
    if item.expression is None:
        return None, False
    match item.expression.tree:
        case Literal(value=value):
            return value, False
        case Binary(operator="+", left=Field(path=path), right=Literal(value=int(value))) if (
            path == item.path and value > 0
        ):
            return value, True
        case _:
            return UNKNOWN, False


def _cap(path: str, conditions: Iterable[Expression]) -> int | None:
    """One more than the largest constant it is compared with; None where it is used in another way, or counts too far."""
    found = [0]
    for condition in conditions:
        if path not in condition.reads:
            continue
        constants = list(_compared(condition.tree, path))
        if any(constant is None for constant in constants):
            return None
        found += [int(constant) + 1 for constant in constants if constant is not None]
    return max(found) if max(found) <= MOST_COUNTED else None


def _compared(tree: Node, path: str) -> Iterator[Decimal | None]:
    """The whole numbers that a field is compared with; None for each other use of it."""
    match tree:
        case (
            Binary(operator=sign, left=Field(path=name), right=Literal(value=value))
            | Binary(operator=sign, left=Literal(value=value), right=Field(path=name))
        ) if name == path and sign in COMPARE and isinstance(value, int | Decimal):
            yield Decimal(value)
        case Field(path=name):
            if name == path:
                yield None
        case _:
            for inner in children(tree):
                yield from _compared(inner, path)


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def all_of(conditions: Iterable[Expression], values: Values, bits: Mapping[str, int]) -> Test | None:
    """Conditions that must all be true; None: there is none, so it always fits."""
    tests = [compiled(condition.tree, values, bits) for condition in conditions]
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else _logic(tests, absorbing=False)


def compiled(node: object, values: Values, bits: Mapping[str, int]) -> Test:
    """An expression as a function of what is known."""
    match node:
        case Literal(value=value):
            return lambda _known, _active: value
        case Field(path=path) if path in values.places:
            place = values.places[path]
            return lambda known, _active: UNKNOWN if known[place] is None else known[place]
        case Has(operand=Field(path=path)) if path in values.places:
            place = values.places[path]
            return lambda known, _active: known[place] is not None
        case StateTest(function="in_state", path=path):
            bit = bits.get(path, 0)
            return lambda _known, active: bool(active & bit)
        case Defined(tree=tree):
            return compiled(tree, values, bits)
        case Unary(operator="!", operand=operand):
            inner = compiled(operand, values, bits)
            return lambda known, active: _not(inner(known, active))
        case Logic(operator=sign, operands=operands):
            return _logic([compiled(one, values, bits) for one in operands], absorbing=sign == "||")
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return _conditional(*(compiled(one, values, bits) for one in (condition, then, otherwise)))
        case Binary(operator="in", left=left, right=Items(items=items)):
            return _within(compiled(left, values, bits), [compiled(item, values, bits) for item in items])
        case Binary(operator=sign, left=left, right=right) if sign in COMPARE:
            return _comparison(COMPARE[sign], compiled(left, values, bits), compiled(right, values, bits))
        case _:
            return lambda _known, _active: UNKNOWN


def _not(value: Any) -> Any:
    return UNKNOWN if value is UNKNOWN else not value


def _logic(tests: list[Test], *, absorbing: bool) -> Test:
    """`||` is true where one is (absorbing), `&&` false where one is not, whatever the others are."""

    def test(known: Known, active: int) -> Any:
        unsure = False
        for one in tests:
            value = one(known, active)
            if value is absorbing:
                return absorbing
            unsure = unsure or value is UNKNOWN
        return UNKNOWN if unsure else not absorbing

    return test


def _conditional(condition: Test, then: Test, otherwise: Test) -> Test:
    def test(known: Known, active: int) -> Any:
        decided = condition(known, active)
        if decided is UNKNOWN:
            return UNKNOWN
        return then(known, active) if decided else otherwise(known, active)

    return test


def _within(left: Test, items: list[Test]) -> Test:
    def test(known: Known, active: int) -> Any:
        value, among = left(known, active), [item(known, active) for item in items]
        return UNKNOWN if value is UNKNOWN or UNKNOWN in among else value in among

    return test


def _comparison(compare: Callable[[Any, Any], bool], left: Test, right: Test) -> Test:
    def test(known: Known, active: int) -> Any:
        one, other = left(known, active), right(known, active)
        if one is UNKNOWN or other is UNKNOWN or one is None or other is None:
            return UNKNOWN
        return compare(one, other)

    return test
