"""What actions ask for: messages, cases, events, calls, new people (LANGUAGE §2.8)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.core.case import Actor, EffectKind, EffectResult, Parent, Tie
from engine.errors import ActorNotAllowed, DutyConflict, GuardFailed


def acting(actions: str, more: str = "") -> str:
    """A workflow whose event `go` has these actions."""
    return f"""
data: {{n: {{type: integer, default: 3}}, word: text, at: datetime, head: person, day: date}}
open: {{by: [clerk, chief], form: [n, word, head, day]}}
states:
  a:
    turn: clerk
    leave: {{notify: clerk, template: left, if: n > 100}}
    events: {{go: {{by: clerk, actions: {actions}, to: b}}, stay: {{by: clerk, actions: {actions}}}}}
  b: {{turn: [chief, clerk.supervisor]{more}}}
"""


def asked(case) -> list:
    """Kinds and payloads of the last step."""
    return [(str(effect.kind), effect.payload) for effect in case.last.effects]


def test_notify_resolves_the_turn_when_the_step_is_over(play) -> None:
    """`turn` is whose move it is after the step; other receivers stay as named, each once."""
    source = acting("[{notify: [turn, chief, head], template: news}]")
    case = play(source).open().send("go")
    assert case.sent("news") == [("chief", "clerk.supervisor", "person:head")]
    case = play(source).open().send("stay")
    assert case.sent("news") == [("clerk", "chief", "person:head")]


def test_an_action_may_have_a_condition(play) -> None:
    """`if` false: nothing; a missing value that decides refuses the step."""
    case = play(
        acting("[{notify: clerk, template: big, if: n > 5}, {notify: clerk, template: small, if: n < 5}]")
    ).open()
    assert case.send("go").told() == ["small"]
    play(acting("[{notify: clerk, template: x, if: word == word}]")).open().refused(GuardFailed, "go")


def test_proven_delivery_is_written(play) -> None:
    """`delivered`: the path gets the time of proven delivery, and what waits for it goes on."""
    more = ", enter: {notify: clerk, template: letter, delivered: at}, deadlines: {late: {after: 5 days, from: at, escalate: [chief]}}"
    case = play(acting("[]", more)).open().send("go")
    effect = case.last.effects[0]
    assert (effect.payload["delivered"], effect.state, case.due("late")) == ("at", "b", None)
    moment = datetime(2026, 1, 14, 9, tzinfo=UTC)
    case.give(EffectResult(effect, ok=True, data={"delivered_at": moment}))
    assert (case["at"], case.due("late"), case.last.record.kind) == (moment, "2026-01-20 00:00", "result")


def test_a_failed_delivery_writes_nothing(play) -> None:
    """Not delivered, or delivered without proof of when: recorded only."""
    case = play(acting("[{notify: clerk, template: letter, delivered: at}]")).open().send("go")
    effect = case.last.effects[0]
    for result in (
        EffectResult(effect, ok=False, error="no such address"),
        EffectResult(effect, ok=True, data={"delivered_at": "yesterday"}),
        EffectResult(effect, ok=True),
    ):
        assert case.give(result)["at"] is None
    assert case.case.revision == 2


def test_open_asks_for_a_child(play) -> None:
    """`open`: a case of that workflow, with these values, a child of this one; no value, not given."""
    case = play(acting("[{open: other, with: {'x.size': n, 'x.note': word}}]")).open().send("go")
    ((kind, payload),) = asked(case)
    assert (kind, payload["workflow"], payload["with"]) == ("open", "other", {"x.size": 3})
    assert case.case.memory.children[0].id == payload["child_id"]


def test_send_asks_for_an_event_elsewhere(play) -> None:
    """`send`: to parent, children or every open case with these values."""
    actions = """[{send: hello, to: parent}, {send: hello, to: children, with: {n: n}},
                  {send: hello, to: other, where: {'x.id': n}, with: {'x.note': word}}]"""
    case = play(acting(actions)).open().send("go")
    assert asked(case) == [
        ("send", {"event": "hello", "to": "parent", "where": {}, "with": {}}),
        ("send", {"event": "hello", "to": "children", "where": {}, "with": {"n": 3}}),
        ("send", {"event": "hello", "to": "other", "where": {"x.id": 3}, "with": {}}),
    ]


def test_a_call_as_an_action_is_recorded_and_not_used(play) -> None:
    """`call` as an action: nobody waits for its answer."""
    case = play(acting("[{call: store.move, with: {amount: n}}]")).open().send("go")
    effect = case.last.effects[0]
    assert (effect.adapter, effect.state, effect.payload) == ("store", "", {"operation": "move", "with": {"amount": 3}})
    case.answer("call", {"moved": True})
    assert (case.last.record.kind, case.last.record.name, case.leaves) == ("result", "store.move", ("b",))


def test_actions_see_what_the_step_has_written(play) -> None:
    """An action's values are computed after `set` and the form."""
    source = """
    states:
      a: {turn: clerk, events: {go: {by: clerk, form: [n], set: {m: n * 2}, actions: [{open: other, with: {k: m}}]}}}
    """
    case = play(source).open().send("go", {"n": 4})
    assert case.last.effects[0].payload["with"] == {"k": 8}


