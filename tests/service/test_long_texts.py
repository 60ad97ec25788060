"""Texts longer than an index takes, below HTTP: keys of requests, parties, unique values, what other systems say."""

from __future__ import annotations

import pytest

from engine.core.case import Event
from engine.errors import DeliveryFailed, DuplicateCase, InvalidPayload, KeyReused

LONG = "Общество с ограниченной ответственностью " * 100
TWIN = LONG[:-1] + "!"
ONE = """
milepost: 1
workflow: one
title: One
unique: [paper.name, paper.place]
roles: {clerk: {title: Clerk, sees: all, where: {party: paper.name}}}
data: {paper: {name: {type: text, max: 5000}, place: {type: text, max: 5000}}}
open: {by: clerk, form: [paper.name!, paper.place]}
initial: check
states:
  check: {turn: clerk, events: {move: {by: clerk, form: [paper.place!]}, ask: {by: clerk, to: asked}}}
  asked:
    call: laboratory.weigh
    turn: none
    result: {said: text}
    done: [{set: {paper.place: result.said}, to: check}]
    failed: [{to: check}]
"""


@pytest.fixture
def clerk(world):
    """Somebody with a party of 4,100 letters."""
    world.publish(ONE)
    return world.person("c", "clerk", party=LONG)


def test_unique_values_as_long_as_they_are(world, clerk):
    """Two long texts that differ at the end are two; the same again is refused, also when a step makes it so."""
    first = world.open("one", {"paper.name": LONG, "paper.place": LONG}, clerk)
    second = world.open("one", {"paper.name": LONG, "paper.place": TWIN}, clerk)
    with pytest.raises(DuplicateCase, match=first.id):
        world.open("one", {"paper.name": LONG, "paper.place": LONG}, clerk)
    with pytest.raises(DuplicateCase, match=first.id):
        world.send(second.id, "move", clerk, {"paper.place": LONG})
    world.send(first.id, "move", clerk, {"paper.place": "Калуга"})
    world.send(second.id, "move", clerk, {"paper.place": LONG})


def test_keys_of_a_party_with_a_long_name(world, clerk):
    """An Idempotency-Key is kept for it and found again, and for no other party."""
    said = {"paper.name": LONG, "paper.place": "a"}
    case = world.open("one", said, clerk, key="ключ" * 50)
    assert world.open("one", said, clerk, key="ключ" * 50).id == case.id
    with pytest.raises(KeyReused):
        world.open("one", {**said, "paper.place": "b"}, clerk, key="ключ" * 50)
    twin = world.person("c", "clerk", party=TWIN)
    assert world.open("one", {"paper.name": TWIN}, twin, key="ключ" * 50).id != case.id


@pytest.mark.parametrize("name", ["\0", "a\nb", "x" * 201])
def test_people_have_names_of_a_line(world, name):
    """A person's id, name, role and attributes can be stored and asked for."""
    make = world.services.people.create_token
    for given in (
        (name, "A", ["clerk"], {}),
        ("a", name, ["clerk"], {}),
        ("a", "A", [name], {}),
        ("a", "A", ["clerk"], {"party": name}),
        ("a", "A", ["clerk"], {"party": ["b", name]}),
        ("a", "A", ["clerk"], {name: "b"}),
    ):
        with pytest.raises(InvalidPayload):
            make(*given)
    assert world.services.people.tokens() == ()


def test_what_another_system_says(world, clerk):
    """An adapter's error or answer with a NUL in it ends as an incident or is taken; nothing waits for ever."""
    case = world.open("one", {"paper.name": LONG}, clerk)
    world.caller.answers = [DeliveryFailed("bro\0ken", retry_after=None), {"said": "1\0"}]
    for _ in range(2):
        world.services.cases.send_event(case.id, Event("ask"), clerk)
        world.settle()
        assert world.services.cases.get(case.id, clerk).states[-1].path == "check"
        assert world.services.effects.pending() == 0
    assert ("call", "bro\ufffdken (tried 1 times)") in world.incidents()
