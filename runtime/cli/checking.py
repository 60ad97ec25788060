"""Everything that can be found wrong in files of workflows, read together folder by folder; printing is left to others."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from adapters.template_headers import is_daily
from engine.core.calendars.reading import read_calendar
from engine.core.diagnostics import NOWHERE, Diagnostic, Severity
from engine.core.loader.load import load
from engine.errors import InvalidWorkflow, MilepostError
from engine.verify.check import check
from engine.verify.findings import Report
from engine.verify.graph import Graph
from engine.verify.letters import check_letter, used_by
from engine.verify.parts import Parts
from engine.verify.proofs import refuted
from engine.verify.space.explore import Limit
from engine.verify.trial.trials import Trials
from engine.verify.years import check_years

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from engine.core.calendars.calendar import Calendar
    from engine.core.case import Actor
    from engine.core.definition import Workflow
    from engine.rehearse.scenario import ScenarioFile
    from engine.verify.findings import Profile

SCENARIOS = ".test.yaml"
TEMPLATE_FAULT = "TP001"
TEMPLATES = frozenset({".txt", ".typ"})
MAX_FILE = 4 << 20
SEARCH = Limit(clock=process_time)
"""Of this process, so that a busy machine finds what an idle one does."""


class NoFiles(MilepostError):
    """There is nothing to check at a path."""


@dataclass(slots=True)
class Checked:
    """What was looked at, in order, with its texts and findings."""

    files: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    silenced: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True)
class _Folder:
    path: Path
    checked: Checked
    now: datetime
    workflows: dict[str, Workflow] = field(default_factory=dict)  # by file
    loading: dict[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    templates: frozenset[str] | None = None
    daily: frozenset[str] = frozenset()
    people: tuple[Actor, ...] | None = None
    senders: dict[str, list[Workflow]] | None = None  # by template, once it was asked for

    def users(self, template: str) -> list[Workflow]:
        """The workflows that send letters of a template."""
        if self.senders is None:
            self.senders = {}
            for workflow in self.workflows.values():
                for name in used_by(workflow):
                    self.senders.setdefault(name, []).append(workflow)
        return self.senders.get(template, [])


def check_paths(
    paths: Iterable[Path],
    profile: Profile,
    people: tuple[Actor, ...] | None = None,
    *,
    now: datetime,
    texts: Mapping[str, str] | None = None,
) -> Checked:
    """Files as named; folders with all that is in them. A single file is checked with sight of its neighbours.

    `people` are those who will work with them; None: not known. Deadlines are counted on calendars from `now`. `texts`: what
    files say instead of what is on the disk.
    """
    checked = Checked(sources=dict(texts or {}))
    folders: dict[Path, _Folder] = {}
    for path in paths:
        wanted = _files(path)
        around = home(path)
        folder = folders.get(around) or _read(around, checked, now)
        folder.people = people
        folders[around] = folder
        for file in wanted:
            if str(file) not in checked.files:
                checked.files.append(str(file))
                checked.findings += _check(file, folder, profile)
    return checked


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise NoFiles(f"there is no {path}; name a workflow file or a folder of them")
    if not path.is_dir():
        return [path]
    found = [file for pattern in ("*.yaml", "calendars/*.yaml") for file in sorted(path.glob(pattern))]
    if not found:
        raise NoFiles(f"{path} has no *.yaml file; name a workflow file or a folder of them")
    return [*found, *sorted(file for file in path.glob("templates/*") if file.suffix in TEMPLATES)]


def home(path: Path) -> Path:
    """The folder that a file belongs to: the one around calendars/ and templates/."""
    folder = path if path.is_dir() else path.parent
    return folder.parent if folder.name in {"calendars", "templates"} and folder == path.parent else folder


def _read(home: Path, checked: Checked, now: datetime) -> _Folder:
    folder = _Folder(home, checked, now)
    for file in sorted(home.glob("*.yaml")):
        if not file.name.endswith(SCENARIOS):
            _load(file, folder)
    for file in sorted(home.glob("calendars/*.yaml")):
        calendar, _ = read_calendar(_text(file, checked), file=str(file))
        if calendar is not None:
            folder.calendars[file.stem] = calendar
    if (home / "templates").is_dir():
        names = (file.name for file in (home / "templates").iterdir() if file.suffix in TEMPLATES)
        folder.templates = frozenset(name.partition(".")[0] for name in names)
        letters = (home / "templates").glob("*.txt")
        folder.daily = frozenset(file.name.partition(".")[0] for file in letters if is_daily(_text(file, checked)))
    return folder


def _load(file: Path, folder: _Folder) -> None:
    loaded = load(_text(file, folder.checked), file=str(file))
    folder.loading[str(file)] = loaded.diagnostics
    if loaded.workflow is not None:
        folder.workflows[str(file)] = loaded.workflow


def _check(file: Path, folder: _Folder, profile: Profile) -> tuple[Diagnostic, ...]:
    if file.name.endswith(SCENARIOS):
        return _scenarios(file, folder, profile)
    if file.parent.name == "calendars":
        return _calendar(file, folder, profile)
    if file.suffix in TEMPLATES:
        return _template(file, folder, profile)
    if str(file) not in folder.loading:
        _load(file, folder)
    found = folder.loading[str(file)]
    workflow = folder.workflows.get(str(file))
    if workflow is None:
        return found
    others = {other.name: other for name, other in folder.workflows.items() if name != str(file)}
    proved = check(
        workflow,
        others=others,
        calendars=folder.calendars,
        templates=folder.templates,
        daily=folder.daily,
        people=folder.people,
        profile=profile,
        limit=SEARCH,
    )
    folder.checked.silenced += proved.silenced
    return tuple(sorted((*found, *proved.found), key=lambda one: (one.mark.line, one.mark.column, one.code)))


def _scenarios(file: Path, folder: _Folder, profile: Profile) -> tuple[Diagnostic, ...]:
    from engine.rehearse.names import check_names
    from engine.rehearse.nodes import UNKNOWN, near
    from engine.rehearse.reading import read_scenarios

    known = {Path(name).name: workflow for name, workflow in folder.workflows.items()}
    named = {workflow.name: workflow for workflow in known.values()}
    try:
        scenarios = read_scenarios(_text(file, folder.checked), file=str(file))
        tested = known.get(scenarios.workflow) or named.get(scenarios.workflow)
        if tested is not None and len(known) == len(folder.loading):  # one that is broken could have the names
            check_names(scenarios, tested, named)
            return _sentences(scenarios, tested, folder, profile)
    except InvalidWorkflow as invalid:
        return invalid.diagnostics
    if tested is not None or scenarios.workflow in {Path(name).name for name in folder.loading}:
        return ()
    words = f"there is no workflow file {scenarios.workflow} beside this one"
    return (
        Diagnostic(UNKNOWN, Severity.ERROR, words, str(file), scenarios.workflow_mark, near(scenarios.workflow, known)),
    )


def _sentences(scenarios: ScenarioFile, tested: Workflow, folder: _Folder, profile: Profile) -> tuple[Diagnostic, ...]:
    """Policies of a scenario file that a case of the workflow would break."""
    if not scenarios.policies:
        return ()
    report = Report(scenarios.file, profile)
    trials = Trials(tested, Parts(tested), folder.calendars.get(tested.calendar or ""), SEARCH)
    refuted(Graph(tested), [(sentence.text, sentence.mark) for sentence in scenarios.policies], trials, report)
    return tuple(report.found)


def _calendar(file: Path, folder: _Folder, profile: Profile) -> tuple[Diagnostic, ...]:
    """What is wrong with a calendar, and whether its years are enough for those who count in it."""
    calendar, found = read_calendar(_text(file, folder.checked), file=str(file))
    if calendar is None:
        return found
    users = [workflow for workflow in folder.workflows.values() if workflow.calendar == file.stem]
    return (*found, *check_years(str(file), calendar, users, profile, now=folder.now))


def _template(file: Path, folder: _Folder, profile: Profile) -> tuple[Diagnostic, ...]:
    sources = {file.name: _text(file, folder.checked)}
    name = file.name.partition(".")[0]
    if file.suffix == ".typ":
        from adapters.certificates import TypstCertificates
        from engine.service.bundles import read_fonts

        problems = TypstCertificates(sources | read_fonts(file.parent)).check(name)
    else:
        from adapters.templates import MessageTemplates

        letters = MessageTemplates(sources)
        problems = letters.check(name)
        if not problems:
            return check_letter(str(file), letters.named(name)[file.name], folder.users(name), profile)
    return tuple(Diagnostic(TEMPLATE_FAULT, Severity.ERROR, text, str(file), NOWHERE) for text in problems)


def _text(file: Path, checked: Checked) -> str:
    name = str(file)
    if name not in checked.sources:
        if file.stat().st_size > MAX_FILE:
            raise NoFiles(f"{file} has more than {MAX_FILE >> 20} MiB; this is no file of a workflow")
        try:
            checked.sources[name] = file.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise NoFiles(f"{file} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    return checked.sources[name]