def test_actions_of_opening(play) -> None:
    """`open: actions` run in the first step; the first state's too."""
    source = """
    open: {by: clerk, form: [n], set: {m: n + 1}, actions: [{notify: [turn, clerk], template: receipt}]}
    states: {a: {turn: chief, set: {n: m}, enter: {notify: turn, template: first}}}
    """
    case = play(source).open({"n": 1})
    assert (case.told(), case["n"], case["m"]) == (["receipt", "first"], 2, 2)
    assert case.sent("receipt") == [("chief", "clerk")]
    assert (case.last.record.kind, case.last.record.name, case.case.seq) == ("opened", "open", 1)


def test_only_who_may_opens(play) -> None:
    """`open: by` with `where` on what is given; also another case."""
    source = """
    roles: {buyer: {title: Buyer, side: applicant, where: {party: word}, sees: own}, clerk: {title: Clerk}}
    open: {by: [buyer, other], form: [word]}
    states: {a: {turn: buyer}}
    """
    with pytest.raises(ActorNotAllowed):
        play(source).open({"word": "x"})
    with pytest.raises(ActorNotAllowed):
        play(source).open({"word": "4000000002"}, by="bob")
    assert play(source).open({"word": "4000000001"}, by="bob").last.record.actor["role"] == "buyer"


NEW_PEOPLE = """
states:
  a: {turn: clerk, events: {go: {by: clerk, to: b}}}
  b: {turn: chief, events: {back: {by: [chief, clerk], actions: [{new_people: [clerk]}], to: a}, on: {by: clerk, to: a}}}
"""


def test_new_people_frees_a_role_of_those_who_acted(play) -> None:
    """`new_people`: nobody who acted in the role in this case may take it again; others may."""
    case = play(NEW_PEOPLE).open(by="cyd").send("go").send("back", by="cyd")
    assert case.case.memory.excluded == {"clerk": ("ana",)}
    error = case.refused(ActorNotAllowed, "go", by="ana")
    assert "new people" in str(error)
    case.send("go", by="ben").send("back", by="cyd")
    for name in ("ana", "ben"):
        case.refused(ActorNotAllowed, "go", by=name)
    assert case.case.memory.excluded == {"clerk": ("ana", "ben")}


def test_who_calls_for_new_people_acted_too(play) -> None:
    """Who sends the event that frees his own role has acted in it."""
    case = play(NEW_PEOPLE).open(by="cyd").send("go", by="ana").send("back", by="ben")
    assert set(case.case.memory.excluded["clerk"]) == {"ana", "ben"}
    case.refused(ActorNotAllowed, "go", by="ben")


