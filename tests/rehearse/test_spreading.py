"""Many scenarios on several processors: what comes of them, in which order, and what was covered are as with one."""

import itertools
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.templates import MessageTemplates
from engine.core.diagnostics import Mark
from engine.rehearse import spreading
from engine.rehearse.scenario import ScenarioFile
from engine.rehearse.spreading import WORTH, Ended, Part, processors, shares_of
from engine.rehearse.suite import rehearse, scenario_files

WORKFLOWS = Path(__file__).parents[2] / "workflows"


@pytest.fixture
def shipped(tmp_path):
    """The shipped workflows with two of their scenario files, one more with something wrong, so often that it pays."""
    folder = tmp_path / "workflows"
    shutil.copytree(WORKFLOWS, folder, ignore=shutil.ignore_patterns("*.test.yaml"))
    text = (WORKFLOWS / "surveillance.test.yaml").read_text("utf-8")
    head, _, body = text.partition("scenarios:\n")
    body = body.partition("\ncoverage:")[0] + "\n"
    wrong = body.replace("outcome: failed", "outcome: passed")
    assert wrong != body
    for name, written in (("a", body), ("b", wrong)):
        times = -(-WORTH // body.count("  - name:"))
        copies = (written.replace("ZK-100", f"ZK-{n}").replace("  - name:", f"  - name: {n}") for n in range(times))
        (folder / f"{name}.test.yaml").write_text(f"{head}scenarios:\n{''.join(copies)}", "utf-8")
    return folder


def test_they_come_as_with_one_processor(shipped):
    """Outcomes, stories, marks and coverage are the same, and progress is told in the order of the files."""
    files = scenario_files([shipped])
    told = [], []
    one, three = (
        rehearse(
            files,
            lambda file, outcome, heard=heard: heard.append((file, outcome)),
            templates=MessageTemplates,
            processors=n,
        )
        for n, heard in zip((1, 3), told, strict=True)
    )
    assert one.files == three.files
    assert one.coverage == three.coverage
    assert told[0] == told[1]
    assert not one.files[0].failures
    assert len(one.files[1].failures) > WORTH // 10


def test_they_run_in_other_processes(shipped, monkeypatch):
    """As many as there are processors, and none for few scenarios."""
    pids = set()
    begun = spreading.get_context("fork").Process
    ended = []

    class Context:
        Pipe = staticmethod(spreading.get_context("fork").Pipe)

        def Process(self, **given):  # noqa: N802  (the library's name)
            process = begun(**given)
            ended.append(process)
            return process

    monkeypatch.setattr(spreading, "get_context", lambda _: Context())
    rehearse(scenario_files([shipped]), lambda *_: pids.add(os.getpid()), templates=MessageTemplates, processors=2)
    assert len(ended) == 2
    assert all(process.exitcode == 0 and process.pid != os.getpid() for process in ended)
    rehearse([shipped / "a.test.yaml"], lambda *_: None, templates=MessageTemplates, processors=2)
    assert len(ended) == 2


def test_a_process_that_fails_is_told(shipped, monkeypatch):
    """Its fault is raised where the scenarios were asked for, and nobody is left running."""
    monkeypatch.setattr(spreading, "run_file", lambda *_: itertools.repeat(1 / 0))
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        rehearse(scenario_files([shipped]), lambda *_: None, templates=MessageTemplates, processors=2)
    monkeypatch.setattr(spreading, "run_file", lambda *_: os._exit(3))
    with pytest.raises(Ended, match="was ended"):
        rehearse(scenario_files([shipped]), lambda *_: None, templates=MessageTemplates, processors=2)


def _file(scenarios):
    return ScenarioFile("f", "w.yaml", Mark(1, 1), datetime(2026, 1, 12, 9, tzinfo=UTC), {}, {}, tuple(scenarios))


def _length(share):
    return sum(len(part.file.scenarios) for part in share)


def test_shares_are_stretches_of_the_files():
    """Equally long, in order, and every scenario in one of them."""
    numbers = iter(range(100))
    files = [[next(numbers) for _ in range(count)] for count in (3, 0, 10, 1)]
    parts = [Part(place, _file(scenarios), None, (), None) for place, scenarios in enumerate(files)]
    for number in (1, 2, 3, 14):
        shares = shares_of(parts, number)
        assert [n for share in shares for part in share for n in part.file.scenarios] == list(range(14))
        assert max(map(_length, shares)) - min(map(_length, shares)) <= 1
        assert all(set(part.file.scenarios) <= set(files[part.place]) for share in shares for part in share)


def test_processors_are_counted():
    """At least this one."""
    assert processors() >= 1
