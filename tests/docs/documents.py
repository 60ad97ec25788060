"""Documents as their examples: fenced blocks with the HTML comment before them, and the tables under a heading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"(?:<!-- (?P<mark>[^>]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, the comment before it and its line."""

    document: str
    line: int
    language: str
    mark: str
    text: str

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.document}:{self.line}"


def read(document: str) -> str:
    """A document of the project by its path from the root."""
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    """All fenced blocks of a document."""
    text = read(document)
    return [
        Block(document, text.count("\n", 0, m.start()) + 1, m["language"], m["mark"] or "", m["text"])
        for m in _FENCE.finditer(text)
    ]


def section(document: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its rank or above."""
    text = read(document)
    found = re.search(rf"^(#+) {re.escape(heading)}$\n(.*?)(?=^#{{1,6}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{document} has no heading {heading!r}"
    return found[2]


def table(document: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    lines = [line for line in section(document, heading).splitlines() if line.startswith("|")]
    rows = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]
    assert rows, f"{document}, {heading!r}: no table"
    return rows


def code(text: str) -> list[str]:
    """Everything in backquotes, outside of blocks."""
    return _CODE.findall(_FENCE.sub("", text))
