"""Who has a role's work in a case, and whom duties keep from it: at the offer, at the claim, when it is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.case import Actor
from engine.errors import ActorNotAllowed, CaseChanged, CaseNotFound, DutyConflict, EventNotAllowed, InvalidPayload
from engine.service.news_view import Wanted
from engine.service.searching import CaseFilters
from tests.service.conftest import person

CHECKED = """
milepost: 1
workflow: checked
title: Checked
timezone: Europe/Moscow
number: "C-{seq:4}"
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  reviewer:  {title: Reviewer, sees: assigned}
  decider:   {title: Decider, sees: all}
data:
  applicant: {tax_id: text}
  review: {remark: text, rounds: {type: integer, default: 0}}
duties: {four-eyes: {different: [evaluation, decision], note: ISO/IEC 17065 7.6.2}}
open: {by: [applicant], form: [applicant.tax_id!]}
initial: evaluation
states:
  evaluation:
    turn: reviewer
    events:
      evaluate: {by: [reviewer, decider], form: [review.remark], to: decision}
      note: {by: reviewer, set: {review.rounds: review.rounds + 1}}
  decision:
    turn: decider
    events:
      decide: {by: decider, to: done}
      again: {by: decider, to: evaluation, actions: [{new_people: [reviewer]}]}
  done: {final: true, outcome: completed}
"""
ANNA = person("anna", "applicant", party="1")
RITA, REX, RIA = (person(name, "reviewer") for name in ("rita", "rex", "ria"))
CHIEF = person("chief", "reviewer.supervisor", "decider.supervisor")
BOTH = person("bo", "reviewer", "decider")
DORA = person("dora", "decider")


@pytest.fixture
def checked(world):
    """The workflow, and its people in the directory."""
    world.publish(CHECKED)
    for one in (ANNA, RITA, REX, RIA, CHIEF, BOTH, DORA):
        world.services.people.create_token(one.id, one.name, one.roles, one.attributes)
    return world


@pytest.fixture
def case(checked):
    """A case that waits for its evaluation."""
    return checked.open("checked", {"applicant.tax_id": "1"}, ANNA).id


@pytest.fixture
def change(checked, case):
    """A change of who has the work, answered."""

    def made(verb, actor, role="reviewer", persons=(), **more):
        decision = checked.services.assignments.change(case, role, verb, persons, actor, **more)
        return checked.services.cases.answer(decision, actor)

    return made


def test_who_has_claimed_it_has_it_alone(checked, case, change):
    """The others may not act, and see the case no more; it is a step with who and why; the ETag stays."""
    before = checked.services.cases.get(case, RITA)
    after = change("claim", RITA, reason="mine").case
    assert after.etag == before.etag
    assert [(a.role, a.claimed) for a in after.assignments] == [("reviewer", "rita")]
    assert after.allowed
    with pytest.raises(CaseNotFound):
        checked.send(case, "note", REX)
    with pytest.raises(ActorNotAllowed, match="rita has claimed the work of reviewer"):
        checked.send(case, "note", replace(REX, roles=REX.roles | {"reviewer.supervisor"}))
    assert checked.send(case, "note", RITA).step.name == "note"
    opened, claimed, _ = checked.services.cases.history(case, CHIEF)
    assert (opened.kind, claimed.kind, claimed.name, claimed.note) == ("opened", "assignment", "claim", "mine")
    assert claimed.said == {"role": "reviewer", "persons": ()} or claimed.said["role"] == "reviewer"


def test_the_applicant_is_not_told(checked, case, change):
    """Who does the work is not his business."""
    change("claim", RITA)
    assert checked.services.cases.get(case, ANNA).assignments == ()


def test_nobody_claims_it_twice(change):
    """Not even himself; given back it is anybody's."""
    change("claim", RITA)
    with pytest.raises(EventNotAllowed, match="rita has claimed"):
        change("claim", RITA)
    change("give_back", RITA)
    assert change("claim", REX).case.assignments[0].claimed == "rex"


def test_an_offer_is_for_some(checked, case, change):
    """Only they see it and claim it; who declines is no longer among them; the supervisor takes it back."""
    change("offer", CHIEF, persons=["rita", "rex"])
    with pytest.raises(CaseNotFound):
        change("claim", RIA)
    change("give_back", REX)
    with pytest.raises(CaseNotFound):
        checked.services.cases.get(case, REX)
    assert change("claim", RITA).case.assignments[0].offered == ("rita",)
    change("give_back", CHIEF)
    assert change("claim", RIA).case.assignments[0].claimed == "ria"


