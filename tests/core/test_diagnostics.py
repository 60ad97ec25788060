"""How a finding is shown."""

from __future__ import annotations

from engine.core.diagnostics import Diagnostic, Mark, Severity


def shown(line: str, column: int, length: int = 3) -> list[str]:
    """The lines of a finding in a file of one line."""
    return Diagnostic("WF031", Severity.ERROR, "no field", "x.yaml", Mark(1, column, length)).render(line).splitlines()


def test_the_caret_stands_under_the_place() -> None:
    """As it is written, in a line that fits."""
    assert shown("when: abc > 1", 7)[2:] == ["1 | when: abc > 1", "  |       ^^^"]


def test_a_very_long_line_is_cut_around_the_place() -> None:
    """The caret still stands under it."""
    line = "a" * 100_000 + "XYZ" + "b" * 100_000
    source, caret = shown(line, 100_001)[2:]
    assert len(source) < 300
    assert source[caret.index("^") : caret.index("^") + 3] == "XYZ"
    source, caret = shown("XYZ" + line, 1)[2:]
    assert source[caret.index("^") : caret.index("^") + 3] == "XYZ"
