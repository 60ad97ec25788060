"""Answers of the store reach the event loop: many together, refused ones too, early ones, and none after its end."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from api.landing import Landing
from engine.errors import Refused
from engine.store.store import Store


@pytest.fixture(params=["file", "memory", "postgresql"])
def store(request, tmp_path):
    """A store of each kind."""
    urls = {"file": f"sqlite:///{tmp_path}/landing.db", "memory": "sqlite://"}
    url = urls.get(request.param) or request.getfixturevalue("postgres_url")
    opened = Store(url, machine_now=lambda: datetime.now(UTC))
    yield opened
    opened.close()


def refuses(_):
    """Work that is refused."""
    raise Refused("no; later")


def test_everybody_gets_his_own_answer(store):
    """A hundred at once, every tenth of them refused, in several rounds."""

    async def main():
        landing = Landing(store)
        for _ in range(3):
            works = [refuses if n % 10 == 0 else (lambda _, n=n: n) for n in range(100)]
            waits = [landing.wait(store.submit(work)) for work in works]
            found = await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 20)
            assert [type(one) if n % 10 == 0 else one for n, one in enumerate(found)] == [
                Refused if n % 10 == 0 else n for n in range(100)
            ]

    asyncio.run(main())


def test_what_was_answered_before_anybody_waited(store):
    """It is there at once."""

    async def main():
        asked = store.submit(lambda _: "early")
        assert asked.result(10) == "early"
        return await asyncio.wait_for(Landing(store).wait(asked), 10)

    assert asyncio.run(main()) == "early"


def test_an_answer_after_the_loop_has_ended(store):
    """Nobody waits for it any more, and the store goes on."""
    late = Future()

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(landing.wait(late), 0.01)

    landing = Landing(store)
    asyncio.run(main())
    late.set_result(1)
    assert store.submit(lambda _: "still here").result(10) == "still here"
