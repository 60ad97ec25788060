"""Values read by their fields, and the bounds of patterns."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.fields import CHECKS, ValueFault, read_value
from engine.core.naming import Field
from engine.core.patterns import UnsafePattern, check_pattern, matches
from engine.core.types import MEMBERS, TEXT, Kind, Type
from engine.core.values import canonical, restore


def field(kind: Kind, **more) -> Field:
    """A field of this kind."""
    options = more.pop("options", ())
    return Field(path="group.it", type=Type(kind, members=MEMBERS.get(kind, {}), options=options), **more)


ROWS = Field(
    path="rows",
    type=Type(Kind.LIST),
    key="no",
    columns={
        "no": field(Kind.TEXT),
        "qty": field(Kind.INTEGER),
        "state": field(Kind.CHOICE, options=("open", "met"), default="open"),
        "must": field(Kind.BOOLEAN, required=True),
    },
)
TEXTS = Field(path="texts", type=Type(Kind.LIST, item=TEXT), item=field(Kind.TEXT), min=1, max=2)


@pytest.mark.parametrize(
    ("given_field", "raw", "value"),
    [
        (field(Kind.TEXT), "a\n\tb", "a\n\tb"),
        (field(Kind.INTEGER), 12, 12),
        (field(Kind.INTEGER), "-12", -12),
        (field(Kind.INTEGER), 12.0, 12),
        (field(Kind.NUMBER), 0.1, Decimal("0.1")),
        (field(Kind.NUMBER), "1234.50", Decimal("1234.50")),
        (field(Kind.BOOLEAN), "true", True),
        (field(Kind.DATE), "2026-01-31", date(2026, 1, 31)),
        (field(Kind.DATETIME), "2026-01-31T15:00:00+03:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (field(Kind.DATETIME), "2026-01-31T15:00:00Z", datetime(2026, 1, 31, 15, tzinfo=UTC)),
        (field(Kind.MONEY), "1000.00 RUB", {"amount": Decimal("1000.00"), "currency": "RUB"}),
        (field(Kind.MONEY), {"amount": 7, "currency": "EUR"}, {"amount": Decimal(7), "currency": "EUR"}),
        (field(Kind.CHOICE, options=("a", "3")), "3", "3"),
        (field(Kind.PERSON), "Ada Example", {"name": "Ada Example"}),
        (
            field(Kind.DOCUMENT),
            {"number": "7", "approved_on": "2026-01-31", "title": None},
            {"number": "7", "approved_on": date(2026, 1, 31)},
        ),
        (TEXTS, ["a", "b"], ("a", "b")),
        (ROWS, [{"no": "1", "must": True}], ({"no": "1", "state": "open", "must": True},)),
        (field(Kind.MAP), {"a": [1, {"b": 0.5}], "c": None}, {"a": (1, {"b": Decimal("0.5")}), "c": None}),
    ],
)
def test_a_value_of_its_type_is_taken(given_field, raw, value):
    """JSON, texts and typed values become the value of the type; reading it again changes nothing."""
    read = read_value(given_field, raw)
    assert (read, type(read)) == (value, type(value))
    assert read_value(given_field, read) == value
    assert restore(canonical(read)) == value


@pytest.mark.parametrize(
    ("given_field", "raw", "code", "subpath"),
    [
        (field(Kind.TEXT), None, "missing", ""),
        (field(Kind.TEXT), 5, "type", ""),
        (field(Kind.TEXT), "a\x00b", "text", ""),
        (field(Kind.TEXT), "x" * 100_001, "range", ""),
        (field(Kind.TEXT, max=3), "four", "range", ""),
        (field(Kind.TEXT, pattern="[a-z]+"), "a1", "pattern", ""),
        (field(Kind.TEXT, pattern="[a-z]+"), "a\n", "pattern", ""),
        (field(Kind.TEXT, pattern="a+"), "a" * 257, "range", ""),
        (field(Kind.TEXT, check="ru_inn"), "7707083894", "check", ""),
        (field(Kind.CODE), "a\nb", "text", ""),
        (field(Kind.INTEGER), True, "type", ""),
        (field(Kind.INTEGER), 1.5, "type", ""),
        (field(Kind.INTEGER), "١٢", "type", ""),
        (field(Kind.INTEGER), 10**18, "range", ""),
        (field(Kind.INTEGER, min=1), 0, "range", ""),
        (field(Kind.NUMBER), "1 234.50", "type", ""),
        (field(Kind.NUMBER), float("nan"), "type", ""),
        (field(Kind.NUMBER), 10**400, "range", ""),
        (field(Kind.NUMBER), Decimal("1e999999"), "range", ""),
        (field(Kind.BOOLEAN), 1, "type", ""),
        (field(Kind.BOOLEAN), "yes", "type", ""),
        (field(Kind.DATE), "2026-02-30", "type", ""),
        (field(Kind.DATE), "20260131", "type", ""),
        (field(Kind.DATETIME), "2026-01-31T15:00:00", "type", ""),
        (field(Kind.DATETIME), "2026-01-31", "type", ""),
        (field(Kind.DATETIME), "0001-01-01T00:00:00+14:00", "range", ""),
        (field(Kind.MONEY), "1000", "type", ""),
        (field(Kind.MONEY), {"amount": "x", "currency": "RUB"}, "type", "amount"),
        (field(Kind.MONEY), {"amount": 1, "currency": "rub"}, "type", "currency"),
        (field(Kind.CHOICE, options=("a",)), "b", "option", ""),
        (field(Kind.PERSON), {"nick": "x"}, "unknown", ""),
        (field(Kind.PERSON), {}, "missing", ""),
        (field(Kind.DOCUMENT), {"approved_on": "soon"}, "type", "approved_on"),
        (TEXTS, "a", "type", ""),
        (TEXTS, [], "range", ""),
        (TEXTS, ["a", "b", "c"], "range", ""),
        (TEXTS, ["a", 1], "type", "[1]"),
        (ROWS, [{"no": "1", "must": True}, {"no": "1", "must": True}], "key", "[1].no"),
        (ROWS, [{"must": True}], "missing", "[0].no"),
        (ROWS, [{"no": "1"}], "missing", "[0].must"),
        (ROWS, [{"no": "1", "must": True, "hue": 1}], "unknown", "[0]"),
        (ROWS, [{"no": "1", "must": True, "qty": "many"}], "type", "[0].qty"),
        (field(Kind.MAP), {"a": object()}, "type", ""),
        (field(Kind.MAP), [1], "type", ""),
    ],
)
def test_what_is_not_of_the_type_is_refused(given_field, raw, code, subpath):
    """A fault has a stable code, says where, and in one line what would be right."""
    with pytest.raises(ValueFault) as caught:
        read_value(given_field, raw)
    assert (caught.value.code, caught.value.subpath) == (code, subpath)
    assert "\n" not in caught.value.text


def test_a_map_cannot_hold_too_much():
    """Depth and size of what is not looked into are bounded."""
    deep: dict = {}
    for _ in range(50):
        deep = {"a": deep}
    for raw in (deep, {"a": [0] * 10_001}):
        with pytest.raises(ValueFault) as caught:
            read_value(field(Kind.MAP), raw)
        assert caught.value.code == "range"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.sampled_from([k for k in Kind if k not in {Kind.RECORD, Kind.NULL, Kind.DURATION, Kind.ANY, Kind.LIST}]),
    ANYTHING,
)
def test_anything_is_a_value_or_a_fault(kind, raw):
    """No input makes reading fail in another way, and what is read can be stored and read back."""
    try:
        value = read_value(field(kind, options=("a",)), raw)
    except ValueFault:
        return
    assert restore(canonical(value)) == value


@pytest.mark.parametrize(
    ("text", "valid"),
    [("7707083893", True), ("7707083894", False), ("500100732259", True), ("500100732258", False), ("12", False)],
)
def test_taxpayer_numbers_have_check_digits(text, valid):
    """ru_inn takes 10 digits with one check digit and 12 with two."""
    assert CHECKS["ru_inn"](text) is valid


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|ab)*c", "(.*a){20}", "a?" * 30 + "a" * 30, ".*.*.*.*x", "(?=a)b", r"(a)\1", "(", "a" * 501, "[[a]"],
)
def test_a_pattern_that_is_wrong_or_slow_is_refused(pattern):
    """Nested repeats, look-around, back references and too many repeats are said, not run."""
    with pytest.raises(UnsafePattern):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[0-9]{2}(\.[0-9]{1,2}){0,3}(\.[0-9]{3})?$",
        "^([0-9]{10}|[0-9]{12})$",
        r"[^@]+@[^@]+\.[a-z]+",
        "[A-Z]{1,3}-[0-9]*",
    ],
)
def test_a_pattern_that_is_taken_is_quick(pattern):
    """What is taken ends soon on every text of the length that is allowed for it."""
    check_pattern(pattern)
    for text in ("a" * 256, "@" * 256, "a@" * 128, "0" * 256, "1.1" * 85):
        start = perf_counter()
        matches(pattern, text)
        assert perf_counter() - start < 2


def test_no_character_passes_that_is_not_printed():
    """Of the characters of the first plane a line takes what is printed, and what only looks unprinted: never a control or a separator of lines."""
    code = field(Kind.CODE)
    taken = set()
    for number in range(0x10000):
        try:
            taken.add(read_value(code, f"a{chr(number)}b")[1])
        except ValueFault:
            continue
    refused = {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), 0x2028, 0x2029)}
    assert taken == {chr(number) for number in range(0x10000)} - refused
