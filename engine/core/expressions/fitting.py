"""Which types go together: what can be compared, what a condition's branches have in common, what a field takes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.core.expressions.code import Code, mismatch
from engine.core.fixes import guess
from engine.core.types import MEMBERS, NUMBER, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.expressions.ast import Node
    from engine.core.expressions.code import Run
    from engine.core.expressions.expression import Scope

NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})
TEXTS = frozenset({Kind.TEXT, Kind.CHOICE, Kind.CODE, Kind.FILE})
ORDERED = frozenset({Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.DURATION})


def members(of: Type) -> Mapping[str, Type]:
    """The members of a record or of a built-in kind that has some; empty for all others."""
    return of.members or MEMBERS.get(of.kind, {})


def has_any(of: Type) -> bool:
    """Whether values of this type are not known before they are there."""
    return of.kind in {Kind.ANY, Kind.MAP} or (of.item is not None and has_any(of.item))


def unify(a: Type, b: Type) -> Type | None:
    """The one type of two values that may stand in each other's place; None: there is none."""
    if a.kind in NUMBERS and b.kind in NUMBERS:
        return a if a.kind is b.kind else NUMBER
    if a.kind in TEXTS and b.kind in TEXTS:
        return a if a == b else TEXT
    if a.kind is not b.kind:
        return None
    if a.kind is Kind.LIST:
        if a.item is None or b.item is None:
            return b if a.item is None else a
        item = unify(a.item, b.item)
        return Type(Kind.LIST, item=item) if item else None
    return a if a.kind is not Kind.RECORD or dict(a.members) == dict(b.members) else None


def can_equal(a: Type, b: Type) -> bool:
    """Whether a value of one type can ever equal a value of the other."""
    if Kind.ANY in {a.kind, b.kind} or unify(a, b) is not None:
        return True
    if a.kind is Kind.LIST and b.kind is Kind.LIST and a.item and b.item:
        return can_equal(a.item, b.item)
    return False


def why_not(a: Code, b: Code) -> str | None:
    """A hint where two types that look alike are not."""
    kinds = {a.type.kind, b.type.kind}
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return "date(x) is the day of a moment"
    if Kind.NULL in kinds:
        return "a field without a value is asked for with has(field)"
    if Kind.DATE in kinds and kinds & TEXTS:
        return 'a date is written date("2026-01-31")'
    if kinds & NUMBERS and kinds & TEXTS:
        return "int(x) makes a number of a text, string(x) a text of a number"
    if Kind.LIST in kinds:
        return "whether a list holds a value is asked with: value in list"
    return None


def check_options(choice: Type, texts: Mapping[str, Node] | None) -> None:
    """Each literal text compared with a choice has to be one of its options."""
    for text, node in (texts or {}).items():
        if text not in choice.options:
            known = ", ".join(choice.options[:12])
            raise mismatch(node, f"'{text[:60]}' is no option here; there are {known}", guess(text, choice.options))


def conform(code: Code, expect: Type, *, node: Node | None = None) -> Code:
    """The part as a value of the expected type, converted where nothing is lost; raises ExpressionFault."""
    place = node or code.node
    have = code.type
    if expect.kind is Kind.CHOICE:
        texts = possible_texts(code)
        if have.kind in TEXTS and texts is not None:
            if have.kind is not Kind.CHOICE or set(have.options) - set(expect.options):
                check_options(expect, texts)
            return replace(code, type=expect)
        options = f"options are {', '.join(expect.options[:12])}"
        raise mismatch(place, f"one of the options is wanted here, not {a_type(have)}", options)
    if expect.kind is Kind.LIST and have.kind is Kind.LIST:
        return conform_list(code, expect, place)
    if expect.kind is Kind.NUMBER and have.kind is Kind.INTEGER:
        return as_number(code, expect)
    if expect.kind is Kind.NUMBER and have.kind is Kind.NUMBER:
        return as_number(code, expect)
    if fits(have, expect):
        return replace(code, type=expect)
    hint = None
    if expect.kind is Kind.INTEGER and have.kind is Kind.NUMBER:
        hint = "int(x) cuts a number to an integer"
    elif expect.kind is Kind.BOOLEAN:
        hint = "a condition is true or false; compare it, or ask has(field)"
    elif {expect.kind, have.kind} == {Kind.DATE, Kind.DATETIME}:
        hint = "date(x) is the day of a moment, start_of_day(x) the first moment of a day"
    elif have.kind is Kind.ANY:
        hint = "a map is not looked into; string(x), int(x) or date(x) make a value of it"
    elif expect.kind is Kind.TEXT:
        hint = "string(x) makes a text of it"
    raise mismatch(place, f"{a_type(expect)} is wanted here, not {a_type(have)}", hint)


