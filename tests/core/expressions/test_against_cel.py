"""What expressions share with CEL means what CEL's own implementation says; the intended differences are listed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.expressions.compiler import ExpressionFault, Names, compile_expression
from engine.core.expressions.expression import ExpressionError, Scope
from engine.core.types import BOOLEAN, INTEGER, TEXT, Kind, Type

INTS = Type(Kind.LIST, item=INTEGER)
ROWS = Type(Kind.LIST, item=Type(Kind.RECORD, members={"a": INTEGER, "q": INTEGER}))
OURS = Names(
    {"g.x": INTEGER, "g.y": INTEGER, "g.q": INTEGER, "f.b": BOOLEAN, "f.q": BOOLEAN, "s": TEXT, "l": INTS, "r": ROWS}
)
NUMBERS = cel.Type.Map(cel.Type.STRING, cel.Type.INT)
THEIRS = cel.NewEnv(
    variables={
        "g": NUMBERS,
        "f": cel.Type.Map(cel.Type.STRING, cel.Type.BOOL),
        "s": cel.Type.STRING,
        "l": cel.Type.List(cel.Type.INT),
        "r": cel.Type.List(NUMBERS),
    }
)

texts = st.text("abж😀'\"\\\n", max_size=4).map(
    lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
)


@cache
def expressions(sort, depth, bound=()):
    """Texts of expressions of a sort, well typed in both languages; brackets are left out where they are not needed."""
    e = lambda s, more=(): expressions(s, depth - 1, (*bound, *more))  # noqa: E731
    leaves, inner = LEAVES[sort], []
    for name, kind in bound:
        if kind == sort:
            leaves = leaves | st.just(name)
        if kind == "row" and sort == "int":
            leaves = leaves | st.sampled_from([f"{name}.a", f"{name}.q"])
        if kind == "row" and sort == "bool":
            leaves = leaves | st.sampled_from([f"has({name}.a)", f"has({name}.q)"])
    if depth == 0:
        return leaves
    name = "vwxyz"[len(bound) % 5]
    item, row = ((name, "int"),), ((name, "row"),)
    macros = ["all", "exists", "exists_one"]
    if sort == "bool":
        inner = [
            st.builds("({} {} {})".format, e("bool"), st.sampled_from(["&&", "||", "==", "!="]), e("bool")),
            st.builds("{} {} {}".format, e("bool"), st.sampled_from(["&&", "||"]), e("bool")).map("({})".format),
            st.builds("({} && {} || {})".format, e("bool"), e("bool"), e("bool")),
            st.builds("({} || {} && {} || {})".format, e("bool"), e("bool"), e("bool"), e("bool")),
            st.builds("!{}".format, e("bool")),
            st.builds("({} ? {} : {})".format, e("bool"), e("bool"), e("bool")),
            st.builds("({} {} {})".format, e("int"), st.sampled_from(RELATIONS), e("int")),
            st.builds("({} {} {})".format, e("text"), st.sampled_from(RELATIONS), e("text")),
            st.builds("({} == {})".format, e("list"), e("list")),
            st.builds("({} in {})".format, e("int"), e("list")),
            st.builds(
                "{}.{}({})".format, e("text"), st.sampled_from(["contains", "startsWith", "endsWith"]), e("text")
            ),
            st.builds(f"{{}}.{{}}({name}, {{}})".format, e("list"), st.sampled_from(macros), e("bool", item)),
            st.builds(f"r.{{}}({name}, {{}})".format, st.sampled_from(macros), e("bool", row)),
        ]
    if sort == "int":
        inner = [
            st.builds("({} {} {})".format, e("int"), st.sampled_from(["+", "-", "*", "%"]), e("int")),
            st.builds("({} + {} * {} - {} % {})".format, e("int"), e("int"), e("int"), e("int"), e("int")),
            st.builds("-({})".format, e("int")),
            st.builds("({} ? {} : {})".format, e("bool"), e("int"), e("int")),
            st.builds("{}.size()".format, e("list")),
            st.builds("size({})".format, e("text")),
            st.builds("{}[{}]".format, e("list"), e("int")),
        ]
    if sort == "text":
        inner = [
            st.builds("({} + {})".format, e("text"), e("text")),
            st.builds("({} ? {} : {})".format, e("bool"), e("text"), e("text")),
        ]
    if sort == "list":
        inner = [
            st.lists(e("int"), min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
            st.builds("({} + {})".format, e("list"), e("list")),
            st.builds(f"{{}}.filter({name}, {{}})".format, e("list"), e("bool", item)),
            st.builds(f"{{}}.map({name}, {{}})".format, e("list"), e("int", item)),
            st.builds(f"r.map({name}, {{}}, {{}})".format, e("bool", row), e("int", row)),
        ]
    return st.one_of(leaves, *inner)


RELATIONS = ["==", "!=", "<", "<=", ">", ">="]
LEAVES = {
    "bool": st.sampled_from(["true", "false", "f.b", "f.q", "has(f.q)", "has(g.x)", "(1 % 0 == 1)"]),
    "int": st.integers(-9, 9).map(str) | st.sampled_from(["g.x", "g.y", "g.q"]),
    "text": texts | st.just("s"),
    "list": st.sampled_from(["l", "l.filter(e, false)", "[1, 2]"]),
}
whole = {sort: expressions(sort, 3) for sort in LEAVES}
data = st.fixed_dictionaries(
    {
        "x": st.integers(-5, 5),
        "y": st.integers(-5, 5),
        "b": st.booleans(),
        "s": st.text("abж😀'", max_size=5),
        "l": st.lists(st.integers(-3, 3), max_size=3),
        "r": st.lists(
            st.fixed_dictionaries({}, optional={"a": st.integers(-3, 3), "q": st.integers(-3, 3)}), max_size=3
        ),
    }
)


def ours(source, given_data):
    """What we say: a value, "error" at run time, or "refused"."""
    values = {"g.x": given_data["x"], "g.y": given_data["y"], "f.b": given_data["b"]}
    values |= {"s": given_data["s"], "l": tuple(given_data["l"]), "r": tuple(given_data["r"])}
    try:
        compiled = compile_expression(source, OURS)
    except ExpressionFault as fault:
        if fault.code == "WF034":
            return "too much"
        return f"refused: {fault}"
    try:
        found = compiled.run(Scope(values, datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC")))
    except ExpressionError:
        return "error"
    return list(found) if isinstance(found, tuple) else found


def theirs(source, given_data):
    """What CEL says."""
    values = {"g": {"x": given_data["x"], "y": given_data["y"]}, "f": {"b": given_data["b"]}}
    values |= {name: given_data[name] for name in "slr"}
    try:
        found = THEIRS.compile(source).eval(data=values)
    except RuntimeError as error:
        return f"refused: {error}"
    if found.type() == cel.Type.ERROR:
        return "too much" if "overflow" in str(found.plain_value()) else "error"
    return found.plain_value()


@settings(max_examples=250, deadline=None)
@given(st.one_of(*whole.values()), data)
def test_as_cel(source, given_data):
    """A random expression over random data gives the same value, or an error in both."""
    mine, other = ours(source, given_data), theirs(source, given_data)
    if "too much" in (mine, other):
        return
    assert (mine, type(mine)) == (other, type(other)), source


TABLE = [
    "1 < 2 == true",
    "false ? 1 : true ? 2 : 3",
    "!true == false",
    "- 1 - -1",
    "1 - 2 - 3",
    "7 % -2 == 1 && -7 % 2 == -1",
    "'\\x41\\u0416\\U0001F600\\101\\a\\?' == 'AЖ😀A\\a?'",
    'r"\\n".size() == 2 && """a"b""".size() == 3',
    "true || false && false",
    "'a' < 'b' && 'B' < 'a' && 'я' > 'z' && '😀' > '\\uFFFD'",
    "false < true",
    "[[1], [2, 3]] == [[1], [2, 3]]",
    "l.exists(i, l.all(j, i >= j))",
    "l.exists(i, 10 % i == 0)",
    "l.all(i, 10 % i == 0)",
    "[1, 2].map(x, [1, 2].map(x, x + 1)[0] + x)",
    "duration('1h30m') == duration('90m') && duration('-1.5s') < duration('0s')",
    "'abc'.matches('^a.c$') && !'abc'.matches('B') && 'abc'.matches('(?i)B') && matches('aab', 'a+b')",
    "'a\\nb'.matches('a.b')",
    "string(1) + string(true) + 'x'",
    "int('12') + int('-3')",
    "has(g.q) || has(g.x)",
    "f.q ? 1 : 1",
    "f.q || true",
    "f.q && true",
    "1 +",
    "a.b",
    "1 == '1'",
    "true && 1",
    "'a' + 1",
    "s.size",
    "[1][0][0]",
    "size(1)",
    "l.all(x)",
    "l.foo()",
    "l.all(1, true)",
    "'unclosed",
    "in",
    "1 ? 2 : 3",
    "2 ** 3",
    "g.x = 1",
]


