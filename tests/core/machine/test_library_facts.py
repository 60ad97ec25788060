"""What the engine relies on in transitions, and what it keeps away from (DESIGN §2): when one of these changes, look again."""

from __future__ import annotations

import importlib.metadata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from transitions import EventData, Machine, MachineError, State

from engine.core.case import Event
from engine.core.machine.chart import build_chart
from engine.core.machine.regions import Region
from engine.core.machine.step import open_case, step
from engine.core.values import canonical
from engine.errors import Refused


class Model:
    """A throw-away model."""

    def __init__(self, state: str = "a") -> None:
        self.state = state


class Moves:
    """What a move reports to."""

    def __init__(self) -> None:
        self.left: list[str] = []
        self.entered: list[str] = []


def machine(**more: Any) -> Machine:
    """Two states, one way, shared by models that it does not know."""
    made = Machine(model=None, states=["a", "b"], initial="a", auto_transitions=False, **more)
    made.add_transition("go", "a", "b")
    return made


def test_the_version_is_the_one_that_was_measured() -> None:
    """These facts were measured on 0.9.3."""
    assert importlib.metadata.version("transitions") == "0.9.3"


def test_without_auto_transitions_nothing_jumps() -> None:
    """By default `to_x` may jump anywhere; the engine's machines have their own ways only."""
    assert "to_b" in Machine(model=None, states=["a", "b"], initial="a").events
    assert set(machine().events) == {"go"}
    region = Region(["x", "y"], [("arm", "x", "y")])
    assert set(region.machine.events) == {"+x", "+y", "-", "arm"}


def test_a_flat_machine_serves_models_it_does_not_know() -> None:
    """An event is triggered on a model that was never added: only its `state` is read and written."""
    shared, model = machine(), Model()
    assert shared.events["go"].trigger(model)
    assert (model.state, shared.models) == ("b", [])


def test_an_exception_after_the_move_leaves_the_new_state() -> None:
    """So a step works on a copy: what failed half way is thrown away with it."""

    def fail(_: EventData) -> None:
        raise RuntimeError("after the move")

    made = Machine(
        model=None, states=["a", State("b", on_enter=[fail])], initial="a", auto_transitions=False, send_event=True
    )
    made.add_transition("go", "a", "b")
    model = Model()
    with pytest.raises(RuntimeError):
        made.events["go"].trigger(model)
    assert model.state == "b"


def test_a_wrong_way_is_refused() -> None:
    """An event that has no way from here raises and moves nothing."""
    model = Model("b")
    with pytest.raises(MachineError):
        machine().events["go"].trigger(model)
    assert model.state == "b"


def test_a_typo_in_a_target_shows_only_at_run_time() -> None:
    """A transition to a state that is not there is accepted: so definitions are checked before building."""
    made = machine()
    made.add_transition("lost", "a", "nowhere")
    with pytest.raises(ValueError, match="nowhere"):
        made.events["lost"].trigger(Model())


def test_a_region_tells_what_was_left_and_entered() -> None:
    """Entering, an arm and leaving are transitions of the library; each reports in order."""
    region = Region(["x", "y"], [("arm", "x", "y"), ("self", "x", "x")])
    moves = Moves()
    region.enter("x", moves)
    region.take("self", "x", moves)
    region.take("arm", "x", moves)
    region.leave("y", moves)
    assert moves.left == ["x", "x", "y"]
    assert moves.entered == ["x", "x", "y"]


def test_a_region_refuses_a_wrong_way() -> None:
    """An arm that has no way from the active child raises the library's own error and reports nothing."""
    region, moves = Region(["x", "y"], [("arm", "x", "y")]), Moves()
    with pytest.raises(MachineError, match="Can't trigger event arm from state y"):
        region.take("arm", "y", moves)
    assert (moves.left, moves.entered) == ([], [])


def test_nothing_is_added_to_a_machine_by_use() -> None:
    """Models are thrown away: a machine holds none after any number of moves."""
    region = Region(["x", "y"], [("arm", "x", "y")])
    for _ in range(100):
        region.take("arm", "x", Moves())
    assert region.machine.models == []


def test_names_of_a_definition_are_not_imported(play) -> None:
    """A name that looks like a dotted path stays a name: no callback is looked up by it."""
    source = """
    states:
      os: {turn: clerk, initial: getcwd, states: {getcwd: {events: {go: {by: clerk, to: system}}}, system: {}}}
    """
    assert play(source).open().send("go").leaves == ("os.system",)


# ── one chart for all threads ────────────────────────────────────────────────────────────────────────────────────────

SHARED = """
states:
  p:
    turn: clerk
    deadlines: {late: {after: 5 working days, remind: [1 day], to: q}}
    events: {out: {by: clerk, to: q}}
    parallel:
      one: {initial: x, states: {x: {events: {go: {by: clerk, set: {n: n + 1}, to: y}}}, y: {events: {go: {by: clerk, to: f}}}, f: {final: true}}}
      two: {initial: x, states: {x: {events: {go: {by: clerk, to: y}, two: {by: clerk, to: f}}}, y: {events: {go: {by: clerk, to: f}}}, f: {final: true}}}
    done: [{to: q}]
  q: {turn: clerk, events: {back: {by: clerk, to: p}, kept: {by: clerk, to: p, keep: all}, stop: {by: clerk, when: n > 50, to: over}}}
  over: {final: true}
"""


def walk(chart, ana, now, seed: int) -> str:
    """One case's whole story, as text."""
    case = open_case(chart, Event("open"), ana, case_id=f"c{seed}", now=now).case
    told = []
    for turn in range(60):
        names = ("go", "two", "out", "back", "go", "kept", "stop")
        event = names[(seed * 31 + turn * turn * 7) % len(names)]
        now += timedelta(hours=5)
        try:
            made = step(chart, case, Event(event), ana, now=now)
        except Refused as refused:
            told.append(f"{event}: {refused}")
            continue
        case = made.case
        told.append(f"{event}: {made.record.arms} {made.record.left} {made.record.entered} {case.leaves} {case.timers}")
    return "\n".join([*told, canonical(case.data)])


def test_eight_threads_on_one_chart(play) -> None:
    """Flat machines are shared by threads: every case goes the way it goes alone."""
    stage = play(SHARED)
    ana, now = play.people["ana"], stage.now
    seeds = range(48)
    alone = [walk(stage.chart, ana, now, seed) for seed in seeds]
    fresh = build_chart(stage.chart.workflow, stage.chart.calendar)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda seed: walk(fresh, ana, now, seed), seeds))
    assert together == alone
    assert len(set(alone)) > 4
    assert any("p:done" in story for story in alone)
