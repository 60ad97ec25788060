"""Events out, to a real receiver: signed, in order per case, tried again, given up, replayed; and only what the owner may see."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta

import pytest

from engine.errors import InvalidPayload
from engine.service.news_view import Wanted
from engine.service.publishing import GONE, TRIES
from engine.service.subscriptions import DeliveryNotDead, DeliveryNotFound
from tests.service.posting import BORIS, OLEG


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
