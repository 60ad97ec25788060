"""Filling in numbers and tokens after the step; what the store gives out is made up here."""

from __future__ import annotations

import pytest

from engine.core.allocation import fill

SOURCE = """
number: "S-{year}-{seq:6}"
data: {holder: text}
open: {by: clerk, form: [holder]}
certificate: {number: "C.{year}.{seq:5}", template: certificate, holder: holder}
register: {holder: holder}
states:
  a:
    turn: clerk
    events:
      reserve: {by: clerk, actions: [{certificate: reserve}, {call: certificate.issue}]}
      list: {by: clerk, actions: [{register: list}]}
"""


@pytest.fixture
def case(play):
    """An opened case without its number."""
    return play(SOURCE).open({"holder": "Invented Works"})


def test_a_new_case_asks_for_its_number(case) -> None:
    """A workflow with `number` asks for one at opening."""
    assert case.last.allocate == ("case.number",)
    filled = fill(case.last, {"case.number": "S-2026-000001"})
    assert (filled.case.number, filled.allocate) == ("S-2026-000001", ())
    assert "case.number" not in filled.case.data
    assert filled.record.payload == case.last.record.payload


def test_what_is_asked_for_goes_everywhere(case) -> None:
    """Data, changes in the record, facts and effects all have the number."""
    case.send("reserve")
    before = case.last
    filled = fill(before, {"certificate.number": "C.2026.00001", "certificate.token": "t0", "register.entry_no": "R-1"})
    assert filled.case.data["certificate.number"] == "C.2026.00001"
    assert filled.case.data["certificate.token"] == "t0"
    assert filled.record.payload["changes"]["certificate.number"] == "C.2026.00001"
    assert list(filled.record.payload["changes"]) == sorted(filled.record.payload["changes"])
    assert filled.facts[0].number == filled.effects[0].payload["number"] == "C.2026.00001"
    assert "register.entry_no" not in filled.case.data
    assert before.case.data.get("certificate.number") is None


def test_what_is_missing_is_said(case) -> None:
    """A step that asks for what is not given is not filled."""
    case.send("reserve")
    with pytest.raises(ValueError, match=r"certificate\.token"):
        fill(case.last, {"certificate.number": "C.2026.00001"})


def test_nothing_asked_for_nothing_changed(play) -> None:
    """A step that asks for nothing is as it was, whatever is offered."""
    case = play("states: {a: {turn: clerk}}").open()
    assert fill(case.last, {"case.number": "X-1"}) == case.last
