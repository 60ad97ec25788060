"""`milepost demo`: the main job for real, told as a story; one line and exit code 1 where it does not go as told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from runtime.cli.choices import FINDINGS, FINE
from runtime.cli.printing import err
from runtime.demo.problem import NotAsTold
from runtime.demo.run import tell

if TYPE_CHECKING:
    from pathlib import Path


def run(output: Path) -> int:
    """Tell the story and leave the folder."""
    try:
        tell(output)
    except NotAsTold as problem:
        err().print(Text(f"milepost demo: {problem}", style="red"), soft_wrap=True)
        return FINDINGS
    return FINE
