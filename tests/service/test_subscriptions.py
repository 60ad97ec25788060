"""Events out, to a real receiver: signed, in order per case, tried again, given up, replayed; and only what the owner may see."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.templates import MessageTemplates
from adapters.webhooks import EventWebhooks
from engine.core.case import Actor
from engine.errors import ActorNotAllowed, InvalidPayload
from engine.ports import Adapters
from engine.service.news_view import Wanted
from engine.service.publishing import GONE, NOBODY, TRIES
from engine.service.services import build_services
from engine.service.subscriptions import (
    MOST,
    DeliveryNotDead,
    DeliveryNotFound,
    SubscriptionNotFound,
    TooManySubscriptions,
)
from tests.servers.receiver import Receiver

OLEG = Actor("oleg", roles=frozenset({"officer"}), name="Oleg")
ANNA = Actor("anna", roles=frozenset({"applicant"}), attributes={"party": "1234567890"}, name="Anna")
BORIS = Actor("boris", roles=frozenset({"applicant"}), attributes={"party": "9999999999"}, name="Boris")
OPS = Actor("ops", roles=frozenset({"operations"}), name="Ops")
ALL = Wanted()


@dataclass
class Out:
    """Services with somebody who posts, over the world's store."""

    world: object
    services: object
    receiver: Receiver
    tokens: dict

    def subscribe(self, actor=OLEG, wanted=ALL):
        """A subscription at the receiver: (its view, its secret)."""
        made = self.services.subscriptions.create(actor, self.receiver.url, wanted)
        return made.subscription, made.secret

    def case(self, number=1, actor=ANNA):
        """A case of this actor's party."""
        data = {"applicant.tax_id": actor.party or "1234567890", "product.designation": f"V-{number}"}
        return self.world.open("proposal", data, actor).id

    def work(self, case_id, times):
        """So many steps more: it goes forth and back."""
        for _ in range(times):
            if self.services.cases.get(case_id, OLEG).states[-1].path == "check":
                self.world.send(case_id, "return", OLEG, {"reasons": "page 3"})
            else:
                self.world.send(case_id, "answer", ANNA, {"product.designation": case_id})

    def run(self, **later):
        """All that is due, at once or after some time."""
        self.world.machine.forward(**later)
        while self.services.feed.sequence():
            pass
        while self.services.publishing.run_once():
            pass

    def all(self, subscription, status=None):
        """Its deliveries, oldest first."""
        page = self.services.subscriptions.deliveries(subscription.id, OPS, status=status, limit=200)
        return page.items[::-1]

    def get(self, subscription):
        """How it is."""
        return self.services.subscriptions.get(subscription.id, OPS)


@pytest.fixture
def receiver():
    """A real one."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def out(proposals, receiver):
    """Services that post, and tokens of those who own subscriptions."""
    post = EventWebhooks(private=True, machine_now=proposals.machine)
    adapters = Adapters([proposals.notifier], MessageTemplates, lambda _: proposals.renderer, events=post)
    services = build_services(proposals.store, adapters, public_url="https://milepost.example")
    tokens = {
        actor.id: services.people.create_token(actor.id, actor.name, actor.roles, actor.attributes)[1].id
        for actor in (OLEG, ANNA, BORIS)
    }
    return Out(proposals, services, receiver, tokens)


def test_what_is_posted(out):
    """A thin CloudEvent, signed over the very bytes by a secret that was shown once, stamped by the store's clock."""
    subscription, secret = out.subscribe()
    assert (secret[:6], len(b64decode(secret[6:]))) == ("whsec_", 32)
    case = out.case()
    out.run()
    (post,) = out.receiver.got
    assert post.is_signed_with(secret)
    assert not post.is_signed_with("whsec_" + "A" * 44)
    assert post.headers["content-type"] == "application/cloudevents+json"
    assert post.headers["webhook-timestamp"] == str(int(out.world.machine().timestamp()))
    event = post.event
    assert (event["specversion"], event["type"], event["id"]) == ("1.0", "milepost.case.opened", f"{case}/1")
    assert sorted(event["data"]) == ["entered", "left", "name", "number", "seq", "workflow"]
    (delivery,) = out.all(subscription)
    assert (delivery.status, delivery.event, delivery.tries) == ("done", f"{case}/1", 0)


