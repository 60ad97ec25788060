"""Every call of an adapter has a key: the same at each try, another each time that it is meant (docs/adr/0024)."""

from __future__ import annotations

import inspect

from engine.ports import Caller
from engine.service.outward import Outward

SOURCE = """
milepost: 1
workflow: tests
title: Tests
timezone: Europe/Moscow
roles: {officer: {title: Officer, sees: all}, maker: {title: Maker, side: applicant}}
data: {lab: {rounds: {type: integer, default: 0}}}
open: {by: officer}
initial: asking
states:
  asking:
    turn: maker
    enter: [{call: laboratory.begin}]
    events:
      again: {by: officer, set: {lab.rounds: lab.rounds + 1}, to: asking}
      end: {by: officer, to: over}
    deadlines:
      hurry: {every: 1 day, actions: [{call: laboratory.hurry}]}
  over: {final: true}
"""


def keys(world, operation):
    """The keys that the laboratory was given with an operation, in order."""
    return [key for name, _, key in world.caller.calls if name == operation]


def test_a_call_that_repeats_has_a_key_each_time(world, officer):
    """In a deadline that comes again and again, and in a state that is entered anew."""
    world.publish(SOURCE)
    case = world.open("tests", {}, officer)
    world.wait(days=3)
    world.send(case.id, "again", officer)
    world.settle()
    for operation, times in (("hurry", 2), ("begin", 2)):
        assert len(keys(world, operation)) == times
        assert len(set(keys(world, operation))) == times
    assert not set(keys(world, "hurry")) & set(keys(world, "begin"))


def test_a_call_that_is_tried_again_keeps_its_key(world, officer):
    """Whatever became of the first try, the laboratory knows the second for the same."""
    world.publish(SOURCE)
    world.caller.answers = [world.later(1), world.later(1), {}]
    world.open("tests", {}, officer)
    for _ in range(3):
        world.settle()
        world.machine.forward(hours=1)
    assert len(keys(world, "begin")) == 3
    assert len(set(keys(world, "begin"))) == 1


def test_an_adapter_without_a_key_cannot_be_called():
    """The port has it without a default, and there is one place that calls, with the effect's own."""
    parameter = inspect.signature(Caller.call).parameters["key"]
    assert (parameter.kind, parameter.default) == (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty)
    assert "key=effect.key" in inspect.getsource(Outward.call)
