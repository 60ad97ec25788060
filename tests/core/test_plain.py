"""Text from outside, as it is shown: what is not seen but acts is gone, whatever else the text is made of."""

from __future__ import annotations

import unicodedata

from engine.core.plain import one_line, plain

SEPARATORS = {"Zl", "Zp"}
REVERSING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def acts(letter):
    """Whether a character reverses writing, parts lines or controls a terminal."""
    category = unicodedata.category(letter)
    if category == "Cc":
        return letter not in "\t\n"
    return category in SEPARATORS | {"Cs"} or unicodedata.bidirectional(letter) in REVERSING or letter == "\ufeff"


def test_no_character_acts_unseen():
    """Every character of Unicode by itself and inside a word."""
    every = [chr(number) for number in range(0x110000)]
    assert not [letter for letter in every if any(map(acts, plain(letter)))]
    assert not [letter for letter in every if any(map(acts, plain(f"a{letter}b")))]


def test_what_is_seen_stays():
    """Letters of all writings, blanks, tabs and line feeds; line ends become line feeds."""
    assert plain("Приёмка – 合格 é\u0301\tx\r\ny\rz") == "Приёмка – 合格 é\u0301\tx\ny\nz"
    assert one_line("a\r\n b\u202e c", limit=40) == "a b c"
