"""`unique … while`: a key that is taken and given back by moves that write no data."""

from __future__ import annotations

import pytest

from engine.errors import DuplicateCase

STAND = """
milepost: 1
workflow: stand
title: Test stand
unique: {of: [stand.name], while: [running]}
roles: {clerk: {title: Clerk, sees: all}}
data: {stand: {name: {type: text, max: 40}}}
open: {by: clerk, form: [stand.name!]}
initial: planned
states:
  planned: {turn: clerk, events: {begin: {by: clerk, to: running}}}
  running:
    turn: clerk
    events: {pause: {by: clerk, to: planned}, stop: {by: clerk, to: over}}
  over: {final: true}
"""


@pytest.mark.parametrize("leaving", ["pause", "stop"])
def test_a_key_follows_where_a_case_is(world, leaving):
    """Two are planned; one runs at a time, and the other may as soon as it has left, back or for good."""
    world.publish(STAND)
    clerk = world.person("c", "clerk")
    first, second = (world.open("stand", {"stand.name": "A"}, clerk) for _ in range(2))
    world.send(first.id, "begin", clerk)
    with pytest.raises(DuplicateCase, match=first.id):
        world.send(second.id, "begin", clerk)
    world.send(first.id, leaving, clerk)
    world.send(second.id, "begin", clerk)
