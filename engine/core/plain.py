"""Text from outside made harmless for people's eyes: no control characters, no reversed writing, a bounded length."""

from __future__ import annotations

import re

# C0 and C1 controls but tab and line feed; marks that reverse or isolate writing; line and paragraph separators; BOM.
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_BLANK = re.compile(r"\s+")


def plain(text: str) -> str:
    """The text without characters that are not seen but act; line ends become line feeds."""
    if text.isprintable():  # what is hidden is not, so nearly every text is done with here
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("?", _HIDDEN.sub("", text))


def one_line(text: str, *, limit: int) -> str:
    """The text on one line of at most `limit` characters; what is cut off is shown by an ellipsis."""
    # Line ends become blanks first, so that words stay apart; the cut before the search keeps a huge text cheap.
    line = _BLANK.sub(" ", plain(_BLANK.sub(" ", text[: limit * 4]))).strip()
    return line if len(line) <= limit and len(text) <= limit * 4 else line[: limit - 1].rstrip() + "…"
