"""How soon an effect starts after its commit and a timer fires after its moment, where no tick helps: here and on another node."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from cluster import workflows

from adapters.templates import MessageTemplates
from engine.core.case import Actor, Event
from engine.ports import Adapters
from engine.service.bundles import read_folder
from engine.service.services import build_services
from engine.store.store import Store
from runtime.composition import machine_now
from runtime.scheduler import Scheduler

CARL = Actor("carl", roles=frozenset({"clerk"}))
TIMES = 50


class Letters:
    """A notifier that notes when a letter begins to be delivered."""

    name = "letters"

    def __init__(self):
        self.came, self.at = threading.Event(), 0.0

    def address(self, message):
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message):
        """Note it."""
        assert message.to.email
        self.at = time.perf_counter()
        self.came.set()


@contextmanager
def node(url, folder, letters, *, delivers):
    """The services of one node; `delivers` False: somebody else's scheduler does its work."""
    store = Store(url, machine_now=machine_now if url.startswith("sqlite") else None)
    services = build_services(
        store, Adapters([letters], MessageTemplates, lambda _: None), public_url="https://milepost.example"
    )
    services.catalog.publish_new(read_folder(folder))
    scheduler = Scheduler(services, tick_seconds=3600)
    if delivers:
        scheduler.start()
    try:
        yield services
    finally:
        scheduler.stop()
        store.close()


@pytest.fixture(params=["sqlite", "postgresql", "another node"])
def nodes(request, tmp_path):
    """(where is committed, where is delivered, its letters): one node, or two on one database."""
    folder, letters = workflows(tmp_path), Letters()
    url = f"sqlite:///{tmp_path}/wake.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with node(url, folder, letters, delivers=True) as delivering:
        delivering.people.create_token("carl", "Carl", ["clerk"], email="carl@people.example")
        if request.param != "another node":
            yield delivering, delivering, letters
            return
        with node(url, folder, letters, delivers=False) as committing:
            yield committing, delivering, letters


def test_an_effect_starts_soon_after_its_commit(nodes):
    """Within 100 ms, the median of fifty; the worst of them long before the poll that is there for lost news."""
    committing, _, letters = nodes
    waits = []
    for number in range(TIMES):
        letters.came.clear()
        committing.cases.open_case("errand", {"errand.text": f"n{number}"}, CARL)
        committed = time.perf_counter()
        assert letters.came.wait(10)
        waits.append(max(0.0, letters.at - committed))
    print(f"effect after its commit: {_figures(waits)}")
    assert statistics.median(waits) < 0.1
    assert max(waits) < 2.0


def test_a_timer_fires_soon_after_its_moment(nodes):
    """A moment that another node has asked for just now, a fifth of a second ahead: the step is there in time."""
    committing, delivering, _ = nodes
    case = committing.cases.open_case("errand", {"errand.text": "bell"}, CARL).case.id
    rung = threading.Semaphore(0)
    delivering.store.watch(lambda _: rung.release())
    waits = []
    for number in range(1, TIMES // 4):
        until = committing.clock.now() + timedelta(seconds=0.2)
        from_here = committing.cases.get(case, CARL).seq
        data = {"errand.until": until.isoformat()}
        committing.cases.send_event(case, Event("remind_at", data), CARL)
        step = _step_after(delivering, case, from_here, rung)
        waits.append((step.recorded_at - step.at).total_seconds())
        history = committing.cases.history(case, CARL, after=from_here)
        said = next(one.at for one in history if one.name == "remind_at")  # on a busy machine later than it asks for
        assert (step.name, step.at) == ("bell", max(until, said)), number
    print(f"timer after its moment: {_figures(waits)}")
    assert statistics.median(waits) < 0.1
    assert max(waits) < 2.0


def _step_after(services, case, seq, rung):
    """The step of the deadline, as soon as it is there."""
    for _ in range(200):
        for step in services.cases.history(case, CARL, after=seq):
            if step.kind == "deadline":
                return step
        rung.acquire(timeout=0.5)
    raise AssertionError("the timer did not fire")


def _figures(waits):
    return f"median {statistics.median(waits) * 1000:.1f} ms, worst {max(waits) * 1000:.1f} ms of {len(waits)}"
