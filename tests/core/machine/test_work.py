"""States that wait for others' work: panels, services, children (LANGUAGE §2.5)."""

from __future__ import annotations

import pytest

from engine.core.case import Actor, ChildEnded, ChildOpened, Parent
from engine.errors import ActorNotAllowed, EventNotAllowed, GuardFailed, GuardRefused, InvalidPayload

# ── panels ───────────────────────────────────────────────────────────────────────────────────────────────────────────

PANEL = """
data:
  n: {type: integer, default: 0}
  votes:
    members: {type: list, of: person}
    rows: {type: list, of: {person: person, role: text, at: datetime, vote: [yea, nay], why: text}}
open: {by: clerk, form: [votes.members]}
event_data: {reasons: text}
states:
  ask:
    panel: {ask: {clerk: 1, chief: 2}, form: [vote!, why, reasons], into: votes.rows, need: 'NEED'}
    events: {again: {by: clerk, to: ask}}
    done:
      - {when: 'answers.exists(a, a.vote == "nay")', set: {n: 'size(answers)'}, to: no}
      - {to: yes}
  yes: {turn: clerk}
  no: {turn: clerk}
"""


def panel(need: str = "all") -> str:
    """A panel that needs so much."""
    return PANEL.replace("NEED", need)


def test_a_panel_waits_for_as_many_answers_as_it_asks_for(play) -> None:
    """Members send the event; each answer is a row with who, in which role and when."""
    case = play(panel()).open()
    dan = play.person("dan", "chief")
    assert case.case.turn == ("clerk", "chief")
    case.send("answer", {"vote": "yea"})
    assert case.case.turn == ("chief",)
    case.send("answer", {"vote": "yea", "why": "fine", "reasons": "so"}, by="cyd")
    assert case.leaves == ("ask",)
    case.send("answer", {"vote": "nay"}, by=dan)
    assert (case.leaves, case["n"]) == (("no",), 3)
    rows = case["votes.rows"]
    assert rows[1] == {
        "person": {"id": "cyd", "name": "Cyd"},
        "role": "chief",
        "at": case.now,
        "vote": "yea",
        "why": "fine",
    }
    assert case.last.record.payload["said"] == {"vote": "nay"}


def test_a_second_answer_is_refused(play) -> None:
    """A member answers once; nobody answers for a role that has no place left."""
    case = play(panel()).open().send("answer", {"vote": "yea"})
    assert "already" in str(case.refused(GuardRefused, "answer", {"vote": "nay"}))
    case.refused(GuardRefused, "answer", {"vote": "nay"}, by="ben")
    case.refused(ActorNotAllowed, "answer", {"vote": "nay"}, by="bob")
    case.refused(InvalidPayload, "answer", {}, by="cyd")
    case.refused(InvalidPayload, "answer", {"vote": "maybe"}, by="cyd")


@pytest.mark.parametrize(
    ("need", "answers", "done_after"),
    [
        ("any", ["yea"], 1),
        ("2", ["yea", "yea"], 2),
        ('answers.exists(a, a.vote == "nay")', ["yea", "nay"], 2),
        ('answers.exists(a, a.vote == "nay")', ["yea", "yea", "yea"], 3),
        ("size(answers) == 2", ["yea", "yea"], 2),
    ],
)
def test_a_panel_needs(play, need, answers, done_after) -> None:
    """any, n, or a condition on the answers; all in and still false: done all the same."""
    case = play(panel(need)).open()
    people = [play.people["ana"], play.people["cyd"], play.person("dan", "chief")]
    for place, (vote, person) in enumerate(zip(answers, people, strict=False), 1):
        assert case.leaves == ("ask",)
        case.send("answer", {"vote": vote}, by=person)
        assert (case.leaves == ("ask",)) == (place < done_after)


def test_the_list_is_emptied_on_entry(play) -> None:
    """A panel entered anew asks everybody anew."""
    case = play(panel()).open().send("answer", {"vote": "yea"}).send("again")
    assert case["votes.rows"] is None
    case.send("answer", {"vote": "nay"})
    assert [row["vote"] for row in case["votes.rows"]] == ["nay"]


