"""Timers, effects and the manual clock: what happens by itself, in order and once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core.case import Event
from engine.errors import EventNotAllowed, Unavailable
from engine.service.clock import ClockRefused


def _returned(world, product, acme, officer):
    world.services.people.create_token(
        "anna", "Anna", ["applicant"], {"party": "1234567890"}, email="anna@acme.example"
    )
    case = world.open("proposal", product, acme)
    world.send(case.id, "return", officer, {"reasons": "x"})
    world.settle()
    return case


def test_a_deadline_moves_the_case_at_its_due_moment(proposals, product, acme, officer):
    """No answer in ten days: the case closes at the end of the tenth day, whatever time the clock is moved to."""
    case = _returned(proposals, product, acme, officer)
    moved = proposals.wait(days=30)
    seen = proposals.services.cases.get(case.id, officer)
    assert (seen.outcome, seen.closed_at.isoformat()) == ("closed", "2026-03-12T21:00:00+00:00")
    assert moved.timers == 1
    assert moved.stops[-1] == seen.closed_at


def test_a_case_that_cannot_be_read_holds_up_no_other(proposals, product, acme, officer, caplog):
    """What is stored of one case is broken: it becomes one incident, and the deadlines of others fire."""
    broken = _returned(proposals, product, acme, officer)
    whole = proposals.open("proposal", {**product, "product.designation": "V-2"}, acme)
    proposals.send(whole.id, "return", officer, {"reasons": "x"})
    proposals.settle()
    text = f"UPDATE \"case\" SET memory = '{{' WHERE public_id = '{broken.id}'"
    proposals.store.write(lambda tx: tx.link.connection.execute(text))
    proposals.store._engine.forget()
    with pytest.raises(Unavailable, match="does not fire; see the incidents"):
        proposals.wait(days=30)
    assert proposals.services.cases.get(whole.id, officer).outcome == "closed"
    assert [kind for kind, _ in proposals.incidents()] == ["timer"]
    assert "could not be fired" in caplog.text


def test_an_answer_in_the_second_before_counts_and_the_one_after_does_not(proposals, product, acme, officer):
    """What was received before the due moment is on time; at the due moment the deadline comes first."""
    case = _returned(proposals, product, acme, officer)
    due = proposals.services.timers.next_due()
    proposals.services.clock.advance(due - timedelta(microseconds=1))
    proposals.send(case.id, "answer", acme)
    proposals.send(case.id, "return", officer, {"reasons": "again"})
    due = proposals.services.timers.next_due()
    proposals.store.write(lambda tx: tx.set_clock(due))
    with pytest.raises(EventNotAllowed):
        proposals.send(case.id, "answer", acme)
    assert proposals.services.cases.get(case.id, officer).outcome == "closed"


def test_reminders_and_escalations_are_sent_once(proposals, product, acme):
    """One reminder a day before, one escalation when due; later ticks send nothing more."""
    proposals.services.people.create_token("oleg", "Oleg", ["officer"], email="oleg@buyer.example")
    proposals.open("proposal", product, acme)
    proposals.wait(days=10)
    proposals.wait(days=10)
    assert [(m.template, m.to.name) for m in proposals.notifier.sent] == [("reminder", "Oleg"), ("escalation", "Oleg")]
    assert len({m.message_id for m in proposals.notifier.sent}) == 2


def test_the_clock_is_not_moved_backwards(proposals):
    """Business time only grows."""
    proposals.wait(days=1)
    with pytest.raises(ClockRefused):
        proposals.wait(days=-1)


def test_a_message_is_tried_again_under_the_same_id(proposals, product, acme, officer):
    """A failed delivery waits by machine time, then goes out; a second tick before that does nothing."""
    proposals.notifier.failures = [proposals.later(5)]
    _returned(proposals, product, acme, officer)
    assert proposals.notifier.sent == []
    assert proposals.services.effects.deliver_pending() == 0
    proposals.machine.forward(minutes=5)
    assert proposals.services.effects.deliver_pending() == 1
    (message,) = proposals.notifier.sent
    assert message.message_id.endswith(".2.1.anna@milepost")
    assert (message.subject, message.to.email) == ("P-2026-0001: asked", "anna@acme.example")


def test_a_message_that_is_refused_is_an_incident_and_can_be_tried_again(proposals, product, acme, officer):
    """Refused for good: dead at once, an incident; after a person has seen to it, `retry` sends it."""
    proposals.notifier.failures = [proposals.later()]
    case = _returned(proposals, product, acme, officer)
    (effect,) = proposals.services.cases.effects(case.id, officer)
    assert effect.status == "dead"
    assert [kind for kind, _ in proposals.incidents()] == ["notify"]
    retried = proposals.services.handling.retry(effect.key, officer, reason="the address is right now")
    assert retried.status == "pending"
    proposals.settle()
    assert len(proposals.notifier.sent) == 1


def test_nobody_to_write_to_is_an_incident(proposals, product, acme, officer):
    """A role that nobody holds in this case is named; nothing is tried again."""
    proposals.services.people.create_token("boris", "Boris", ["applicant"], {"party": "0987654321"})
    case = proposals.open("proposal", product, acme)
    proposals.send(case.id, "return", officer, {"reasons": "x"})
    proposals.settle()
    assert proposals.notifier.sent == []
    ((kind, text),) = proposals.incidents()
    assert kind == "receiver"
    assert "nobody holds applicant" in text
    proposals.machine.forward(days=1)
    assert proposals.services.effects.deliver_pending() == 0


def test_a_list_dispatches_to_its_children_and_closes_with_the_last(proposals, product, acme, officer):
    """`send` reaches each open child once, a child that does not take it is recorded on both sides, `child_ended` counts."""
    coordinator = proposals.person("clara", "coordinator", party="Kaluga")
    parent = proposals.open("list", {"region.name": "Kaluga"}, coordinator)
    one = proposals.open("proposal", product, acme, parent=parent.id)
    two = proposals.open("proposal", {**product, "product.designation": "V-2"}, acme, parent=parent.number)
    proposals.send(two.id, "accept", officer)
    proposals.send(parent.id, "dispatch", coordinator)
    proposals.settle()
    proposals.settle()
    cases = proposals.services.cases
    assert [step.kind for step in cases.history(one.id, officer)] == ["opened", "event"]
    assert cases.history(one.id, officer)[1].actor["kind"] == "case"
    assert cases.history(two.id, officer)[-1].kind == "dropped"
    told = [step for step in cases.history(parent.id, coordinator) if step.kind == "dropped"]
    assert len(told) == 1
    assert two.number in told[0].note
    assert proposals.incidents() == []
    proposals.send(parent.id, "run", coordinator)
    expert = proposals.person("egor", "expert")
    proposals.send(two.id, "agree", expert)
    proposals.send(one.id, "accept", officer)
    proposals.settle()
    assert cases.get(parent.id, coordinator).closed_at is None
    proposals.send(one.id, "agree", expert)
    proposals.settle()
    assert cases.get(parent.id, coordinator).outcome == "completed"


def test_an_internal_effect_that_was_interrupted_is_done_once(proposals, product, acme, monkeypatch):
    """The node dies after the target's step and before the effect is done: neither is stored; the next try does both."""
    coordinator = proposals.person("clara", "coordinator", party="Kaluga")
    parent = proposals.open("list", {"region.name": "Kaluga"}, coordinator)
    child = proposals.open("proposal", product, acme, parent=parent.id)
    proposals.send(parent.id, "dispatch", coordinator)
    stepping = proposals.services.timers._stepping
    real = stepping.step

    def crash(*given):
        real(*given)
        raise RuntimeError("power cut")

    monkeypatch.setattr(stepping, "step", crash)
    proposals.services.effects.deliver_pending()
    monkeypatch.undo()
    assert len(proposals.services.cases.history(child.id, acme)) == 1
    proposals.machine.forward(hours=1)
    proposals.settle()
    proposals.settle()
    assert [step.name for step in proposals.services.cases.history(child.id, acme)] == ["open", "dispatched"]


