"""Events out as a node runs them: a commit wakes who posts, on a file and on a server, by the settings that there are."""

from __future__ import annotations

import pytest

from engine.core.case import Actor
from engine.errors import InvalidPayload
from engine.service.bundles import read_folder
from engine.service.news_view import Wanted
from runtime.composition import open_services
from runtime.scheduler import Scheduler
from runtime.settings import Settings
from tests.servers.receiver import Receiver

CARL = Actor("carl", roles=frozenset({"clerk"}))


@pytest.fixture
def receiver():
    """A real one."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request, folder):
    """Makes services by settings, with one clerk, and a scheduler whose tick is an hour."""
    url = "sqlite:///events.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = []

    def build(**more):
        services = open_services(Settings(database_url=url, **more), manual_clock=False)
        services.catalog.publish_new(read_folder(folder / "workflows"))
        services.people.create_token("carl", "Carl", ["clerk"])
        scheduler = Scheduler(services, tick_seconds=3600)
        scheduler.start()
        made.append((services, scheduler))
        return services

    yield build
    for services, scheduler in made:
        scheduler.stop()
        services.store.close()


def test_a_commit_wakes_who_posts(running, receiver):
    """With a tick of an hour events leave at once, also those that a replay or an end of a pause asks for."""
    services = running(webhook_private="yes")
    made = services.subscriptions.create(CARL, receiver.url, Wanted())
    for number in range(3):
        services.cases.open_case("note", {"paper.text": f"n{number}"}, CARL)
        receiver.wait_for(number + 1)
    assert all(post.is_signed_with(made.secret) for post in receiver.got)
    services.subscriptions.replay(made.subscription.id, CARL, after=1)
    receiver.wait_for(5)
    services.subscriptions.pause(made.subscription.id, CARL)
    services.cases.open_case("note", {"paper.text": "paused"}, CARL)
    services.subscriptions.resume(made.subscription.id, CARL)
    receiver.wait_for(6)


def test_private_addresses_need_a_setting(running, receiver):
    """Without it the loopback is refused, and http anywhere."""
    services = running()
    for url in (receiver.url, "http://1.1.1.1/", "https://127.0.0.1/"):
        with pytest.raises(InvalidPayload):
            services.subscriptions.create(CARL, url, Wanted())


def test_a_try_that_failed_comes_again_unasked(running, receiver):
    """Nobody wakes it: it knows itself when it is due."""
    services = running(webhook_private="yes")
    codes = iter((503, 200))
    receiver.answer = lambda _: (next(codes), {})
    services.subscriptions.create(CARL, receiver.url, Wanted())
    services.cases.open_case("note", {"paper.text": "one"}, CARL)
    receiver.wait_for(2)
    assert len({post.id for post in receiver.got}) == 1
