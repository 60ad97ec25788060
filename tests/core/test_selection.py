"""Reaches, conflicts, and whom a `by` admits (LANGUAGE §3.5, §2.2), without a case."""

from __future__ import annotations

import pytest

from engine.core.case import SYSTEM, Actor
from engine.core.definition import Arm
from engine.core.loader.load import load_or_raise
from engine.core.naming import Who
from engine.core.selection import Reach, Taken, admits, fits, plain_of, reach, without_conflicts

ACTIVE = ("", "p", "p.l", "p.l.x", "p.r", "p.r.x")


@pytest.mark.parametrize(
    ("domain", "branch", "parallel", "left"),
    [
        ("", "q", False, {"p", "p.l", "p.l.x", "p.r", "p.r.x"}),
        ("p.l", "p.l.y", False, {"p.l.x"}),
        ("p", "p.l", True, {"p.l", "p.l.x"}),
        ("p", "p.off", True, set()),
    ],
)
def test_what_an_arm_leaves(domain, branch, parallel, left) -> None:
    """Of a stage all that is inside, of a parallel the region that is entered anew."""
    assert reach(domain, branch, ACTIVE, parallel=parallel) == Reach(frozenset(left), domain)


def taken(state: str, name: str) -> Taken:
    """An arm of a state."""
    return Taken(state, Arm(id=f"{state}:{name}"))


INNER, OUTER, OTHER, FIRST, SECOND, STILL = (
    taken("p.l.x", "in"),
    taken("p", "out"),
    taken("p.r.x", "in"),
    taken("p.l.x", "one"),
    taken("p.r.x", "two"),
    taken("", "note"),
)
WHOLE = Reach(frozenset({"p", "p.l", "p.l.x", "p.r", "p.r.x"}), "")
REACHES = {
    INNER.arm.id: Reach(frozenset({"p.l.x"}), "p.l"),
    OTHER.arm.id: Reach(frozenset({"p.r.x"}), "p.r"),
    OUTER.arm.id: WHOLE,
    FIRST.arm.id: WHOLE,
    SECOND.arm.id: WHOLE,
    STILL.arm.id: Reach(frozenset(), None),
}


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([INNER, OTHER], [INNER, OTHER]),
        ([INNER, OUTER], [INNER]),
        ([OUTER, INNER], [INNER]),
        ([OUTER, INNER, OTHER], [INNER, OTHER]),
        ([FIRST, SECOND], [FIRST]),
        ([STILL, OUTER], [STILL, OUTER]),
        ([], []),
    ],
)
def test_arms_that_meet(found, kept) -> None:
    """Arms apart go together; of two that meet the inner one goes, then the first in the file; one that stays meets none."""
    assert without_conflicts(found, REACHES) == kept


WORKFLOW = load_or_raise(
    """
milepost: 1
workflow: admitting
title: Admitting
timezone: Europe/Moscow
roles: {clerk: {title: Clerk, where: {unit: group.unit, category: group.kind}}, chief: {title: Chief}}
data: {group: {unit: text, kind: text, firm: party}}
open: {by: chief}
initial: a
states: {a: {turn: clerk}}
""",
    file="admitting.yaml",
)
CLERK, CHIEF = Who("role", "clerk"), Who("role", "chief")
DATA = {"group.unit": "north", "group.kind": "valves"}


def test_by_is_tried_in_its_order() -> None:
    """The first of `by` that fits is the role he acts in; one from which he is excluded is passed over."""
    person = Actor(
        "x", roles=frozenset({"clerk", "chief"}), attributes={"unit": "north", "category": ("pumps", "valves")}
    )
    assert admits(WORKFLOW, (CLERK, CHIEF), person, DATA, {}, {}) == "clerk"
    assert admits(WORKFLOW, (CHIEF, CLERK), person, DATA, {}, {}) == "chief"
    assert admits(WORKFLOW, (CLERK, CHIEF), person, DATA, {"clerk": ("x",)}, {}) == "chief"
    assert admits(WORKFLOW, (CLERK,), person, DATA, {"clerk": ("x",)}, {}) is None
    assert admits(WORKFLOW, (CLERK,), SYSTEM, DATA, {}, {}) is None


@pytest.mark.parametrize(
    ("attributes", "data", "expected"),
    [
        ({"unit": "north", "category": "valves"}, DATA, True),
        ({"unit": "north"}, DATA, False),
        ({"unit": "north", "category": "valve"}, DATA, False),
        ({"unit": "north", "category": "valves"}, {"group.unit": "north"}, False),
        ({"unit": ("south", "north"), "category": ("valves",)}, DATA, True),
    ],
)
def test_every_attribute_has_to_fit(attributes, data, expected) -> None:
    """`where` with two attributes: both; nothing fits a field without a value."""
    assert fits(WORKFLOW.roles["clerk"], Actor("x", attributes=attributes), data) == expected


def test_a_party_is_compared_by_its_id() -> None:
    """A party or person is compared by tax id, else by id."""
    assert plain_of({"id": "7", "tax_id": "4000000001", "name": "Invented Works"}) == "4000000001"
    assert plain_of({"id": "7"}) == "7"
    assert plain_of("north") == "north"