def test_new_people_does_not_touch_other_roles(play) -> None:
    """Another role of the same person stays his."""
    both = play.person("eve", "clerk", "chief")
    case = play(NEW_PEOPLE).open(by="cyd").send("go", by=both).send("back", by="cyd").send("go", by="ben")
    assert case.send("back", by=both).leaves == ("a",)
    assert case.last.record.actor["role"] == "chief"


def test_effects_of_one_step_keep_the_order_of_the_file(play) -> None:
    """Effects are numbered in the order in which the actions ran."""
    case = (
        play(acting("[{notify: clerk, template: one}, {open: other}, {notify: clerk, template: two}]"))
        .open()
        .send("go")
    )
    assert [str(effect.kind) for effect in case.last.effects] == ["notify", "open", "notify"]
    assert case.last.record.effects == ("1:notify:one", "2:open:other", "3:notify:two")
    assert case.last.effects[0].kind is EffectKind.NOTIFY


# ── duties ───────────────────────────────────────────────────────────────────────────────────────────────────────────

DUTIES = """
duties: {d-1: {KIND}}
states:
  a: {turn: clerk, events: {go: {by: [clerk, chief], to: b}}}
  b: {turn: clerk, initial: c, states: {c: {events: {on: {by: [clerk, chief], to: d}}}, d: {events: {back: {by: [clerk, chief], to: a}}}}}
"""


def test_different_persons(play) -> None:
    """different: nobody acts in two of the states, any act inside a stage counts, in both directions."""
    source = DUTIES.replace("KIND", "different: [a, b], note: house rule")
    case = play(source).open().send("go")
    error = case.refused(DutyConflict, "on")
    assert (error.duty, error.act) == ("d-1", "a")
    assert "house rule" in str(error)
    case.send("on", by="ben")
    case.refused(DutyConflict, "back", by="ana")
    case.send("back", by="ben")
    case.refused(DutyConflict, "go", by="ben")
    case.send("go", by="ana")


def test_the_same_person(play) -> None:
    """same: who acted first goes on."""
    case = play(DUTIES.replace("KIND", "same: [a, b]")).open().send("go")
    case.refused(DutyConflict, "on", by="ben")
    assert case.send("on").leaves == ("b.d",)


def test_acts_in_the_parent_case(play) -> None:
    """`parent`: who acted in the case that opened this one may not act here."""
    case = play(DUTIES.replace("KIND", "different: [parent, a]")).open(parent=Parent("c0", "big", acts=("ana",)))
    error = case.refused(DutyConflict, "go")
    assert error.act == "parent"
    assert case.send("go", by="ben").leaves == ("b.c",)


def test_a_duty_does_not_bind_the_system(play) -> None:
    """Duties are between natural persons: a timer is none."""
    source = DUTIES.replace("KIND", "different: [a, b]").replace(
        "a: {turn: clerk,", "a: {turn: clerk, deadlines: {late: {after: 1 day, to: b}},"
    )
    case = play(source).open().until("2026-01-20 00:00")
    assert case.send("on").leaves == ("b.d",)


INTEREST = """
roles: {clerk: {title: Clerk}, buyer: {title: Buyer, side: applicant}}
data: {firm: party}
open: {by: buyer, form: [firm!]}
duties: {d-1: {no_interest: firm, within: 24 months, in: [a]}}
states:
  a: {turn: clerk, events: {go: {by: [clerk, buyer]}}}
  b: {turn: clerk}
"""


def test_no_interest_wants_a_declaration_once(play) -> None:
    """Who acts there declares that he has no tie; the declaration stays on record."""
    case = play(INTEREST).open({"firm": {"tax_id": "4000000009"}}, by="bob")
    error = case.refused(DutyConflict, "go")
    assert error.act is None
    assert "d-1" in str(error)
    case.refused(DutyConflict, "go", declares=["d-2"])
    case.send("go", declares=["d-1"]).send("go")
    assert case.case.memory.declared == {"d-1": ("ana",)}
    case.refused(DutyConflict, "go", by="ben")


