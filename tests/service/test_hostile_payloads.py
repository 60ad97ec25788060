"""Whatever comes in as a payload: it is taken or refused with a clear error, never a crash, and a refusal stores nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.case import Event
from engine.errors import MilepostError

TEXTS = st.text(max_size=20) | st.sampled_from(["\ud800", "\x00", "1234567890", "V-1", "1e999", "NaN", "ا" * 50])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
NAMES = st.sampled_from(
    [
        "applicant.tax_id",
        "applicant.contact",
        "applicant",
        "product.designation",
        "product",
        "product.items",
        "items",
        "",
    ]
)
PAYLOADS = st.dictionaries(NAMES | TEXTS, VALUES, max_size=5)


@pytest.mark.parametrize("world", ["memory"], indirect=True)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS, key=st.none() | TEXTS)
def test_an_opening_is_taken_or_refused(world, officer, payload, key):
    """Any JSON as the data of a new case."""
    _published(world)
    before = _count(world)
    refusal = _refusal(lambda: world.services.cases.open_case("small", payload, officer, key=key))
    assert refusal is None or ("\n" not in refusal and _count(world) == before)


@pytest.mark.parametrize("world", ["memory"], indirect=True)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS, name=TEXTS | st.just("save"), match=st.none() | TEXTS)
def test_an_event_is_taken_or_refused(world, officer, payload, name, match):
    """Any JSON as an event's data, any text as its name or If-Match."""
    _published(world)
    case = world.open("small", {"applicant.tax_id": "1", "product.designation": "x"}, officer)
    event = Event(name, payload)
    refusal = _refusal(lambda: world.services.cases.send_event(case.id, event, officer, if_match=match))
    stored = len(world.services.cases.history(case.id, officer)) - 1
    assert stored == (0 if refusal is not None else 1)
    assert refusal is None or refusal.encode()


SMALL = """
milepost: 1
workflow: small
title: Small
timezone: UTC
roles: {officer: {title: Officer, sees: all}}
data:
  applicant: {tax_id: text, contact: person}
  product: {designation: text, price: number, items: {type: list, key: a, of: {a: text, b: map}}}
open: {by: officer, form: [applicant!, product!]}
initial: a
states:
  a: {turn: officer, events: {save: {by: officer, form: [applicant, product]}, end: {by: officer, to: z}}}
  z: {final: true}
"""


def _refusal(work):
    try:
        work()
    except MilepostError as error:
        return str(error)
    return None


def _published(world):
    if "small" not in world.store.read(lambda reader: reader.workflows()):
        world.publish(SMALL)


def _count(world):
    return world.store.read(lambda reader: len(reader.feed(0, 100_000)))
