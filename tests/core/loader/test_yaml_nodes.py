"""YAML to nodes: YAML 1.2 core, places, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.loader.yaml_nodes import MAX_NODES, ListNode, MapNode, ScalarNode, plain, read


def found(text: str) -> list[str]:
    """The findings of a text in short."""
    return [f"{d.code} {d.mark.line}:{d.mark.column}" for d in read(text, file="f.yaml")[1]]


@pytest.mark.parametrize(
    "word",
    ["on", "off", "no", "NO", "yes", "y", "12:30", "0042", "1.10a", "1_000", "0x1F", "2026-01-31", "!", "=", "<<x"],
)
def test_words_that_yaml_1_1_took_for_something_else_are_text(word):
    """Whatever the parser thinks: YAML 1.2 core has no other booleans, no sexagesimals, no dates, no octal zeros."""
    node, _ = read(f"a: '{word}'" if word == "!" else f"a: {word}", file="f")
    assert node is not None
    assert plain(node) == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-0.5", Decimal("-0.5")),
        ("1e3", Decimal(1000)),
        ('"12"', "12"),
        ("'true'", "true"),
        ("1.10", Decimal("1.10")),
    ],
)
def test_plain_scalars_resolve_by_yaml_1_2_core(text, value):
    """Only plain true, false, null and numbers are values; a quoted scalar is always text."""
    node, _ = read(f"a: {text}", file="f")
    assert node is not None
    assert plain(node) == {"a": value}


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("a: !x", ["WF005 1:4"]),
        ("a: !x y && z", ["WF005 1:4"]),
        ("a: {when: !b.c > 3, to: d}", ["WF005 1:11"]),
        ("a: !!python/object:os.system x", ["WF005 1:4"]),
        ("a: !!map {b: c}", ["WF005 1:4"]),
        ("a: 1\nb: 2\na: 3", ["WF006 3:1"]),
        ("a: {b: 1, b: 2}\nc: {b: 1, b: 2}", ["WF006 1:11", "WF006 2:11"]),
        ("\ta: 1", ["WF003 1:1"]),
        ("a: 1\nb:\t2", ["WF003 2:3"]),
        ("a: \x00", ["WF004 1:4"]),
        ("a: \u2028", ["WF004 1:4"]),
        ("a: \ud800", ["WF004 1:4"]),
        ("a: 1\n---\nb: 2", ["WF009 2:1"]),
        ("{[a]: b}", ["WF017 1:2"]),
        ("? {a: b}\n: c", ["WF017 1:3"]),
        ("a: *b", ["WF008 1:4"]),
        ("a: &b [*b]", ["WF008 1:8"]),
        ("[" * 51 + "]" * 51, ["WF007 1:51"]),
        ("[" * 100_000, ["WF007 1:51"]),
        ("- " * 5_000 + "a", ["WF007 1:101"]),
        ("a: [" + "b, " * MAX_NODES + "]", ["WF008 1:600002"]),
        ("x" * 1_048_577, ["WF001 1:1"]),
        ("", ["WF000 1:1"]),
        ("# nothing\n", ["WF000 1:1"]),
        ("a: {when: f(b, c) > 3, to: d}", ["WF018 1:16"]),
        ("a: [1, 2", ["WF002 1:9"]),
        ("a:\n  - 1\n b: 2", ["WF002 3:2"]),
        ("a: 'x\nb: 1\n", ["WF002 1:4"]),
        ("a: @b", ["WF002 1:4"]),
        ("%x\na", ["WF002 1:3"]),
    ],
)
def test_what_is_no_plain_yaml_is_a_finding(text, findings):
    """Tags, duplicates, tabs, control characters, deep or exploding files are said with their place."""
    assert found(text) == findings


def test_anchors_are_allowed_until_they_explode():
    """An alias stands for its value; nested aliases are counted written out."""
    node, findings = read("a: &x [1, 2]\nb: *x", file="f")
    assert findings == []
    assert node is not None
    assert plain(node) == {"a": [1, 2], "b": [1, 2]}
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)
    )
    start = perf_counter()
    assert [f.split()[0] for f in found(bomb)] == ["WF008"]
    assert perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: b > cc", 4, (1, 8)),
        ("a: 'it''s cc'", 5, (1, 11)),
        ('a: "x \\" \\u00e9 cc"', 6, (1, 17)),
        ("a:\n  b: 'x cc'", 2, (2, 9)),
        ("a: |\n  x cc", 2, (1, 4)),
        ("a: x\n  cc", 2, (1, 4)),
    ],
)
def test_a_place_inside_a_scalar_is_exact_on_one_line(text, offset, place):
    """Plain and quoted scalars of one line count quotes and escapes; others are placed at their start."""
    node, _ = read(text, file="f")
    while not isinstance(node, ScalarNode):
        assert isinstance(node, MapNode)
        node = node.entries[0][1]
    assert [node.place(offset).line, node.place(offset).column] == list(place)


def test_nodes_know_where_they_stand():
    """Every key, value, map and list has line and column, counted from 1."""
    node, _ = read("# first\na: {b: [c, d]}\n", file="f")
    assert isinstance(node, MapNode)
    key, value = node.entries[0]
    assert (key.mark.line, key.mark.column) == (2, 1)
    assert isinstance(value, MapNode)
    assert (value.mark.line, value.mark.column) == (2, 4)
    inner = value.get("b")
    assert isinstance(inner, ListNode)
    assert [(i.mark.line, i.mark.column) for i in inner.items] == [(2, 9), (2, 12)]


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("{}[]:,!&*'\"|>-#\n ?%@`ab"), max_size=200))
def test_any_text_is_nodes_or_findings(text):
    """Reading never raises, and where there is nothing to read there is a finding."""
    node, findings = read(text, file="f")
    assert node is not None or findings
