"""All scenario files of a path: each run in the world of its folder, with the coverage of the workflows they test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.errors import MilepostError
from engine.rehearse.coverage import Covered, Share
from engine.rehearse.guards import Guards
from engine.rehearse.names import check_names
from engine.rehearse.nodes import UNKNOWN, fault, near
from engine.rehearse.reading import read_scenarios
from engine.rehearse.runner import Outcome, Rule
from engine.rehearse.spreading import Part, run_parts
from engine.rehearse.suggesting import suggest
from engine.rehearse.world import World
from engine.service.bundles import read_folder
from engine.verify.policies import parse_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from engine.core.definition import Workflow
    from engine.rehearse.scenario import ScenarioFile
    from engine.rehearse.suggesting import Suggested
    from engine.rehearse.world import TemplatesOf

    Progress = Callable[[str, Outcome], None]

SUFFIX = ".test.yaml"


class SeveralWorkflows(MilepostError):
    """Scenarios of more than one workflow, where it has to be one."""


@frozen
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
    workflows: dict[str, Workflow] = field(default_factory=dict)
    covered: dict[str, Covered] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every scenario went as written and every goal of coverage is met."""
        return not self.short and not any(report.failures for report in self.files)


@dataclass(slots=True)
class _Goal:
    """What the files about one workflow have covered, and what they want to."""

    covered: Covered
    percent: dict[str, int] = field(default_factory=dict)


def scenario_files(paths: Iterable[Path]) -> list[Path]:
    """The scenario files at these paths, folders searched one level deep."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def rehearse(files: Sequence[Path], progress: Progress, *, templates: TemplatesOf, processors: int = 1) -> SuiteReport:
    """Run scenario files; `progress` hears of each scenario in their order, `templates` make the letters.

    All files are read before the first is run; many scenarios use so many processors. Raises InvalidWorkflow, OSError.
    """
    report = SuiteReport()
    by_folder: dict[Path, list[Path]] = {}
    for file in files:
        by_folder.setdefault(file.parent, []).append(file)
    texts = {file: read_scenarios(file.read_text(encoding="utf-8"), file=str(file)) for file in files}
    for folder, members in by_folder.items():
        world = World(read_folder(folder), templates)
        try:
            _run_folder(world, [texts[file] for file in members], report, progress, processors)
        finally:
            world.close()
    return report


def suggest_for(
    files: Sequence[Path], report: SuiteReport, progress: Callable[[str], None], *, templates: TemplatesOf
) -> Suggested:
    """Scenarios for what these files, all about one workflow, do not cover. Raises SeveralWorkflows."""
    if len(report.coverage) != 1 or len({file.parent for file in files}) != 1:
        names = ", ".join(report.coverage)
        raise SeveralWorkflows(f"scenarios are suggested for one workflow at a time; name the files of one of {names}")
    (name,) = report.coverage
    world = World(read_folder(files[0].parent), templates)
    try:
        return suggest(world, world.charts[name], report.coverage[name], progress)
    finally:
        world.close()


def _run_folder(
    world: World, files: list[ScenarioFile], report: SuiteReport, progress: Progress, processors: int
) -> None:
    known = {name: chart.workflow for name, chart in world.charts.items()}
    tested = [tested_workflow(file, world.files) for file in files]
    for file, name in zip(files, tested, strict=True):
        check_names(file, known[name], known)
    goals: dict[str, _Goal] = {}
    parts = []
    for place, (file, name) in enumerate(zip(files, tested, strict=True)):
        goal = goals.setdefault(name, _Goal(Covered(Guards(known[name]))))
        goal.percent.update(file.coverage)
        parts.append(Part(place, file, world.charts[name], rules_of(file, known[name]), goal.covered))
    outcomes: list[list[Outcome]] = [[] for _ in files]
    for place, outcome in run_parts(world, parts, processors):
        progress(files[place].file, outcome)
        outcomes[place].append(outcome)
    report.files += [
        FileReport(file.file, name, tuple(found)) for file, name, found in zip(files, tested, outcomes, strict=True)
    ]
    for name, goal in goals.items():
        shares = goal.covered.shares()
        report.coverage[name], report.workflows[name], report.covered[name] = shares, known[name], goal.covered
        report.short += [
            f"{name}: {what} {shares[what].percent:.1f} %, wanted {percent} %"
            for what, percent in goal.percent.items()
            if shares[what].percent < percent
        ]


def rules_of(file: ScenarioFile, workflow: Workflow) -> tuple[Rule, ...]:
    """The policies of a file, and those of the workflow itself: what cannot be proved is shown by scenarios."""
    own = [Rule(words, parse_policy(words, workflow), None) for words in workflow.policies]
    return (*(Rule(one.text, parse_policy(one.text, workflow), one.mark) for one in file.policies), *own)


def tested_workflow(file: ScenarioFile, names: Mapping[str, str]) -> str:
    """The workflow that a file is about, of those beside it (file → workflow). Raises InvalidWorkflow."""
    for source, workflow in names.items():
        if file.workflow in {source, workflow}:
            return workflow
    message = f"there is no workflow file {file.workflow[:80]} beside this one"
    raise fault(UNKNOWN, file.file, file.workflow_mark, message, near(file.workflow, names))
