"""Silences: a finding that is meant so, with its reason; nothing is hidden that nobody has looked at."""

from __future__ import annotations

import pytest

from engine.core.loader.load import load
from engine.verify.check import check
from engine.verify.rules.rule import example
from engine.verify.silences import read_silences

STATES = """\
  # milepost: ignore[WF088] the portal shows it
  # and nobody has to be told
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}, deadlines: {decide: {after: 5 days}}}
  parked: {turn: none}  # milepost: ignore[WF064, WF065] the old cases are here
  done: {final: true}
"""


def verdict(states):
    """What is found, and what is silenced."""
    loaded = load(example(states), file="sample.yaml")
    assert loaded.workflow is not None
    return check(loaded.workflow, others={}, calendars={}, templates=None, profile="production")


def test_before_a_line_and_behind_it():
    """A comment speaks of its own line, or of the next that says something; several rules may share a reason."""
    said = verdict(STATES.replace(", WF065", ""))
    assert [finding.code for finding in said.found] == []
    assert [(one.code, one.silenced) for one in said.silenced] == [
        ("WF088", "the portal shows it"),
        ("WF064", "the old cases are here"),
    ]


def test_only_what_it_names():
    """Other findings of the line are heard, and one that is not there makes the silence itself a finding."""
    said = verdict(STATES)
    assert [(one.code, one.message) for one in said.found] == [
        ("WF108", "nothing is found here that `ignore[WF065]` could silence")
    ]
    assert [one.code for one in verdict(STATES.replace("WF064, WF065", "WF088")).found] == ["WF064", "WF108"]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("# milepost: ignore[WF088]", "this silence of WF088 has no reason"),
        ("#milepost:ignore[WF088]   ", "this silence of WF088 has no reason"),
        ("# milepost: ignore the portal shows it", "this silence names no rule"),
        ("# milepost: ignore[] the portal shows it", "this silence names no rule"),
        ("# milepost: ignore[WF999] the portal shows it", "'WF999' is no rule"),
        ("# milepost: ignore[WF066] it is only once", "'WF066' is no rule that can be silenced"),
        ("# milepost: ignore[wf088] the portal shows it", "'wf088' is no rule"),
    ],
)
def test_what_is_no_silence(comment, words):
    """Without a rule or a reason, or of what the engine refuses: the finding is heard, and the comment is one more."""
    said = verdict(
        STATES.replace("  # milepost: ignore[WF088] the portal shows it", f"  {comment}").replace(", WF065", "")
    )
    assert {(one.code, one.message.startswith(words)) for one in said.found} >= {("WF107", True)}
    assert "WF088" in {one.code for one in said.found}


def test_a_line_that_only_looks_like_one():
    """Another comment, another program's, the words inside a text without a blank before them."""
    assert (
        read_silences(
            "a: 1  # milepost ignores this\nb: 2  # pylint: ignore[WF088] x\nc: 'x#milepost: ignore[WF088] y'\n"
        )
        == []
    )


def test_bounds():
    """A file of nothing but silences is read in no time."""
    source = "# milepost: ignore[WF088] why\n" * 20_000
    assert len(read_silences(source)) == 200
