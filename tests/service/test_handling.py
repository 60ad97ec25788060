"""Effects that people see to: tried again or ended by hand, with a reason, as a step of the case that closes the incident."""

from __future__ import annotations

import pytest

from engine.errors import EffectNotFound, GuardFailed, InvalidPayload
from engine.service.handling import HandlingRefused
from engine.service.incidents import IncidentNotFound
from engine.store.news import News

SERVICE = """
milepost: 1
workflow: tests
title: Tests
number: "T-{seq:3}"
timezone: Europe/Moscow
roles:
  officer: {title: Officer, sees: all}
  visitor: {title: Visitor, sees: all, fields: [lab]}
data: {lab: {score: integer}}
open: {by: officer}
initial: asking
states:
  asking:
    turn: officer
    call: laboratory.test
    result: {score: integer}
    done: [{set: {lab.score: result.score}, to: good}]
  good: {final: true, outcome: good}
"""


@pytest.fixture
def ops(world):
    """Who sees to it."""
    return world.person("olga", "operations")


@pytest.fixture
def dead(world, officer):
    """A case whose call is dead, and the call's key."""
    world.publish(SERVICE)
    world.caller.answers = [world.later(1), world.later()]
    case = world.open("tests", {}, officer)
    world.settle()
    world.machine.forward(minutes=1)
    world.settle()
    return case, f"{case.id}/1/1"


def test_an_incident_shows_the_case_the_effect_and_every_try(world, dead):
    """By id and number; each try with its time and what the other side said."""
    case, key = dead
    (incident,) = world.services.incidents.find()
    assert incident == world.services.incidents.get(incident.id)
    assert (incident.case_id, incident.number, incident.kind) == (case.id, "T-001", "call")
    effect = incident.effect
    assert (effect.key, effect.kind, effect.adapter, effect.what) == (key, "call", "laboratory", "test")
    assert (effect.status, effect.attempt) == ("dead", 2)
    assert [tried["error"] for tried in effect.tries] == ["the other side is away"] * 2
    assert effect.tries[0]["at"] < effect.tries[1]["at"] == world.machine()
    assert incident.text == "the other side is away (tried 2 times)"


def test_tried_again(world, dead, ops, officer):
    """It waits from now on, with all its tries before it; others hear of it; the answer moves the case."""
    case, key = dead
    heard = []
    world.store.watch(heard.append)
    before = world.services.cases.get(case.id, officer)
    view = world.services.handling.retry(key, ops, reason="  the laboratory is back ")
    assert (view.status, view.next_at) == ("pending", world.machine())
    assert News.EFFECTS in heard
    seen = world.services.cases.get(case.id, officer)
    assert (seen.etag, seen.seq) == (before.etag, before.seq + 1)
    record = world.services.cases.history(case.id, officer)[-1]
    assert (record.kind, record.name, record.actor["id"], record.note) == (
        "effect",
        "laboratory.test",
        "olga",
        "the laboratory is back",
    )
    (incident,) = world.services.incidents.find(open_only=False)
    assert (incident.closed_by, incident.answer) == ("olga", "the laboratory is back")
    assert incident.closed_at == world.services.clock.now()
    world.caller.answers = [{"score": 5}]
    world.settle()
    assert world.services.cases.get(case.id, officer).data["lab"]["score"] == 5
    assert [call[2] for call in world.caller.calls] == [key] * 3


def test_tried_again_means_all_tries_again(world, dead, ops, officer):
    """What fails then waits and comes again as at first, and is dead only after as many tries."""
    _, key = dead
    world.services.handling.retry(key, ops, reason="again")
    world.caller.answers = [world.later(1) for _ in range(10)]
    for tries in range(1, 11):
        world.settle()
        effect = world.store.read(lambda r: r.effect(key))
        assert len(world.caller.calls) == 2 + tries
        assert effect.status == ("dead" if tries == 10 else "pending")
        world.machine.forward(hours=2)
    assert [i.text for i in world.services.incidents.find()] == ["the other side is away (tried 10 times)"]