def fits(have: Type, expect: Type) -> bool:
    """Whether every value of one type is one of the other, as it is."""
    if expect.kind is Kind.ANY or (have.kind is Kind.NULL and expect.kind is Kind.NULL):
        return True
    if expect.kind in TEXTS - {Kind.CHOICE} and have.kind in TEXTS:
        return True
    if expect.kind is Kind.CHOICE:
        return have.kind is Kind.CHOICE and set(have.options) <= set(expect.options)
    if expect.kind is Kind.LIST and have.kind is Kind.LIST:
        return have.item is None or expect.item is None or fits(have.item, expect.item)
    if expect.kind is Kind.RECORD and have.kind is Kind.RECORD:
        return all(name in expect.members and fits(kind, expect.members[name]) for name, kind in have.members.items())
    return have.kind is expect.kind


def conform_list(code: Code, expect: Type, place: Node) -> Code:
    """A list as a list of the expected items."""
    have, want = code.type.item, expect.item
    if have is None or want is None or fits(have, want):
        if want is not None and want.kind is Kind.NUMBER:
            return numbers(code, expect)
        return replace(code, type=expect)
    if want.kind is Kind.NUMBER and have.kind is Kind.INTEGER:
        return numbers(code, expect)
    if want.kind is Kind.CHOICE and have.kind in TEXTS and code.texts is not None:
        check_options(want, code.texts)
        return replace(code, type=expect)
    raise mismatch(place, f"{a_type(expect)} is wanted here, not {a_type(code.type)}")


def possible_texts(code: Code) -> Mapping[str, Node] | None:
    """Every text a part can be, where that is known."""
    if code.texts is not None:
        return code.texts
    if code.type.kind is Kind.CHOICE:
        return dict.fromkeys(code.type.options, code.node)
    return None


def as_number(code: Code, expect: Type) -> Code:
    """Integers among the values become exact decimals, the type a number field holds."""
    if code.constant:
        value = Decimal(code.value)
        return replace(code, type=expect, value=value, run=lambda _: value)
    run = code.run

    def decimal(scope: Scope) -> Decimal:
        return Decimal(run(scope))

    return replace(code, type=expect, run=decimal)


def numbers(code: Code, expect: Type) -> Code:
    """As `as_number`, for each item of a list."""
    run: Run = code.run

    def decimals(scope: Scope) -> tuple[Decimal, ...]:
        return tuple(Decimal(item) for item in run(scope))

    changed = replace(code, type=expect, run=decimals)
    if code.constant:
        value = tuple(Decimal(item) for item in code.value)
        return replace(changed, value=value, run=lambda _: value)
    return changed


def a_type(of: Type) -> str:
    """A type with its article, for messages."""
    words = {
        Kind.BOOLEAN: "a condition",
        Kind.NULL: "null",
        Kind.ANY: "a value of a map",
        Kind.RECORD: "a row",
        Kind.TEXT: "text",
        Kind.MONEY: "money",
        Kind.LIST: "a list",
    }
    if of.kind is Kind.LIST and of.item is not None:
        return str(of)
    word = words.get(of.kind, of.kind.value)
    if " " in word or of.kind in words:
        return word
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
