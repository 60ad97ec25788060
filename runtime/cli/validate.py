"""`milepost validate`: all findings with their places, or a green line for each file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from runtime.cli.checking import NoFiles, check_paths
from runtime.cli.choices import FINDINGS, FINE, Profile, ReportFormat
from runtime.cli.findings import as_map, show
from runtime.cli.printing import as_json, out, printable

if TYPE_CHECKING:
    from engine.core.case import Actor
    from runtime.cli.checking import Checked


DIRECTORY = "directory"


def run(paths: list[Path], report: ReportFormat, profile: Profile, people: str | None) -> int:
    """Check these paths; notes alone are fine."""
    checked = check_paths(paths, profile.value, None if people is None else _people(people), now=datetime.now(UTC))
    grave = [finding for finding in checked.findings if finding.severity.value != "note"]
    if report is ReportFormat.JSON:
        found, silenced = ([as_map(finding) for finding in some] for some in (checked.findings, checked.silenced))
        as_json({"files": checked.files, "findings": found, "silenced": silenced})
    elif report is ReportFormat.SARIF:
        from runtime.cli.sarif import sarif

        as_json(sarif([*checked.findings, *checked.silenced], checked.sources))
    else:
        _print(checked)
    return FINDINGS if grave else FINE


def _people(where: str) -> tuple[Actor, ...]:
    """Those of a file, or of the directory."""
    if where == DIRECTORY:
        from runtime.cli.settings import services_now

        with services_now() as services:
            return services.people.everybody()
    path = Path(where)
    if not path.is_file():
        raise NoFiles(f"there is no file {path} of people; write one with `people: {{ana: {{roles: [clerk]}}}}`")
    from engine.rehearse.reading import read_people

    return read_people(path.read_text(encoding="utf-8"), file=where)


def _print(checked: Checked) -> None:
    console = out()
    for file in checked.files:
        own = [finding for finding in checked.findings if finding.file == file]
        if own:
            show(console, own, checked.sources)
        else:
            console.print(Text(f"✓ {printable(file)}", style="green"))
    for finding in checked.silenced:
        console.print(Text(printable(f"{finding.location}: silenced[{finding.code}] {finding.silenced}"), style="dim"))
    counts = {kind: sum(f.severity.value == kind for f in checked.findings) for kind in ("error", "warning", "note")}
    said = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts.items() if count)
    if said:
        files = f"{len(checked.files)} file{'s' if len(checked.files) != 1 else ''}"
        console.print(Text(f"{files}: {said}"))
