"""`milepost diff`: what a change of a workflow changes, in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.core.loader.load import load_or_raise
from engine.describe.diff import compare
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, cells, out, table

if TYPE_CHECKING:
    from pathlib import Path

STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


def run(old: Path, new: Path, report: Format) -> int:
    """Compare two files; 1 where there is a difference."""
    before, after = (load_or_raise(path.read_text(encoding="utf-8"), file=str(path)) for path in (old, new))
    changes = compare(before, after)
    if report is Format.JSON:
        as_json({"old": str(old), "new": str(new), "changes": changes})
    elif not changes:
        out().print(Text("no difference in meaning", style="green"))
    else:
        made = table(f"{old} → {new}", "", "what", "name", "how")
        for change in changes:
            cells(made, change.kind, change.what, change.name, "\n".join(change.words))
            made.rows[-1].style = STYLES[change.kind]
        out().print(made)
    return FINDINGS if changes else FINE
