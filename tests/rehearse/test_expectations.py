"""Each key of `expect` and `end`: what it takes as so, and what it says where it is not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.rehearse.checking import CHECKS
from engine.rehearse.expectations import END, EXPECT, SHAPES
from engine.rehearse.likeness import alike

GRANTED = ["{do: accept, by: ana}", "{do: grant, by: chris}"]
CALLS = "{scale.weigh: [{return: {weight: 3}}]}"
HERE = ("check",)

CLAIMS = [
    ("in: check", "in: [check, correction]", "expected to be in correction, but the case is in check"),
    ("not_in: [correction, listed]", "not_in: check", "expected not to be in check, but the case is in check"),
    ("turn: clerk", "turn: [chief, clerk]", "expected to be chief's turn, but it is clerk's"),
    ("turn: [clerk]", "turn: none", "expected to be nobody's turn, but it is clerk's"),
    ("sent: {to: zavod, times: 0}", "sent: {to: zavod, template: letter}", "expected letter to zavod once or more, but it was sent never (lately: nothing)"),
    ("sent: [{template: letter, times: 0}]", "sent: {to: zavod, times: 2}", "expected a message to zavod 2 times, but it was sent never (lately: nothing)"),
    ("data: {order.weight: 2.5}", "data: {order.weight: 2.51}", "expected order.weight 2.51, but it is 2.50"),
    ("data: {order.price: 250 RUB}", "data: {order.price: 250 USD}", "expected order.price 250 USD, but it is {amount: 250.00, currency: RUB}"),
    ("data: {order.due: 2026-03-02}", "data: {order.due: soon}", "order.due cannot be soon: it is no date: 'soon'; write it like 2026-01-31"),
    ("data: {order.urgent: true}", "data: {order.urgent: false}", "expected order.urgent false, but it is true"),
    ("data: {order.remark: }", "data: {order.due: }", "expected no order.due, but it is 2026-03-02"),
    ("data: {order.parts: [{part: a, count: 1}, {part: b}]}", "data: {order.parts: [{part: a}]}", "expected order.parts [{part: a}], but it is [{count: 1, part: a}, {count: 2, part: b}]"),
    ("deadline: {decide: 2026-01-19, no_answer: none}", "deadline: {decide: 2026-01-20}", "expected deadline decide due 2026-01-20, but it is due 2026-01-19"),
    ("children: 0", "children: 1", "expected 1 children, but there are 0"),
    ("children: {part: 0}", "children: {part: 2}", "expected 2 part children, but there are 0"),
    ("incidents: 0", "incidents: 1", "expected 1 incidents, but there are 0"),
]  # fmt: skip

FACTS = [
    ("certificate: {number: C-0001, holder: z1, status: reserved}", "certificate: {holder: z2}", "expected certificate.holder z2, but it is z1"),
    ("certificate: {parts: [a, b], valid_from: 2026-01-12}", "certificate: {parts: [b, a]}", "expected certificate.parts [b, a], but it is [a, b]"),
    ("certificate: {token: none}", "certificate: {number: none}", "expected no certificate.number, but it is C-0001"),
    ("register: {status: none}", "register: {holder: z1}", "expected register.holder z1, but it is without a value"),
    ("outcome: granted", "outcome: closed", "expected the outcome closed, but it is granted"),
]  # fmt: skip

ENDS = [
    ("state: check", "state: listed", "expected to be in listed, but the case is in check"),
    ("open_work: 1", "open_work: 0", "expected 0 things still to be done, but there are 1: timers decide (2026-01-20), 0 effects, 0 children"),
]  # fmt: skip


@pytest.mark.parametrize(("holds", "fails", "words"), CLAIMS)
def test_what_is_expected_on_the_way(play, holds, fails, words):
    """Passes where it is so; else one line: expected, but was."""
    assert play([f"expect: {{{holds}}}"]).failure is None
    assert play([f"expect: {{{fails}}}"]).failure == words


@pytest.mark.parametrize(("holds", "fails", "words"), FACTS)
def test_what_is_expected_of_facts(play, holds, fails, words):
    """Facts of the certificate and the register by what they mean; `none` is no value."""
    if "token" in holds:  # it is made with the number
        assert play([*GRANTED, f"expect: {{{holds}}}"], calls=CALLS).failure.startswith("expected no certificate.token")
    else:
        assert play([*GRANTED, f"expect: {{{holds}}}"], calls=CALLS).failure is None
    assert play([*GRANTED, f"expect: {{{fails}}}"], calls=CALLS).failure == words


@pytest.mark.parametrize(("holds", "fails", "words"), ENDS)
def test_what_is_expected_of_the_end(play, holds, fails, words):
    """The keys that `end` alone has."""
    assert play([], end=f"{{{holds}}}").failure is None
    assert play([], end=f"{{{fails}}}").failure == words


def test_every_key_is_read_checked_and_tested():
    """A keyword accepted is a keyword executed."""
    assert {*EXPECT, *END} == set(SHAPES) == set(CHECKS)
    assert {claim[0].partition(":")[0] for claim in (*CLAIMS, *FACTS, *ENDS)} == set(CHECKS)


@pytest.mark.parametrize(
    ("actual", "spelt", "same"),
    [
        (("a", "b"), ["a", "b"], True),
        (("a", "b"), ["a"], False),
        (("a",), "a", False),
        (Decimal("0.50"), "0.5", True),
        (3, "3.0", True),
        (3, "three", False),
        (True, "true", True),
        (True, "1", False),
        (date(2026, 3, 2), "2026-03-02", True),
        (datetime(2026, 3, 2, 6, tzinfo=UTC), "2026-03-02 09:00", True),
        (datetime(2026, 3, 2, 6, tzinfo=UTC), "2026-03-02T06:00:00Z", True),
        ({"amount": Decimal("1.0"), "currency": "RUB"}, "1 RUB", True),
        ({"id": "z1", "name": "Zavod"}, {"id": "z1"}, True),
        ({"id": "z1"}, {"id": "z1", "name": "Zavod"}, False),
        ("0042", "42", False),
        (None, None, True),
        ("", None, False),
    ],
)
def test_values_are_compared_by_what_they_mean(actual, spelt, same):
    """A list is claimed whole, a map by the members it names, a number, date or moment by its value."""
    assert alike(actual, spelt, zone=ZoneInfo("Europe/Moscow")) is same
