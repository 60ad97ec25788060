"""`milepost validate`: all findings with their places, or a green line for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from runtime.cli.checking import check_paths
from runtime.cli.choices import FINDINGS, FINE, Profile, ReportFormat
from runtime.cli.findings import as_map, sarif, show
from runtime.cli.printing import as_json, out, printable

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.cli.checking import Checked


def run(paths: list[Path], report: ReportFormat, profile: Profile) -> int:
    """Check these paths; notes alone are fine."""
    checked = check_paths(paths, profile.value)
    grave = [finding for finding in checked.findings if finding.severity.value != "note"]
    if report is ReportFormat.JSON:
        as_json({"files": checked.files, "findings": [as_map(finding) for finding in checked.findings]})
    elif report is ReportFormat.SARIF:
        from runtime.cli.rules import titles

        as_json(sarif(checked.findings, titles()))
    else:
        _print(checked)
    return FINDINGS if grave else FINE


def _print(checked: Checked) -> None:
    console = out()
    for file in checked.files:
        own = [finding for finding in checked.findings if finding.file == file]
        if own:
            show(console, own, checked.sources)
        else:
            console.print(Text(f"✓ {printable(file)}", style="green"))
    counts = {kind: sum(f.severity.value == kind for f in checked.findings) for kind in ("error", "warning", "note")}
    said = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts.items() if count)
    if said:
        console.print(Text(f"{len(checked.files)} files: {said}"))
