"""A node with threads that deliver: what one delivery holds up goes on when it ends, and at the pace that is allowed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from adapters.templates import MessageTemplates
from engine.core.case import Actor
from engine.ports import Adapters
from engine.service.bundles import read_folder
from engine.service.hands import Hands
from engine.service.services import build_services
from engine.store.limits import Limit, Limits
from engine.store.store import Store
from runtime.composition import machine_now, open_services
from runtime.scheduler import Scheduler
from runtime.settings import Settings

CARL = Actor("carl", roles=frozenset({"clerk"}))


class Letters:
    """A notifier that notes when a letter comes, and may be held."""

    name = "letters"

    def __init__(self):
        self.came, self.go_on, self.at = threading.Semaphore(0), threading.Event(), []
        self.go_on.set()

    def address(self, message):
        """Everybody is reached."""
        return message.to.email or message.to.id

    def deliver(self, message):
        """Note it, when it may go on."""
        assert message.to.email
        self.at.append(datetime.now(UTC))
        self.came.release()
        assert self.go_on.wait(20)


@pytest.fixture
def letters():
    """The notifier."""
    return Letters()


@pytest.fixture
def ticking(folder, letters):
    """Starts a node with these limits that ticks once an hour; its services and its scheduler."""
    ends = []

    def start(tick=3600, **limit):
        store = Store("sqlite:///ticks.db", machine_now=machine_now)
        adapters = Adapters([letters], MessageTemplates, lambda _: None)
        services = build_services(
            store,
            adapters,
            public_url="https://milepost.example",
            hands=Hands(4),
            limits=Limits({"notify": Limit(**limit)}),
        )
        services.catalog.publish_new(read_folder(folder / "workflows"))
        services.people.create_token("carl", "Carl", ["clerk"], email="carl@people.example")
        scheduler = Scheduler(services, tick_seconds=tick)
        ends.extend((store.close, scheduler.stop))
        return services, scheduler

    yield start
    letters.go_on.set()
    for end in reversed(ends):
        end()


def came(letters, count):
    """Waits for so many letters."""
    for _ in range(count):
        assert letters.came.acquire(timeout=20)


def test_one_that_ends_makes_room_for_the_next(ticking, letters):
    """One letter at a time and an hour between ticks: each follows when the one before has ended."""
    services, scheduler = ticking(at_once=1)
    for number in range(5):
        services.cases.open_case("note", {"paper.text": f"n{number}"}, CARL)
    scheduler.start()
    came(letters, 5)


def test_the_pace_that_is_allowed(ticking, letters):
    """Twenty letters in a second: not all at once, and none waits for the tick."""
    services, scheduler = ticking(spacing=timedelta(milliseconds=50))
    for number in range(6):
        services.cases.open_case("note", {"paper.text": f"n{number}"}, CARL)
    scheduler.start()
    came(letters, 6)
    assert letters.at[-1] - letters.at[0] >= timedelta(milliseconds=125)  # to the moment it is kept in the store


def test_stopping_waits_for_all_that_is_under_way(ticking, letters):
    """Letters in threads are delivered to their end; what was not taken waits for another node."""
    services, scheduler = ticking(at_once=2)
    letters.go_on.clear()
    for number in range(3):
        services.cases.open_case("note", {"paper.text": f"n{number}"}, CARL)
    scheduler.start()
    came(letters, 2)
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    assert stopping.is_alive()
    letters.go_on.set()
    stopping.join(20)
    assert (stopping.is_alive(), len(letters.at), services.effects.pending()) == (False, 2, 1)


def test_a_clock_that_is_moved_by_hand_has_no_threads(folder):
    """Then everything happens in one order; where the clock goes by itself, threads deliver."""
    for manual in (True, False):
        services = open_services(Settings(database_url="sqlite://", workflows=str(folder)), manual_clock=manual)
        assert (services.effects._hands is None) is manual
        services.store.close()
