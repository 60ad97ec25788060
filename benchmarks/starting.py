"""What people wait for: validating the roadmap, and the commands of every day."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measuring import Row
from engine.core.loader.load import load
from engine.verify.check import check

WORKFLOWS = Path(__file__).parent.parent / "workflows"


def measure() -> list[Row]:
    """Milliseconds; no floor."""
    source = (WORKFLOWS / "qualification.yaml").read_text("utf-8")
    structure = _median(lambda: _validate(source), 9)
    rows = [Row("validate the roadmap: structure", structure, "ms", None, None, "≤ 150 ms", structure <= 150)]
    for command in ("validate", "diagram"):
        took = _median(lambda command=command: _run(command), 5)
        rows.append(Row(f"milepost {command} qualification.yaml", took, "ms", None, None, "≤ 600 ms", took <= 600))
    return rows


def _validate(source: str) -> None:
    loaded = load(source, file="qualification.yaml")
    if loaded.workflow is None:
        raise RuntimeError(loaded.diagnostics[0].message)
    check(loaded.workflow, others={}, calendars={}, templates=None)


def _run(command: str) -> None:
    milepost = Path(sys.executable).parent / "milepost"
    subprocess.run([milepost, command, WORKFLOWS / "qualification.yaml"], check=True, capture_output=True)  # noqa: S603


def _median(work: object, times: int) -> float:
    figures = []
    for _ in range(times):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        figures.append((time.perf_counter() - start) * 1000)
    return statistics.median(figures)
