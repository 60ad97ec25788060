"""Findings as people, programs and code hosts read them; finding them is left to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.core.diagnostics import Diagnostic, Severity
from runtime.cli.choices import FINDINGS
from runtime.cli.printing import err, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from engine.errors import InvalidWorkflow

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


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
    }


def sarif(findings: Sequence[Diagnostic], titles: Mapping[str, str]) -> dict[str, Any]:
    """A SARIF 2.1.0 log of one run."""
    from importlib import metadata

    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "milepost",
        "semanticVersion": metadata.version("milepost"),
        "rules": [{"id": code, "shortDescription": {"text": titles.get(code, code)}} for code in codes],
    }
    results = [_result(finding, codes) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Diagnostic, codes: Sequence[str]) -> dict[str, Any]:
    text = finding.message if finding.hint is None else f"{finding.message}; {finding.hint}"
    mark = finding.mark
    region = {"startLine": mark.line, "startColumn": mark.column, "endColumn": mark.column + mark.length}
    file = {
        "uri": Path(finding.file).as_posix() if not Path(finding.file).is_absolute() else Path(finding.file).as_uri()
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": file, "region": region}}],
    }