@pytest.mark.parametrize("source", TABLE)
def test_as_cel_table(source):
    """What random expressions seldom meet is as in CEL too, and so is what both refuse."""
    given_data = {"x": 1, "y": 2, "b": True, "s": "abc", "l": [1, 0, 2], "r": []}
    mine, other = ours(source, given_data), theirs(source, given_data)
    if isinstance(mine, str) and mine.startswith("refused"):
        assert isinstance(other, str)
        assert other.startswith("refused")
    else:
        assert (mine, type(mine)) == (other, type(other))


# source: (ours, CEL's); None: refused. The whole list of LANGUAGE §4.
DIFFERENCES = {
    "1 / 2 == 0.5": (True, None),
    "-7 / 2": (Decimal("-3.5"), -3),
    "0.1 + 0.2 == 0.3": (True, False),
    "1 == 1.0": (True, None),
    "9223372036854775807 + 1": (9223372036854775808, "too much"),
    "date('2026-01-31') < date('2026-02-01')": (True, None),
    "add_months(date('2026-01-31'), 1) == date('2026-02-28')": (True, None),
    "[1, 2, 3].count(x, x > 1)": (2, None),
    "true and not false or false": (True, None),
    # stricter: typed where CEL is dynamic, and no maps, bytes or unsigned numbers are written
    "[1, 'a'] == [1]": (None, False),
    "{'a': 1}.a": (None, 1),
    "1u": (None, 1),
    "[][0] + 1": (None, "error"),
    "b'a' == b'a'": (None, True),
    "null == null ? 1 : 2": (1, 1),
}


@pytest.mark.parametrize("source", DIFFERENCES)
def test_not_as_cel(source):
    """The intended differences, each with what CEL says."""
    given_data = {"x": 1, "y": 2, "b": True, "s": "abc", "l": [1, 0, 2], "r": []}
    for found, expected in zip(
        (ours(source, given_data), theirs(source, given_data)), DIFFERENCES[source], strict=True
    ):
        if expected is None:
            assert str(found).startswith("refused")
        else:
            assert found == (expected)
