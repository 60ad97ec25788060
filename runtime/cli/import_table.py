"""`milepost import`: a table into cases, with what is wrong by row and column; and the workbook to fill in."""

from __future__ import annotations

from dataclasses import dataclass
from time import sleep
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from engine.errors import ImportRefused, MilepostError
from engine.service.import_plan import Asked
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, cells, err, out, printable, table
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine.core.case import Actor
    from engine.service.import_views import ImportReport
    from engine.service.imports import Imports
    from runtime.cli.choices import Take

MAX_FILE = 20 << 20
SHOWN = 100
ANOTHER = 0.2
"""Seconds between two looks at a job that another process works on."""


class UnusableTable(MilepostError):
    """A table that is too large, or none where one is needed."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is to be imported, and how far: without `take` it is only looked at."""

    file: Path
    workflow: str
    parent: str | None
    sheet: str | None
    take: Take | None
    report: Path | None


def run(given: Given, token: str, shown: Format) -> int:
    """Import one file as the person of a token; 1 where a row has a problem."""
    if given.file.stat().st_size > MAX_FILE:
        raise UnusableTable(f"{given.file} has more than {MAX_FILE >> 20} MiB; split it")
    content = given.file.read_bytes()
    asked = Asked(given.workflow, given.file.name, given.parent, given.sheet)
    refusal = ""
    with services_now() as services, _progress(shown) as progress:
        actor, imports = services.people.actor_of(token), services.imports
        task = progress.add_task(f"looking at {printable(given.file.name)}", total=None)
        found = imports.preview(content, asked, actor)
        if given.take is not None:
            progress.update(task, description=f"importing {printable(given.file.name)}", total=found.job.rows)
            try:
                found = _commit(
                    imports, found.job.id, given.take, actor, lambda done: progress.update(task, completed=done)
                )
            except ImportRefused as refused:
                refusal = str(refused)
        if given.report is not None:
            given.report.write_bytes(imports.workbook(found.job.id, actor))
    if shown is Format.JSON:
        as_json(found)
    else:
        _print(found)
    if refusal:
        err().print(Text(f"milepost: {printable(refusal)}", style="red"))
    return FINDINGS if refusal or any(not problem.warning for problem in found.problems) else FINE


def template(path: Path, workflow: str, token: str) -> int:
    """Write the workbook to fill in."""
    with services_now() as services:
        content = services.imports.template(workflow, services.people.actor_of(token))
    path.write_bytes(content)
    out().print(Text(f"{path}: fill in the first sheet; the second one explains its columns", style="green"))
    return FINE


def _commit(imports: Imports, job_id: str, take: Take, actor: Actor, told: Callable[[int], None]) -> ImportReport:
    imports.commit(job_id, take.value, actor)
    while imports.job(job_id, actor).status != "done":
        if not imports.work.run_once(job_id, lambda done, _: told(done)):
            sleep(ANOTHER)
    return imports.report(job_id, actor)


def _progress(shown: Format) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = err()
    return Progress(*columns, console=console, transient=True, disable=shown is Format.JSON or not console.is_terminal)


def _print(found: ImportReport) -> None:
    console, job = out(), found.job
    if found.problems:
        made = table("Problems", "row", "column", "", "what")
        for problem in found.problems[:SHOWN]:
            code = f"{problem.code} (warning)" if problem.warning else problem.code
            cells(made, problem.row, problem.column, code, problem.text)
        console.print(made)
        if len(found.problems) > SHOWN:
            console.print(Text(f"… and {len(found.problems) - SHOWN} more; --report FILE.xlsx has all"))
    console.print(Text(f"read as {printable(job.read_as)}"))
    if job.status == "previewed":
        said = f"{job.rows} rows, {job.wrong} with problems, {job.known} known already; nothing was opened: --commit all or good does"
    else:
        said = f"{job.rows} rows: {job.opened} opened, {job.known} known already, {job.wrong} with problems"
    console.print(Text(said, style="yellow" if job.wrong else "green"))
