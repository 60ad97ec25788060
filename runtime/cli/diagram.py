"""`milepost diagram`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine.core.loader.load import load_or_raise
from engine.describe.diagram import mermaid
from runtime.cli.choices import FINE

if TYPE_CHECKING:
    from pathlib import Path


def run(path: Path) -> int:
    """Print the diagram of one file."""
    sys.stdout.write(mermaid(load_or_raise(path.read_text(encoding="utf-8"), file=str(path))))
    return FINE
