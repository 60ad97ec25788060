"""Hostile input: any text, any value, any pattern; nothing but the two errors, in bounded time."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.expressions.ast import Node, children
from engine.core.expressions.compiler import ExpressionFault, compile_expression
from engine.core.expressions.expression import ExpressionError
from engine.core.expressions.patterns import PatternFault, compile_pattern

WORDS = (  # noqa: SIM905 (words read better)
    "testing.score testing.share testing.verdict testing.clauses testing.levels testing.tags testing.passed open today now "
    "testing.missing testing.nothing testing.name testing.plan testing.done_at testing.fee testing.lead testing.extra "
    "event.reasons actor.roles answers children case.number item x y x.id x.verdict x.weight x.due has( size( string( int( "
    "date( duration( earliest( latest( add_days( add_months( add_working_days( days_between( start_of_day( .all(x, "
    ".exists(x, .filter(x, .map(y, .count(x, .exists_one(x, .matches( .contains( in_state('lab') entered('lab') ( ) ) ) , "
    "[ ] [0] . ? : && || and or not ! == != < <= > >= in + - * / % 1 0 2 0.5 'a' '' 'met' '2026-01-31' '24h' '[a-z]+' true "
    "false null 99999999999999999999 1e30 __class__ lambda { } = & | ' \" \\ # ; @ ** // r' import"
).split()

soup = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
values = {
    "bool": [
        "open",
        "testing.passed",
        "testing.missing",
        "true",
        "x.verdict == 'met'",
        "testing.extra.t == y",
        "has(x.due)",
    ],
    "int": ["testing.score", "testing.nothing", "0", "3", "-7", "10000000000000000000000000000000", "x.weight", "y"],
    "number": ["testing.share", "0.5", "1e30", "testing.fee.amount", "1e-30"],
    "text": ["testing.name", "'a'", "event.reasons", "x.id", "testing.verdict", "testing.lead.email", "case.number"],
    "date": ["testing.plan", "today", "x.due", "date('0002-01-01')", "date('9998-12-31')"],
    "moment": ["now", "testing.done_at", "entered('draft')", "event.at"],
    "span": ["duration('24h')", "duration('-99999999h')", "now - testing.done_at"],
    "list": ["testing.levels", "[]", "[1, 2]"],
    "rows": ["testing.clauses", "[item]"],
    "dates": ["[today]", "testing.clauses.map(x, x.due)"],
}
forms = {
    "bool": [
        "({bool} && {bool})", "({bool} || {bool})", "!{bool}", "({bool} ? {bool} : {bool})", "({int} < {number})",
        "({int} == {number})", "({date} <= {date})", "({moment} > {moment})", "({span} < {span})", "({text} == {text})",
        "{rows}.all(x, {bool})", "{rows}.exists(x, {bool})", "{rows}.exists_one(x, {bool})", "({int} in {list})",
        "{text}.contains({text})", "{text}.matches('(a|b)*[а-я]+')", "{list}.exists(y, {bool})", "({list} == {list})",
        "testing.extra.k == {text}", "(testing.fee > {number})", "(testing.fee == testing.paid)", "({rows} == {rows})",
    ],
    "int": [
        "({int} + {int})", "({int} * {int})", "({int} % {int})", "int({number})", "int({text})", "size({list})",
        "{rows}.count(x, {bool})", "days_between({date}, {date})", "{list}[{int}]", "-{int}", "({bool} ? {int} : {int})",
        "int(testing.extra.n)",
    ],
    "number": ["({int} / {int})", "({number} / {number})", "({number} * {number})", "({number} - {int})", "-{number}"],
    "text": [
        "({text} + {text})", "string({number})", "string({int})", "string({date})", "string({moment})", "string({span})",
        "string(testing.extra.k)", "string(testing.extra)[0]", "({bool} ? {text} : {text})",
    ],
    "date": [
        "date({moment})", "date({text})", "add_days({date}, {int})", "add_months({date}, {int})",
        "add_working_days({date}, {int})", "earliest({dates})", "latest({dates})",
    ],
    "moment": ["({moment} + {span})", "({moment} - {span})", "start_of_day({date})", "start_of_day({moment})"],
    "span": ["({moment} - {moment})", "({span} + {span})", "duration({text})"],
    "list": ["({list} + {list})", "{list}.filter(y, {bool})", "{list}.map(y, {int})", "{rows}.map(x, {int})", "[{int}]"],
    "rows": ["{rows}.filter(x, {bool})", "({rows} + {rows})"],
    "dates": ["{rows}.map(x, {date})", "[{date}, {date}]"],
}  # fmt: skip


def grown(sort, depth):
    """Texts of expressions that mostly pass the checker."""
    leaf = st.sampled_from(values[sort])
    if depth == 0:
        return leaf
    holes = {form: re.findall(r"\{(\w+)\}", form) for form in forms[sort]}
    made = [
        st.tuples(*(grown_at(hole, depth - 1) for hole in holes[form])).map(
            lambda parts, form=form: re.sub(r"\{\w+\}", "{}", form).format(*parts)
        )
        for form in forms[sort]
    ]
    return st.one_of(leaf, *made)


KNOWN: dict = {}


def grown_at(sort, depth):
    """One strategy for each sort and depth."""
    if (sort, depth) not in KNOWN:
        KNOWN[sort, depth] = grown(sort, depth)
    return KNOWN[sort, depth]


@settings(max_examples=400, deadline=None)
@given(source=st.one_of(st.text(max_size=60), soup, soup))
def test_any_text(names, scope, source):
    """Any text is an expression or an ExpressionFault with a place inside it; what compiles runs."""
    found, fault = attempt(source, names())
    if fault is None:
        run(found, scope())
        return
    assert 0 <= fault.offset <= len(source)
    assert fault.length >= 1
    assert fault.offset + fault.length <= max(1, len(source))


def attempt(source, names):
    """The compiled expression, or the fault."""
    try:
        return compile_expression(source, names), None
    except ExpressionFault as fault:
        return None, fault


def run(expression, scope):
    """The value, or the text of the error."""
    try:
        return expression.run(scope)
    except ExpressionError as error:
        return str(error)


@settings(max_examples=300, deadline=None)
@given(
    source=st.sampled_from(sorted(forms)).flatmap(lambda sort: grown_at(sort, 3)),
    rows=st.sampled_from(["[item]", "testing.clauses", "testing.clauses.filter(c, has(c.due))"]),
)
def test_any_expression(names, scope, source, rows):
    """A compiled expression gives a value of its type or an ExpressionError, soon, and its tree can be walked."""
    found, fault = attempt(f"{rows}.map(x, [3, 0].map(y, {source}))", names())
    if found is None:
        assert fault.code in {"WF032", "WF034"}
        return
    start = time.perf_counter()
    assert "\n" not in str(run(found, scope()))
    assert time.perf_counter() - start < 2
    walk(found.tree)


def walk(node):
    """Every node is resolved and inside the one around it."""
    assert isinstance(node, Node)
    assert type(node).__name__ != "Name"
    for child in children(node):
        assert child.depth < node.depth
        walk(child)


pieces = st.recursive(
    st.sampled_from([*"abc", ".", r"\d", r"\w", r"\S", "[a-c]", "[^b]", r"[\d-]", "[]x]", "^", "$", "(?:)", r"\."]),
    lambda inner: (
        st.builds("({})".format, inner)
        | st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"]))
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(pieces, st.lists(st.text("abcd1 .-", max_size=8), min_size=1, max_size=4))
def test_patterns_as_re(pattern, subjects):
    """A pattern finds what Python's re finds."""
    search = compile_pattern(pattern)
    other = re.compile(pattern, re.ASCII)
    for subject in subjects:
        assert search(subject) is (other.search(subject) is not None), (pattern, subject)