def test_a_lease_that_ran_out_is_taken_by_another_and_the_first_cannot_finish(proposals, product, acme, officer):
    """Whoever has the newer attempt finishes; the older one changes nothing."""
    proposals.services.people.create_token("anna", "Anna", ["applicant"], {"party": "1234567890"})
    case = proposals.open("proposal", product, acme)
    proposals.send(case.id, "return", officer, {"reasons": "x"})
    first = proposals.store.write(lambda tx: tx.claim_effects(lease_seconds=60, limit=5))
    assert proposals.services.effects.deliver_pending() == 0
    proposals.machine.forward(minutes=10)
    assert proposals.services.effects.deliver_pending() == 1
    late = first[0]
    assert not proposals.store.write(lambda tx: tx.finish_effect(late.key, late.attempt, "dead"))
    assert proposals.services.cases.effects(case.id, officer)[0].status == "done"


def test_a_new_version_is_for_new_cases_only(proposals, product, acme, officer):
    """A running case goes on with the definition it was opened with; start-up publishes only what it has never seen."""
    case = proposals.open("proposal", product, acme)
    source = proposals.services.catalog.version("proposal").source
    changed = source.replace("seal: {by: keeper}", "seal: {by: keeper}\n      stop: {by: officer, to: closed}")
    (published,) = proposals.publish(changed)
    assert (published.version, published.new) == (2, True)
    with pytest.raises(EventNotAllowed):
        proposals.send(case.id, "stop", officer)
    newer = proposals.open("proposal", {**product, "product.designation": "V-2"}, acme)
    assert newer.version == 2
    assert proposals.send(newer.id, "stop", officer).case.outcome == "closed"
    assert proposals.services.cases.send_event(case.id, Event("accept"), officer).case.version == 1


def test_a_letter_knows_the_deadline_that_it_is_about(proposals, product, acme, officer):
    """For the receiver's calendar, by the same name in every letter about it; not once it is over."""
    proposals.services.people.create_token(
        "anna", "Anna", ["applicant"], {"party": "1234567890"}, email="a@acme.example"
    )
    proposals.services.people.create_token("oleg", "Oleg", ["officer"], email="o@buyer.example")
    case = proposals.open("proposal", product, acme)
    proposals.wait(days=5)
    (reminder,) = proposals.notifier.sent
    assert (reminder.template, reminder.due.title, reminder.due.link) == (
        "reminder", "decide", f"https://milepost.example/cases/{case.id}",
    )  # fmt: skip
    assert reminder.due.uid == f"{case.id}.check.decide"
    assert reminder.due.due >= reminder.sent_at.date()
    proposals.wait(days=3)
    escalation = proposals.notifier.sent[-1]
    assert (escalation.template, escalation.due) == ("escalation", None)
