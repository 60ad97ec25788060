"""Events out beside each other: threads and nodes neither miss nor mix up anything, and a hanging receiver holds up no other."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import contextmanager

import pytest

from adapters.templates import MessageTemplates
from adapters.webhooks import EventWebhooks
from engine.core.case import Actor, Event
from engine.ports import Adapters
from engine.service.hands import Hands
from engine.service.news_view import Wanted
from engine.service.publishing import AT_ONCE
from engine.service.services import build_services
from engine.store.store import Store
from tests.servers.receiver import Receiver
from tests.service.test_certificates_and_register import SOURCE

OLEG = Actor("oleg", roles=frozenset({"officer"}), name="Oleg")
LEASE = 60
WAIT = 30


class Node:
    """Services that post, with threads of their own; works when asked, as its ticker would."""

    def __init__(self, store, clock, threads=8, post=None):
        post = post or EventWebhooks(private=True, machine_now=clock)
        adapters = Adapters([], MessageTemplates, lambda _: None, events=post)
        self.services = build_services(
            store,
            adapters,
            public_url="https://milepost.example",
            event_hands=Hands(threads, what="an event"),
            lease_seconds=LEASE,
        )
        self.asked, self.stopped = threading.Event(), threading.Event()
        self.services.publishing.watch(self.asked.set)

    def once(self):
        """All that can be begun now."""
        while self.services.feed.sequence() or self.services.publishing.run_once():
            pass

    def run(self):
        """Until it is stopped."""
        while not self.stopped.is_set():
            self.once()
            self.asked.wait(0.02)
            self.asked.clear()


@contextmanager
def working(*nodes):
    """These work beside each other."""
    threads = [threading.Thread(target=node.run) for node in nodes]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for node in nodes:
            node.stopped.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def receivers():
    """Real ones, as many as are wanted."""
    made = []

    def receiver():
        made.append(Receiver())
        return made[-1]

    yield receiver
    for one in made:
        one.close()


@pytest.fixture
def node(proposals, request):
    """Makes nodes: the first over the world's store, on a server the others over stores of their own."""
    made, stores = [], []
    proposals.services.people.create_token("oleg", "Oleg", ["officer"])

    def build(**more):
        store = proposals.store
        if made and "postgresql" in request.node.callspec.id:
            url = request.getfixturevalue("postgres_url")
            store = Store(url, machine_now=proposals.machine, manual_clock=True)
            stores.append(store)
        made.append(Node(store, proposals.machine, **more))
        return made[-1]

    yield build
    for one in made:
        one.services.publishing.close()
    for store in stores:
        store.close()


def opened(world, count, actor=OLEG):
    """So many cases."""
    data = [{"applicant.tax_id": "1234567890", "product.designation": f"N-{n}"} for n in range(count)]
    return [world.open("proposal", each, actor).id for each in data]


