"""What histories and lists keep from a reader: sealed fields and words, others' answers, fields his roles do not see."""

from __future__ import annotations

import pytest

from engine.core.case import Actor, Event
from engine.errors import DuplicateCase
from engine.service.searching import CaseFilters

TENDER = """
milepost: 1
workflow: tender
title: Tender
timezone: Europe/Moscow
number: "T-{seq:3}"
roles:
  bidder: {title: Bidder, side: applicant, sees: own}
  expert: {title: Expert, sees: all}
  chair:  {title: Chair, sees: all}
  clerk:  {title: Clerk, sees: all, fields: [lot.name, remark]}
data:
  lot:
    name: text
    buyer: text
    bid: {type: text, sealed: 'in_state("voting")'}
  vote:
    answers: {type: list, of: {person: person, score: integer}}
event_data:
  remark: text
  price: {type: text, sealed: 'in_state("voting")'}
open: {by: bidder, form: [lot.bid, lot.buyer, lot.name!]}
initial: voting
states:
  voting:
    panel: {ask: {expert: 2}, form: [score!, remark], into: vote.answers}
    done: [{to: after}]
    events:
      offer: {by: chair, form: [price]}
  after:
    turn: chair
    events: {end: {by: chair, to: closed}}
  closed: {final: true, outcome: closed}
"""


@pytest.fixture
def tender(world):
    """A tender in which one expert has voted and the chair has named a price."""
    world.publish(TENDER)
    case = world.open("tender", {"lot.name": "Valves", "lot.buyer": "Northgate", "lot.bid": "Sevenhundred"}, BIDDER)
    world.send(case.id, "offer", CHAIR, {"price": "fifty"})
    world.send(case.id, "answer", FIRST, {"score": 7, "remark": "thin"})
    return case


def _person(name, role):
    return Actor(id=name, roles=frozenset({role}), name=name.title())


BIDDER, FIRST, SECOND = _person("bea", "bidder"), _person("fay", "expert"), _person("sue", "expert")
CHAIR, CLERK = _person("carl", "chair"), _person("clara", "clerk")


def _said(world, case, reader):
    """What a reader's history of the case tells, by step."""
    steps = world.services.cases.history(case.id, reader)
    return {step.name: {**step.changes, **step.said} for step in steps}


def test_an_answer_is_in_nobodys_history_who_has_yet_to_give_his(world, tender):
    """Who is asked and has not answered reads no answer in the history either; afterwards he does."""
    assert _said(world, tender, SECOND)["answer"] == {}
    assert _said(world, tender, FIRST)["answer"]["score"] == 7
    assert _said(world, tender, CHAIR)["answer"]["remark"] == "thin"
    world.send(tender.id, "answer", SECOND, {"score": 3})
    steps = world.services.cases.history(tender.id, SECOND)
    assert [step.said for step in steps if step.name == "answer"] == [{"score": 7, "remark": "thin"}, {"score": 3}]


def test_answers_follow_the_list_they_went_into(world, tender):
    """A role that does not see the list reads no column of it in the history."""
    assert _said(world, tender, CLERK)["answer"] == {}


def test_what_is_sealed_is_in_nobodys_history(world, tender):
    """Fields and words are left out of every history while they are sealed, the giver's too; then they are there."""
    for reader in (BIDDER, CHAIR, FIRST):
        told = _said(world, tender, reader)
        assert "lot.bid" not in told["open"]
        assert told["offer"] == {}
    assert world.services.cases.get(tender.id, BIDDER).data["lot"]["bid"] == "Sevenhundred"
    world.send(tender.id, "answer", SECOND, {"score": 3})
    assert _said(world, tender, FIRST)["open"]["lot.bid"] == "Sevenhundred"
    assert _said(world, tender, FIRST)["offer"] == {"price": "fifty"}


