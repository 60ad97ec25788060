"""`milepost db`: the database's schema, moving to another database, pruning what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from engine.core.calendars.words import parse_term
from engine.errors import MilepostError
from runtime.cli.choices import COULD_NOT_RUN, FINE
from runtime.cli.printing import cells, err, out, table
from runtime.cli.settings import services_now, settings_now

if TYPE_CHECKING:
    from rich.progress import TaskID

    from engine.store.pruning import Forecast


def upgrade() -> int:
    """All revisions that are missing; nodes of a newer program start after it."""
    from engine.store.store import upgrade as bring_up

    settings = settings_now()
    bring_up(settings.database_url)
    with services_now(settings):
        out().print(Text("the database has the schema of this program", style="green"))
    return FINE


def copy(source: str, target: str) -> int:
    """All rows of one database into another, which is empty; both are read again and compared before it counts."""
    from engine.store.copying import copy as copy_all

    with _progress() as progress:
        task: TaskID = progress.add_task("rows", total=None)

        def told(table: str, done: int, total: int) -> None:
            progress.update(task, description=table, completed=done, total=total)

        copied = copy_all(source, target, told=told)
    said = f"{copied.cases} cases with {copied.steps} steps copied, {sum(copied.rows.values())} rows; all read back as they were"
    out().print(Text(said, style="green"))
    return FINE


def prune(older_than: str, *, dry_run: bool) -> int:
    """Closed cases after a term, batch by batch; what was done stays done where somebody interrupts it."""
    try:
        term = parse_term(older_than)
    except ValueError as error:
        raise MilepostError(f"--older-than: {error}") from None
    with services_now() as services:
        foreseen = services.pruning.forecast(term)
        _show(foreseen, older_than, dry_run=dry_run)
        if dry_run:
            return FINE
        done = 0
        try:
            with _progress() as progress:
                task = progress.add_task("cases", total=foreseen.goes)
                for count in services.pruning.prune(term):
                    done += count
                    progress.update(task, completed=done)
        except KeyboardInterrupt:
            out().print(Text(f"stopped after {done} cases; the same command goes on with the others", style="yellow"))
            return COULD_NOT_RUN
        imports = services.pruning.forget_imports(term)
        answers = sum(iter(services.pruning.forget_answers, 0))
    words = f"{done} cases pruned, {imports} imports emptied, {answers} answers to old requests forgotten"
    out().print(Text(words, style="green"))
    return FINE


def _show(foreseen: Forecast, older_than: str, *, dry_run: bool) -> None:
    made = table(f"Cases closed more than {older_than} ago", "cases", "")
    cells(made, foreseen.goes, "would be pruned" if dry_run else "to be pruned")
    for reason, count in foreseen.stays.items():
        cells(made, count, f"stay: {reason}")
    cells(made, foreseen.closed, "in all")
    out().print(made)


def _progress() -> Progress:
    console = err()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
