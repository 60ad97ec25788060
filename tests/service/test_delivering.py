"""Deliveries beside each other: no adapter holds up another, each lane stays in order, and who comes late does no harm."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.templates import MessageTemplates
from engine.errors import DeliveryFailed
from engine.ports import Adapters
from engine.service.failing import TRIES, asked, wait
from engine.service.hands import Hands
from engine.service.services import build_services
from engine.store.limits import Limit, Limits

SERVICE = """
milepost: 1
workflow: tests
title: Tests
timezone: Europe/Moscow
roles: {officer: {title: Officer, sees: all}}
data: {lab: {score: integer}, notice: {at: datetime}}
open: {by: officer}
initial: asking
states:
  asking:
    turn: officer
    call: laboratory.test
    result: {score: integer}
    enter: [{notify: officer, template: asked}]
    done: [{set: {lab.score: result.score}, to: good}]
  good:
    turn: officer
    enter: [{call: archive.store}, {call: archive.store_again}]
    events: {end: {by: officer, to: over}}
  over: {final: true, outcome: good}
"""
WAIT = 20


class Line:
    """An adapter at the other end of a line: it can be held, and tells when a call has come."""

    def __init__(self, name, answer=None):
        self.name, self.answer = name, answer or {}
        self.came, self.go_on, self.calls = threading.Semaphore(0), threading.Event(), []
        self.go_on.set()

    def call(self, operation, values, *, key):  # noqa: ARG002  (the port says so)
        """Note it, and answer when it may."""
        self.calls.append(operation)
        self.came.release()
        assert self.go_on.wait(WAIT)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def lines():
    """The adapters of the workflow."""
    made = {"laboratory": Line("laboratory", {"score": 7}), "archive": Line("archive")}
    yield made
    for line in made.values():
        line.go_on.set()


@pytest.fixture
def node(world, lines):
    """Makes services of another node over the store of the world, with threads of its own."""
    world.publish(SERVICE)
    world.services.people.create_token("oleg", "Oleg", ["officer"], email="oleg@buyer.example")
    made = []

    def build(threads=4, limits=None, callers=None):
        adapters = Adapters([world.notifier], MessageTemplates, lambda _: world.renderer, callers=callers or lines)
        services = build_services(
            world.store,
            adapters,
            public_url="https://milepost.example",
            hands=Hands(threads),
            limits=limits or Limits(),
        )
        ended = threading.Semaphore(0)
        services.effects.watch(ended.release)
        made.append(services)
        return services, ended

    yield build
    for line in lines.values():
        line.go_on.set()
    for services in made:
        services.effects.close()


def ended(signal, count=1):
    """Waits for so many deliveries."""
    for _ in range(count):
        assert signal.acquire(timeout=WAIT)


def deliver(services, signal, until):
    """Delivers until it is so."""
    while not until():
        if not services.effects.deliver_pending():
            ended(signal)


def test_a_hanging_adapter_holds_up_nobody_else(world, node, lines, officer):
    """While the laboratory does not answer, letters go out, and cases speak to each other."""
    services, done = node()
    lines["laboratory"].go_on.clear()
    for _ in range(8):
        world.open("tests", {}, officer)
    while services.effects.deliver_pending():
        pass
    deliver(services, done, lambda: len(world.notifier.sent) == 8)
    ended(lines["laboratory"].came, 2)
    assert len(lines["laboratory"].calls) == 2  # of four threads
    lines["laboratory"].go_on.set()
    deliver(services, done, lambda: services.effects.pending() == 0)
    assert len(lines["archive"].calls) == 16


def test_inward_effects_need_no_thread(proposals, node, lines, officer, product, acme):
    """With every thread held by adapters that hang, what a case sends to its children arrives at once."""
    services, _ = node(threads=2)
    for line in lines.values():
        line.go_on.clear()
    for _ in range(3):
        proposals.open("tests", {}, officer)
    coordinator = proposals.person("clara", "coordinator", party="Kaluga")
    parent = proposals.open("list", {"region.name": "Kaluga"}, coordinator)
    child = proposals.open("proposal", product, acme, parent=parent.id)
    proposals.send(parent.id, "dispatch", coordinator)
    while services.effects.deliver_pending():
        pass
    assert [step.name for step in services.cases.history(child.id, acme)] == ["open", "dispatched"]


def test_one_case_one_adapter_in_order(world, node, lines, officer):
    """What a case asks of one adapter goes one after the other, whatever threads are free."""
    services, done = node(threads=8)
    lines["archive"].go_on.clear()
    case = world.open("tests", {}, officer)
    effects = lambda: world.store.read(lambda r: r.effects(case.id))  # noqa: E731
    deliver(services, done, lambda: any(e.adapter == "archive" and e.status == "leased" for e in effects()))
    ended(lines["archive"].came)
    assert services.effects.deliver_pending() == 0
    assert lines["archive"].calls == ["store"]
    lines["archive"].go_on.set()
    deliver(services, done, lambda: services.effects.pending() == 0)
    assert lines["archive"].calls == ["store", "store_again"]


def test_the_limit_holds_over_threads_and_nodes(world, node, lines, officer):
    """One at a time for two nodes together, though both have threads."""
    limits = Limits({"laboratory": Limit(at_once=1)})
    (one, one_done), (two, _) = node(limits=limits), node(limits=limits)
    two.effects.watch(one_done.release)  # the place may be the other node's, and free when that one has ended
    lines["laboratory"].go_on.clear()
    for _ in range(4):
        world.open("tests", {}, officer)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda services: services.effects.deliver_pending(), (one, two)))
    assert lines["laboratory"].came.acquire(timeout=WAIT)
    assert len(lines["laboratory"].calls) == 1
    lines["laboratory"].go_on.set()
    deliver(one, one_done, lambda: one.effects.pending() == 0)
    assert len(lines["laboratory"].calls) == 4


def test_a_lease_that_ends_is_taken_over_and_the_late_answer_is_dropped(world, node, lines, officer):
    """The first node hangs; after its lease a second one gets another answer; what the first says then changes nothing."""
    one, _ = node()
    other = Line("laboratory", {"score": 9})
    two, two_done = node(callers={**lines, "laboratory": other})
    lines["laboratory"].go_on.clear()
    case = world.open("tests", {}, officer)
    while one.effects.deliver_pending():
        pass
    assert lines["laboratory"].came.acquire(timeout=WAIT)
    world.machine.forward(minutes=3)
    deliver(two, two_done, lambda: other.calls and two.effects.pending() == 0)
    seen = world.services.cases.get(case.id, officer)
    assert seen.data["lab"]["score"] == 9
    lines["laboratory"].go_on.set()
    one.effects.close()
    assert world.services.cases.get(case.id, officer).seq == seen.seq
    (effect,) = (e for e in world.services.cases.effects(case.id, officer) if e.adapter == "laboratory")
    assert (effect.status, effect.attempt, effect.result) == ("done", 2, {"score": 9})
    assert [tried["error"] for tried in effect.tries] == ["no answer came before the lease ended"]


def test_a_late_failure_after_a_retry_is_dropped(world, node, lines, officer):
    """An operator has the effect tried again; the refusal of a try from before does not make it dead."""
    one, _ = node()
    lines["laboratory"].go_on.clear()
    lines["laboratory"].answer = DeliveryFailed("too late", retry_after=None)
    case = world.open("tests", {}, officer)
    while one.effects.deliver_pending():
        pass
    assert lines["laboratory"].came.acquire(timeout=WAIT)
    key = next(e.key for e in world.services.cases.effects(case.id, officer) if e.adapter == "laboratory")
    world.machine.forward(minutes=3)
    dead = Line("laboratory", DeliveryFailed("refused", retry_after=None))
    two, two_done = node(callers={**lines, "laboratory": dead})
    deliver(two, two_done, lambda: world.store.read(lambda r: r.effect(key)).status == "dead")
    world.services.handling.retry(key, officer, reason="the laboratory is back")
    lines["laboratory"].go_on.set()
    one.effects.close()
    effect = world.store.read(lambda r: r.effect(key))
    assert (effect.status, [tried.get("error") for tried in effect.tries][1:]) == ("pending", ["refused", None])


def test_what_takes_its_node_with_it_is_dead_some_day(world, node, lines, officer):
    """An effect whose every lease ends without a word has as many tries as any other, and then an incident."""
    node()
    case = world.open("tests", {}, officer)
    claimed = []
    for _ in range(TRIES):
        found = world.store.write(lambda tx: tx.claim_effects(lease_seconds=60))
        claimed += [effect for effect in found if effect.adapter == "laboratory"]
        world.machine.forward(minutes=2)
    assert len(claimed) == TRIES
    world.services.effects.deliver_pending()
    assert lines["laboratory"].calls == []
    texts = [i.text for i in world.services.incidents.find(case_id=case.id) if i.kind == "call"]
    assert texts == [f"no answer came before the lease ended (tried {TRIES} times)"]


def test_the_end_waits_for_what_is_under_way(world, node, lines, officer):
    """`close` returns when the last answer is stored; nothing is taken after it."""
    services, _ = node()
    lines["laboratory"].go_on.clear()
    case = world.open("tests", {}, officer)
    while services.effects.deliver_pending():
        pass
    assert lines["laboratory"].came.acquire(timeout=WAIT)
    closing = threading.Thread(target=services.effects.close)
    closing.start()
    assert closing.is_alive()
    lines["laboratory"].go_on.set()
    closing.join(WAIT)
    assert world.services.cases.get(case.id, officer).data["lab"]["score"] == 7
    assert services.effects.deliver_pending() == 0
    assert services.effects.pending() == 2


@pytest.mark.parametrize(("threads", "busy", "room"), [(16, {}, 8), (16, {"a": 8}, 0), (8, {"b": 4}, 2), (1, {}, 1)])
def test_shares_of_threads(threads, busy, room):
    """An adapter may have as many threads as it leaves free; one at least, where one is free."""
    hands, go_on = Hands(threads), threading.Event()
    for adapter, count in busy.items():
        for _ in range(count):
            hands.begin(adapter, go_on.wait)
    assert hands.share()("a", {}) == room
    go_on.set()
    hands.close()


def test_what_others_take_leaves_less_room():
    """Within one look too: seven adapters that wait together do not take more threads than there are."""
    share, taken = Hands(8).share(), {}
    for number in range(7):
        taken[f"a{number}"] = share(f"a{number}", taken)
    assert list(taken.values()) == [4, 2, 1, 1, 0, 0, 0]


def test_what_is_asked_for_is_waited_for(world, node, officer):
    """`Retry-After` is the least: the next try comes no sooner, though doubling from two seconds would."""
    world.publish(SERVICE)
    world.caller.answers = [world.later(120), {"score": 1}]
    world.open("tests", {}, officer)
    world.settle()
    world.machine.forward(seconds=119)
    world.settle()
    assert len(world.caller.calls) == 1
    world.machine.forward(seconds=1)
    world.settle()
    assert len(world.caller.calls) == 2


def test_waits_double_with_jitter(world, node, officer):
    """From two seconds to an hour, a fifth more or less; nonsense from an adapter is no length of time."""
    node()
    case = world.open("tests", {}, officer)
    effect = world.store.read(lambda r: r.effects(case.id))[1]
    for tries, seconds in ((0, 2), (3, 16), (30, 3600)):
        tried = tuple({"at": world.machine(), "error": "x"} for _ in range(tries))
        found = {wait(type(effect)(**{**as_dict(effect), "tries": tried}), timedelta(0)) for _ in range(200)}
        assert min(found) >= timedelta(seconds=seconds * 0.8)
        assert max(found) <= timedelta(seconds=seconds * 1.2)
        assert len(found) > 100
    assert [asked(n) for n in (float("nan"), -5, float("inf"))] == [timedelta(0), timedelta(0), timedelta(days=7)]


def as_dict(effect):
    """Its members by name."""
    return {name: getattr(effect, name) for name in effect.__dataclass_fields__}
