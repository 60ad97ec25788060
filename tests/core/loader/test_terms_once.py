"""A term means the same wherever it is written: one grammar, one bound."""

from __future__ import annotations

import pytest

from engine.core.calendars.words import parse_term
from engine.core.loader.reader import Reader
from engine.core.loader.yaml_nodes import read


@pytest.mark.parametrize(
    "text", ["1 day", "20 working days", "10000 minutes", "10001 minutes", "6m", "2 weeks", "0 days"]
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