def test_a_list_of_cases_shows_and_finds_what_its_reader_sees(world, tender):
    """Neither the line of a case nor a search by words tells what a role does not see or what can be sealed."""

    def lines(reader, q=None):
        return [line.label for line in world.services.cases.find(CaseFilters(q=q), reader).items]

    assert lines(CHAIR) == lines(CHAIR, "north") == ["Northgate · Valves"]
    assert lines(CLERK) == lines(CLERK, "valv") == lines(CLERK, tender.number) == ["Valves"]
    assert lines(CLERK, "northgate") == []
    assert lines(CHAIR, "sevenhundred") == lines(BIDDER, "sevenhundred") == []


MEASURED = """
milepost: 1
workflow: measured
title: Measured
timezone: Europe/Moscow
roles:
  officer: {title: Officer, sees: all}
  guest:   {title: Guest, sees: all, hides: [sample.weight]}
data: {sample: {weight: integer}}
open: {by: officer}
initial: weighing
states:
  weighing:
    call: laboratory.weigh
    turn: none
    result: {weight: integer}
    done: [{set: {sample.weight: result.weight}, to: over}]
    failed: [{to: over}]
  over: {final: true, outcome: over}
"""


def test_what_an_adapter_answered_is_for_who_sees_everything(world):
    """A role from which something is hidden reads no answer, neither in the history nor among the effects."""
    world.publish(MEASURED)
    officer, guest = _person("olga", "officer"), _person("gus", "guest")
    world.caller.answers = [{"weight": 42}]
    case = world.open("measured", {}, officer)
    world.settle()

    def told(reader):
        return world.services.cases.history(case.id, reader)[-1].said

    def kept(reader):
        return [effect.result for effect in world.services.cases.effects(case.id, reader)]

    assert (told(officer), kept(officer)) == ({"ok": True, "answer": {"weight": 42}}, [{"weight": 42}])
    assert (told(guest), kept(guest)) == ({"ok": True}, [None])


def test_a_hash_is_for_who_may_read_all_that_it_covers(world, tender):
    """By a hash one could try out a sealed word, or another's score: there is none before all of it may be read."""

    def hashes(reader):
        return {step.hash is not None for step in world.services.cases.history(tender.id, reader)}

    assert [hashes(reader) for reader in (BIDDER, FIRST, SECOND, CHAIR, CLERK)] == [{False}] * 5
    world.send(tender.id, "answer", SECOND, {"score": 8})
    assert [hashes(reader) for reader in (FIRST, CHAIR, CLERK)] == [{True}, {True}, {False}]


SHARED = """
milepost: 1
workflow: shared
title: Shared
timezone: Europe/Moscow
number: "S-{seq:3}"
unique: [plot.name]
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
data: {applicant: {tax_id: text}, plot: {name: text}}
open: {by: applicant, form: [applicant.tax_id, plot.name]}
initial: draft
states:
  draft: {turn: applicant, events: {rename: {by: applicant, form: [plot.name]}}}
"""


def test_which_case_has_what_is_unique_is_told_to_who_finds_it(world):
    """Another party learns that it is taken, and nothing else: opening, sending and trying."""
    world.publish(SHARED)
    one, two = (Actor(f"p{n}", roles=frozenset({"applicant"}), attributes={"party": str(n)}) for n in (1, 2))
    held = world.open("shared", {"applicant.tax_id": "1", "plot.name": "north"}, one)
    other = world.open("shared", {"applicant.tax_id": "2", "plot.name": "south"}, two)
    rename, cases = Event("rename", {"plot.name": "north"}), world.services.cases
    for ask in (
        lambda: world.open("shared", {"applicant.tax_id": "2", "plot.name": "north"}, two),
        lambda: cases.send_event(other.id, rename, two),
        lambda: cases.dry_run(other.id, rename, two),
    ):
        with pytest.raises(DuplicateCase) as caught:
            ask()
        assert (caught.value.number, held.number in str(caught.value), held.id in str(caught.value)) == (
            None,
            False,
            False,
        )
    with pytest.raises(DuplicateCase, match=held.number):
        world.open("shared", {"applicant.tax_id": "1", "plot.name": "north"}, one)
