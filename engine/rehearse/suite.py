"""All scenario files of a path: each run in the world of its folder, with the coverage of the workflows they test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.diagnostics import Diagnostic, Mark, Severity
from engine.errors import InvalidWorkflow
from engine.rehearse.coverage import Covered, Share
from engine.rehearse.reading import read_scenarios
from engine.rehearse.runner import Outcome, run_file
from engine.rehearse.world import World
from engine.service.bundles import read_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from engine.rehearse.scenario import ScenarioFile

SUFFIX = ".test.yaml"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One scenario file: how each of its scenarios went."""

    file: str
    workflow: str
    outcomes: tuple[Outcome, ...]

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Those that did not go as written."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure is not None)


@dataclass(slots=True)
class SuiteReport:
    """All files; the coverage by workflow, and where it stays below what the files ask for."""

    files: list[FileReport] = field(default_factory=list)
    coverage: dict[str, dict[str, Share]] = field(default_factory=dict)
    short: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every scenario went as written and every goal of coverage is met."""
        return not self.short and not any(report.failures for report in self.files)


def scenario_files(paths: Iterable[Path]) -> list[Path]:
    """The scenario files at these paths, folders searched one level deep."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    return found


def rehearse(files: Iterable[Path], progress: Callable[[str, Outcome], None]) -> SuiteReport:
    """Run scenario files; `progress` hears of each scenario as it ends. Raises InvalidWorkflow, OSError."""
    report = SuiteReport()
    by_folder: dict[Path, list[Path]] = {}
    for file in files:
        by_folder.setdefault(file.parent, []).append(file)
    for folder, members in by_folder.items():
        _run_folder(folder, members, report, progress)
    return report


def _run_folder(
    folder: Path, members: list[Path], report: SuiteReport, progress: Callable[[str, Outcome], None]
) -> None:
    world = World(read_folder(folder))
    try:
        names = {published.file: published.workflow for published in _files(world)}
        covered: dict[str, Covered] = {}
        goals: dict[str, dict[str, int]] = {}
        for file in members:
            scenarios = read_scenarios(file.read_text(encoding="utf-8"), file=str(file))
            workflow = _tested(scenarios, names)
            covered.setdefault(workflow, Covered())
            for goal, percent in scenarios.coverage.items():
                goals.setdefault(workflow, {})[goal] = percent
            outcomes = []
            for outcome in run_file(world, scenarios, workflow, covered):
                progress(str(file), outcome)
                outcomes.append(outcome)
            report.files.append(FileReport(str(file), workflow, tuple(outcomes)))
        for workflow, seen in covered.items():
            shares = seen.shares(world.services.catalog.chart_of(workflow)[1].workflow)
            report.coverage[workflow] = shares
            for goal, percent in goals.get(workflow, {}).items():
                if shares[goal].percent < percent:
                    report.short.append(f"{workflow}: {goal} {shares[goal].percent:.1f} %, wanted {percent} %")
    finally:
        world.close()


def _files(world: World) -> list[_Source]:
    """Which workflow each file of the folder holds."""
    catalog = world.services.catalog
    return [_Source(catalog.version(p.workflow).file, p.workflow) for p in world.published]


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    workflow: str


def _tested(scenarios: ScenarioFile, names: dict[str, str]) -> str:
    for file, workflow in names.items():
        if file == scenarios.workflow or file.endswith(f"/{scenarios.workflow}") or workflow == scenarios.workflow:
            return workflow
    wanted = Diagnostic(
        "WF091",
        Severity.ERROR,
        f"there is no workflow file {scenarios.workflow} beside this one",
        scenarios.file,
        Mark(1, 1),
        f"there are {', '.join(names) or 'none'}",
    )
    raise InvalidWorkflow([wanted])
