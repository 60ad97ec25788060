"""How random tests run, and the servers that tests share.

Random tests have no deadlines of their own, as machines are noisy; in CI they take always the same examples.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("people", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("people"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "people")


LONG = ("crash", "nodes", "acceptance", "pages", "docs", "api/test_nothing_breaks_it")
"""What waits for other processes: it begins first, so that no worker is left with it at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of `LONG` first, the others in their order."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(here).as_posix()
        return next((n for n, long in enumerate(LONG) if name.startswith(long)), len(LONG))

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests that want a database of their own in it."""
    server = Postgres("fsync = off", "full_page_writes = off")
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A database with all tables and no rows."""
    url = postgres.lend()
    yield url
    postgres.give_back(url)
