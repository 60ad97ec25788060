"""Suggested scenarios: cases for what is not covered, rehearsed before they are written, to be confirmed by a person."""

from __future__ import annotations

import shutil

import pytest

from adapters.templates import MessageTemplates
from engine.rehearse.suite import SeveralWorkflows, rehearse, scenario_files
from runtime.cli.suggest import NoPlace
from runtime.cli.suggest import run as suggest
from tests.rehearse.paths import WORKFLOWS


@pytest.fixture
def surveillance(tmp_path):
    """The shipped folder with the first scenario of surveillance as the only one."""
    shutil.copytree(WORKFLOWS, tmp_path / "workflows", ignore=shutil.ignore_patterns("*.test.yaml"))
    whole = (WORKFLOWS / "surveillance.test.yaml").read_text("utf-8")
    first = whole.index("  - name:")
    rest = whole.index("  - name:", first + 1)
    (tmp_path / "workflows" / "surveillance.test.yaml").write_text(whole[:rest].replace("coverage:", "# "), "utf-8")
    return tmp_path / "workflows"


def test_what_is_not_covered_is_suggested(surveillance, capsys):
    """Of a workflow of which one story is told all the rest: panels, time, other cases; what is written goes as it says."""
    assert suggest([surveillance], surveillance / "more.test.yaml") == 0
    out = capsys.readouterr().out
    assert out.startswith("9 scenarios, to be confirmed, in ")
    text = (surveillance / "more.test.yaml").read_text("utf-8")
    assert text.splitlines()[1].startswith("# To be confirmed:")
    report = rehearse(scenario_files([surveillance]), lambda *_: None, templates=MessageTemplates)
    assert report.passed
    shares = report.coverage["surveillance"]
    assert [shares[what].missing for what in ("states", "transitions", "deadlines", "met", "messages")] == [()] * 5
    assert suggest([surveillance], surveillance / "again.test.yaml") == 0
    assert capsys.readouterr().out == "everything is covered; nothing to suggest\n"
    assert not (surveillance / "again.test.yaml").exists()


def test_nothing_is_written_over(surveillance):
    """A file that is there may have been confirmed; one with another name would not be run."""
    with pytest.raises(NoPlace, match="is there already"):
        suggest([surveillance], surveillance / "surveillance.test.yaml")
    with pytest.raises(NoPlace, match=r"ends in \.test\.yaml"):
        suggest([surveillance], surveillance / "more.yaml")
    shutil.copy(WORKFLOWS / "appeal.test.yaml", surveillance)
    with pytest.raises(SeveralWorkflows, match="one of appeal, surveillance"):
        suggest([surveillance], surveillance / "more.test.yaml")


def test_what_no_case_goes_through_is_said(folder, written, capsys):
    """An arm whose condition no data that are tried fulfil is named, and the command ends with 1."""
    workflow = folder / "order.yaml"
    text = workflow.read_text("utf-8")
    workflow.write_text(
        text.replace(
            "    events:\n",
            "    events:\n      odd: {by: clerk, when: order.weight * order.weight == 2, to: lapsed}\n",
            1,
        ),
        "utf-8",
    )
    (folder / "one.test.yaml").write_text(written({"a": ["wait: 1 days"]}))
    assert suggest([folder / "one.test.yaml"], folder / "more.test.yaml") == 1
    out = capsys.readouterr().out
    assert "no scenario was found for" in out
    assert "check:odd" in out.partition("no scenario was found for")[2]