@settings(max_examples=200, deadline=None)
@given(st.text(r"ab()[]{}*+?|\^$.-1,:P<>=!id", max_size=20))
def test_any_pattern(pattern):
    """Any text is a pattern or a PatternFault."""
    with contextlib.suppress(PatternFault):
        assert compile_pattern(pattern)("ab1") in {True, False}


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*)*=", "a*a*a*a*a*b", "(a?){100}a{100}", "^(([a-z])+.)+[A-Z]$"]
)
def test_patterns_take_linear_time(pattern):
    """What brings a backtracking search down is an everyday pattern here."""
    search = compile_pattern(pattern)
    start = time.perf_counter()
    search("a" * 9_000 + "!")
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(?=a)", "(?<!a)", r"\bword", "a**", "a{1001}", "(a{100}){100}", "((){1000}){1000}", "(" * 30, "[z-a]"],
)
def test_patterns_refused(pattern):
    """What would need more than one look at a character, or too many states, is refused."""
    with pytest.raises(PatternFault):
        compile_pattern(pattern)
    with pytest.raises(PatternFault):
        compile_pattern("x" * 501)


def test_long_subject():
    """A text beyond the bound is an error, not a slow search."""
    with pytest.raises(ExpressionError):
        compile_pattern("a")("b" * 10_001)
