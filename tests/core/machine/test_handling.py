"""What a person does to an effect: a record, and of a result by hand the step of an adapter's answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core.work import EffectHandled
from engine.errors import InvalidPayload

CALLS = """
data: {lab: {score: integer, by: text}, told: {at: datetime}}
open: {by: clerk}
states:
  weigh:
    call: scales.weigh
    result: {score: {type: integer, max: 9}}
    enter: [{notify: chief, template: told, delivered: told.at}]
    done: [{when: result.score > 5, set: {lab.score: result.score, lab.by: actor.id}, to: good}, {to: bad}]
    failed: [{to: bad}]
    events: {away: {by: clerk, to: good}}
  good: {turn: clerk, events: {end: {by: clerk, to: over}}}
  bad: {turn: clerk}
  over: {final: true}
"""


@pytest.fixture
def case(play):
    """A case whose state waits for a call."""
    return play(CALLS).open()


def asked(case, kind):
    """The effect of a kind."""
    return next(effect for effect in case.effects if effect.kind == kind)


def handled(case, verb, data=None, kind="call", by="ana"):
    """Somebody sees to it."""
    return case.give(EffectHandled(asked(case, kind), verb, "as agreed by phone", data or {}, "c-1"), by)


def test_retry_is_a_record_only(case) -> None:
    """Who and why stand in the history; the case, its timers and its ETag are as before."""
    before = case.case
    record = handled(case, "retry").last.record
    assert (record.kind, record.name, record.state) == ("effect", "scales.weigh", "weigh")
    assert (record.note, record.command, record.actor["id"]) == ("as agreed by phone", "c-1", "ana")
    assert record.payload["said"] == {"effect": asked(case, "call").key, "verb": "retry"}
    assert (case.case.revision, case.case.seq) == (before.revision, before.seq + 1)
    assert (case.case.positions, case.case.data, case.case.timers) == (before.positions, before.data, before.timers)


def test_a_result_by_hand_goes_the_way_of_an_answer(case) -> None:
    """Arms see it as `result`, and the system as who acts; the record names the person and what he gave."""
    record = handled(case, "resolve", {"score": "7", "more": "x"}).last.record
    assert (case.leaves, case["lab.score"], case["lab.by"]) == (("good",), 7, "system")
    assert record.actor["id"] == "ana"
    assert record.payload["said"]["answer"] == {"score": "7", "more": "x"}
    assert case.case.revision == 2


@pytest.mark.parametrize("data", [{"score": "many"}, {"score": 10}, {"score": [7]}])
def test_a_result_that_does_not_fit_is_refused(case, data) -> None:
    """An adapter that answers so has failed; a person is told what the state waits for."""
    with pytest.raises(InvalidPayload, match="weigh waits for score"):
        handled(case, "resolve", data)
    assert case.leaves == ("weigh",)


def test_nobody_waits_any_more(case) -> None:
    """The state was left: it can be ended without a result, which changes nothing; one with a result is refused."""
    case.send("away")
    with pytest.raises(InvalidPayload, match="nobody waits"):
        handled(case, "resolve", {"score": 7})
    before = case.case
    assert handled(case, "resolve").case.revision == before.revision
    case.send("end")
    with pytest.raises(InvalidPayload, match="nobody waits"):
        handled(case, "resolve", {"score": 7})
    assert handled(case, "resolve").last.record.kind == "effect"


def test_a_delivery_proved_otherwise(case) -> None:
    """Its moment is written where a delivered message would have written it; one that is still to come is refused."""
    moment = case.now - timedelta(minutes=1)
    for wrong in ({"delivered_at": case.now + timedelta(seconds=1)}, {"delivered_at": "yesterday"}, {"at": moment}):
        with pytest.raises(InvalidPayload, match="delivered_at"):
            handled(case, "resolve", wrong, kind="notify")
    assert handled(case, "resolve", kind="notify").case.data.get("told.at") is None
    assert handled(case, "resolve", {"delivered_at": moment}, kind="notify")["told.at"] == moment
