"""`milepost validate`: all findings with their places, or a green line for each file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from runtime.cli.checking import NoFiles, check_paths, home
from runtime.cli.choices import FINDINGS, FINE, Profile, ReportFormat
from runtime.cli.findings import as_map, show
from runtime.cli.printing import as_json, err, out, printable

if TYPE_CHECKING:
    from rich.console import Console

    from engine.core.case import Actor
    from runtime.cli.checking import Checked
    from runtime.cli.fixing import Check


DIRECTORY = "directory"


def run(
    paths: list[Path],
    report: ReportFormat,
    profile: Profile,
    people: str | None,
    *,
    fix: bool = False,
    look: bool = False,
) -> int:
    """Check these paths, or mend them first; notes alone are fine."""
    who, now = None if people is None else _people(people), datetime.now(UTC)
    checked = check_paths(paths, profile.value, who, now=now)
    if fix or look:

        def again(file: Path, texts: dict[str, str]) -> Checked:
            return check_paths([home(file), file], profile.value, who, now=now, texts=texts)

        _mend(checked, again, err() if report is not ReportFormat.TEXT else out(), look=look)
        checked = checked if look else check_paths(paths, profile.value, who, now=now)
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


def _mend(checked: Checked, again: Check, console: Console, *, look: bool) -> None:
    """Each change as a short diff; with `look` nothing is written."""
    from runtime.cli.fixing import mend, write

    files = dict.fromkeys(finding.file for finding in checked.findings if finding.fix is not None)
    for fixed in mend(files, again):
        codes = ", ".join(finding.code for finding in fixed.mended)
        console.print(
            Text(printable(f"{fixed.file}: {'would be mended' if look else 'mended'} ({codes})"), style="bold")
        )
        for line in fixed.changed:
            console.print(Text(printable(line), style="red" if line.startswith("-") else "green"))
        if not look:
            write(fixed)


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
        mendable = sum(finding.fix is not None for finding in checked.findings)
        tail = f"; {mendable} may be mended with --fix" if mendable else ""
        console.print(Text(f"{files}: {said}{tail}"))
