"""Whatever statement fails, and however: after it the database is before the work or after it, never between."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from engine.errors import Unavailable
from tests.crash.acts import ACTS, Act
from tests.crash.faults import Mode
from tests.crash.house import START, House
from tests.crash.pictures import shape

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 200


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path) -> Iterator[House]:
    """Services over connections that may fail."""
    sqlite = request.param == "sqlite"
    made = House(f"sqlite:///{tmp_path}/cases.db" if sqlite else request.getfixturevalue("postgres_url"))
    yield made
    made.faults.disarm()
    made.close()


def once(house: House, act: Act, tag: str, at: int | None, mode: Mode) -> tuple[bool, list[str]]:
    """One failure, and what it has left: (whether there were so many statements, the shape of what there is at last)."""
    house.at_rest()
    house.set_clock(START)
    ids = act.prepare(house, tag)
    before = act.seen(house, tag, ids)
    house.store._engine.forget()  # so that cases are read too
    house.faults.arm(at, mode)
    answered = False
    with suppress(Unavailable):
        act.run(house, tag, ids)
        answered = True
    happened = house.faults.happened
    house.reopen()
    found = act.seen(house, tag, ids)
    act.run(house, tag, ids)
    after = act.seen(house, tag, ids)
    where = f"{act.name}, statement {at}, {mode}: {happened}"
    assert found in (before, after) if act.whole else between_none(before, found, after), where
    if answered and act.name not in DELIVERED_LATER:
        assert found == after, where
    act.run(house, tag, ids)
    assert act.seen(house, tag, ids) == after, where
    return happened is not None, shape(after, tag)


DELIVERED_LATER = frozenset(act.name for act in ACTS if act.run.__name__ == "deliver")
"""A delivery reports its failure to the effect, not to who has asked for it."""


def between_none(before, found, after):
    """Whether each of these cases is before or after."""
    return all(found.get(one) in (before.get(one), after.get(one)) for one in after)


def campaign(house: House, act: Act, *modes: Mode) -> int:
    """Every statement of an act, in each of these modes; how many failures that were."""
    act.publish(house)
    house.set_clock(START)
    _, wanted = once(house, act, "tag of none.", None, Mode.BEFORE)
    failures = 0
    for number, mode in enumerate(modes):
        for at in range(1, MOST):
            happened, found = once(house, act, f"tag of {number}-{at}.", at, mode)
            assert found == wanted
            if not happened:
                break
            failures += 1
        else:
            raise AssertionError("it never ends")
    return failures


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_before_or_after(house, act):
    """The case is before or after; asked again under its key it is after, once; and it is what it would have been."""
    assert campaign(house, act, *Mode) > 0
