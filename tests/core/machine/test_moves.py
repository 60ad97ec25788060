"""Where arms lead: names, exits and entries, regions, conflicts, what is kept (LANGUAGE §3.3, §3.4, §3.5, §2.6)."""

from __future__ import annotations

import pytest

from engine.errors import ConflictingSets, DutyConflict, EventNotAllowed, InvalidWorkflow

NAMES = """
states:
  a:
    turn: clerk
    initial: one
    events: {inside: {by: clerk, to: two}, self: {by: clerk, to: a}}
    states:
      one:
        events:
          sibling: {by: clerk, to: two}
          around: {by: clerk, to: b}
          only: {by: clerk, to: deep}
          dots: {by: clerk, to: b.two}
          own: {by: clerk, to: one}
          outer: {by: clerk, to: a}
      two: {}
  b:
    turn: clerk
    initial: one
    states: {one: {}, two: {}, three: {initial: deep, states: {deep: {}}}}
"""


@pytest.mark.parametrize(
    ("event", "leaf"),
    [
        ("inside", "a.two"),
        ("sibling", "a.two"),
        ("around", "b.one"),
        ("only", "b.three.deep"),
        ("dots", "b.two"),
        ("own", "a.one"),
        ("outer", "a.one"),
        ("self", "a.one"),
    ],
)
def test_a_name_means_inside_then_siblings_then_outward(play, event, leaf) -> None:
    """Inside first, a sibling, a sibling of an enclosing state, else the only one in the file; dots go inside."""
    assert play(NAMES).open().send(event).leaves == (leaf,)


@pytest.mark.parametrize(
    ("event", "left", "entered"),
    [
        ("inside", ("a.one",), ("a.two",)),
        ("sibling", ("a.one",), ("a.two",)),
        ("own", ("a.one",), ("a.one",)),
        ("outer", ("a.one", "a"), ("a", "a.one")),
        ("self", ("a.one", "a"), ("a", "a.one")),
        ("only", ("a.one", "a"), ("b", "b.three", "b.three.deep")),
    ],
)
def test_what_contains_both_ends_is_not_left(play, event, left, entered) -> None:
    """What contains the arm's state and the target stays; naming itself or one around it leaves and enters anew."""
    case = play(NAMES).open().send(event)
    assert (case.last.record.left, case.last.record.entered) == (left, entered)


def test_an_arm_without_to_moves_nothing(play) -> None:
    """Without `to` nothing is left or entered, and timers stay the same objects."""
    source = """
    states: {a: {turn: clerk, events: {note: {by: clerk, set: {n: 1}}}, deadlines: {late: {after: 2 days, escalate: [chief]}}}}
    """
    case = play(source).open()
    timers = case.case.timers
    case.send("note")
    assert case.case.timers == timers
    assert (case.last.armed, case.last.cancelled, case.last.record.entered) == ((), (), ())


def test_an_entry_is_counted(play) -> None:
    """A position says how often its state was entered, and when."""
    case = play(NAMES).open()
    case.until("2026-01-13 10:00").send("own")
    one = next(p for p in case.case.positions if p.state == "a.one")
    outer = next(p for p in case.case.positions if p.state == "a")
    assert (one.entry, one.entered_at) == (2, case.now)
    assert outer.entry == 1


REGIONS = """
states:
  p:
    turn: clerk
    events: {out: {by: clerk, to: q}, both: {by: clerk, set: {m: 1}}, all: {by: clerk, to: q}}
    parallel:
      left:
        initial: x
        states:
          x: {events: {go: {by: clerk, to: y}, both: {by: clerk, set: {n: 1}, to: y}, clash: {by: clerk, set: {n: 1}},
                       all: {by: clerk, to: y}}}
          y: {events: {home: {by: clerk, to: q}}}
      right:
        initial: x
        states:
          x: {events: {go: {by: clerk, to: y}, clash: {by: clerk, set: {n: 2}}, leave: {by: clerk, to: q}}}
          y: {events: {leave: {by: clerk, to: q}}}
  q: {turn: clerk, events: {into: {by: clerk, to: p.right.y}, back: {by: clerk, to: p}}}
"""


def test_every_region_takes_an_event(play) -> None:
    """One event moves each region that has an arm for it."""
    case = play(REGIONS).open().send("go")
    assert case.leaves == ("p.left.y", "p.right.y")
    assert case.last.record.arms == ("p.left.x:go", "p.right.x:go")


def test_the_innermost_arm_wins_per_region(play) -> None:
    """One region has an inner arm, the other bubbles to the state around: both run."""
    case = play(REGIONS).open().send("both")
    assert case.leaves == ("p.left.y", "p.right.x")
    assert (case["n"], case["m"]) == (1, 1)


def test_of_two_arms_that_leave_one_state_the_inner_wins(play) -> None:
    """An arm that leaves the whole parallel gives way to the one that moves inside it."""
    assert play(REGIONS).open().send("all").leaves == ("p.left.y", "p.right.x")


def test_two_regions_that_set_one_path_are_refused(play) -> None:
    """Two regions setting one path in a step: refused."""
    assert "n" in str(play(REGIONS).open().refused(ConflictingSets, "clash"))


def test_an_arm_out_of_a_region_leaves_all_regions(play) -> None:
    """Leaving a parallel leaves every region, inner first, the last in the file first."""
    case = play(REGIONS).open().send("out")
    assert case.last.record.left == ("p.right.x", "p.right", "p.left.x", "p.left", "p")
    assert case.leaves == ("q",)


