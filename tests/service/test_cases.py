"""Commands to cases and reads of them, over a real store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine.core.case import Event
from engine.errors import (
    ActorNotAllowed,
    CaseChanged,
    CaseNotFound,
    DuplicateCase,
    EventNotAllowed,
    InvalidPayload,
    KeyReused,
    WorkflowNotFound,
)
from engine.service.cases import BatchLine
from engine.service.searching import CaseFilters


def test_open_gives_number_states_turn_and_what_may_be_sent(proposals, product, acme):
    """An opened case is answered with its number, its states, whose turn it is, its deadlines and data by group."""
    case = proposals.open("proposal", product, acme)
    assert case.number == "P-2026-0001"
    assert [state.path for state in case.states if state.leaf] == ["check"]
    assert [turn.title for turn in case.turn] == ["Officer"]
    assert case.data["product"]["designation"] == "V-1"
    assert [(deadline.name, deadline.term) for deadline in case.deadlines] == [("decide", "5 days")]
    assert case.allowed == ()


def test_numbers_are_gapless_after_refusals(proposals, product, acme):
    """A refused opening takes no number."""
    proposals.open("proposal", product, acme)
    with pytest.raises(InvalidPayload):
        proposals.open("proposal", {"applicant.tax_id": "1234567890"}, acme)
    with pytest.raises(DuplicateCase) as refused:
        proposals.open("proposal", product, acme)
    assert refused.value.number == "P-2026-0001"
    second = proposals.open("proposal", {**product, "product.designation": "V-2"}, acme)
    assert second.number == "P-2026-0002"


def test_the_allowed_events_come_with_their_forms(proposals, product, acme, officer):
    """The officer is offered what he could send, each with the fields its form asks for."""
    case = proposals.open("proposal", product, acme)
    allowed = {event.event: event for event in proposals.services.cases.get(case.number, officer).allowed}
    assert sorted(allowed) == ["accept", "return"]
    assert [(field.path, field.must, field.event_data) for field in allowed["return"].form] == [("reasons", True, True)]


def test_an_event_moves_the_case_and_is_in_its_history(proposals, product, acme, officer):
    """A step changes states and etag, and its record says who, what and why."""
    case = proposals.open("proposal", product, acme)
    done = proposals.send(case.id, "return", officer, {"reasons": "page 3 is missing"})
    assert [state.path for state in done.case.states if state.leaf] == ["correction"]
    assert done.case.etag != case.etag
    history = proposals.services.cases.history(case.id, acme)
    assert [(step.seq, step.kind, step.name) for step in history] == [(1, "opened", "open"), (2, "event", "return")]
    assert history[1].said == {"reasons": "page 3 is missing"}
    assert history[1].changes == {"review.rounds": 1}
    assert history[1].actor["id"] == "oleg"


def test_a_refused_event_stores_nothing(proposals, product, acme, officer):
    """Wrong sender, wrong state, wrong form: a clear refusal, and the case is as it was."""
    case = proposals.open("proposal", product, acme)
    with pytest.raises(ActorNotAllowed):
        proposals.send(case.id, "accept", acme)
    with pytest.raises(EventNotAllowed):
        proposals.send(case.id, "agree", officer)
    with pytest.raises(InvalidPayload):
        proposals.send(case.id, "return", officer)
    assert proposals.services.cases.get(case.id, officer).seq == case.seq
    with pytest.raises(WorkflowNotFound):
        proposals.open("nowhere", {}, officer)


def test_if_match_refuses_who_saw_an_older_state(proposals, product, acme, officer):
    """The etag of an older state is refused with the present one; the present one and `*` pass."""
    case = proposals.open("proposal", product, acme)
    proposals.send(case.id, "return", officer, {"reasons": "x"}, if_match=case.etag)
    with pytest.raises(CaseChanged) as changed:
        proposals.send(case.id, "answer", acme, if_match=case.etag)
    proposals.send(case.id, "answer", acme, if_match=changed.value.etag)


def test_an_idempotency_key_is_answered_from_what_is_stored(proposals, product, acme, officer):
    """The same key and body gives the same step, even with an If-Match that is old by now; another body is refused."""
    first = proposals.services.cases.open_case("proposal", product, acme, key="k1")
    again = proposals.services.cases.open_case("proposal", product, acme, key="k1")
    assert (again.case.id, again.step.seq, again.replayed) == (first.case.id, first.step.seq, True)
    with pytest.raises(KeyReused):
        proposals.open("proposal", {**product, "product.designation": "V-9"}, acme, key="k1")
    case = first.case
    sent = proposals.send(case.id, "return", officer, {"reasons": "x"}, key="k2", if_match=case.etag)
    repeated = proposals.send(case.id, "return", officer, {"reasons": "x"}, key="k2", if_match=case.etag)
    assert (repeated.replayed, repeated.step.seq) == (True, sent.step.seq)
    assert len(proposals.services.cases.history(case.id, officer)) == 2


def test_keys_of_one_party_mean_nothing_to_another(proposals, product, acme):
    """Two parties may use the same key."""
    proposals.open("proposal", product, acme, key="same")
    other = proposals.person("boris", "applicant", party="0987654321")
    opened = proposals.services.cases.open_case(
        "proposal", {**product, "applicant.tax_id": "0987654321"}, other, key="same"
    )
    assert not opened.replayed


def test_a_command_id_is_taken_once(proposals, product, acme, officer):
    """After an unknown commit the same command is answered from its step, not done again."""
    case = proposals.open("proposal", product, acme)
    event = Event("return", {"reasons": "x"}, command="c-1")
    first = proposals.services.cases.send_event(case.id, event, officer)
    again = proposals.services.cases.send_event(case.id, event, officer)
    assert (again.step.seq, again.replayed) == (first.step.seq, True)


def test_a_dry_run_shows_the_step_and_stores_nothing(proposals, product, acme, officer):
    """The would-be step with its states, timers and effects; the case stays as it was, numbers too."""
    case = proposals.open("proposal", product, acme)
    would = proposals.services.cases.dry_run(case.id, Event("return", {"reasons": "x"}), officer)
    assert would.step.entered == ("correction",)
    assert [timer.deadline for timer in would.armed] == ["no_response"]
    assert [effect.what for effect in would.effects] == ["asked to applicant"]
    assert proposals.services.cases.get(case.id, officer).etag == case.etag
    with pytest.raises(EventNotAllowed):
        proposals.services.cases.dry_run(case.id, Event("agree"), officer)


def test_a_batch_answers_line_by_line(proposals, product, acme, officer):
    """A refused line does not touch the others, and a second event of a case sees the first's result."""
    case = proposals.open("proposal", product, acme)
    results = proposals.services.cases.batch(
        [
            BatchLine(case.id, Event("accept", {"review.remark": "good"})),
            BatchLine(case.id, Event("accept")),
            BatchLine("nowhere", Event("accept")),
        ],
        officer,
    )
    assert (results[0].case_id, results[0].seq, results[0].leaves) == (case.id, 2, ("expertise",))
    assert [type(result.error).__name__ for result in results[1:]] == ["EventNotAllowed", "CaseNotFound"]


