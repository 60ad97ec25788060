"""Whose a subscription is: asked anew each time, seen by nobody else, bounded in number, and at no address that is not public."""

from __future__ import annotations

import pytest

from adapters.templates import MessageTemplates
from adapters.webhooks import EventWebhooks
from engine.core.case import Actor
from engine.errors import ActorNotAllowed, InvalidPayload
from engine.ports import Adapters
from engine.service.publishing import NOBODY
from engine.service.services import build_services
from engine.service.subscriptions import MOST, SubscriptionNotFound, TooManySubscriptions
from tests.service.posting import ALL, ANNA, BORIS, OLEG, OPS


def test_a_revoked_token_pauses(out):
    """Before the next event is looked up, and before one that is owed already is posted; a new token takes it up again."""
    subscription, _ = out.subscribe(ANNA)
    case = out.case()
    out.receiver.answer = lambda _: (500, {})
    out.run()
    out.services.people.revoke(out.tokens["anna"])
    out.run(hours=1)
    assert out.get(subscription).paused_why == NOBODY
    assert len(out.receiver.got) == 1
    out.services.people.create_token("anna", "Anna", ANNA.roles, ANNA.attributes)
    out.receiver.answer = lambda _: (200, {})
    out.services.subscriptions.resume(subscription.id, ANNA)
    out.run()
    assert out.receiver.steps == [(case, 1), (case, 1)]


def test_another_party_is_nobody(out):
    """Whoever has tokens for another party only, or without the role, is not who made it; what he may not see any more is dropped."""
    subscription, _ = out.subscribe(ANNA)
    out.case()
    out.services.people.revoke(out.tokens["anna"])
    out.services.people.create_token("anna", "Anna", ["applicant", "officer"], {"party": "7777777777"})
    out.run()
    assert out.get(subscription).paused_why == NOBODY
    both = Actor("nora", roles=frozenset({"officer", "applicant"}), attributes={"party": "7777777777"}, name="Nora")
    lost = out.services.people.create_token("nora", "Nora", both.roles, both.attributes)[1]
    second, _ = out.subscribe(both)
    out.case(2)
    out.receiver.answer = lambda _: (500, {})
    out.run()
    assert out.all(second)[0].status == "waiting"
    out.services.people.revoke(lost.id)
    out.services.people.create_token("nora", "Nora", ["applicant"], both.attributes)
    sent = len(out.receiver.got)
    out.run(hours=1)
    assert (out.all(second), len(out.receiver.got), out.get(second).paused_at) == ((), sent, None)


def test_paused_and_ended(out):
    """Paused nothing is posted, and nothing is missed; ended it is not there, and its secret is forgotten."""
    subscription, secret = out.subscribe()
    assert out.services.subscriptions.pause(subscription.id, OLEG).paused_why == "Oleg has paused it"
    case = out.case()
    out.run()
    assert out.receiver.got == []
    assert out.services.subscriptions.resume(subscription.id, OLEG).paused_at is None
    out.run()
    assert out.receiver.steps == [(case, 1)]
    out.services.subscriptions.end(subscription.id, OLEG)
    out.work(case, 1)
    out.run()
    assert len(out.receiver.got) == 1
    for asked in ("get", "end", "pause", "resume", "deliveries", "replay"):
        with pytest.raises(SubscriptionNotFound):
            getattr(out.services.subscriptions, asked)(subscription.id, OLEG)
    left = out.world.store.read(lambda reader: reader.subscription_at(1))
    assert (left.secret, left.url, left.actor.id) == ("", "", "")
    assert secret not in repr(left)


def test_somebody_elses(out):
    """Only who made one, and operations, see it; these make none that would see anything."""
    subscription, _ = out.subscribe(ANNA)
    assert out.services.subscriptions.find(BORIS).items == ()
    for asked in ("get", "end", "pause", "resume", "deliveries", "replay"):
        with pytest.raises(SubscriptionNotFound):
            getattr(out.services.subscriptions, asked)(subscription.id, BORIS)
    with pytest.raises(SubscriptionNotFound):
        out.services.subscriptions.retry(subscription.id, 1, BORIS)
    assert [one.id for one in out.services.subscriptions.find(OPS).items] == [subscription.id]
    with pytest.raises(ActorNotAllowed):
        out.subscribe(Actor("boris", roles=ANNA.roles, attributes=ANNA.attributes, acting_for="anna"))


def test_how_many_a_party_may_have(out):
    """A bounded number, of a party or of a person without one; one that is ended makes room. Lists come in pages."""
    made = [out.subscribe(ANNA)[0].id for _ in range(MOST)]
    sister = Actor("alla", roles=ANNA.roles, attributes=ANNA.attributes)
    for one in (ANNA, sister):
        with pytest.raises(TooManySubscriptions, match="end one first"):
            out.subscribe(one)
    out.subscribe(BORIS), out.subscribe(OLEG)
    first = out.services.subscriptions.find(ANNA, limit=15)
    second = out.services.subscriptions.find(ANNA, limit=15, cursor=first.cursor)
    assert [one.id for one in (*first.items, *second.items)] == made[::-1]
    assert second.cursor is None
    out.services.subscriptions.end(made[0], ANNA)
    out.subscribe(sister)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "https://localhost/", "https://[::1]/", "https://10.1.2.3/", "http://receiver.example/",
     "https://169.254.169.254/latest", "ftp://receiver.example/", "nothing", "https://a:b@receiver.example/",
     "https://receiver.example/ x", "https://receiver.example/\u00e9", "https://1.1.1.1/" + "x" * 2000],
)  # fmt: skip
def test_addresses_that_are_refused(out, url):
    """Private ones, http, and what is no address: when it is made, and again before each post."""
    strict = EventWebhooks(private=False, machine_now=out.world.machine)
    adapters = Adapters([], MessageTemplates, lambda _: None, events=strict)
    services = build_services(out.world.store, adapters, public_url="https://milepost.example")
    with pytest.raises(InvalidPayload):
        services.subscriptions.create(OLEG, url, ALL)
    subscription, _ = out.subscribe()
    out.case()
    while services.feed.sequence() or services.publishing.run_once():
        pass
    (delivery,) = out.all(subscription)
    assert (delivery.status, out.receiver.got) == ("dead", [])
    assert "http is for private addresses only" in delivery.last_error


def test_a_server_that_posts_nothing(out):
    """Without somebody who posts there are no subscriptions."""
    services = build_services(
        out.world.store, Adapters([], MessageTemplates, lambda _: None), public_url="https://milepost.example"
    )
    with pytest.raises(InvalidPayload, match="posts no events"):
        services.subscriptions.create(OLEG, out.receiver.url, ALL)
    assert (services.publishing.run_once(), services.publishing.until_next()) == (0, None)
