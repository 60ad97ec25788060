"""Values to JSON and back, and the one canonical text of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.values import canonical, decode, encode, instant, parse_instant, plain_text, restore

MOMENTS = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | MOMENTS
)
KEYS = st.text(max_size=4) | st.sampled_from(["$n", "$d", "$t", "$", "$$n", "$$", "n"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def alike(one, two) -> bool:
    """Equal with the same types all the way down."""
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(alike(one[key], two[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(two) and all(map(alike, one, two))
    return str(one) == str(two) if isinstance(one, Decimal) else one == two


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_values_come_back_as_they_were(value) -> None:
    """Encoded, written as JSON, read and decoded: the same value with the same types."""
    assert alike(decode(json.loads(json.dumps(encode(value)))), value)
    assert alike(restore(canonical(value)), value)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_canonical_is_canonical(value) -> None:
    """One text for a value: written again from what was read it is the same text."""
    assert canonical(restore(canonical(value))) == canonical(value)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_the_canonical_text_is_that_of_any_json_writer(value) -> None:
    """Sorted by code points, no spaces, no escapes beyond JSON's own, whole numbers of any length: as json writes it."""
    plain = encode(value)
    assert plain_text(plain) == json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=5), st.randoms())
def test_the_order_of_keys_does_not_count(value, random) -> None:
    """Maps with the same members have the same text."""
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


@given(MOMENTS, MOMENTS)
def test_text_order_of_instants_is_time_order(one, two) -> None:
    """Instants have a fixed width, in every year, so that text sorts like time."""
    assert len(instant(one)) == len("2026-01-31T21:00:00.000000Z")
    assert (instant(one) < instant(two)) == (one < two)
    assert parse_instant(instant(one)) == one


def test_what_the_texts_look_like() -> None:
    """Tags for what JSON does not have; no spaces; letters as they are."""
    moscow = timezone(timedelta(hours=3))
    value = {
        "b": [Decimal("1.50"), date(2026, 1, 31)],
        "a": datetime(2026, 2, 1, tzinfo=moscow),
        "$n": "ключ",
        "c": {"x": True, "y": None, "z": 7},
    }
    assert canonical(value) == (
        '{"$$n":"ключ","a":{"$t":"2026-01-31T21:00:00.000000Z"},'
        '"b":[{"$n":"1.50"},{"$d":"2026-01-31"}],"c":{"x":true,"y":null,"z":7}}'
    )


@pytest.mark.parametrize("value", [1.5, {1, 2}, b"x", object(), {"deep": [1.5]}])
def test_what_is_no_value_is_refused(value) -> None:
    """Floats, sets, bytes: no value of a case."""
    with pytest.raises(TypeError):
        canonical(value)
