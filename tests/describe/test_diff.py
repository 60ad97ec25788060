"""What a change of a workflow changes: one change in the file is one line that names it, and nothing else."""

from __future__ import annotations

import pytest

from engine.core.loader.load import load_or_raise
from engine.describe.diff import compare

BASE = """
milepost: 1
workflow: offer
title: Offer
timezone: Europe/Moscow
roles: {applicant: {title: Applicant, side: applicant}, officer: {title: Officer, sees: all}}
data:
  product: {designation: text, score: {type: integer, default: 0}}
event_data: {reasons: text}
define: {good: product.score >= 70}
open: {by: applicant, form: [product.designation!]}
initial: check
states:
  check:
    turn: officer
    events:
      accept: {by: officer, when: good, to: done}
      return: {by: officer, form: [reasons!], to: correction}
    deadlines:
      decide: {after: 20 days, escalate: [officer]}
  correction:
    turn: applicant
    enter: [{notify: applicant, template: asked}]
    events:
      answer: {by: applicant, form: [product.designation], to: check}
    deadlines:
      no_response: {after: 30 days, to: done}
  done: {final: true, outcome: completed}
"""


def changes(old, new):
    """What became of BASE when this text was put for that."""
    assert BASE.count(old) == 1
    before, after = load_or_raise(BASE, file="a.yaml"), load_or_raise(BASE.replace(old, new), file="b.yaml")
    return [(c.kind, c.what, c.name, *c.words) for c in compare(before, after)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: Offer\n", "title: Proposal\n", ("changed", "workflow", "offer", "title: Offer → Proposal")),
        (">= 70", ">= 80", ("changed", "workflow", "offer", "define good: product.score >= 70 → product.score >= 80")),
        ("sees: all", "sees: own", ("changed", "role", "officer", "sees: all → own")),
        ("default: 0", "default: 1", ("changed", "field", "product.score", "default: 0 → 1")),
        ("event_data: {reasons: text}", "event_data: {reasons: text, sum: money}", ("added", "field", "event.sum", "type: money")),
        ("form: [product.designation!]", "form: [product.designation]", ("changed", "opening", "open", "form: product.designation! → product.designation")),
        ("turn: officer\n", "turn: [officer, applicant]\n", ("changed", "state", "check", "turn: officer → officer, applicant")),
        ("outcome: completed", "outcome: closed", ("changed", "state", "done", "outcome: completed → closed")),
        ("accept: {by: officer,", "accept: {by: [officer, officer.supervisor],", ("changed", "event", "check: accept", "by: officer → officer, officer.supervisor")),
        ("when: good, to", "to", ("changed", "arm", "check:accept", "when: good → –")),
        ("20 days", "25 days", ("changed", "deadline", "check: decide", "due: 20 days → 25 days")),
        (", escalate: [officer]", ", remind: [2 days], escalate: [officer]", ("changed", "deadline", "check: decide", "remind: – → 2 days")),
        ("template: asked", "template: told", ("changed", "state", "correction", "enter: notify applicant asked → notify applicant told")),
    ],
)  # fmt: skip
def test_one_change_is_one_line(old, new, said):
    """Every aspect is found, in words."""
    assert [said] == changes(old, new)


def test_what_comes_and_goes():
    """A state under another name is one removed and one added, with its events, arms and deadlines."""
    before = load_or_raise(BASE, file="a.yaml")
    after = load_or_raise(BASE.replace("correction", "mending"), file="b.yaml")
    found = {(c.kind, c.what, c.name) for c in compare(before, after)}
    assert {
        ("removed", "state", "correction"),
        ("added", "state", "mending"),
        ("added", "event", "mending: answer"),
    } <= found
    assert ("removed", "deadline", "correction: no_response") in found


def test_layout_and_comments_are_no_change():
    """Only the meaning is compared."""
    before = load_or_raise(BASE, file="a.yaml")
    after = load_or_raise("# a comment\n" + BASE.replace("title: Offer", "title:   Offer"), file="b.yaml")
    assert compare(before, after) == ()
