"""Stages, parallels and choices: what is enough, what is off, what ends a case (LANGUAGE §2.5)."""

from __future__ import annotations

import pytest

from engine.errors import EventNotAllowed

JOIN = """
states:
  p:
    turn: clerk
    need: NEED
    parallel:
      one: {initial: w, states: {w: {events: {one: {by: clerk, to: f}}}, f: {final: true}}}
      two: {if: flag, initial: w, states: {w: {events: {two: {by: clerk, to: f}}}, f: {final: true}}}
      three: {initial: w, states: {w: {events: {three: {by: clerk, to: f}, tell: {by: clerk, form: [n]}}}, f: {final: true}}}
    done: [{set: {m: 1}, to: end}]
  end: {final: true}
"""


@pytest.mark.parametrize(
    ("need", "flag", "events", "done_after"),
    [
        ("all", True, ["one", "two", "three"], 3),
        ("all", False, ["one", "three"], 2),
        ("any", True, ["three"], 1),
        ("2", True, ["one", "two"], 2),
        ("2", False, ["three"], 1),
        ('in_state("one.f")', True, ["two", "three", "one"], 3),
        ("n == 3", True, ["one", "two", "three"], 3),
    ],
)
def test_a_parallel_is_done_when_its_need_is_met(play, need, flag, events, done_after) -> None:
    """all, any, n or a condition; a region that is off counts as finished; all in and still false: done all the same."""
    case = play(JOIN.replace("NEED", need)).open({"flag": flag})
    for place, event in enumerate(events, 1):
        assert case.case.closed_at is None, event
        case.send(event)
        assert (case.case.closed_at is not None) == (place == done_after), event


def test_a_need_may_be_met_by_data(play) -> None:
    """A condition is looked at after every step, whatever it changed."""
    case = play(JOIN.replace("NEED", "n == 3")).open({"flag": True}).send("tell", {"n": 2})
    assert case.case.closed_at is None
    assert case.send("tell", {"n": 3}).case.outcome == "end"
    assert case.last.record.arms == ("p.three.w:tell", "p:done")


def test_a_region_that_is_off_is_not_entered(play) -> None:
    """`if` is decided on entry; false: the region has no position."""
    case = play(JOIN.replace("NEED", "all")).open({"flag": False})
    assert case.leaves == ("p.one.w", "p.three.w")
    case.refused(EventNotAllowed, "two")


def test_regions_left_unfinished_are_cancelled(play) -> None:
    """A parallel that is done leaves what has not finished."""
    case = play(JOIN.replace("NEED", "any")).open({"flag": True}).send("two")
    assert "p.one.w" in case.last.record.left
    assert case.case.timers == ()


def test_a_parallel_whose_regions_are_all_off_is_done_at_once(play) -> None:
    """With nothing to wait for a parallel is done in the step that enters it."""
    source = """
    states:
      p: {turn: clerk, parallel: {one: {if: flag, initial: w, states: {w: {}}}}, done: [{to: end}]}
      end: {final: true}
    """
    assert play(source).open({"flag": False}).case.outcome == "end"


def test_a_parallel_without_done_waits_for_its_own_events(play) -> None:
    """No `done` on a parallel: it rests, finished, until an event moves it."""
    source = JOIN.replace("    done: [{set: {m: 1}, to: end}]\n", "    events: {close: {by: clerk, to: end}}\n")
    case = play(source.replace("NEED", "any")).open({"flag": True}).send("one")
    assert case.case.closed_at is None
    assert next(p for p in case.case.positions if p.state == "p").finished
    assert case.send("close").case.outcome == "end"


def test_a_stage_is_done_when_an_inner_final_is_reached(play) -> None:
    """`done` chooses by what was written; an inner final closes no case."""
    source = """
    states:
      a:
        turn: clerk
        initial: w
        states: {w: {events: {go: {by: clerk, form: [n], to: f}}}, f: {final: true, set: {m: n + 1}}}
        done: [{when: m > 5, to: b}, {to: end}]
      b: {turn: clerk}
      end: {final: true, outcome: low}
    """
    assert play(source).open().send("go", {"n": 9}).leaves == ("b",)
    assert play(source).open().send("go", {"n": 1}).case.outcome == "low"


def test_regions_may_nest(play) -> None:
    """A stage in a region may hold a parallel; inner joins come before outer ones."""
    source = """
    states:
      p:
        turn: clerk
        parallel:
          one:
            initial: q
            states:
              q:
                parallel:
                  x: {initial: w, states: {w: {events: {x: {by: clerk, to: f}}}, f: {final: true}}}
                  y: {initial: w, states: {w: {events: {y: {by: clerk, to: f}}}, f: {final: true}}}
                done: [{to: f}]
              f: {final: true}
          two: {initial: w, states: {w: {events: {z: {by: clerk, to: f}}}, f: {final: true}}}
        done: [{to: end}]
      end: {final: true}
    """
    case = play(source).open().send("z").send("y").send("x")
    assert case.last.record.arms == ("p.one.q.x.w:x", "p.one.q:done", "p:done")
    assert case.case.outcome == "end"


def test_events_of_the_root_hold_in_every_state(play) -> None:
    """Events and deadlines at the top of the file hold in every state of the case."""
    source = """
    events: {stop: {by: chief, to: over}}
    deadlines: {whole: {after: 1 month, to: over}}
    states:
      a: {turn: clerk, events: {go: {by: clerk, to: b}}}
      b: {turn: clerk}
      over: {final: true}
    """
    case = play(source).open()
    due = case.due("whole")
    assert case.send("go").due("whole") == due
    assert case.send("stop", by="cyd").case.outcome == "over"


def test_a_turn_is_that_of_the_nearest_state_around(play) -> None:
    """`turn`: own, else that of the enclosing state; a parallel shows every region's; `none` is nobody's."""
    source = """
    states:
      p:
        turn: clerk
        parallel:
          one: {initial: w, states: {w: {turn: buyer, events: {one: {by: buyer, to: f}}}, f: {final: true}}}
          two: {turn: chief, initial: w, states: {w: {events: {two: {by: chief, to: f}}}, f: {final: true}}}
        done: [{to: still}]
      still: {turn: none, events: {on: {by: system, to: end}}}
      end: {final: true}
    """
    case = play(source).open()
    assert set(case.case.turn) == {"buyer", "chief", "clerk"}
    assert set(case.send("one", by="bob").case.turn) == {"chief", "clerk"}
    assert case.send("two", by="cyd").case.turn == ()
    assert case.send("on", by="system").case.turn == ()