def test_the_guard_against_duplicates_ends_with_the_case(proposals, product, acme, officer):
    """When the first case is closed, the same product may be proposed again."""
    case = proposals.open("proposal", product, acme)
    proposals.send(case.id, "accept", officer)
    expert = proposals.person("egor", "expert")
    proposals.send(case.id, "agree", expert)
    assert proposals.open("proposal", product, acme).number == "P-2026-0002"


def test_a_case_is_there_only_for_those_who_may_see_it(proposals, product, acme, officer):
    """own: the party's; all: everybody's; assigned: once it was offered; none: only what it may address."""
    case = proposals.open("proposal", product, acme)
    other = proposals.person("boris", "applicant", party="0987654321")
    expert, keeper = proposals.person("egor", "expert"), proposals.person("kira", "keeper")
    get = proposals.services.cases.get
    for stranger in (other, expert, keeper, proposals.person("nobody")):
        with pytest.raises(CaseNotFound):
            get(case.id, stranger)
        assert proposals.services.cases.find(CaseFilters(), stranger).items == ()
    with pytest.raises(CaseNotFound):
        proposals.send(case.id, "accept", other)
    proposals.send(case.id, "seal", keeper)
    proposals.send(case.id, "accept", officer, {"review.remark": "between us"})
    assert get(case.id, expert).number == case.number
    assert "review" not in get(case.id, acme).data or "remark" not in get(case.id, acme).data["review"]
    assert all("review.remark" not in step.said for step in proposals.services.cases.history(case.id, acme))
    assert proposals.services.cases.history(case.id, officer)[-1].said == {"review.remark": "between us"}