@pytest.mark.parametrize(
    ("party", "until", "allowed"),
    [
        ("4000000009", None, False),
        ("4000000009", datetime(2025, 1, 1, tzinfo=UTC), False),
        ("4000000009", datetime(2024, 1, 13, tzinfo=UTC), False),
        ("4000000009", datetime(2024, 1, 11, tzinfo=UTC), True),
        ("4000000001", None, True),
    ],
)
def test_a_tie_in_the_directory_stands_against_a_declaration(play, party, until, allowed) -> None:
    """The directory knows of a tie within the term: refused, whatever is declared; an older one counts no more."""
    person = play.person("eve", "clerk", ties=(Tie(party, until),))
    case = play(INTEREST).open({"firm": {"tax_id": "4000000009"}}, by="bob")
    if allowed:
        case.send("go", by=person, declares=["d-1"])
    else:
        assert "tie" in case.refused(DutyConflict, "go", by=person, declares=["d-1"]).act


def test_the_applicant_declares_nothing(play) -> None:
    """On the applicant's side nobody declares to have no tie with the applicant."""
    case = play(INTEREST).open({"firm": {"tax_id": "4000000009"}}, by="bob")
    case.send("go", by="bob")
    assert case.case.memory.declared == {}


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────

ROLES = """
roles:
  clerk: {title: Clerk, where: {category: word}}
  chief: {title: Chief}
open: {by: chief, form: [word]}
states: {a: {turn: clerk, events: {go: {by: clerk}, up: {by: clerk.supervisor}, auto: {by: system}, kin: {by: other}}}}
"""


@pytest.mark.parametrize(
    ("held", "allowed"), [("valves", True), (("pumps", "valves"), True), ("pumps", False), ((), False), (None, False)]
)
def test_where_compares_an_attribute(play, held, allowed) -> None:
    """A role holds in a case where the attribute equals the field; a list attribute: contains it."""
    attributes = {} if held is None else {"category": held}
    person = play.person("eve", "clerk", attributes=attributes)
    case = play(ROLES).open({"word": "valves"}, by="cyd")
    if allowed:
        case.send("go", by=person)
    else:
        case.refused(ActorNotAllowed, "go", by=person)
    play(ROLES).open(by="cyd").refused(ActorNotAllowed, "go", by=person)  # the field has no value


def test_supervisors_system_and_cases_are_told_apart(play) -> None:
    """`role.supervisor` is another sender than the role; `system` and a workflow's case are others again."""
    fits = {"category": "valves"}
    clerk, boss = play.person("eve", "clerk", attributes=fits), play.person("max", "clerk.supervisor", attributes=fits)
    kin = Actor("c7", kind="case", workflow="other", relation="other")
    case = play(ROLES).open({"word": "valves"}, by="cyd")
    senders = {"go": clerk, "up": boss, "auto": "system", "kin": kin}
    for event, right in senders.items():
        for other in senders.values():
            if other is not right:
                case.refused(ActorNotAllowed, event, by=other)
        case.send(event, by=right)
    false_case = Actor("c8", kind="case", workflow="third", relation="child")
    case.refused(ActorNotAllowed, "kin", by=false_case)
    false_person = Actor("system", kind="person", roles=frozenset({"system", "other"}))
    case.refused(ActorNotAllowed, "auto", by=false_person)


def test_delivery_of_a_letter_sent_on_leaving_is_written(play) -> None:
    """What a state sends when it is left waits for no state: its proven delivery is written."""
    source = """
    states:
      a: {turn: clerk, leave: {notify: clerk, template: bye, delivered: at}, events: {go: {by: clerk, to: b}}}
      b: {turn: clerk}
    """
    case = play(source).open().send("go")
    case.give(EffectResult(case.last.effects[0], ok=True, data={"delivered_at": case.now}))
    assert case["at"] == case.now


def test_null_at_opening_empties_a_default(play) -> None:
    """A field that is given as `null` when a case is opened has no value, default or not."""
    source = "states: {a: {turn: clerk}}"
    assert play(source).open()["n"] == 0
    assert play(source).open({"n": None})["n"] is None
