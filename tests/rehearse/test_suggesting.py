"""Suggested scenarios: cases for what is not covered, rehearsed before they are written, to be confirmed by a person."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest

from adapters.templates import MessageTemplates
from engine.rehearse import suggesting
from engine.rehearse.coverage import GOALS
from engine.rehearse.goals import missing
from engine.rehearse.guards import Comparison
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
    assert out.startswith("12 scenarios, to be confirmed, in ")
    text = (surveillance / "more.test.yaml").read_text("utf-8")
    assert text.splitlines()[1].startswith("# To be confirmed:")
    report = rehearse(scenario_files([surveillance]), lambda *_: None, templates=MessageTemplates)
    assert report.passed
    assert missing(report.coverage["surveillance"]) == []
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
    found, _, not_found = capsys.readouterr().out.partition("no scenario was found for")
    assert "check:odd false" in found
    assert not_found.startswith(" check:odd, ")
    assert "check:odd true" in not_found


LOAN = """\
milepost: 1
workflow: loan
title: Loan of a tool
roles: {clerk: {title: Clerk, sees: all}, member: {title: Member, side: applicant, sees: all}}
data:
  loan: {days: integer, price: number, kind: [hand, power], asked: {type: integer, default: 0}}
  tools: {list: {type: list, key: tool, of: {tool: text, checked: text}}, opinions: {type: list, of: {verdict: text}}}
event_data: {level: integer}
open: {by: member, form: [loan.days!, loan.price!, loan.kind!, tools.list!]}
initial: check
states:
  check:
    turn: clerk
    events:
      accept: {by: clerk, form: [level!], when: event.level >= 3 && loan.days <= 14, to: sorting}
      look: {by: clerk, when: "tools.list.all(t, has(t.checked))", to: refused}
      ask:
        by: clerk
        when: loan.asked < 2
        set: {loan.asked: loan.asked + 1}
        actions: [{notify: member, template: letter}]
      judge: {by: clerk, to: judging}
    deadlines: {late: {after: 5 days, when: loan.days > 7, to: refused}}
  judging:
    panel: {ask: {clerk: 3}, form: [verdict!], into: tools.opinions}
    done: [{to: refused}]
  sorting:
    choose:
      - {when: loan.price < 99.50, to: lent}
      - {when: loan.kind == "power" || loan.asked == 1, to: refused}
      - {to: approval}
  approval:
    turn: clerk
    leave: [{notify: member, template: left}]
    events: {approve: {by: clerk, to: lent, actions: [{notify: member, template: dear, if: loan.price == 500}]}}
    deadlines: {decide: {after: 9 days, remind: {before: [2 days], to: [clerk], template: soon}, to: refused}}
  lent: {final: true}
  refused: {final: true}
"""

OPENED = """\
workflow: loan
clock: 2026-01-12 09:00
people: {mo: {roles: [member]}}
scenarios:
  - name: opened
    open: {by: mo, with: {loan.days: 30, loan.price: 5, loan.kind: hand, tools.list: [{tool: saw}]}}
"""


@pytest.fixture
def loan(folder):
    """A workflow whose conditions look at what is said, at what was said, at what is counted and at rows; a panel; one story."""
    for name in ("order", "part"):
        (folder / f"{name}.yaml").unlink()
    for name in ("left", "dear", "soon"):
        shutil.copy(folder / "templates" / "letter.en.txt", folder / "templates" / f"{name}.en.txt")
    (folder / "loan.yaml").write_text(LOAN)
    (folder / "loan.test.yaml").write_text(OPENED)
    return folder


def test_conditions_are_seen_from_both_sides(loan):
    """Data are on the right side of each number, whoever gives them; what is refused is told; letters and early ends too."""
    assert suggest([loan], loan / "more.test.yaml") == 0
    report = rehearse(scenario_files([loan]), lambda *_: None, templates=MessageTemplates)
    assert report.passed
    assert missing(report.coverage["loan"]) == []
    assert {what: share.percent for what, share in report.coverage["loan"].items()} == dict.fromkeys(GOALS, 100.0)


def test_only_the_number_is_on_its_other_side(loan):
    """All else is such that the arm would be taken: the number alone decides, and a slip of one would be found."""
    suggest([loan], loan / "more.test.yaml")
    text = (loan / "more.test.yaml").read_text("utf-8")
    (told,) = [one for one in text.split("  - name: ") if one.startswith('"to be confirmed: loan.days <= 14: at 15"')]
    assert '"loan.days": 15' in told
    refusal = next(line for line in told.splitlines() if "refuse:" in line)
    assert refusal.strip() == '- refuse: {do: accept, by: clerk-2, with: {"level": "3"}, because: GuardRefused}'


def test_a_panel_finds_those_whom_it_asks(loan, capsys):
    """As many people hold a role as a panel asks, so that a case may rest there."""
    suggest([loan], loan / "more.test.yaml")
    assert "\n  check:judge\n" in capsys.readouterr().out


def test_the_rest_is_left_for_the_next_time(loan, monkeypatch, capsys):
    """A file has so many scenarios at most; what is left over is named, and suggested when asked again."""
    monkeypatch.setattr(suggesting, "MOST", 3)
    assert suggest([loan], loan / "a.test.yaml") == 1
    assert "3 scenarios, to be confirmed" in capsys.readouterr().out
    monkeypatch.undo()
    assert suggest([loan], loan / "b.test.yaml") == 0


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("whole", [True, False])
def test_values_show_the_side_that_they_are_for(sign, whole):
    """Of each sign both sides have values, and these are seen there."""
    compared = Comparison("price", sign, Decimal(3), whole)
    for side in compared.sides:
        values = compared.values(side)
        assert values
        assert {compared.side(value) for value in values} == {side}
    assert compared.values("price < 4: at 4") == []
