"""A finding about a definition and where it is; how it is printed is left to the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from engine.core.fixes import Fix


class Severity(StrEnum):
    """How grave a finding is; only errors keep a workflow from being published."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen
class Mark:
    """A place in a file: line and column count from 1, `length` in characters."""

    line: int
    column: int
    length: int = 1


NOWHERE = Mark(1, 1)
LONGEST_LINE = 240
"""Characters of a source line that are shown with a finding."""


@frozen
class Diagnostic:
    """One finding: `code` is stable (WF031), `message` one line, `hint` says what would be right; `silenced` is the reason why
    it does not count, `fix` how the text is mended where that is safe.
    """

    code: str
    severity: Severity
    message: str
    file: str
    mark: Mark
    hint: str | None = None
    silenced: str | None = None
    fix: Fix | None = None

    @property
    def location(self) -> str:
        """`file:line:column`, as editors understand it."""
        return f"{self.file}:{self.mark.line}:{self.mark.column}"

    def render(self, source: str) -> str:
        """The finding with its source line and a caret, as LANGUAGE §7 shows it."""
        head = f"{self.location}: {self.severity}[{self.code}] {self.message}"
        lines = source.splitlines()
        if not 1 <= self.mark.line <= len(lines):
            return head
        line, column = _shortened(lines[self.mark.line - 1], self.mark.column)
        width = len(str(self.mark.line))
        margin = " " * width
        caret = " " * (column - 1) + "^" * max(1, min(self.mark.length, len(line) - column + 1))
        parts = [head, f"{margin} |", f"{self.mark.line} | {line}", f"{margin} | {caret}"]
        if self.hint:
            parts.append(f"{margin} = hint: {self.hint}")
        return "\n".join(parts)


def _shortened(line: str, column: int) -> tuple[str, int]:
    """What people read of a very long line, and where the column is in it."""
    if len(line) <= LONGEST_LINE:
        return line, column
    start = max(0, column - 1 - LONGEST_LINE // 3)
    head = "… " if start else ""
    tail = " …" if start + LONGEST_LINE < len(line) else ""
    return head + line[start : start + LONGEST_LINE] + tail, column - start + len(head)