def stepped(services, case, times):
    """So many steps of a case."""
    for _ in range(times // 2):
        services.cases.send_event(case, Event("return", {"reasons": "x"}), OLEG)
        services.cases.send_event(
            case, Event("answer", {}), Actor("a", roles=frozenset({"applicant"}), attributes={"party": "1234567890"})
        )


def listed(world, number):
    """A case whose product is in the register."""
    who = Actor("anna", roles=frozenset({"applicant"}), attributes={"party": "1234567890"})
    case = world.open("qualification", {"applicant.tax_id": "1234567890", "product.designation": f"R-{number}"}, who).id
    world.send(case, "grant", OLEG)
    world.settle()
    return case


def revised(services, case, times):
    """So many revisions of its entry."""
    for n in range(times):
        services.cases.send_event(case, Event(("suspend", "reinstate")[n % 2], {}), OLEG)


def subscribed(node, receiver, **wanted):
    """The id of a new one."""
    return node.services.subscriptions.create(OLEG, receiver.url, Wanted(**wanted)).subscription.id


def statuses(node, subscription):
    """Of its deliveries."""
    page = node.services.subscriptions.deliveries(subscription, OLEG, limit=200)
    return [one.status for one in page.items]


def test_nothing_is_missed_and_nothing_comes_twice(proposals, node, receivers):
    """Steps of many cases are committed on several nodes while several post: each comes once, each case in its order."""
    nodes, receiver = [node(), node()], receivers()
    second = receivers()
    subscribed(nodes[0], receiver)
    subscribed(nodes[1], second)
    cases, each = opened(proposals, 6), 12
    with working(*nodes):
        writers = [
            threading.Thread(target=stepped, args=(nodes[n % 2].services, case, each)) for n, case in enumerate(cases)
        ]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        for one in (receiver, second):
            one.wait_for(len(cases) * (each + 1))
    for one in (receiver, second):
        came = defaultdict(list)
        for case, seq in one.steps:
            came[case].append(seq)
        assert came == {case: list(range(1, each + 2)) for case in cases}
        assert len({post.id for post in one.got}) == len(one.got)
        assert one.most_at_once <= AT_ONCE


def test_entries_that_change_while_several_post(proposals, node, receivers):
    """Revisions of several entries are committed on two nodes while both post: each comes once, each entry in its order."""
    proposals.publish(SOURCE)
    nodes, receiver, times = [node(), node()], receivers(), 6
    cases = [listed(proposals, n) for n in range(4)]
    entries = {proposals.store.read(lambda reader, case=case: reader.entry_of(case)).entry_no for case in cases}
    nodes[0].once()
    nodes[1].services.subscriptions.create(OLEG, receiver.url, Wanted(entries=frozenset(entries)))
    with working(*nodes):
        writers = [
            threading.Thread(target=revised, args=(nodes[n % 2].services, case, times)) for n, case in enumerate(cases)
        ]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        receiver.wait_for(len(entries) * times)
    came = defaultdict(list)
    for post in receiver.got:
        came[post.event["subject"]].append(post.event["data"]["revision"])
    assert came == {entry: list(range(2, times + 2)) for entry in entries}


def test_nobody_takes_what_another_has(proposals, node, receivers):
    """While one node posts, the other finds nothing of the case to take, however often it looks."""
    first, other, receiver = node(), node(), receivers()
    subscribed(first, receiver)
    receiver.go_on.clear()
    (case,) = opened(proposals, 1)
    stepped(first.services, case, 2)
    first.once()
    receiver.wait_for(1)
    for _ in range(5):
        other.once()
    assert receiver.steps == [(case, 1)]
    receiver.go_on.set()
    with working(other):
        receiver.wait_for(3)
    assert receiver.steps == [(case, 1), (case, 2), (case, 3)]


def test_a_node_that_dies_after_the_post(proposals, node, receivers):
    """What it posted and could not finish comes again when its lease ends, under the same id; what it says then is too late."""
    first, other, receiver = node(), node(), receivers()
    subscription = subscribed(first, receiver)
    receiver.go_on.clear()
    (case,) = opened(proposals, 1)
    first.once()
    receiver.wait_for(1)
    other.once()
    assert len(receiver.got) == 1
    proposals.machine.forward(seconds=LEASE + 1)
    other.once()
    receiver.wait_for(2)
    assert statuses(other, subscription) == ["delivering"]
    receiver.go_on.set()
    for one in (first, other):
        one.services.publishing.close()
    assert [post.id for post in receiver.got] == [receiver.got[0].id] * 2
    assert receiver.steps == [(case, 1)] * 2
    assert statuses(other, subscription) == ["done"]
    assert sum(one.services.publishing.outcomes().get("done", 0) for one in (first, other)) == 1
    (delivery,) = other.services.subscriptions.deliveries(subscription, OLEG).items
    assert delivery.tries == 1  # the one that nobody heard of


def test_a_hanging_receiver_holds_up_no_other(proposals, node, receivers):
    """One that does not answer has at most so many posts on their way; another hears of everything meanwhile."""
    one, hanging, quick = node(), receivers(), receivers()
    subscribed(one, hanging)
    subscribed(one, quick)
    hanging.go_on.clear()
    cases = opened(proposals, 20)
    with working(one):
        quick.wait_for(len(cases))
        hanging.wait_for(AT_ONCE)
        assert len(hanging.got) == hanging.most_at_once == AT_ONCE
        hanging.go_on.set()
        hanging.wait_for(len(cases))


def test_a_replay_of_what_is_on_its_way(proposals, node, receivers):
    """What is being posted when a replay is asked for is posted again, after what is before it."""
    one, receiver = node(), receivers()
    subscription = subscribed(one, receiver)
    (case,) = opened(proposals, 1)
    stepped(one.services, case, 2)
    answered = threading.Event()

    def answer(post):
        if post.step == (case, 3):
            assert answered.wait(WAIT)
        return 200, {}

    receiver.answer = answer
    with working(one):
        receiver.wait_for(3)
        one.services.subscriptions.replay(subscription, OLEG, after=0)
        answered.set()
        receiver.wait_for(6)
    one.services.publishing.close()
    assert receiver.steps == [(case, 1), (case, 2), (case, 3)] * 2
    assert statuses(one, subscription) == ["done"] * 3


def test_a_dead_one_waits_for_what_is_on_its_way(proposals, node, receivers):
    """Tried again it is not posted beside a later event of its case, and later ones wait for it."""
    one, receiver = node(), receivers()
    subscription = subscribed(one, receiver)
    (case,) = opened(proposals, 1)
    stepped(one.services, case, 2)
    answered, codes = threading.Event(), {1: iter((400, 200))}

    def answer(post):
        if post.step == (case, 2):
            assert answered.wait(WAIT)
        return next(codes.get(post.step[1], iter((200,)))), {}

    receiver.answer = answer
    with working(one):
        receiver.wait_for(2)
        (dead,) = one.services.subscriptions.deliveries(subscription, OLEG, status="dead").items
        one.services.subscriptions.retry(subscription, dead.id, OLEG)
        one.asked.set()
        answered.set()
        receiver.wait_for(4)
    assert receiver.steps == [(case, 1), (case, 2), (case, 1), (case, 3)]
    assert receiver.most_at_once == 1


def test_what_was_not_begun_is_given_back(proposals, node, receivers):
    """A node that stops waits for what it posts; what comes after is another's at once."""
    first, other, receiver = node(), node(), receivers()
    subscribed(first, receiver)
    receiver.go_on.clear()
    cases = opened(proposals, 2)
    first.once()
    receiver.wait_for(2)
    stopping = threading.Thread(target=first.services.publishing.close)
    stopping.start()
    receiver.go_on.set()
    stopping.join(WAIT)
    assert first.services.publishing.run_once() == 0
    stepped(other.services, cases[0], 2)
    with working(other):
        receiver.wait_for(4)
    assert len(receiver.got) == 4


class Faulty:
    """Somebody who posts, and whose bug says more than it should."""

    def __init__(self):
        self.tried = threading.Event()

    def refusal(self, url):
        """Any will do."""

    def post(self, url, secret, body, message_id):  # noqa: ARG002
        """Fail with everything in it."""
        self.tried.set()
        raise ValueError(f"{secret} of {url}")


def test_no_secret_is_logged(proposals, node, receivers, caplog):
    """Not where who posts has a fault, whose words are kept to itself; and it is in no view but the first."""
    faulty = Faulty()
    one = node(post=faulty)
    made = one.services.subscriptions.create(OLEG, receivers().url, Wanted())
    opened(proposals, 1)
    one.once()
    assert faulty.tried.wait(WAIT)
    one.services.publishing.close()
    (delivery,) = one.services.subscriptions.deliveries(made.subscription.id, OLEG).items
    assert (delivery.status, delivery.last_error) == ("waiting", "something went wrong here (ValueError)")
    said = caplog.text + repr(made) + repr(one.services.subscriptions.get(made.subscription.id, OLEG))
    said += repr(proposals.store.read(lambda reader: reader.subscription(made.subscription.id)))
    assert made.secret not in said
