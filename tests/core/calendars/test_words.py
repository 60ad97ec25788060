"""Terms as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.calendars.words import parse_term
from engine.core.terms import Term, Unit


@given(st.integers(1, 10_000), st.sampled_from(Unit))
def test_a_term_is_read_as_it_is_printed(amount, unit):
    """Every term comes back from its own words."""
    assert parse_term(str(Term(amount, unit))) == Term(amount, unit)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("6m", "write 6 months or 6 minutes"),
        ("5 wd", "write 5 working days"),
        ("8h", "write 8 hours or 8 working hours"),
        ("8wh", "write 8 working hours"),
        ("2 weeks", "write 14 days"),
        ("2 years", "write 24 months"),
        ("0 days", "1 to 10000"),
        ("10001 days", "1 to 10000"),
        ("-3 days", "write 20 working days"),
        ("five days", "write 20 working days"),
        ("3 business days", "write 20 working days"),
        ("٣ days", "write 20 working days"),
        ("", "write 20 working days"),
    ],
)
def test_what_is_no_term_is_answered_with_one(text, hint):
    """Each refusal says what to write."""
    with pytest.raises(ValueError, match=hint):
        parse_term(text)


@given(st.text(max_size=40))
def test_any_text_is_a_term_or_refused_in_a_line(text):
    """Nothing but a Term or a one-line ValueError comes out."""
    try:
        said = str(parse_term(text))
    except ValueError as error:
        said = str(error)
    assert len(said.splitlines()) == 1
