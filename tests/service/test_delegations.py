"""Persons who let another act for them: for how long, in what, and what they lose with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.errors import ActorNotAllowed, InvalidPayload
from engine.service.delegations import DelegationNotFound
from tests.service.conftest import START, person

ANN, BEN = person("ann", "reviewer", "operations", party="7"), person("ben", "clerk", party="9")
DAY = timedelta(days=1)


@pytest.fixture
def service(world):
    """Delegations; Ann has a token."""
    world.services.people.create_token("ann", "Ann", ["reviewer", "operations"], {"party": "7"})
    return world.services.delegations


def allow(service, **more):
    """Ann lets Ben, for a day."""
    return service.give(ANN, "ben", **{"until": START + DAY, "reason": "on leave", **more})


def test_roles_attributes_and_ties(service):
    """Hers in place of his, and the ties of both; never the role for operations."""
    assert allow(service).roles == ("reviewer",)
    actor = service.acting(BEN, "ann")
    assert (actor.id, actor.name, actor.acting_for, actor.persons) == ("ben", "Ben", "ann", ("ben", "ann"))
    assert (actor.roles, actor.attributes) == ({"reviewer"}, {"party": "7"})
    assert {tie.party for tie in actor.ties} == {"9"}


def test_only_for_its_time(service, machine):
    """Not before, not after."""
    allow(service, since=START + DAY, until=START + 2 * DAY)
    for days, holds in ((0, False), (1, True), (2, False)):
        machine.at = START + days * DAY
        if holds:
            assert service.acting(BEN, "ann").acting_for == "ann"
        else:
            with pytest.raises(ActorNotAllowed, match="may not act for ann at present"):
                service.acting(BEN, "ann")


@pytest.mark.parametrize("by", [ANN, BEN])
def test_either_ends_it(service, by):
    """At once; nobody else does, and nobody twice."""
    made = allow(service)
    assert service.acting(BEN, "ann")
    with pytest.raises(DelegationNotFound):
        service.revoke(made.id, person("carl"))
    service.revoke(made.id, by)
    with pytest.raises(ActorNotAllowed):
        service.acting(BEN, "ann")
    with pytest.raises(DelegationNotFound):
        service.revoke(made.id, by)


def test_what_the_giver_loses_is_lost(service, world):
    """With her last token in which the role stood."""
    allow(service)
    (token,) = world.services.people.tokens()
    world.services.people.revoke(token.id)
    with pytest.raises(ActorNotAllowed):
        service.acting(BEN, "ann")


def test_whom_only_a_provider_knows(service):
    """What he had when he said so; there is no token to look at."""
    service.give(person("eva", "reviewer", party="3"), "ben", until=START + DAY, reason="on leave")
    assert service.acting(BEN, "eva").attributes == {"party": "3"}


def test_nothing_is_handed_on_twice(service):
    """Who acts for another gives nothing of that one's away."""
    allow(service)
    with pytest.raises(ActorNotAllowed, match="act for yourself"):
        service.give(service.acting(BEN, "ann"), "carl", until=START + DAY, reason="x")
    with pytest.raises(ActorNotAllowed):
        service.acting(person("carl"), "ann")


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"until": START}, "until"),
        ({"until": START + 400 * DAY}, "until"),
        ({"since": START + 2 * DAY}, "until"),
        ({"roles": ["decider"]}, "roles"),
        ({"roles": ["operations"]}, "roles"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_cannot_be_given(service, more, path):
    """Said by field."""
    with pytest.raises(InvalidPayload) as refused:
        allow(service, **more)
    assert path in {problem.path for problem in refused.value.problems}
    assert service.of(ANN) == ()


def test_not_to_oneself(service):
    """Nor by one who has nothing."""
    with pytest.raises(InvalidPayload, match="another person"):
        service.give(ANN, "ann", until=START + DAY, reason="x")
    with pytest.raises(InvalidPayload, match="no role to hand on"):
        service.give(replace(ANN, roles=frozenset({"operations"})), "ben", until=START + DAY, reason="x")


def test_both_see_it(service):
    """Until it has ended."""
    made = allow(service, roles=["reviewer"])
    assert service.of(ANN) == service.of(BEN) == (made,)
    assert service.of(person("carl")) == ()


def test_several_add_up(world):
    """A second one takes nothing of the first; one of the time when she was elsewhere counts no more."""
    service = world.services.delegations
    world.services.people.create_token("ann", "Ann", ["reviewer", "clerk"], {"party": "7"})
    ann = person("ann", "reviewer", "clerk", party="7")
    for role in ("reviewer", "clerk"):
        service.give(ann, "ben", until=START + DAY, reason="on leave", roles=[role])
    assert service.acting(BEN, "ann").roles == {"reviewer", "clerk"}
    service.give(replace(ann, attributes={"party": "8"}), "ben", until=START + DAY, reason="on leave", roles=["clerk"])
    moved = service.acting(BEN, "ann")
    assert (moved.roles, moved.party) == ({"clerk"}, "8")
