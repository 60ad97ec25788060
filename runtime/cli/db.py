"""`milepost db`: the database's schema, moving to another database, pruning what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from runtime.cli.choices import FINE
from runtime.cli.printing import err, out
from runtime.cli.settings import services_now, settings_now

if TYPE_CHECKING:
    from rich.progress import TaskID


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


def _progress() -> Progress:
    console = err()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
