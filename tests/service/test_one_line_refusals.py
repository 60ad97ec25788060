"""A refusal is one line whatever the sender calls his fields."""

from __future__ import annotations

import pytest

from engine.errors import InvalidPayload
from engine.service.clean import check_data


def test_a_field_named_by_a_new_line_is_refused_in_one_line() -> None:
    """Half a character under such a name: the name is shown printable."""
    with pytest.raises(InvalidPayload) as caught:
        check_data({"\n": "\ud800"})
    assert str(caught.value) == "?: has half a character; send whole UTF-8 text"
