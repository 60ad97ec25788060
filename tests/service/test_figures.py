"""What an operator watches, on every database: steps in their order, what waits, what is open."""

from __future__ import annotations

from datetime import timedelta


def test_figures(proposals, acme, officer, product):
    """Each step once, by workflow and kind; effects by adapter with the oldest; cases by leaf, at most half a minute old."""
    world, figures = proposals, proposals.services.figures
    case = world.open("proposal", product, acme)
    world.send(case.id, "return", officer, {"reasons": "x"})
    while world.services.feed.sequence():
        pass
    steps = list(figures.steps(0))
    assert [(one.pos, one.workflow, one.kind) for one in steps] == [(1, "proposal", "opened"), (2, "proposal", "event")]
    assert list(figures.steps(world.services.feed.end())) == []
    ((adapter, count, since),) = [(one.adapter, one.count, one.since) for one in figures.waiting()]
    assert (adapter, count, since) == ("notify", 1, world.services.clock.now())
    assert [(one.workflow, one.state, one.count) for one in figures.open_cases()] == [("proposal", "correction", 1)]
    world.wait(days=30)
    assert figures.waiting() == ()
    assert len(figures.open_cases()) == 1
    figures._until = 0.0
    assert figures.open_cases() == ()
    while world.services.feed.sequence():
        pass
    late = [one.recorded_at - one.at for one in figures.steps(2) if one.kind == "deadline"]
    assert late == [timedelta(0)]