def test_lists_page_and_filter(proposals, product, acme, officer):
    """Pages join without gaps; filters by state, party, words and overdue work together with visibility."""
    for n in range(5):
        proposals.open("proposal", {**product, "product.designation": f"V-{n}"}, acme)
    other = proposals.person("boris", "applicant", party="0987654321")
    proposals.open("proposal", {"applicant.tax_id": "0987654321", "product.designation": "Z-1"}, other)
    find = proposals.services.cases.find
    first = find(CaseFilters(workflow="proposal"), officer, limit=4)
    second = find(CaseFilters(workflow="proposal"), officer, limit=4, cursor=first.cursor)
    numbers = [line.number for line in (*first.items, *second.items)]
    assert (len(set(numbers)), second.cursor) == (6, None)
    assert [line.label for line in find(CaseFilters(q="Z-1"), officer).items] == ["0987654321 · Z-1"]
    for path, count in (("product.designation", 1), ("applicant.tax_id", 0)):
        assert len(find(CaseFilters(q="z-1", q_in=(path,)), officer).items) == count
    assert len(find(CaseFilters(q="0987", q_in=("product.designation", "applicant.tax_id")), officer).items) == 1
    with pytest.raises(InvalidPayload, match="q_in: cases are not found by 'review"):
        find(CaseFilters(q="x", q_in=("review.remark",)), officer)
    assert len(find(CaseFilters(party="1234567890"), officer).items) == 5
    assert len(find(CaseFilters(state="check", turn="officer"), acme).items) == 5
    assert find(CaseFilters(overdue=True), officer).items == ()
    proposals.wait(days=8)
    assert all(line.overdue for line in find(CaseFilters(overdue=True), officer).items)
    assert len(find(CaseFilters(overdue=True), officer).items) == 6
    with pytest.raises(InvalidPayload):
        find(CaseFilters(), officer, cursor="'; drop table")


def test_events_of_many_threads_to_one_case_each_count_once(proposals, product, acme, officer):
    """Eight senders at once: every accepted event is one record with a seq of its own, and no counter is lost."""
    case = proposals.open("proposal", product, acme)

    def round_trip(n):
        try:
            proposals.send(case.id, "return", officer, {"reasons": f"round {n}"})
            proposals.send(case.id, "answer", acme)
        except EventNotAllowed:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(round_trip, range(40)))
    history = proposals.services.cases.history(case.id, officer)
    returned = sum(step.name == "return" for step in history)
    assert [step.seq for step in history] == list(range(1, len(history) + 1))
    assert proposals.services.cases.get(case.id, officer).data["review"]["rounds"] == returned
    assert 1 <= done <= returned
    assert proposals.store.read(lambda reader: reader.chain_is_whole(case.id))


def test_who_opened_a_case_for_another_finds_it(proposals, product):
    """`own` is where `where` fits, or who opened it; nobody else of that role finds it."""
    helper = proposals.person("hanna", "applicant", "officer", party="5555555555")
    case = proposals.open("proposal", product, helper)
    alone = proposals.person("hanna", "applicant", party="5555555555")
    assert [line.id for line in proposals.services.cases.find(CaseFilters(), alone).items] == [case.id]
    other = proposals.person("ivan", "applicant", party="5555555555")
    assert proposals.services.cases.find(CaseFilters(), other).items == ()


def test_a_child_is_added_where_the_parent_takes_one(proposals, product, acme):
    """`add` says who; the child knows its parent, the parent counts its child; elsewhere it is refused and not stored."""
    coordinator = proposals.person("clara", "coordinator", party="Kaluga")
    parent = proposals.open("list", {"region.name": "Kaluga"}, coordinator)
    child = proposals.open("proposal", product, acme, parent=parent.id)
    assert (child.parent.id, child.parent.number) == (parent.id, "L-01")
    seen = proposals.services.cases.get(parent.id, coordinator)
    assert [(c.number, c.workflow) for c in seen.children] == [(child.number, "proposal")]
    stranger = proposals.person("boris", "officer")
    with pytest.raises(ActorNotAllowed):
        proposals.open("proposal", {**product, "product.designation": "V-2"}, stranger, parent=parent.id)
    proposals.send(parent.id, "run", coordinator)
    with pytest.raises((ActorNotAllowed, EventNotAllowed, CaseNotFound)):
        proposals.open("proposal", {**product, "product.designation": "V-2"}, acme, parent=parent.id)
    assert proposals.open("proposal", {**product, "product.designation": "V-2"}, acme).number == "P-2026-0002"


def test_a_failing_commit_leaves_nothing(proposals, product, acme, officer, monkeypatch):
    """When a statement of the transaction fails, neither the step nor its timers, effects or number are there."""
    case = proposals.open("proposal", product, acme)
    fail = RuntimeError("the disk is full")
    real = proposals.services.cases._commands.stepping.save

    def saved_then_lost(*given, **named):
        real(*given, **named)
        raise fail

    monkeypatch.setattr(proposals.services.cases._commands.stepping, "save", saved_then_lost)
    with pytest.raises(RuntimeError):
        proposals.send(case.id, "return", officer, {"reasons": "x"})
    monkeypatch.undo()
    assert proposals.services.cases.get(case.id, officer).etag == case.etag
    assert len(proposals.services.cases.history(case.id, officer)) == 1
    assert proposals.services.effects.pending() == 0
    assert proposals.services.timers.next_due() - proposals.services.clock.now() < timedelta(days=5)
    assert proposals.send(case.id, "return", officer, {"reasons": "x"}).step.seq == 2
