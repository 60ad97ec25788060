"""Findings as people and programs read them; finding them is left to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.core.diagnostics import Diagnostic, Severity
from runtime.cli.choices import FINDINGS
from runtime.cli.printing import err, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from engine.errors import InvalidWorkflow

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def show(console: Console, findings: Iterable[Diagnostic], sources: Mapping[str, str]) -> None:
    """Each with its source line and a caret."""
    for finding in findings:
        head, _, rest = printable(finding.render(sources.get(finding.file, ""))).partition("\n")
        if not rest and finding.hint:
            rest = f"  = hint: {printable(finding.hint)}"
        console.print(Text(head, style=STYLES[finding.severity]))
        if rest:
            console.print(Text(rest))


def refuse(invalid: InvalidWorkflow, *folders: Path) -> int:
    """Findings that stopped a command, on stderr, with lines of files found in these folders or by their path; 1."""
    names = dict.fromkeys(finding.file for finding in invalid.diagnostics)
    show(err(), invalid.diagnostics, {name: _text(name, folders) for name in names})
    return FINDINGS


def _text(name: str, folders: tuple[Path, ...]) -> str:
    for path in (*(folder / name for folder in folders), Path(name)):
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    return ""


def as_map(finding: Diagnostic) -> dict[str, Any]:
    """A finding for programs."""
    return {
        "file": finding.file,
        "line": finding.mark.line,
        "column": finding.mark.column,
        "length": finding.mark.length,
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        "fixable": finding.fix is not None,
        **({} if finding.silenced is None else {"silenced": finding.silenced}),
    }
