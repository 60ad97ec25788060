"""`milepost test`: scenarios with their story up to the first difference, then what they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from adapters.templates import MessageTemplates
from engine.errors import InvalidWorkflow, MilepostError
from engine.rehearse.suite import SuiteReport, rehearse, scenario_files
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.findings import refuse
from runtime.cli.printing import as_json, out

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from engine.rehearse.runner import Outcome


class NoScenarios(MilepostError):
    """There is nothing to run at the paths."""


def run(paths: list[Path], report: Format) -> int:
    """Run all scenario files at these paths."""
    console = out()
    files = scenario_files(paths)
    if not files:
        raise NoScenarios(
            f"there is no scenario file (*.test.yaml) at {', '.join(map(str, paths))}; name one or its folder"
        )

    def tell(file: str, outcome: Outcome) -> None:
        if report is Format.TEXT:
            _print(console, file, outcome)

    try:
        result = rehearse(files, tell, templates=MessageTemplates)
    except InvalidWorkflow as invalid:
        return refuse(invalid, *dict.fromkeys(file.parent for file in files))
    if report is Format.JSON:
        as_json(_as_json(result))
    else:
        _summary(console, result)
    return FINE if result.passed else FINDINGS


def _print(console: Console, file: str, outcome: Outcome) -> None:
    if outcome.failure is None:
        console.print(f"[green]✓[/] {escape(outcome.scenario)}")
        return
    console.print(f"[red]✗ {escape(outcome.scenario)}[/]")
    for line in outcome.story:
        console.print(f"    {escape(line)}", style="dim")
    console.print(f"  [red]{escape(f'{file}:{outcome.mark.line}:{outcome.mark.column}')}: {escape(outcome.failure)}[/]")


def _summary(console: Console, result: SuiteReport) -> None:
    table = Table(title="Coverage", title_justify="left")
    for heading in ("workflow", "of", "covered", "%", "missing"):
        table.add_column(heading, justify="right" if heading in {"covered", "%"} else "left")
    for workflow, shares in result.coverage.items():
        for what, share in shares.items():
            missing = ", ".join(share.missing[:6]) + (
                f" and {len(share.missing) - 6} more" if len(share.missing) > 6 else ""
            )
            table.add_row(workflow, what, f"{share.covered}/{share.whole}", f"{share.percent:.0f}", escape(missing))
    console.print(table)
    count = sum(len(file.outcomes) for file in result.files)
    failed = sum(len(file.failures) for file in result.files)
    console.print(f"{count} scenarios, {failed} failed", style="red" if failed else "green")
    for words in result.short:
        console.print(f"coverage too low: {words}", style="red")


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