def test_it_is_handed_on(checked, case, change):
    """By who has it, or the supervisor, to one who has the role; not by others."""
    change("claim", RITA)
    assert change("delegate", RITA, persons=["rex"], reason="on leave").step.note == "on leave"
    assert checked.send(case, "note", REX).step.name == "note"
    change("delegate", CHIEF, persons=["ria"])
    with pytest.raises(ActorNotAllowed, match=r"reviewer\.supervisor, or who has claimed it, may"):
        change("delegate", REX, persons=["rita"])  # he acted, so he sees it


@pytest.mark.parametrize(
    ("verb", "persons", "words"),
    [
        ("offer", [], "name 1 to 20 persons"),
        ("offer", ["dora"], "Dora does not have the role reviewer"),
        ("offer", ["nobody"], "nobody is known as 'nobody'"),
        ("delegate", ["rita", "rex"], "the one person"),
    ],
)
def test_who_cannot_have_it(change, verb, persons, words):
    """Said by field, and nothing is changed."""
    with pytest.raises(InvalidPayload, match=words):
        change(verb, CHIEF, persons=persons)


def test_only_the_supervisor_offers(change):
    """And of roles that there are."""
    with pytest.raises(ActorNotAllowed, match=r"reviewer\.supervisor may"):
        change("offer", RITA, persons=["rex"])
    with pytest.raises(InvalidPayload, match="there is no role clerk"):
        change("offer", CHIEF, role="clerk", persons=["rex"])


def test_duties_at_every_door(checked, case, change):
    """Who has evaluated is offered, claims, is handed and completes no decision; the problem names the act."""
    checked.send(case, "evaluate", BOTH, {"review.remark": "good"})
    against = r"Bo acted in .*evaluation; four-eyes wants another person here"
    for verb, actor, persons in (("offer", CHIEF, ["bo"]), ("claim", BOTH, []), ("delegate", CHIEF, ["bo"])):
        with pytest.raises(DutyConflict, match=against) as refused:
            change(verb, actor, role="decider", persons=persons)
        assert refused.value.act == "evaluation"
    with pytest.raises(DutyConflict, match=against):
        checked.send(case, "decide", BOTH)
    assert change("claim", DORA, role="decider").case.assignments[-1].claimed == "dora"
    assert checked.send(case, "decide", DORA).case.outcome == "completed"
    with pytest.raises(EventNotAllowed, match="there is no work in it"):
        change("claim", DORA, role="decider")


def test_who_acts_for_another_binds_both(checked, case, change):
    """What one evaluated for the other, neither decides; history shows both."""
    for_bo = Actor("rex", roles=frozenset({"reviewer", "decider"}), name="Rex", acting_for="bo")
    change("claim", for_bo)
    checked.send(case, "evaluate", for_bo, {"review.remark": "good"})
    record = checked.services.cases.history(case, DORA)[-1]
    assert (record.actor["id"], record.actor["for"]) == ("rex", "bo")
    for decider in (BOTH, person("rex", "decider"), replace(DORA, acting_for="bo"), replace(DORA, acting_for="rex")):
        with pytest.raises(DutyConflict, match="acted in"):
            checked.send(case, "decide", decider)
    assert checked.send(case, "decide", DORA).case.outcome == "completed"


def test_who_is_out_does_not_come_back_through_another(checked, case):
    """New people are wanted: neither he nor who acts for him."""
    checked.send(case, "evaluate", RITA, {})
    checked.send(case, "again", DORA)
    for who in (RITA, replace(REX, acting_for="rita"), replace(RITA, acting_for="rex")):
        with pytest.raises(ActorNotAllowed):
            checked.send(case, "note", who)
    assert checked.send(case, "note", replace(REX, acting_for="ria")).step.name == "note"


def test_what_one_opened_for_another_is_both_his_and_hers(checked):
    """Each of them finds it, and who acts for her."""
    world = checked
    clerk = replace(ANNA, id="ben", name="Ben", acting_for="anna")
    opened = world.open("checked", {"applicant.tax_id": "1"}, clerk).id
    for reader in (ANNA, replace(ANNA, id="ben"), replace(ANNA, id="cora", acting_for="anna")):
        assert world.services.cases.get(opened, reader).id == opened


def test_new_people_free_it(checked, case, change):
    """Who had it is out; the next claims anew."""
    change("claim", RITA)
    checked.send(case, "evaluate", RITA, {})
    assert checked.send(case, "again", DORA).case.assignments == ()
    with pytest.raises(InvalidPayload, match="before new people were called"):
        change("claim", RITA)
    assert change("claim", REX).case.assignments[0].claimed == "rex"