def test_a_panel_may_ask_persons(play) -> None:
    """`ask: {role: path of persons}`: these persons, in that role, and nobody else of it."""
    source = panel().replace("{clerk: 1, chief: 2}", "{chief: votes.members}")
    case = play(source).open({"votes": {"members": [{"id": "cyd"}, {"id": "dan"}]}})
    assert case.case.turn == ("id:cyd", "id:dan")
    eve, dan = play.person("eve", "chief"), play.person("dan", "chief")
    case.refused(GuardRefused, "answer", {"vote": "yea"}, by=eve)
    case.refused(ActorNotAllowed, "answer", {"vote": "yea"}, by=play.person("dan", "clerk"))
    assert case.send("answer", {"vote": "yea"}, by="cyd").case.turn == ("id:dan",)
    assert case.send("answer", {"vote": "yea"}, by=dan).leaves == ("yes",)


def test_a_panel_that_asks_nobody_is_done_at_once(play) -> None:
    """With no persons named there is nothing to wait for."""
    source = panel().replace("{clerk: 1, chief: 2}", "{chief: votes.members}")
    assert play(source).open().leaves == ("yes",)


def test_who_holds_two_roles_answers_for_one(play) -> None:
    """A person has one answer, in the first role of his that still has a place."""
    case = play(panel()).open()
    both = play.person("eve", "clerk", "chief")
    case.send("answer", {"vote": "yea"}).send("answer", {"vote": "yea"}, by=both)
    assert [row["role"] for row in case["votes.rows"]] == ["clerk", "chief"]
    case.refused(GuardRefused, "answer", {"vote": "yea"}, by=both)


# ── services ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SERVICE = """
data: {n: {type: integer, default: 3}, kg: {type: integer, max: 50}, word: text}
open: {by: clerk}
states:
  s:
    turn: clerk
    call: scales.weigh
    with: {what: n, note: word}
    result: {kg: {type: integer, min: 0}, unit: [kg, t]}
    retry: {times: 3, wait: 10 minutes}
    done: [{when: result.kg > 10, set: {kg: result.kg}, to: heavy}, {to: light}]
    failed: [{set: {word: '"broken"'}, to: hand}]
  heavy: {turn: clerk}
  light: {turn: clerk}
  hand: {turn: clerk}
"""


def test_a_service_state_calls_when_it_is_entered(play) -> None:
    """The call has its operation, its values (none where a field has none) and its retries; the state waits."""
    case = play(SERVICE).open()
    (effect,) = case.last.effects
    assert (effect.kind, effect.adapter, effect.state, effect.entry) == ("call", "scales", "s", 1)
    assert effect.payload == {"operation": "weigh", "with": {"what": 3}, "retry_times": 3, "retry_wait": "10 minutes"}
    assert case.leaves == ("s",)


@pytest.mark.parametrize(
    ("answer", "leaf"),
    [
        ({"kg": 12}, "heavy"),
        ({"kg": 3, "unit": "t", "more": "not looked at"}, "light"),
        ({"kg": "12"}, "heavy"),
        ({"kg": -1}, "hand"),
        ({"kg": "many"}, "hand"),
        ({"kg": 12, "unit": "lb"}, "hand"),
    ],
)
def test_what_comes_back_is_checked_like_a_form(play, answer, leaf) -> None:
    """A result that fits goes to `done`, one that does not to `failed`."""
    assert play(SERVICE).open().answer("call", answer).leaves == (leaf,)


def test_a_result_without_what_decides_is_an_error(play) -> None:
    """An answer that leaves out what `done` asks for is refused, never taken for false."""
    case = play(SERVICE).open()
    with pytest.raises(GuardFailed):
        case.answer("call", {})


def test_a_failed_call_goes_to_failed(play) -> None:
    """An adapter's error takes the `failed` arm."""
    case = play(SERVICE).open().answer("call", error="no power")
    assert (case.leaves, case["word"], case.last.record.note) == (("hand",), "broken", "no power")
    assert case.last.record.arms == ("s:failed",)


