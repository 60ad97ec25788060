"""`milepost import`: a table into cases, with what is wrong by row and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from engine.errors import MilepostError
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, cells, err, out, printable, table
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from pathlib import Path

    from engine.service.views import ImportReport

MAX_FILE = 20 << 20
SHOWN = 100


class TooLarge(MilepostError):
    """A table that is too large."""


def run(file: Path, workflow: str, token: str, *, parent: str | None, preview: bool, report: Format) -> int:
    """Import one file as the person of a token; 1 where a row has a problem."""
    if file.stat().st_size > MAX_FILE:
        raise TooLarge(f"{file} has more than {MAX_FILE >> 20} MiB; split it")
    content = file.read_bytes()
    with services_now() as services, _progress(report) as progress:
        actor = services.people.actor_of(token)
        work = services.imports.preview if preview else services.imports.commit
        task = progress.add_task(f"{'looking at' if preview else 'importing'} {printable(file.name)}", total=None)
        found = work(content, file.name, workflow, actor, parent=parent)
        progress.update(task, total=1, completed=1)
    if report is Format.JSON:
        as_json(found)
    else:
        _print(found, preview=preview)
    return FINDINGS if found.problems else FINE


def _progress(report: Format) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    console = err()
    return Progress(*columns, console=console, transient=True, disable=report is Format.JSON or not console.is_terminal)


def _print(found: ImportReport, *, preview: bool) -> None:
    console = out()
    if found.problems:
        made = table("Problems", "row", "column", "", "what")
        for problem in found.problems[:SHOWN]:
            cells(made, problem.row, problem.column, problem.code, problem.text)
        console.print(made)
        if len(found.problems) > SHOWN:
            console.print(Text(f"… and {len(found.problems) - SHOWN} more; --format json has all"))
    bad = len({problem.row for problem in found.problems})
    if preview:
        said = f"{found.rows} rows, {bad} with problems; nothing was stored"
    else:
        known = sum(row.replayed for row in found.opened)
        said = f"{found.rows} rows: {len(found.opened) - known} opened, {known} known already, {bad} with problems"
    console.print(Text(said, style="yellow" if bad else "green"))