def test_ended_by_hand_with_a_result(world, dead, ops, officer):
    """The waiting state takes it as an answer; the case may be named by its number."""
    case, key = dead
    view = world.services.handling.resolve(
        key.replace(case.id, "T-001"), ops, reason="weighed by hand", result={"score": 8}
    )
    assert (view.key, view.status, view.next_at) == (key, "done", None)
    seen = world.services.cases.get(case.id, officer)
    assert (seen.outcome, seen.data["lab"]["score"]) == ("good", 8)
    record = world.services.cases.history(case.id, officer)[-1]
    assert record.said == {"effect": key, "verb": "resolve", "answer": {"score": 8}}
    assert "answer" not in world.services.cases.history(case.id, world.person("vera", "visitor"))[-1].said
    (effect,) = world.services.cases.effects(case.id, officer)
    assert effect.result == {"score": 8}
    assert effect.tries[-1] == {"at": world.machine(), "by": "olga", "reason": "weighed by hand"}
    assert world.incidents() == []
    world.machine.forward(days=1)
    assert world.services.effects.deliver_pending() == 0


def test_one_that_waits_can_be_ended(world, officer, ops):
    """Between two tries; no further try is made."""
    world.publish(SERVICE)
    world.caller.answers = [world.later(600)]
    case = world.open("tests", {}, officer)
    world.settle()
    world.services.handling.resolve(f"{case.id}/1/1", ops, reason="by phone", result={"score": 3})
    world.machine.forward(days=1)
    world.settle()
    assert (world.services.cases.get(case.id, officer).outcome, len(world.caller.calls)) == ("good", 1)


def test_what_is_refused_changes_nothing(world, dead, ops, officer):
    """No reason, no such effect, a result that does not fit, what is over: each in one line."""
    case, key = dead
    handling = world.services.handling
    before = world.store.read(lambda r: (r.effect(key), r.history(case.id, 0, 99), r.incidents()))
    for reason in ("", "   ", "x" * 1001, "half \ud800", "a\x00b"):
        with pytest.raises(InvalidPayload):
            handling.retry(key, ops, reason=reason)
    for result in ({"score": "many"}, {"score": 1, "x": {"deep": "\x00"}}):
        with pytest.raises(InvalidPayload):
            handling.resolve(key, ops, reason="x", result=result)
    with pytest.raises(GuardFailed):
        handling.resolve(key, ops, reason="x")  # the state reads what was not given
    with pytest.raises(InvalidPayload):
        handling.retry("a\x00b/1/1", ops, reason="x")
    with pytest.raises(InvalidPayload):
        world.services.incidents.find(case_id="a\x00b")
    for wrong in ("", "nothing", f"{case.id}/1/2", f"{case.id}/9/1", "T-002/1/1"):
        with pytest.raises(EffectNotFound):
            handling.retry(wrong, ops, reason="x")
    assert before == world.store.read(lambda r: (r.effect(key), r.history(case.id, 0, 99), r.incidents()))
    handling.resolve(key, ops, reason="x", result={"score": 1})
    for again in (handling.retry, handling.resolve):
        with pytest.raises(HandlingRefused, match="is done"):
            again(key, ops, reason="x")


def test_one_that_waits_is_not_tried_again(world, officer, ops):
    """It will be, by itself; and one that is being tried is left to who tries it."""
    world.publish(SERVICE)
    case = world.open("tests", {}, officer)
    with pytest.raises(HandlingRefused, match="is pending"):
        world.services.handling.retry(f"{case.id}/1/1", ops, reason="x")
    world.store.write(lambda tx: tx.claim_effects(lease_seconds=60))
    with pytest.raises(HandlingRefused, match="at this moment"):
        world.services.handling.resolve(f"{case.id}/1/1", ops, reason="x", result={"score": 1})
    world.machine.forward(seconds=60)
    world.services.handling.resolve(f"{case.id}/1/1", ops, reason="its node is gone", result={"score": 1})