def test_once_for_a_key_and_for_a_state(change):
    """Idempotency-Key and If-Match as with events."""
    first = change("claim", RITA, key="k-1")
    again = change("claim", RITA, key="k-1")
    assert (again.replayed, again.step.seq) == (True, first.step.seq)
    with pytest.raises(CaseChanged):
        change("give_back", RITA, if_match='"99"')


def test_what_may_be_sent_at_any_time_is_not_the_work(world):
    """An event of the whole case does not open the decision to who has evaluated."""
    world.publish(
        CHECKED.replace("initial: evaluation\n", "initial: evaluation\nevents: {stop: {by: decider, to: done}}\n", 1)
    )
    case = world.open("checked", {"applicant.tax_id": "1"}, ANNA).id
    world.send(case, "evaluate", BOTH, {})
    world.services.people.create_token(BOTH.id, BOTH.name, BOTH.roles)
    for verb, persons, actor in (("claim", [], BOTH), ("offer", [BOTH.id], CHIEF)):
        decision = world.services.assignments.change(case, "decider", verb, persons, actor)
        with pytest.raises(DutyConflict):
            world.services.cases.answer(decision, actor)


def test_the_same_hand(world):
    """Who acts for a person is not that person."""
    world.publish(CHECKED.replace("four-eyes: {different:", "one-hand: {same:"))
    case = world.open("checked", {"applicant.tax_id": "1"}, ANNA).id
    world.send(case, "evaluate", BOTH, {})
    with pytest.raises(DutyConflict, match="wants the same person"):
        world.send(case, "decide", replace(DORA, acting_for="bo"))
    assert world.send(case, "decide", BOTH).case.outcome == "completed"


def test_the_applicant_does_not_learn_who_has_the_work(checked, case, change):
    """Not from the case, not from its history, not from the list."""
    change("claim", RITA)
    cases = checked.services.cases
    record = cases.history(case, ANNA)[-1]
    assert (record.kind, record.actor, record.said, record.note) == ("assignment", {"kind": "person"}, {}, "")
    assert cases.history(case, DORA)[-1].actor["id"] == "rita"
    asked = CaseFilters(workflow="checked", assignee="rita")
    found = [len(cases.find(asked, reader, cursor=None, limit=5).items) for reader in (ANNA, DORA)]
    assert (cases.get(case, ANNA).assignments, found) == ((), [0, 1])


def test_whose_case_it_is_is_not_found_by_who_may_not_read_it(world):
    """A laboratory that reads no party finds its cases, and none by party, and hears of none by party."""
    laboratory = "roles:\n  laboratory: {title: Laboratory, sees: all, fields: [review]}\n"
    world.publish(CHECKED.replace("roles:\n", laboratory, 1))
    world.open("checked", {"applicant.tax_id": "1"}, ANNA)
    for party, reader, count in (
        (None, person("lena", "laboratory"), 1),
        ("1", person("lena", "laboratory"), 0),
        ("1", DORA, 1),
        ("2", DORA, 0),
    ):
        asked = CaseFilters(workflow="checked", party=party)
        assert len(world.services.cases.find(asked, reader, cursor=None, limit=5).items) == count
    while world.services.feed.sequence():
        pass
    listeners = [
        (person("lena", "laboratory"), Wanted(party="1")),
        (DORA, Wanted(party="1")),
        (DORA, Wanted(party="2")),
    ]
    assert [len(found) for found in world.services.newsroom.after_for(0, listeners)[1]] == [0, 1, 0]


def test_who_could_move_it_is_told(checked, case, change):
    """To the operator's side: each holder of a role that acts now, and what stands against those who may not."""
    change("claim", RITA)
    checked.send(case, "evaluate", BOTH, {})
    cases = checked.services.cases

    def told(reader):
        found = {event.event: event.people for event in cases.explain(case, reader).events}["decide"]
        return {one.person: (one.may, one.why) for one in found}

    assert told(DORA) == {
        "bo": (False, "Bo acted in evaluation; four-eyes wants another person here (ISO/IEC 17065 7.6.2)"),
        "dora": (True, ""),
    }
    assert told(ANNA) == {}
    change("claim", DORA, role="decider")
    assert told(CHIEF)["bo"] == (False, "dora has claimed the work")


def test_who_is_out_is_told(checked, case):
    """With the reason, also where it is another case that his role fits."""
    checked.send(case, "evaluate", RITA, {})
    checked.send(case, "again", DORA)
    events = {event.event: event for event in checked.services.cases.explain(case, DORA).events}
    said = {one.person: one.why for one in events["note"].people}
    assert said == {"rita": "acted in this case before new people were called", "rex": "", "ria": "", "bo": ""}
