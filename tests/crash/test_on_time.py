"""On time means received on time: what becomes of a case depends on when each thing was received, and on nothing else.

Tickers may look or not, and any statement may fail and be repeated after a restart: the history is the same, record by record.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.calendars.moments import end_of_day
from engine.core.case import Actor, Event
from engine.errors import Refused, Unavailable
from engine.service.cases import BatchLine
from engine.store import notices, postgres
from tests.crash.faults import Mode
from tests.crash.house import OFFICER, START, House

PROMISE = """
milepost: 1
workflow: promise
title: Promise
timezone: Europe/Moscow
roles:
  applicant: {title: Applicant, side: applicant, sees: all}
  officer:   {title: Officer, sees: all}
data: {product: {name: text}}
event_data: {reasons: text}
open: {by: officer}
initial: waiting
states:
  waiting:
    turn: applicant
    events: {reply: {by: applicant, to: replied}, withdraw: {by: applicant, to: withdrawn}}
    deadlines:
      late: {after: 10 days, remind: [3 days], to: expired, extend: {by: officer, times: 1, add: 5 days}}
  replied:   {final: true, outcome: replied}
  withdrawn: {final: true, outcome: withdrawn}
  expired:   {final: true, outcome: expired}
"""
ANNA = Actor("anna", roles=frozenset({"applicant"}), name="Anna")
TICK = timedelta(microseconds=1)
DUE, LATER = (end_of_day(date(2026, 3, day), ZoneInfo("Europe/Moscow")) for day in (12, 17))
REMINDED = end_of_day(date(2026, 3, 9), ZoneInfo("Europe/Moscow"))
MOMENTS = [
    START,
    *(at + around for at in (REMINDED, DUE, LATER) for around in (-TICK, timedelta(0), TICK)),
    DUE + timedelta(days=1),
    LATER + timedelta(days=3),
]
ACTIONS = {
    "reply": (Event("reply"), ANNA),
    "withdraw": (Event("withdraw"), ANNA),
    "extend": (Event("extend_late", {"reasons": "asked for"}), OFFICER),
}
STORIES = st.lists(st.tuples(st.sampled_from(MOMENTS), st.sampled_from(sorted(ACTIONS))), max_size=4).map(
    lambda moves: sorted(moves, key=lambda move: move[0])
)
TROUBLE = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.none() | st.tuples(st.integers(1, 12), st.sampled_from(list(Mode)))),
    min_size=4,
    max_size=4,
)


def outcome(moves):
    """By the times of receipt alone."""
    due = DUE
    for at, action in moves:
        if at >= due:
            return "expired"
        if action != "extend":
            return {"reply": "replied", "withdraw": "withdrawn"}[action]
        due = LATER
    return "expired"


def told(house, case_id):
    """What the history says, without what it is about."""
    steps = house.services.cases.history(case_id, OFFICER)
    return [(step.kind, step.name, step.at, step.entered) for step in steps]


def live(house, moves, trouble):
    """A case to which all this happens; its outcome and its history."""
    house.set_clock(START)
    case_id = house.services.cases.open_case("promise", {}, OFFICER).case.id
    for number, (at, action) in enumerate(moves):
        looks_before, looks_after, crash = trouble[number]
        house.set_clock(at)
        if looks_before:
            house.services.timers.fire_due()
        if crash is not None:
            house.faults.arm(*crash)
            with suppress(Unavailable, Refused):
                act(house, case_id, action, number)
            house.reopen()
        with suppress(Refused):
            act(house, case_id, action, number)
        if looks_after:
            house.services.timers.fire_due()
    house.set_clock(LATER + timedelta(days=30))
    house.services.timers.fire_due()
    return house.services.cases.get(case_id, OFFICER).outcome, told(house, case_id)


def act(house, case_id, action, number):
    """Sent again with the same key it is the same."""
    event, actor = ACTIONS[action]
    house.services.cases.send_event(case_id, event, actor, key=f"{case_id} {number}")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request, tmp_path_factory):
    """Services over connections that may fail; many stories in one database."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = f"sqlite:///{tmp_path_factory.mktemp('promise')}/cases.db" if server is None else server.lend()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notices, "LOOK", 0.1)
        patch.setattr(postgres, "WAIT", 0.05)  # what does not come back is not waited for long
        made = House(url)
        made.publish(PROMISE)
        yield made
        made.faults.disarm()
        made.close()
    if server is not None:
        server.give_back(url)


NO_TROUBLE = [(False, False, None)] * 4


@given(moves=STORIES, trouble=TROUBLE)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_one_outcome_by_the_time_of_receipt(house, moves, trouble):
    """And one history, whoever looked when, and whatever failed on the way."""
    ended, history = live(house, moves, trouble)
    assert ended == outcome(moves)
    assert (ended, history) == live(house, moves, NO_TROUBLE)
    kinds = [kind for kind, *_ in history]
    assert kinds.count("deadline") == (ended == "expired")
    over = next(n for n, (*_, entered) in enumerate(history) if entered and entered[-1] == ended)
    assert "reminder" not in kinds[over:]


@pytest.mark.parametrize(
    ("received", "ended"),
    [
        (DUE - TICK, "replied"),
        (DUE, "expired"),
        (DUE + TICK, "expired"),
        (REMINDED - TICK, "replied"),
        (REMINDED, "replied"),
    ],
)
@pytest.mark.parametrize("looks", [False, True])
def test_to_the_microsecond(house, received, ended, looks):
    """Before its end is on time; at its end is not, whether anybody had looked or not."""
    found, history = live(house, [(received, "reply")], [(looks, looks, None)] * 4)
    assert found == ended
    reminders = [kind for kind, *_ in history].count("reminder")
    assert reminders == (received >= REMINDED)


def test_in_a_batch_too(house):
    """Each line is judged by when it was received."""
    house.set_clock(START)
    ids = [house.services.cases.open_case("promise", {}, OFFICER).case.id for _ in range(3)]
    house.set_clock(DUE - TICK)
    first = house.services.cases.batch([BatchLine(ids[0], Event("reply"))], ANNA)
    house.set_clock(DUE)
    second = house.services.cases.batch([BatchLine(one, Event("reply")) for one in ids[1:]], ANNA)
    assert [line.error is None for line in (*first, *second)] == [True, False, False]
    found = [house.services.cases.get(one, OFFICER).outcome for one in ids]
    assert found == ["replied", "expired", "expired"]
