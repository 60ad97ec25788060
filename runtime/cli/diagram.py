"""`milepost diagram`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from engine.core.loader.load import load_or_raise
from engine.describe.diagram import mermaid

if TYPE_CHECKING:
    from pathlib import Path


def run(path: Path) -> int:
    """Print the diagram of one file."""
    typer.echo(mermaid(load_or_raise(path.read_text(encoding="utf-8"), file=str(path))))
    return 0