def test_without_failed_the_state_stands_and_says_why(play) -> None:
    """No `failed` arm: an error leaves the state as it is and the record says why; an answer that does not fit is refused, so that
    a person looks.
    """
    source = SERVICE.replace("    failed: [{set: {word: '\"broken\"'}, to: hand}]\n", "")
    case = play(source).open().answer("call", error="no power")
    assert (case.leaves, case.last.record.note) == (("s",), "no power")
    with pytest.raises(InvalidPayload, match="kg: is -1"):
        case.answer("call", {"kg": -1})
    assert case.answer("call", {"kg": 12}).leaves == ("heavy",)


# ── children ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CHILDREN = """
workflow: small
data:
  n: {type: integer, default: 0}
  m: {type: integer, default: 0}
  lots: {type: list, of: {no: text, qty: integer}, key: no}
open: {by: [clerk, small], form: [lots, n, m]}
states:
  kids:
    turn: clerk
    cases: {OF, rest: cancel}
    events: {next: {by: clerk, to: b}, send_one: {by: clerk, actions: [{open: small, with: {n: n}}]}}
    done: [{when: 'children.exists(c, c.ended and c.outcome == "bad")', to: bad}, {set: {m: 'size(children)'}, to: b}]
  b: {turn: clerk}
  bad: {turn: clerk}