def test_from_now_on(out):
    """What happened before it was made is not posted; each step after it once."""
    case = out.case()
    out.run()
    out.subscribe()
    out.work(case, 3)
    out.run()
    out.run()
    assert out.receiver.steps == [(case, 2), (case, 3), (case, 4)]


def test_only_what_the_owner_may_see(out):
    """Another party's cases are passed over; workflow, type and party narrow down further."""
    out.subscribe(BORIS)
    mine, theirs = out.case(1), out.case(2, BORIS)
    out.work(theirs, 1)
    out.run()
    assert out.receiver.steps == [(theirs, 1), (theirs, 2)]
    out.receiver.got.clear()
    for wanted in (Wanted(workflow="list"), Wanted(type="milepost.case.deadline"), Wanted(party="1234567890")):
        out.subscribe(OLEG, wanted)
    out.work(mine, 1)
    out.run()
    assert out.receiver.steps == [(mine, 2)]


def test_order_per_case_under_failures(out):
    """While the first event of a case is not taken none of the case follows, and other cases go on."""
    out.subscribe()
    bad, good = out.case(1), out.case(2)
    out.work(bad, 2)
    out.work(good, 2)
    out.receiver.answer = lambda post: (500 if post.step == (bad, 1) else 200, {})
    out.run()
    assert [seq for case, seq in out.receiver.steps if case == bad] == [1]
    assert [seq for case, seq in out.receiver.steps if case == good] == [1, 2, 3]
    out.receiver.answer = lambda _: (200, {})
    out.run(hours=2)
    assert [seq for case, seq in out.receiver.steps if case == bad] == [1, 1, 2, 3]
    first, again = [post for post in out.receiver.got if post.step == (bad, 1)]
    assert first.id == again.id
    assert len({post.id for post in out.receiver.got}) == 6


def test_tries_and_the_list_of_the_dead(out):
    """Waits double, with jitter; after the last try it is dead, later events of the case go on, and a person has it tried again."""
    subscription, _ = out.subscribe()
    case = out.case()
    out.work(case, 1)
    out.receiver.answer = lambda post: (503 if post.step == (case, 1) else 200, {})
    waits = []
    for _ in range(TRIES):
        out.run()
        waiting = out.all(subscription)[0].next_at
        if waiting is not None:
            waits.append(waiting - out.world.machine())
            out.world.machine.at = waiting
    assert len(waits) == TRIES - 1
    assert timedelta(seconds=1.6) <= waits[0] <= timedelta(seconds=2.4)
    assert timedelta(seconds=6.4) <= waits[2] <= timedelta(seconds=9.6)
    assert timedelta(minutes=48) <= waits[-1] <= timedelta(minutes=72)
    assert out.receiver.steps == [(case, 1)] * TRIES + [(case, 2)]
    (dead,) = out.all(subscription, "dead")
    assert (dead.event, dead.tries, dead.last_error) == (f"{case}/1", TRIES, "the receiver answered 503")
    assert (out.get(subscription).dead, out.get(subscription).waiting) == (1, 0)
    assert out.services.publishing.figures() == ({"dead": 1}, 0)
    out.receiver.answer = lambda _: (200, {})
    again = out.services.subscriptions.retry(subscription.id, dead.id, OLEG)
    assert (again.status, again.tries) == ("waiting", 0)
    out.run()
    assert out.all(subscription, "dead") == ()
    with pytest.raises(DeliveryNotDead, match="is done; only dead ones"):
        out.services.subscriptions.retry(subscription.id, dead.id, OLEG)
    with pytest.raises(DeliveryNotFound):
        out.services.subscriptions.retry(subscription.id, 999, OLEG)
    assert out.services.publishing.outcomes() == {"failed": TRIES - 1, "dead": 1, "done": 2}


