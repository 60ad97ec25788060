"""The few fields, events, people and expressions that random workflows are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.case import SYSTEM, Actor
from engine.core.definition import FormItem
from engine.core.expressions.compiler import Names, compile_expression
from engine.core.naming import Field, Text, Who
from engine.core.types import BOOLEAN, INTEGER, MEMBERS, TEXT, Kind, Type

if TYPE_CHECKING:
    from engine.core.expressions.expression import Expression

CHOICE = Type(Kind.CHOICE, options=("a", "b", "c"))
NUMBERS = Type(Kind.LIST, item=INTEGER)
PERSON = Type(Kind.PERSON, members=MEMBERS[Kind.PERSON])
ROW = Type(Kind.RECORD, members={"vote": INTEGER, "person": PERSON, "role": TEXT})
ROWS = Type(Kind.LIST, item=ROW)

FIELDS = {
    "facts.n": Field("facts.n", INTEGER, default=0),
    "facts.m": Field("facts.m", INTEGER, default=1),
    "facts.flag": Field("facts.flag", BOOLEAN, default=False),
    "facts.gap": Field("facts.gap", INTEGER),
    "facts.kind": Field("facts.kind", CHOICE, default="a", options={o: Text((("", o),)) for o in CHOICE.options}),
    "facts.items": Field("facts.items", NUMBERS, default=(1, 2), item=Field("item", INTEGER)),
}
EVENT_FIELDS = {"amount": Field("amount", INTEGER)}
FORMS: dict[str, tuple[FormItem, ...]] = {
    "go": (),
    "push": (),
    "count": (FormItem("facts.n", must=True),),
    "tell": (FormItem("facts.gap"), FormItem("facts.flag")),
    "pay": (FormItem("amount", must=True, event_data=True),),
}
PEOPLE = (
    Actor("ana", roles=frozenset({"red"})),
    Actor("ben", roles=frozenset({"blue"})),
    Actor("cyd", roles=frozenset({"red", "blue"})),
    Actor("dov", roles=frozenset({"red"})),
    Actor("eva", roles=frozenset({"blue"})),
    Actor("fay", roles=frozenset({"green"})),
    SYSTEM,
)
RED, BLUE, GREEN = Who("role", "red"), Who("role", "blue"), Who("role", "green")
BYS = ((RED,), (RED, BLUE), (BLUE,), (RED, BLUE, GREEN, Who("system")))
GUARDS = (
    "facts.n < 2",
    "facts.n >= 1",
    "facts.m > facts.n",
    "facts.flag",
    "!facts.flag",
    'facts.kind == "a"',
    'facts.kind == "b" || facts.flag',
    "has(facts.gap)",
    "has(facts.gap) && facts.gap > 1",
    "facts.gap > 0",
    "4 / facts.n > 1",
)
SETS: dict[str, tuple[str | None, ...]] = {
    "facts.n": ("facts.n + 1", "facts.n + 1", "0", "facts.m", "facts.n * 2"),
    "facts.m": ("facts.n", "facts.m + facts.n", "2"),
    "facts.flag": ("!facts.flag", "true", "facts.n > 1"),
    "facts.gap": ("facts.n", None, "facts.gap + 1"),
    "facts.kind": ("'a'", "'b'", "'c'"),
}


COMPILED: dict[tuple[str, str, str], Expression] = {}


def compiled(source: str, place: str = "", expect: Type | None = None) -> Expression:
    """An expression; `place` is event, panel, result or "": what else may be named there."""
    known = (source, place, str(expect))
    if known in COMPILED:
        return COMPILED[known]
    names = Names(
        paths={path: f.type for path, f in FIELDS.items()},
        event={"amount": INTEGER} if place == "event" else None,
        result={"score": INTEGER} if place == "result" else None,
        answers=ROW if place == "panel" else None,
        state=lambda name: name,
    )
    return COMPILED.setdefault(known, compile_expression(source, names, expect=expect))