"""
LOTS = {"lots": [{"no": "x", "qty": 5}, {"no": "y"}, {"no": "z", "qty": 7}]}
EACH = "of: small, each: lots, as: lot, key: lot.no, with: {n: lot.qty}"


def kids(play, of: str, data=None):
    """A case in a children state."""
    return play(CHILDREN.replace("OF", of)).open(data or {})


def end(case, place: int, outcome: str = "fine"):
    """One of the children ends."""
    child = case.case.memory.children[place]
    sender = Actor(child.id, kind="case", workflow="small", relation="child")
    return case.give(ChildEnded(child.id, f"S-{place}", "small", outcome), sender)


def test_one_case_per_item(play) -> None:
    """`each`: one per item, with its key and its values; a value that is not there is not given."""
    case = kids(play, EACH, LOTS)
    payloads = [effect.payload for effect in case.last.effects]
    assert [(p["key"], p["with"]) for p in payloads] == [("x", {"n": 5}), ("y", {}), ("z", {"n": 7})]
    assert len({p["child_id"] for p in payloads}) == 3
    assert [child.id for child in case.case.memory.children] == [p["child_id"] for p in payloads]


def test_child_ids_are_fixed_by_the_step(play) -> None:
    """The same step gives its children the same ids."""
    assert kids(play, EACH, LOTS).case == kids(play, EACH, LOTS).case


def test_all_children_have_to_end(play) -> None:
    """need: all; the outcomes may decide."""
    case = kids(play, EACH, LOTS)
    end(end(case, 0), 1)
    assert case.leaves == ("kids",)
    assert (end(case, 2).leaves, case["m"]) == (("b",), 3)
    assert end(end(end(kids(play, EACH, LOTS), 0, "bad"), 1), 2).leaves == ("bad",)


@pytest.mark.parametrize(
    ("need", "enough"), [("any", 1), ("2", 2), ('children.exists(c, c.key == "y" and c.ended)', 2)]
)
def test_children_need(play, need, enough) -> None:
    """any, n, or a condition on children."""
    case = kids(play, f"{EACH}, need: {need!r}" if need[0] == "c" else f"{EACH}, need: {need}", LOTS)
    for place in range(enough):
        assert case.leaves == ("kids",)
        end(case, place)
    assert case.leaves == ("b",)


def test_only_with_opens_one(play) -> None:
    """`with` without `each`: one child."""
    case = kids(play, "of: small, with: {n: 4}")
    assert [effect.payload["with"] for effect in case.last.effects] == [{"n": 4}]
    assert end(case, 0).leaves == ("b",)


def test_no_items_no_waiting(play) -> None:
    """An empty list opens nothing, and the state is done at once."""
    assert kids(play, EACH).leaves == ("b",)


def test_neither_each_nor_with_waits_for_those_that_are_open(play) -> None:
    """It counts the children that this case has open already."""
    source = """
    workflow: small
    open: {by: [clerk, small], form: [n]}
    states:
      a: {turn: clerk, events: {more: {by: clerk, actions: [{open: small, with: {n: 1}}]}, wait: {by: clerk, to: kids}}}
      kids: {turn: clerk, cases: {of: small, rest: cancel}, done: [{to: b}]}
      b: {turn: clerk}
    """
    case = play(source).open().send("more").send("more")
    end(case, 0)
    case.send("wait")
    assert case.leaves == ("kids",)
    assert end(case, 1).leaves == ("b",)
    assert play(source).open().send("wait").leaves == ("b",)


def test_a_child_learns_its_number(play) -> None:
    """When a child exists its number is known to the parent, and to expressions."""
    case = kids(play, EACH, LOTS)
    child = case.case.memory.children[0]
    case.give(ChildOpened(child.id, "small", "S-000001", "x"))
    assert case.case.memory.children[0].number == "S-000001"
    assert case.last.record.kind == "child"


def test_who_may_add_more(play) -> None:
    """`add`: these may open more; what is added counts."""
    case = kids(play, f"{EACH}, add: [chief]", LOTS)
    with pytest.raises(ActorNotAllowed):
        case.give(ChildOpened("k1", "small", "S-7", by=play.people["ana"]), "ana")
    case.give(ChildOpened("k1", "small", "S-7", by=play.people["cyd"]), "cyd")
    for place in range(3):
        end(case, place)
    assert case.leaves == ("kids",)
    assert (end(case, 3).leaves, case["m"]) == (("b",), 4)


def test_children_of_another_workflow_are_refused(play) -> None:
    """Only cases of the named workflow are taken, and only while the state is active."""
    case = kids(play, f"{EACH}, add: [chief]", LOTS)
    with pytest.raises(EventNotAllowed):
        case.give(ChildOpened("k1", "other", None, by=play.people["cyd"]), "cyd")
    case.send("next")
    with pytest.raises(EventNotAllowed):
        case.give(ChildOpened("k1", "small", None, by=play.people["cyd"]), "cyd")


def test_a_case_opened_by_an_action_is_a_child_that_does_not_count(play) -> None:
    """`open:` makes a child; the children state counts its own."""
    case = kids(play, EACH, LOTS).send("send_one")
    assert len(case.case.memory.children) == 4
    for place in range(3):
        end(case, place)
    assert (case.leaves, case["m"]) == (("b",), 3)


def test_a_closed_child_tells_its_parent(play) -> None:
    """A case with a parent asks for `child_ended` when it closes, once."""
    source = "states: {a: {turn: clerk, events: {go: {by: clerk, to: over}}}, over: {final: true}}"
    case = play(source).open(parent=Parent("c0", "big")).send("go")
    assert [effect.kind for effect in case.last.effects] == ["child_ended"]
    assert play(source).open().send("go").last.effects == ()


def test_a_person_who_is_named_twice_is_asked_once(play) -> None:
    """The same person twice on the list, or on the list and in a counted role: nobody waits for a second answer."""
    source = panel().replace("{clerk: 1, chief: 2}", "{chief: votes.members}")
    case = play(source).open({"votes": {"members": [{"id": "cyd"}, {"id": "cyd", "name": "Cyd"}]}})
    assert case.case.turn == ("id:cyd",)
    assert case.send("answer", {"vote": "yea"}, by="cyd").leaves == ("yes",)
    source = panel().replace("{clerk: 1, chief: 2}", "{clerk: 1, chief: votes.members}")
    case = play(source).open({"votes": {"members": [{"id": "eve"}]}})
    case.send("answer", {"vote": "yea"}, by=play.person("eve", "clerk", "chief"))
    assert [row["role"] for row in case["votes.rows"]] == ["chief"]
    assert case.send("answer", {"vote": "yea"}).leaves == ("yes",)
