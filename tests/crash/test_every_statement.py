"""Whatever statement fails, and however: after it the database is before the work or after it, never between."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from engine.errors import Unavailable
from engine.store import notices, postgres
from tests.crash.acts import ACTS, Act
from tests.crash.faults import FOR_GOOD, Mode
from tests.crash.house import START, House
from tests.crash.pictures import shape

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 200


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path, monkeypatch) -> Iterator[House]:
    """Services over connections that may fail."""
    monkeypatch.setattr(notices, "LOOK", 0.1)
    sqlite = request.param == "sqlite"
    made = House(
        f"sqlite:///{tmp_path}/cases.db" if sqlite else request.getfixturevalue("postgres_url"), tmp_path / "documents"
    )
    yield made
    made.faults.disarm()
    made.close()


def once(house: House, act: Act, tag: str, at: int | None, mode: Mode) -> tuple[str | None, list[str]]:
    """One failure, and what it has left: (the statement that failed, if there are so many; the shape of what there is at last)."""
    house.at_rest()
    house.set_clock(START)
    ids = act.prepare(house, tag)
    before = act.seen(house, tag, ids)
    house.store._engine.forget()  # so that cases are read too
    house.faults.arm(at, mode)
    answered = False
    with suppress(Unavailable), pytest.MonkeyPatch.context() as patch:
        if mode in FOR_GOOD:
            patch.setattr(postgres, "WAIT", 0.05)  # what does not come back is not waited for long
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
    return happened, shape(after, tag)


DELIVERED_LATER = frozenset(act.name for act in ACTS if act.run.__name__ in {"deliver", "post"})
"""A delivery reports its failure to the effect, not to who has asked for it."""


def between_none(before, found, after):
    """Whether each of these cases is before or after."""
    return all(found.get(one) in (before.get(one), after.get(one)) for one in after)


def campaign(house: House, act: Act, *, everything: bool) -> int:
    """Every statement of an act, in one way after the other or (COMMIT always) in each of them; how many failures."""
    act.publish(house)
    house.set_clock(START)
    _, wanted = once(house, act, "tag of none.", None, Mode.BEFORE)
    modes, failures = list(Mode), 0
    for at in range(1, MOST):
        modes.append(modes.pop(0))
        for place, mode in enumerate(modes):
            happened, found = once(house, act, f"tag of {at} {mode.name}.", at, mode)
            assert found == wanted
            if happened is None:
                return failures
            failures += 1
            if place == 0 and happened != "COMMIT" and not everything:
                break
    raise AssertionError("it never ends")


@pytest.mark.parametrize("act", [act for act in ACTS if act.often], ids=lambda act: act.name)
def test_before_or_after(house, act):
    """The case is before or after; asked again under its key it is after, once; and it is what it would have been."""
    assert campaign(house, act, everything=False) > len(Mode)


@pytest.mark.parametrize("mode", Mode)
def test_a_token_is_made_once(house, mode):
    """Whatever becomes of its COMMIT: what was answered is there, and there is never a second one."""
    house.services.people.create_token("first", "First", ["officer"])
    house.faults.arm(None, mode)
    house.services.people.create_token("second", "Second", ["officer"])
    last = house.faults.count
    house.faults.arm(last, mode)
    with suppress(Unavailable):
        secret, made = house.services.people.create_token("third", "Third", ["officer"])
    assert house.faults.happened == "COMMIT"
    house.reopen()
    stored = [token.id for token in house.services.people.tokens() if token.actor_id == "third"]
    if mode in FOR_GOOD:
        assert len(stored) == (mode is Mode.DEAD_AFTER)
    else:
        assert stored == [made.id]
        assert house.services.people.actor_of(secret).id == "third"


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_before_or_after_in_every_way(house, act):
    """As above, each statement in each of the ways."""
    assert campaign(house, act, everything=True) > len(Mode) ** 2