def test_a_message_that_reached_nobody_is_tried_again(proposals, product, acme, officer, ops):
    """Somebody has the role now: it is written to him, and the incident is closed."""
    case = proposals.open("proposal", product, acme)
    proposals.send(case.id, "return", officer, {"reasons": "x"})
    proposals.settle()
    (incident,) = proposals.services.incidents.find()
    assert (incident.kind, incident.effect.status) == ("receiver", "dead")
    proposals.services.people.create_token("anna", "Anna", ["applicant"], {"party": "1234567890"}, email="a@a.example")
    proposals.services.handling.retry(incident.subject, ops, reason="Anna is the applicant now")
    proposals.settle()
    assert [message.to.id for message in proposals.notifier.sent] == ["anna"]
    assert proposals.incidents() == []


CERTIFICATE = """
milepost: 1
workflow: paper
title: Paper
timezone: Europe/Moscow
roles: {officer: {title: Officer, sees: all}}
data:
  holder: {tax_id: text, name: text}
  review: {decided: date}
open: {by: officer, form: [holder.tax_id!, holder.name!]}
certificate:
  number: "T.{seq:5}-{check}"
  template: certificate
  holder: holder.tax_id
  designation: holder.name
  valid_from: review.decided
  valid_until: add_months(review.decided, 12)
initial: check
states:
  check:
    turn: officer
    events: {grant: {by: officer, set: {review.decided: today}, to: issuing, actions: [{certificate: reserve}]}}
  issuing:
    turn: officer
    call: certificate.issue
    done: [{to: over}]
  over: {turn: officer}
"""


def test_a_certificate_is_not_issued_by_hand(world, officer, ops):
    """Without its file it is refused, whatever is given; with the file that is stored the case goes on."""
    world.publish(CERTIFICATE)
    case = world.open("paper", {"holder.tax_id": "1", "holder.name": "V-1"}, officer)
    world.send(case.id, "grant", officer)
    key, handling = f"{case.id}/2/1", world.services.handling
    for result in (None, {"sha256": "0" * 64}):
        with pytest.raises(HandlingRefused, match="with its file"):
            handling.resolve(key, ops, reason="printed by hand", result=result)
    (claimed,) = world.store.write(lambda tx: tx.claim_effects(lease_seconds=1))
    world.services.effects._delivering._outward["issue"](claimed)
    world.machine.forward(hours=1)
    handling.resolve(key, ops, reason="the file is there")
    seen = world.services.cases.get(case.id, officer)
    assert [state.path for state in seen.states] == ["over"]
    assert world.services.certificates.by_number(seen.data["certificate"]["number"]).status == "valid"


@pytest.mark.usefixtures("dead")
def test_an_incident_is_closed_with_an_answer(world, ops):
    """By whom and with what words; once. What it is about stays as it is."""
    incidents = world.services.incidents
    (incident,) = incidents.find()
    with pytest.raises(InvalidPayload):
        incidents.close(incident.id, ops, answer=" ")
    closed = incidents.close(incident.id, ops, answer="told the laboratory")
    assert (closed.closed_by, closed.answer, closed.effect.status) == ("olga", "told the laboratory", "dead")
    assert (incidents.find(), incidents.open_ones()) == ((), 0)
    for unknown in (incident.id, 999):
        with pytest.raises(IncidentNotFound):
            incidents.close(unknown, ops, answer="again")
    with pytest.raises(IncidentNotFound):
        incidents.get(999)


def test_a_list_of_incidents_comes_in_parts(world, dead):
    """After an id, so many; of one case by id or number."""
    case, _ = dead
    for number in range(3):
        world.store.write(
            lambda tx, n=number: tx.add_incident(case_id=None, kind="import", subject="file", text=str(n))
        )
    incidents = world.services.incidents
    first = incidents.find(limit=2)
    assert [i.text for i in incidents.find(after=first[-1].id)] == ["1", "2"]
    for name in (case.id, "T-001"):
        assert [i.case_id for i in incidents.find(case_id=name)] == [case.id]
    assert incidents.find(case_id="T-999") == ()
    assert incidents.open_ones() == 4
