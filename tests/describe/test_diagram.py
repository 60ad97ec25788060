"""Diagrams and outlines."""

from __future__ import annotations

import re

import pytest

from engine.core.loader.load import load
from engine.describe.diagram import mermaid
from engine.describe.outline import outline

TEXT = """\
milepost: 1
workflow: small
title: {en: "A small: workflow", ru: Малый}
roles: {clerk: {title: Clerk}, maker: {title: Maker, side: applicant}}
open: {by: maker}
data: {n: {type: integer, default: 0}, on: date, members: {type: list, of: {person: person}}}
events: {cancel: {by: maker, to: gone}}
initial: work
states:
  work:
    title: {en: 'Work; "hard": <now>', ru: Работа}
    initial: end
    deadlines: {all: {after: 6 months, to: gone}, tell: {at: on, before: 10 days, escalate: [clerk]}}
    states:
      end:
        turn: clerk
        events: {go: {by: clerk, to: both}, skip: {by: clerk, choose: [{when: n > 3, to: finish}, {to: both}]}}
        deadlines: {think: {after: 5 days, escalate: [clerk]}}
      both:
        parallel:
          left: {initial: l, states: {l: {turn: clerk, events: {x: {by: clerk, to: lf}}}, lf: {final: true}}}
          right: {initial: r, states: {r: {turn: maker, events: {y: {by: maker, to: rf}}}, rf: {final: true}}}
        done: [{to: pick}]
      pick: {choose: [{when: n > 1, to: gone}, {to: finish}]}
      finish: {final: true}
    done: [{to: gone}]
  gone: {final: true, outcome: closed}
"""


@pytest.fixture
def workflow():
    """A workflow with every kind of line that a diagram has."""
    loaded = load(TEXT, file="small.yaml")
    assert loaded.workflow is not None, [finding.message for finding in loaded.diagnostics]
    return loaded.workflow


def lines(text):
    """Its lines without their indent."""
    return [line.strip() for line in text.splitlines()]


def test_stages_and_regions_are_visible(workflow):
    """Stages and regions are composite states, regions are parted by --, choices and ends have their own signs."""
    drawn = mermaid(workflow)
    assert drawn.startswith("---\ntitle: 'A small: workflow'\n---\nstateDiagram-v2\n")
    expected = [
        "[*] --> work",
        "state work {",
        "[*] --> work_end",
        "state work_both {",
        "--",
        "state work_both_left {",
        "state work_pick <<choice>>",
        "work_both_left_l --> work_both_left_lf : x",
        "work_both --> work_pick : done",
        "work_pick --> work_finish : [else]",
        "work_finish --> [*]",
        "gone --> [*]",
    ]
    assert [line for line in expected if line not in lines(drawn)] == []
    assert drawn.count("{\n") == drawn.count("}\n")


def test_transitions_say_what_moves(workflow):
    """Events by name, deadlines by their term, several arms by their conditions; what only informs stands in its state."""
    drawn = lines(mermaid(workflow))
    expected = [
        "work --> gone : ⏱ 6 months",
        "work_end --> work_both : go",
        "work_end --> work_finish : skip [n #62; 3]",
        "work_end --> work_both : skip [else]",
        "work_pick --> gone : [n #62; 1]",
        "work_end : ⏱ 5 days",
        "anywhere_ --> gone : cancel",
    ]
    assert [line for line in expected if line not in drawn] == []


def test_a_line_across_stages_stands_outside_of_all(workflow):
    """Inside a composite state Mermaid would draw the other end into it."""
    assert "  work_pick --> gone : [n #62; 1]" in mermaid(workflow).splitlines()


def test_titles_are_aliases_in_the_language_asked_for(workflow):
    """What Mermaid would read as its own is escaped."""
    assert 'state "Work#59; #34;hard#34;#58; #60;now#62;" as work' in lines(mermaid(workflow))
    assert 'state "Работа" as work' in lines(mermaid(workflow, locale="ru"))
    assert "title: 'Малый'" in lines(mermaid(workflow, locale="ru"))


def test_ids_are_safe_and_apart():
    """Words of Mermaid and paths that look alike with underscores get ids of their own."""
    text = TEXT.replace(
        "  gone:", "  work_end: {final: true}\n  note: {final: true}\n  constructor: {final: true}\n  gone:"
    )
    drawn = lines(mermaid(load(text, file="small.yaml").workflow))
    assert {"note_ --> [*]", "constructor_ --> [*]", "work_end_ --> [*]"} <= set(drawn)
    ids = [found[1] for line in drawn if (found := re.fullmatch(r'state ".*" as (\S+)', line))]
    assert len(ids) == len(set(ids))


def test_an_outline_is_the_tree(workflow):
    """States with their turn, events, deadlines and what is inside."""
    root = outline(workflow)
    assert (root.title, root.events) == ("A small: workflow", ("cancel",))
    work, gone = root.children
    assert [(due.name, due.timing, due.to) for due in work.deadlines] == [
        ("all", "6 months", "gone"),
        ("tell", "10 days before on", None),
    ]
    assert [child.path for child in work.children] == ["work.end", "work.both", "work.pick", "work.finish"]
    assert work.children[0].turn == ("clerk",)
    assert (gone.kind, gone.outcome, gone.turn) == ("final", "closed", None)
