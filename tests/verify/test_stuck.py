"""Cases that rest for ever although each state by itself has a way on (WF124), and searches that are too long (WF125)."""

from __future__ import annotations

import pytest

from engine.verify.check import check
from engine.verify.space.explore import Limit

JOIN = """\
    par:
      parallel:
        left:
          initial: l
          states:
            l: {turn: clerk, events: {go: {by: clerk, when: 'in_state("par.right.rf")', to: lf}}}
            lf: {final: true}
        right:
          initial: r
          states:
            r: {turn: clerk, events: {run: {by: clerk, when: 'in_state("par.left.lf")', to: rf}}}
            rf: {final: true}
      done: [{to: end}]
    end: {final: true}
"""
ROUNDS = """\
    one:
      turn: clerk
      events:
        ask: {by: clerk, when: tries < 2, set: {tries: tries + 1}, to: two}
        accept: {by: clerk, when: tries == 1, to: end}
    two: {turn: maker, events: {reply: {by: maker, to: one}}}
    end: {final: true}
"""


def said(found):
    """Messages of the rule."""
    return [message for code, _, message in found if code == "WF124"]


def test_regions_that_wait_for_each_other(verify):
    """Each could go on if the other had; both lines are named."""
    assert said(verify(JOIN, initial="par")) == ["after open a case rests in 'par.left.l' and 'par.right.r' for ever"]
    assert said(verify(JOIN.replace("""when: 'in_state("par.right.rf")', """, ""), initial="par")) == []


def test_a_counter_that_is_used_up(verify):
    """What every way out asks for cannot be had any more: the steps that use it up are told."""
    states = ROUNDS.replace("tries", "n")
    assert said(verify(states)) == []  # the opening form gives it: somebody may give another
    found = said(verify(states, without=("n",)))
    assert found == ["after open → ask → reply → ask → reply a case rests in 'one' for ever"]


def test_a_round_that_cannot_be_left(verify):
    """Something can always be done, and nothing leads to an end."""
    states = """\
        one: {turn: clerk, events: {ask: {by: clerk, set: {n: n + 1}, to: two}, out: {by: clerk, when: n == 0, to: end}}}
        two: {turn: maker, events: {reply: {by: maker, to: one}}}
        end: {final: true}
    """
    found = said(verify(states, without=("n",)))
    assert found == ["after open → ask a case is in 'two' and never comes to an end"]


@pytest.mark.parametrize(
    "way_out", ["deadlines: {late: {after: 5 days, to: end}}", "events: {stop: {by: maker, to: end}}"]
)
def test_one_way_that_is_always_open_is_enough(verify, way_out):
    """A deadline, or an event of the state around."""
    stage = f"box:\n  initial: one\n  {way_out}\n  states:\n" + "\n".join(
        f"    {line.strip()}" if line.startswith("    ") and not line.startswith("     ") else f"  {line}"
        for line in ROUNDS.replace("tries", "n").replace("end", "box_end").splitlines()
    )
    text = (
        stage.replace("    box_end: {final: true}", "    box_end: {final: true}")
        + "\n  done: [{to: end}]\nend: {final: true}\n"
    )
    assert said(verify(text, initial="box", without=("n",))) == []


def test_a_search_that_is_stopped_is_said(make):
    """Nothing passes because it was not looked at."""
    workflow = make(ROUNDS.replace("tries", "n"), without=("n",))
    found = check(workflow, others={}, calendars={}, templates=None, limit=Limit(configurations=2)).found
    assert [finding.message for finding in found if finding.code == "WF125"] == [
        "there are more than 3 configurations; not all were looked at"
    ]
