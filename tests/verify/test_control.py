"""Control flow: reached, able to end, able to rest."""

from __future__ import annotations

import pytest

GOOD = """\
    one:
      turn: clerk
      events: {next: {by: clerk, when: n < 3, set: {n: n + 1}, to: two}, both: {by: clerk, to: par}}
    two:
      initial: inner
      states:
        inner: {turn: maker, events: {close: {by: maker, to: closed}, back: {by: maker, to: one}}}
        closed: {final: true}
      done: [{to: end}]
    par:
      parallel:
        left: {initial: l, states: {l: {turn: clerk, events: {go: {by: clerk, to: lf}}}, lf: {final: true}}}
        right: {initial: r, states: {r: {turn: clerk, events: {run: {by: clerk, to: rf}}}, rf: {final: true}}}
      done: [{to: end}]
    end: {final: true}
"""


def test_a_sound_workflow_has_no_findings(verify):
    """Stages, regions, loops back and ends: nothing to say, in the strictest profile."""
    assert verify(GOOD, profile="production") == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # nothing leads to the stage; what hangs behind it is not reported again
        ("next: {by: clerk, when: n < 3, set: {n: n + 1}, to: two}, ", "", ["WF064: no case ever reaches 'two'"]),
        # the inner final is never reached; that the stage is never done follows
        ("close: {by: maker, to: closed}, ", "", ["WF064: no case ever reaches 'two.closed'"]),
        # one region cannot finish, and the parallel state waits for all
        (
            "run: {by: clerk, to: rf}",
            "run: {by: clerk}",
            [
                "WF065: there is no way from 'par.right' to an end",
                "WF064: no case ever reaches 'par.right.rf'",
            ],
        ),
    ],
)
def test_what_is_never_reached(verify, old, new, expected):
    """One finding for the first state that is lost; what follows from it is not said again."""
    assert [f"{code}: {message}" for code, _, message in verify(GOOD.replace(old, new))] == expected


def test_a_done_without_a_final(codes):
    """A stage that has `done` and nothing final inside is never done."""
    states = GOOD.replace("closed: {final: true}", "closed: {turn: maker, events: {out: {by: maker, to: end}}}")
    assert codes(states) == ["WF068"]


def test_enough_regions_are_enough(codes):
    """With `need: any` one region that can finish is enough."""
    states = GOOD.replace("run: {by: clerk, to: rf}", "run: {by: clerk}").replace(
        "parallel:", "need: any\n      parallel:"
    )
    assert codes(states) == ["WF064"]


def test_a_state_without_a_way_to_an_end(verify):
    """Two states that only lead to each other, though one is left by a deadline of the stage around them elsewhere."""
    states = """\
        one: {turn: clerk, events: {go: {by: clerk, to: trap}, stop: {by: clerk, to: end}}}
        trap:
          initial: x
          states:
            x: {turn: clerk, events: {go: {by: clerk, to: y}}}
            y: {turn: clerk, events: {go: {by: clerk, to: x}}}
        end: {final: true}
    """
    assert verify(states) == [("WF065", "error", "there is no way from 'trap' to an end")]
    out = states.replace("initial: x", "initial: x\n          deadlines: {over: {after: 5 days, to: end}}")
    assert verify(out, profile="draft") == []


def test_the_end_may_be_far_outside(verify):
    """A state deep inside needs no way of its own where one around it has one."""
    states = """\
        one:
          initial: a
          events: {cancel: {by: maker, to: end}}
          states:
            a: {initial: b, states: {b: {turn: clerk, events: {note: {by: clerk}}}}}
        end: {final: true}
    """
    assert verify(states) == []


@pytest.mark.parametrize(("when", "code"), [("{to: again}", "WF066"), ("{when: n > 3, to: end}, {to: again}", "WF067")])
def test_choices_that_go_round(codes, when, code):
    """Choices that lead to each other are an error where nothing can end the round, a warning where a condition may."""
    states = f"""\
        one: {{turn: clerk, events: {{go: {{by: clerk, to: again}}, out: {{by: clerk, to: end}}}}}}
        again: {{choose: [{{to: more}}]}}
        more: {{choose: [{when}]}}
        end: {{final: true}}
    """
    found = codes(states)
    assert code in found
    assert ({"WF066", "WF067"} - {code}).isdisjoint(found)


def test_a_round_through_a_waiting_state_is_none(codes):
    """A choice that comes back to a state in which people act rests there."""
    states = """\
        one: {turn: clerk, events: {go: {by: clerk, to: pick}}}
        pick: {choose: [{when: n > 3, to: end}, {to: one}]}
        end: {final: true}
    """
    assert codes(states) == []
