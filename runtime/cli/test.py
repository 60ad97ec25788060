"""`milepost test`: scenarios with their story up to the first difference, then what they cover."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.text import Text

from adapters.templates import MessageTemplates
from engine.errors import InvalidWorkflow, MilepostError
from engine.rehearse.spreading import processors
from engine.rehearse.suite import SuiteReport, rehearse, scenario_files
from runtime.cli.choices import FINDINGS, FINE, TestFormat
from runtime.cli.findings import refuse
from runtime.cli.junit import junit
from runtime.cli.printing import as_json, cells, err, out, printable, table
from runtime.cli.test_page import page

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from engine.rehearse.runner import Outcome

MOST_MISSING = 6
LOOK_EVERY = 0.3
WATCHED = ("*.yaml", "calendars/*.yaml", "templates/*")


class NoScenarios(MilepostError):
    """There is nothing to run at the paths."""


def run(paths: list[Path], report: TestFormat, html: Path | None) -> int:
    """Run all scenario files at these paths; `html`: a page to write as well."""
    files = scenario_files(paths)
    if not files:
        raise NoScenarios(
            f"there is no scenario file (*.test.yaml) at {', '.join(map(str, paths))}; name one or its folder"
        )
    console = out()
    shown = _Shown(console)
    tell = shown.outcome if report is TestFormat.TEXT else _silent
    try:
        result = rehearse(files, tell, templates=MessageTemplates, processors=processors())
    except InvalidWorkflow as invalid:
        return refuse(invalid, *dict.fromkeys(file.parent for file in files))
    if html is not None:
        html.write_text(page(result), encoding="utf-8")
    if report is TestFormat.JSON:
        as_json(_as_json(result))
    elif report is TestFormat.JUNIT:
        sys.stdout.write(junit(result))
    else:
        _summary(console, result)
    return FINE if result.passed else FINDINGS


def watch(paths: list[Path], report: TestFormat, html: Path | None) -> int:
    """Run again whenever a file beside the scenarios changes; ends with Ctrl-C and the last result."""
    seen, code = None, FINE
    try:
        while True:
            now = _stamps(paths)
            if now != seen:
                seen = now
                code = _tried(paths, report, html)
                err().print(Text("waiting for a change; Ctrl-C ends", style="dim"))
            time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        return code


def _tried(paths: list[Path], report: TestFormat, html: Path | None) -> int:
    """Half-written files are no reason to end."""
    try:
        return run(paths, report, html)
    except (MilepostError, OSError) as error:
        err().print(Text(printable(str(error)), style="red"))
        return FINDINGS


def _stamps(paths: list[Path]) -> dict[Path, tuple[int, int]]:
    """When the files of these folders were written, and how long they are."""
    folders = {path if path.is_dir() else path.parent for path in paths}
    files = (file for folder in folders for pattern in WATCHED for file in folder.glob(pattern))
    stats = {}
    for file in files:
        try:
            stat = file.stat()
        except OSError:  # it has gone in between
            continue
        stats[file] = (stat.st_mtime_ns, stat.st_size)
    return stats


def _silent(file: str, outcome: Outcome) -> None:
    """A program reads the whole at the end."""


class _Shown:
    """Scenarios as they end, under the names of their files; one that fails with its story."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file = ""

    def outcome(self, file: str, outcome: Outcome) -> None:
        if file != self._file:
            if self._file:
                self._console.print()
            self._console.print(Text(printable(file), style="bold"))
            self._file = file
        if outcome.failure is None:
            self._console.print(Text.assemble(("  ✓ ", "green"), printable(outcome.scenario)))
            return
        self._console.print(Text(f"  ✗ {printable(outcome.scenario)}", style="red"))
        for line in outcome.story:
            self._console.print(Text(f"      {printable(line)}", style="dim"))
        self._console.print(Text(f"    {_failure(file, outcome)}", style="red"))


def _failure(file: str, outcome: Outcome) -> str:
    """Where and why, on one line that an editor can follow."""
    return printable(f"{file}:{outcome.mark.line}:{outcome.mark.column}: {outcome.failure}").replace("\n", " ")


def _summary(console: Console, result: SuiteReport) -> None:
    console.print()
    console.print(_coverage(result))
    failed = [(report.file, outcome) for report in result.files for outcome in report.failures]
    if len(failed) > 1:  # a single one stands just above
        console.print(Text("Failed", style="bold"))
    for file, outcome in failed if len(failed) > 1 else ():
        console.print(Text(f"  ✗ {printable(outcome.scenario)}\n    {_failure(file, outcome)}", style="red"))
    for words in result.short:
        console.print(Text(f"coverage too low: {printable(words)}", style="red"))
    count = sum(len(report.outcomes) for report in result.files)
    files = f" in {len(result.files)} files" if len(result.files) > 1 else ""
    said = f"{count} scenarios, {len(failed)} failed{files}"
    console.print(Text(said, style="green" if result.passed else "red"))


def _coverage(result: SuiteReport) -> Table:
    made = table("Coverage", "workflow", "of", "covered", "%", "missing")
    for column in made.columns[2:4]:
        column.justify = "right"
    for workflow, shares in result.coverage.items():
        for what, share in shares.items():
            more = len(share.missing) - MOST_MISSING
            missing = ", ".join(share.missing[:MOST_MISSING]) + (f" and {more} more" if more > 0 else "")
            cells(made, workflow, what, f"{share.covered}/{share.whole}", int(share.percent), missing)
    return made


def _as_json(result: SuiteReport) -> dict[str, object]:
    return {
        "passed": result.passed,
        "scenarios": [
            {
                "file": file.file,
                "workflow": file.workflow,
                "name": outcome.scenario,
                "passed": outcome.failure is None,
                "failure": outcome.failure,
                "line": outcome.mark.line,
                "column": outcome.mark.column,
                "story": list(outcome.story),
            }
            for file in result.files
            for outcome in file.outcomes
        ],
        "coverage": {
            workflow: {
                what: {
                    "covered": share.covered,
                    "whole": share.whole,
                    "percent": share.percent,
                    "missing": list(share.missing),
                }
                for what, share in shares.items()
            }
            for workflow, shares in result.coverage.items()
        },
        "short": result.short,
    }
