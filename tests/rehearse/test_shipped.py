"""The project's own acceptance: every scenario of the shipped workflows goes as written."""

from __future__ import annotations

from pathlib import Path

from adapters.templates import MessageTemplates
from engine.rehearse.suite import rehearse, scenario_files

WORKFLOWS = Path(__file__).parents[2] / "workflows"


def test_the_shipped_scenarios_pass_and_cover_the_roadmap():
    """All pass; every transition and every deadline of every workflow, of qualification above all, is gone through."""
    report = rehearse(scenario_files([WORKFLOWS]), lambda *_: None, templates=MessageTemplates)
    failures = [(one.file, outcome.scenario, outcome.failure) for one in report.files for outcome in one.failures]
    assert failures == []
    assert report.short == []
    missing = {
        (name, what): share.missing for name, shares in report.coverage.items() for what, share in shares.items()
    }
    assert missing["qualification", "transitions"] == ()
    turning = ("conditions", "boundaries")
    assert {place for place, names in missing.items() if names and place[1] not in turning} == set()
    assert all(shares["conditions"].percent > 85 for name, shares in report.coverage.items() if name != "campaign")
    assert all(shares["boundaries"].percent > 85 for shares in report.coverage.values())
