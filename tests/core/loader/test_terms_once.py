"""A term means the same wherever it is written: one grammar, one bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.calendars.words import parse_term
from engine.core.loader.load import load
from engine.core.loader.reader import Reader
from engine.core.loader.yaml_nodes import read


@pytest.mark.parametrize(
    "text", ["1 day", "20 working days", "8 working hours", "10000 minutes", "10001 minutes", "6m", "2 weeks", "0 days"]
)
def test_the_loader_takes_what_a_stored_term_is_read_by(text: str) -> None:
    """What is loaded can be read back from an effect's payload; nothing is taken that could not."""
    node, _ = read(text, file="x.yaml")
    assert node is not None
    try:
        expected = parse_term(text)
    except ValueError:
        expected = None
    reader = Reader("x.yaml")
    assert reader.term(node, "a term") == expected
    assert [found.code for found in reader.found] == ([] if expected else ["WF015"])


@pytest.mark.parametrize("text", ["8 working hours", "5 working days"])
def test_what_is_counted_on_a_calendar_needs_one(text: str) -> None:
    """Without `calendar:` it is refused at the first such term, once; where working hours are first counted is kept."""
    reader = Reader("x.yaml")
    reader.has_calendar = False
    for _ in range(2):
        node, _ = read(f"\n  {text}", file="x.yaml")
        reader.term(node, "a term")
    unit = text.partition(" ")[2]
    assert [(d.code, d.message, d.mark.line, d.mark.column) for d in reader.found] == [
        ("WF015", f"{unit} are counted without a calendar", 2, 3)
    ]
    assert (reader.working_hours is not None) == ("hours" in text)


def test_a_machine_waits_round_the_clock() -> None:
    """Between two tries of a call no working hours are counted: it is refused, with the hours to write."""
    source = (Path(__file__).parent / "everything.yaml").read_text(encoding="utf-8")
    found = load(source.replace("wait: 10 minutes", "wait: 2 working hours"), file="x.yaml").diagnostics
    assert [(d.code, d.message, d.hint) for d in found if d.severity == "error"] == [
        ("WF015", "a machine waits round the clock", "write 2 hours")
    ]
