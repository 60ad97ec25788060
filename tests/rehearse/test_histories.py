"""Whatever a scenario does, its histories prove the cases: chains hold, and the data is what the records add up to."""

from __future__ import annotations

from pathlib import Path

from adapters.templates import MessageTemplates
from engine.rehearse.suite import rehearse, scenario_files
from engine.service.audit import Audit
from engine.store.store import Store

WORKFLOWS = Path(__file__).parents[2] / "workflows"


def test_every_shipped_scenario_leaves_whole_histories(monkeypatch):
    """Before a store is emptied, gone back with or closed, all its cases are proved: allocation and facts are in the records too."""
    proofs = []

    def looked_at(leave):
        def look(store, *args):
            proofs.append(Audit(store, None).verify())
            return leave(store, *args)

        return look

    for name in ("close", "rewind"):
        monkeypatch.setattr(Store, name, looked_at(getattr(Store, name)))
    rehearse(scenario_files([WORKFLOWS]), lambda *_: None, templates=MessageTemplates)
    assert [str(proof.first) for proof in proofs if not proof.whole] == []
    assert sum(proof.steps for proof in proofs) > 1000
