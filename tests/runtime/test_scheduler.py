"""The tickers: woken by a commit, held while the clock moves, drained when stopped, never stopped by an error.

How soon they wake, on one node or many, is measured in tests/nodes.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

from adapters.templates import MessageTemplates
from engine.core.case import Actor
from engine.core.values import instant
from engine.errors import Unavailable
from engine.ports import Adapters
from engine.service.bundles import read_folder
from engine.service.services import build_services
from engine.store.store import Store
from runtime.composition import machine_now
from runtime.scheduler import Scheduler, Ticker

CARL = Actor("carl", roles=frozenset({"clerk"}))


class Letters:
    """A notifier that tells when a letter comes, and may be held while it delivers."""

    name = "letters"

    def __init__(self):
        self.came, self.go_on, self.count = threading.Event(), threading.Event(), 0
        self.go_on.set()

    def address(self, message):
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message):
        """Count it, when it may."""
        assert message.to.email
        self.came.set()
        assert self.go_on.wait(20)
        self.count += 1


@pytest.fixture
def letters():
    """The notifier of the services."""
    return Letters()


@pytest.fixture
def services(folder, letters):
    """Services over a file, with one clerk."""
    store = Store("sqlite:///ticks.db", machine_now=machine_now)
    adapters = Adapters([letters], MessageTemplates, lambda _: None)
    built = build_services(store, adapters, public_url="https://milepost.example")
    built.catalog.publish_new(read_folder(folder / "workflows"))
    built.people.create_token("carl", "Carl", ["clerk"], email="carl@people.example")
    yield built
    store.close()


@contextmanager
def ticking(services, seconds):
    """A scheduler that runs."""
    scheduler = Scheduler(services, tick_seconds=seconds)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()


def test_a_commit_wakes_deliveries(services, letters):
    """With a tick of an hour, a letter leaves at once; one after the other, each time."""
    with ticking(services, 3600):
        for number in range(3):
            letters.came.clear()
            services.cases.open_case("note", {"paper.text": f"n{number}"}, CARL)
            assert letters.came.wait(10)


def test_a_wake_while_delivering_is_not_lost(services, letters):
    """What is committed while a delivery hangs is delivered when it goes on."""
    letters.go_on.clear()
    with ticking(services, 3600):
        services.cases.open_case("note", {"paper.text": "one"}, CARL)
        assert letters.came.wait(10)
        letters.came.clear()
        services.cases.open_case("note", {"paper.text": "two"}, CARL)
        letters.go_on.set()
        assert letters.came.wait(10)


def test_stopping_waits_for_what_is_under_way(services, letters):
    """The letter that is being delivered is delivered; the next one waits for another node."""
    letters.go_on.clear()
    scheduler = Scheduler(services, tick_seconds=3600)
    services.cases.open_case("note", {"paper.text": "one"}, CARL)
    scheduler.start()
    assert letters.came.wait(10)
    services.cases.open_case("note", {"paper.text": "two"}, CARL)
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    assert stopping.is_alive()
    letters.go_on.set()
    stopping.join(10)
    assert (stopping.is_alive(), letters.count, services.effects.pending()) == (False, 1, 1)


def test_what_was_not_begun_is_given_back(services, letters):
    """Three are claimed together: the one under way is finished, the other two wait for no lease to end."""
    letters.go_on.clear()
    for number in range(3):
        services.cases.open_case("note", {"paper.text": f"n{number}"}, CARL)
    scheduler = Scheduler(services, tick_seconds=3600)
    scheduler.start()
    assert letters.came.wait(10)
    assert len(due(services)) == 0
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    assert services.effects._closed.wait(10)
    letters.go_on.set()
    stopping.join(10)
    assert (letters.count, [effect.attempt for effect in due(services)]) == (1, [2, 2])


def due(services):
    """Takes what anybody may take now."""
    return services.store.write(lambda tx: tx.claim_effects(lease_seconds=60))


def test_nothing_is_delivered_while_paused(services, letters):
    """Inside `paused` nothing moves, woken or not; afterwards it does."""
    with ticking(services, 0.05) as scheduler:
        with scheduler.paused():
            services.cases.open_case("note", {"paper.text": "one"}, CARL)
            assert not letters.came.wait(0.3)
        assert letters.came.wait(10)


def test_a_timer_fires_at_its_moment(services, folder):
    """With a tick of an hour: deadlines of moments that nobody knew of before are there in time, each at its own."""
    source = (folder / "workflows" / "note.yaml").read_text().replace("after: 5 days", "at: paper.until")
    source = source.replace("pages: integer", "pages: integer, until: datetime").replace(
        "paper.pages]", "paper.pages, paper.until]"
    )
    (folder / "workflows" / "note.yaml").write_text(source)
    services.catalog.publish_all(read_folder(folder / "workflows"))
    closed = threading.Semaphore(0)
    services.store.watch(lambda _: closed.release())
    with ticking(services, 3600):
        cases = []
        for seconds in (1.5, 0.5, 1.0):
            until = machine_now() + timedelta(seconds=seconds)
            data = {"paper.text": f"{seconds}", "paper.until": until.isoformat()}
            cases.append(services.cases.open_case("note", data, CARL).case.id)
        open_still, end = cases, machine_now() + timedelta(seconds=20)
        while open_still and machine_now() < end:
            closed.acquire(timeout=1)
            open_still = [case for case in open_still if services.cases.get(case, CARL).closed_at is None]
    fired = [services.cases.history(case, CARL)[-1] for case in cases]
    late = [(step.recorded_at - step.at).total_seconds() for step in fired]
    assert max(late) < 0.5, late


def test_a_tick_never_raises(caplog):
    """A busy store and a bug are logged, and the next tick works."""
    left = [Unavailable("the store is busy"), ZeroDivisionError("bug"), 2, 0]

    def run_once():
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    ticker = Ticker("work", run_once)
    for _ in range(3):
        ticker.tick()
    assert left == []
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


def test_old_answers_are_forgotten(services):
    """Answers to requests of more than a week ago go by themselves, soon after the start; younger ones stay."""

    def keep(tx):
        for key, age in (("old", 8), ("young", 6)):
            tx.keep_accepted(key, "party", "hash", "case", 1)
            tx.unit.write_out()
            moment = instant(machine_now() - timedelta(days=age))
            tx.link.connection.execute("UPDATE accepted SET accepted_at = ? WHERE key = ?", (moment, key))

    services.store.write(keep)
    forgotten = threading.Event()
    forget = services.pruning.forget_answers

    def told():
        count = forget()
        if not count:
            forgotten.set()
        return count

    scheduler = Scheduler(services, tick_seconds=3600)
    scheduler._answers._run_once = told
    scheduler.start()
    assert forgotten.wait(20)
    scheduler.stop()
    assert services.store.read(lambda r: [r.accepted(key, "party") is None for key in ("old", "young")]) == [
        True,
        False,
    ]


def test_digests_go_out_by_themselves(services, letters):
    """A node gathers what is due when it starts to look, and delivers it."""
    case = services.cases.open_case("note", {"paper.text": "one"}, CARL).case
    while services.effects.deliver_pending():
        pass
    letters.count = 0
    effect = next(e for e in services.store.read(lambda r: r.effects(case.id)) if e.kind == "notify")
    services.store.write(lambda tx: tx.add_digest_lines(effect, ["carl"], tx.business_now()))
    letters.came.clear()
    with ticking(services, 0.05):
        assert letters.came.wait(10)
    assert letters.count == 1
    assert services.digests.next_at() is None
