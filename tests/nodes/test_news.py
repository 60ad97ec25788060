"""News between nodes: of commits only, to the others only, gathered and never lost, also over a lost connection."""

from __future__ import annotations

from collections import Counter
from threading import Condition

import psycopg
import pytest
from cluster import until

from engine.store.news import News
from engine.store.notices import TOGETHER, Notices


class Ear:
    """Counts what it hears."""

    def __init__(self):
        self.heard, self._changed = Counter(), Condition()

    def __call__(self, news):
        """One more."""
        with self._changed:
            self.heard[news] += 1
            self._changed.notify_all()

    def wait_for(self, news, count):
        """Until it was heard so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.heard[news] >= count, 20), self.heard


@pytest.fixture
def nodes(postgres_url):
    """Two that talk to each other: [(its notices, what it hears)]; each has looked once, as it could not know what it missed."""
    pairs = []
    for ear in (Ear(), Ear()):
        pairs.append((Notices(postgres_url, ear), ear))
        ear.wait_for(News.EFFECTS, 1)
        ear.heard.clear()
    yield pairs
    for notices, _ in pairs:
        notices.close()


def test_many_become_few_and_effects_are_not_forgotten(nodes):
    """A thousand commits are a thousand news here and a handful there; one of effects among them is heard as such."""
    (here, own), (_, other) = nodes
    for number in range(1000):
        here.tell(News.EFFECTS if number == 500 else News.STEPS)
    other.wait_for(News.EFFECTS, 1)
    here.tell(News.EFFECTS)
    other.wait_for(News.EFFECTS, 2)
    assert own.heard == {News.STEPS: 999, News.EFFECTS: 2}
    assert sum(other.heard.values()) < 100, TOGETHER


def test_news_outlive_a_lost_connection(nodes, postgres_url, caplog):
    """Both connections are cut: what is told meanwhile is heard as soon as there are new ones."""
    (here, _), (_, other) = nodes
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'milepost news'"
        assert len(connection.execute(cut).fetchall()) == 4
        here.tell(News.EFFECTS)
        listening = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'milepost news' AND query LIKE 'LISTEN%'"
        )
        until(lambda: connection.execute(listening).fetchall() == [(2,)])
    other.wait_for(News.EFFECTS, 1)
    before = other.heard[News.EFFECTS]
    here.tell(News.EFFECTS)
    other.wait_for(News.EFFECTS, before + 1)
    assert {record.levelname for record in caplog.records} == {"WARNING"}