def test_retry_after(out):
    """A receiver that says when is left alone until then, with all that it is owed."""
    subscription, _ = out.subscribe()
    out.case(1), out.case(2)
    out.receiver.answer = lambda _: (429, {"Retry-After": "300"})
    out.run()
    sent = len(out.receiver.got)
    out.receiver.answer = lambda _: (200, {})
    out.case(3)
    out.run(seconds=299)
    assert len(out.receiver.got) == sent
    assert out.services.publishing.until_next() == pytest.approx(1, abs=0.01)
    out.run(seconds=1)
    assert {delivery.status for delivery in out.all(subscription)} == {"done"}


@pytest.mark.parametrize(("code", "status"), [(400, "dead"), (404, "dead"), (408, "waiting"), (302, "waiting")])
def test_answers(out, code, status):
    """4xx is given up at once but for 408 and 429; a redirect is no success, and nobody is asked where it leads."""
    subscription, _ = out.subscribe()
    elsewhere = out.receiver.url.replace("/in", "/elsewhere")
    out.receiver.answer = lambda _: (code, {"Location": elsewhere})
    out.case()
    out.run()
    assert [post.path for post in out.receiver.got] == ["/in"]
    (delivery,) = out.all(subscription)
    assert (delivery.status, delivery.last_error) == (status, f"the receiver answered {code}")


def test_gone(out):
    """After 410 the subscription is paused, and says why; resumed, it goes on where it was."""
    subscription, _ = out.subscribe()
    case = out.case()
    out.receiver.answer = lambda _: (410, {})
    out.run()
    assert out.get(subscription).paused_why == GONE
    out.work(case, 1)
    out.receiver.answer = lambda _: (200, {})
    out.run(hours=1)
    assert out.receiver.steps == [(case, 1)]
    out.services.subscriptions.resume(subscription.id, OLEG)
    out.run()
    assert out.receiver.steps == [(case, 1), (case, 2)]
    assert [one.status for one in out.all(subscription)] == ["dead", "done"]


def test_replay(out):
    """From a position, and from a moment, everything comes again in its order and under its own ids; nothing of the future."""
    subscription, _ = out.subscribe()
    case = out.case()
    out.world.wait(hours=1)
    moment = out.services.clock.now()
    out.work(case, 2)
    out.run()
    before = {post.id for post in out.receiver.got}
    replayed = out.services.subscriptions.replay(subscription.id, OLEG, after=1)
    assert replayed.position == 1
    out.run()
    assert out.receiver.steps == [(case, 1), (case, 2), (case, 3), (case, 2), (case, 3)]
    out.services.subscriptions.replay(subscription.id, OLEG, since=moment)
    out.run()
    assert out.receiver.steps[5:] == [(case, 2), (case, 3)]
    out.services.subscriptions.replay(subscription.id, OLEG, since=moment - timedelta(hours=2))
    out.run()
    assert out.receiver.steps[7:] == [(case, 1), (case, 2), (case, 3)]
    assert {post.id for post in out.receiver.got} == before
    out.services.subscriptions.replay(subscription.id, OLEG, since=moment + timedelta(days=9))
    out.run()
    assert len(out.receiver.got) == 10
    with pytest.raises(InvalidPayload, match="position 3; name an earlier one"):
        out.services.subscriptions.replay(subscription.id, OLEG, after=4)


def test_a_dead_one_is_replayed_too(out):
    """What was given up is owed again, and waits its turn."""
    subscription, _ = out.subscribe()
    case = out.case()
    out.work(case, 1)
    out.receiver.answer = lambda _: (400, {})
    out.run()
    out.receiver.answer = lambda _: (200, {})
    out.services.subscriptions.replay(subscription.id, OLEG, after=0)
    out.run()
    assert out.receiver.steps[2:] == [(case, 1), (case, 2)]
    assert [one.status for one in out.all(subscription)] == ["done", "done"]


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


def test_what_is_over_is_forgotten(out):
    """What was posted after a week, what was given up after a month."""
    subscription, _ = out.subscribe()
    case = out.case(1), out.case(2)
    out.receiver.answer = lambda post: (400 if post.step[0] == case[0] else 200, {})
    out.run()
    for days, left in ((6, ["dead", "done"]), (2, ["dead"]), (23, [])):
        out.world.machine.forward(days=days)
        while out.services.pruning.forget_deliveries():
            pass
        assert [one.status for one in out.all(subscription)] == left
