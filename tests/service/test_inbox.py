"""Lists people work from: what they are narrowed down by, in which order, how many; and what waits for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidPayload
from engine.service.searching import CaseFilters
from tests.service.conftest import START, person

TASK = """
milepost: 1
workflow: task
title: Task
timezone: Europe/Moscow
number: "T-{seq:4}"
roles:
  clerk:  {title: Clerk, sees: all}
  worker: {title: Worker, sees: assigned}
  maker:  {title: Maker, side: applicant, where: {party: maker.tax_id}, sees: own, hides: [secret]}
data: {maker: {tax_id: text}, thing: {name: text, until: date}, secret: {code: text}}
open: {by: clerk, form: [maker.tax_id!, thing.name!, thing.until, secret.code]}
initial: todo
states:
  todo:
    turn: worker
    events: {finish: {by: worker, to: over}, ask: {by: worker, to: asked}}
    deadlines: {finish: {at: thing.until}}
  asked: {turn: maker, events: {reply: {by: maker, to: todo}}}
  over: {final: true, outcome: done}
"""
CLERK, WANDA, WILL = person("clerk", "clerk"), person("wanda", "worker"), person("will", "worker")
CHIEF, MAX = person("chief", "worker.supervisor"), person("max", "maker", party="1")


@pytest.fixture
def tasks(world):
    """Opens tasks by name, each with its deadline so many days ahead, or none."""
    world.publish(TASK)
    for one in (WANDA, WILL, CHIEF):
        world.services.people.create_token(one.id, one.name, one.roles)

    def opened(**days):
        made = {}
        for name, ahead in days.items():
            until = {} if ahead is None else {"thing.until": (START + timedelta(days=ahead)).date().isoformat()}
            data = {"maker.tax_id": "1", "thing.name": name, "secret.code": f"s-{name}", **until}
            made[name] = world.open("task", data, CLERK).id
        return made

    return opened


def names(page):
    """Labels of a page's cases: its maker and its name."""
    return [getattr(line, "case", line).label.split(" · ")[1] for line in page.items]


def change(world, case, verb, actor, *persons):
    """A change of who has the work."""
    decision = world.services.assignments.change(case, "worker", verb, persons, actor)
    return world.services.cases.answer(decision, actor)


def test_what_waits_for_whom(world, tasks):
    """His role's turn, what he is offered, what he has claimed; not what others have; the most urgent first."""
    made = tasks(late=9, soon=2, never=None, mine=5, yours=1)
    change(world, made["mine"], "claim", WANDA)
    change(world, made["yours"], "offer", CHIEF, "will")
    inbox = world.services.cases.inbox
    page = inbox(WANDA)
    assert names(page) == ["soon", "mine", "late", "never"]
    assert [(line.why, line.roles) for line in page.items] == [
        ("turn", ("worker",)), ("claimed", ("worker",)), ("turn", ("worker",)), ("turn", ("worker",)),
    ]  # fmt: skip
    assert page.items[0].events == ("finish", "ask")
    assert names(inbox(WILL)) == ["yours", "soon", "late", "never"]
    assert inbox(WILL).items[0].why == "offered"
    assert inbox(MAX).items == inbox(CLERK).items == ()
    world.send(made["soon"], "ask", WANDA)
    assert names(inbox(MAX)) == ["soon"]
    assert "soon" not in names(inbox(WANDA))


def test_pages_of_the_inbox(world, tasks):
    """One after the other, and nothing twice, while others are opened and closed between them."""
    made = tasks(a=3, b=1, c=None, d=2, e=None, f=1)
    cursor, seen = None, []
    for number in range(9):
        page = world.services.cases.inbox(WANDA, cursor=cursor, limit=2)
        seen += names(page)
        tasks(**{f"new{number}": 0})
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == ["b", "f", "d", "a", "c", "e"]
    with pytest.raises(InvalidPayload, match="none that a page of this list gave"):
        world.services.cases.inbox(WANDA, cursor="x~y")
    assert made


def test_filters(world, tasks):
    """By who has it, by when it is due, by searchable fields, by version; and counted by state."""
    made = tasks(a=1, b=5, c=None)
    change(world, made["b"], "claim", WILL)
    world.send(made["a"], "ask", WANDA)

    def found(actor=CLERK, **wanted):
        return sorted(names(world.services.cases.find(CaseFilters(**wanted), actor)))

    assert found(assignee="will") == ["b"]
    assert found(due_before=START + timedelta(days=6)) == ["b"]
    assert found(fields=(("thing.name", "c"),)) == ["c"]
    assert found(fields=(("thing.name", "c"), ("maker.tax_id", "2"))) == []
    assert found(workflow="task", version=1) == ["a", "b", "c"]
    assert found(workflow="task", version=2) == []
    assert found(by_due=True) == ["b"]
    counted = world.services.cases.counts(CaseFilters(), CLERK)
    assert (counted.total, counted.states, counted.complete) == (3, {"asked": 1, "todo": 2}, True)
    assert world.services.cases.counts(CaseFilters(), MAX).total == 3
    for wrong in ({"fields": (("thing.colour", "red"),)}, {"version": 1}):
        with pytest.raises(InvalidPayload):
            found(**wrong)


def test_nothing_is_found_by_what_one_may_not_read(world, tasks):
    """Neither by a field, nor counted."""
    tasks(a=1)
    secret = CaseFilters(fields=(("secret.code", "s-a"),))
    assert len(world.services.cases.find(secret, CLERK).items) == 1
    assert world.services.cases.find(secret, MAX).items == ()
    assert world.services.cases.counts(secret, MAX).total == 0


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(0, 4), min_size=3, max_size=9),
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["finish", "ask", "open"])), max_size=6),
    st.integers(1, 3),
)
def test_pages_by_deadline_are_stable(world, tasks, ahead, writes, size):
    """Whatever is written between two pages: nothing comes twice, and what stayed as it was comes."""
    for line in world.services.cases.find(CaseFilters(open_only=True), CLERK, limit=500).items:
        if line.leaves == ("asked",):
            world.send(line.id, "reply", MAX)
        world.send(line.id, "finish", WANDA)
    made = tasks(**{f"t{number}": days for number, days in enumerate(ahead)})
    touched, seen, cursor = set(), [], None
    writes = iter(writes)
    while True:
        page = world.services.cases.find(CaseFilters(by_due=True, open_only=True), CLERK, cursor=cursor, limit=size)
        for line in page.items:
            seen.append(names(type(page)((line,)))[0])
            case = world.services.cases.get(line.id, CLERK)
            assert (line.leaves, line.overdue) == (
                tuple(state.path for state in case.states if state.leaf), any(one.overdue for one in case.deadlines),
            )  # fmt: skip
        cursor = page.cursor
        if cursor is None:
            break
        for place, event in [one for one in [next(writes, None)] if one is not None]:
            name = f"t{place % len(made)}"
            if event == "open":
                tasks(**{f"new{len(seen)}": place})
            elif name not in touched:
                touched.add(name)
                world.send(made[name], event, WANDA)
    olds = [name for name in seen if not name.startswith("new")]
    assert len(olds) == len(set(olds))
    assert set(made) - touched <= set(olds)
