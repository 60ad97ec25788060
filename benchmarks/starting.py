"""What people wait for: validating the roadmap, and the commands of every day."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from adapters.templates import MessageTemplates
from benchmarks.measuring import Row
from engine.core.calendars.reading import calendar_or_raise
from engine.core.loader.load import load
from engine.rehearse.spreading import processors
from engine.rehearse.suite import rehearse
from engine.verify.check import check
from engine.verify.space.explore import LIMIT
from runtime.collector import collect_seldom

if TYPE_CHECKING:
    from engine.core.calendars.calendar import Calendar
    from engine.verify.space.explore import Limit

WORKFLOWS = Path(__file__).parent.parent / "workflows"


SCENARIOS = 1000


def measure() -> list[Row]:
    """Milliseconds; no floor. The collector is told what every command tells it."""
    collect_seldom()
    source = (WORKFLOWS / "qualification.yaml").read_text("utf-8")
    calendar = calendar_or_raise((WORKFLOWS / "calendars" / "ru.yaml").read_text("utf-8"), file="ru.yaml")
    rows = [
        _row("validate the roadmap: structure", _median(lambda: _validate(source, calendar, None), 9), 150),
        _row("validate the roadmap: everything", _median(lambda: _validate(source, calendar, LIMIT), 3), 2000),
        _row(f"test: {SCENARIOS} scenarios", statistics.median(_rehearsed(SCENARIOS) for _ in range(3)), 5000),
    ]
    for command, reach in (("validate", 2000), ("diagram", 600)):
        took = _median(lambda command=command: _run(command), 5)
        rows.append(_row(f"milepost {command} qualification.yaml", took, reach))
    return rows


def _row(name: str, took: float, reach: int) -> Row:
    return Row(name, took, "ms", None, None, f"≤ {reach:,} ms", took <= reach)


def _validate(source: str, calendar: Calendar, limit: Limit | None) -> None:
    loaded = load(source, file="qualification.yaml")
    if loaded.workflow is None:
        raise RuntimeError(loaded.diagnostics[0].message)
    check(loaded.workflow, others={}, calendars={calendar.name: calendar}, templates=None, limit=limit)


def _rehearsed(count: int) -> float:
    """Scenarios of surveillance, the shipped ones again and again, each time about another product."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "workflows"
        shutil.copytree(WORKFLOWS, folder, ignore=shutil.ignore_patterns("*.test.yaml"))
        text = (WORKFLOWS / "surveillance.test.yaml").read_text("utf-8")
        head, _, rest = text.partition("scenarios:\n")
        scenarios = [
            part for part in re.split(r"(?m)^(?=  - name:)", rest.partition("\ncoverage:")[0] + "\n") if part.strip()
        ]
        times = -(-count // len(scenarios))
        one = "".join(scenarios)
        bodies = (one.replace("ZK-100", f"ZK-{n}").replace("  - name:", f"  - name: {n}") for n in range(times))
        body = "".join(bodies)
        (folder / "many.test.yaml").write_text(f"{head}scenarios:\n{body}", "utf-8")
        start = time.perf_counter()
        report = rehearse(
            [folder / "many.test.yaml"], lambda *_: None, templates=MessageTemplates, processors=processors()
        )
        took = (time.perf_counter() - start) * 1000
    done = sum(len(one.outcomes) for one in report.files)
    if not report.passed or done < count:
        raise RuntimeError(f"{done} scenarios, not all as written")
    return took * count / done


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