def test_into_a_region_the_others_start_at_initial(play) -> None:
    """Into a region from outside: the others start at `initial`."""
    case = play(REGIONS).open().send("out").send("into")
    assert case.leaves == ("p.left.x", "p.right.y")


def test_from_one_region_into_another_is_refused(play) -> None:
    """An arm from one region of a parallel into another region of it is refused at load."""
    source = REGIONS.replace(
        "y: {events: {home: {by: clerk, to: q}}}", "y: {events: {home: {by: clerk, to: p.right.y}}}"
    )
    with pytest.raises(InvalidWorkflow):
        play(source)


def test_two_arms_that_leave_the_same_state_the_first_in_the_file_goes(play) -> None:
    """Of two arms that leave the same parallel the first in the file runs."""
    source = """
    states:
      p:
        turn: clerk
        parallel:
          left: {initial: x, states: {x: {events: {end: {by: clerk, set: {n: 1}, to: one}}}}}
          right: {initial: x, states: {x: {events: {end: {by: clerk, set: {n: 2}, to: two}}}}}
      one: {turn: clerk}
      two: {turn: clerk}
    """
    case = play(source).open()
    assert case.send("end").leaves == ("one",)
    assert case["n"] == 1


BUBBLE = """
states:
  a:
    turn: clerk
    events: {go: {by: [clerk, chief], to: outer}}
    initial: i
    states:
      i: {events: {go: {by: chief, when: n > 1, to: inner}}}
      inner: {}
  outer: {turn: clerk}
"""


@pytest.mark.parametrize(
    ("n", "by", "leaf"), [(0, "ana", "outer"), (5, "ana", "outer"), (0, "cyd", "outer"), (5, "cyd", "a.inner")]
)
def test_an_arm_whose_by_or_when_fails_is_passed_over(play, n, by, leaf) -> None:
    """Innermost arm first; one whose `by` or `when` fails is passed over and the search goes outward."""
    assert play(BUBBLE).open({"n": n}).send("go", by=by).leaves == (leaf,)


def test_the_first_fitting_arm_of_choose_goes(play) -> None:
    """`choose`: the first arm that fits; `when`, `set`, `actions` beside it hold for all."""
    source = """
    states:
      a:
        turn: clerk
        events:
          go:
            by: clerk
            form: [n]
            when: n > 0
            set: {m: n}
            actions: {notify: clerk, template: all}
            choose:
              - {when: n > 5, set: {word: '"big"'}, to: b}
              - {to: c, actions: {notify: clerk, template: small}}
      b: {turn: clerk}
      c: {turn: clerk}
    """
    big = play(source).open().send("go", {"n": 6})
    assert (big.leaves, big["m"], big["word"], big.told()) == (("b",), 6, "big", ["all"])
    small = play(source).open().send("go", {"n": 1})
    assert (small.leaves, small["m"], small["word"], small.told()) == (("c",), 1, None, ["all", "small"])


def test_one_act_in_two_regions_keeps_a_duty_between_them(play) -> None:
    """An event that two regions take is an act in both: a duty between them stands against it."""
    source = """
    initial: p
    duties: {d-1: {different: [left, right]}}
    states:
      p:
        turn: clerk
        parallel:
          left: {initial: x, states: {x: {events: {go: {by: clerk, to: y}}}, y: {}}}
          right: {initial: x, states: {x: {events: {go: {by: clerk, to: y}}}, y: {}}}
    """
    play(source).open().refused(DutyConflict, "go")


# ── keep ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

KEEP = """
states:
  p:
    turn: clerk
    events: {out: {by: clerk, to: q}}
    parallel:
      left: {initial: x, states: {x: {events: {go: {by: clerk, to: y}}}, y: {events: {go: {by: clerk, to: f}}}, f: {final: true}}}
      right: {initial: x, states: {x: {events: {on: {by: clerk, to: y}}}, y: {}}}
  q:
    turn: clerk
    events:
      back: {by: clerk, to: p, keep: [p.left]}
      whole: {by: clerk, to: p, keep: all}
      anew: {by: clerk, to: p}
"""


def test_a_kept_region_comes_back_as_it_was_left(play) -> None:
    """`keep: [region]`: this region is as it was left, the others start at `initial`; entries are not counted anew."""
    case = play(KEEP).open().send("go").send("on")
    before = next(p for p in case.case.positions if p.state == "p.left.y")
    case.send("out").until("2026-01-13 09:00").send("back")
    assert case.leaves == ("p.left.y", "p.right.x")
    assert next(p for p in case.case.positions if p.state == "p.left.y") == before
    assert case.last.record.entered == ("p", "p.right", "p.right.x")


def test_keep_all_brings_the_whole_state_back(play) -> None:
    """`keep: all`: the target itself and everything in it is as it was left."""
    case = play(KEEP).open().send("go").send("on")
    positions = case.case.positions
    case.send("out").send("whole")
    assert [p for p in case.case.positions if p.state] == [p for p in positions if p.state]


def test_without_keep_everything_starts_anew(play) -> None:
    """Without `keep` regions start at `initial` and count a new entry."""
    case = play(KEEP).open().send("go").send("out").send("anew")
    assert case.leaves == ("p.left.x", "p.right.x")
    assert next(p for p in case.case.positions if p.state == "p").entry == 2


def test_a_finished_region_is_kept_finished(play) -> None:
    """A region that had finished is finished when it comes back."""
    case = play(KEEP).open().send("go").send("go").send("out").send("back")
    assert case.leaves == ("p.left.f", "p.right.x")
    case.refused(EventNotAllowed, "go")
