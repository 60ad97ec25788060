"""Who finds a case, what he reads of it, and what he could send (LANGUAGE §2.2, §2.3 sealed, §2.5 panel)."""

from __future__ import annotations

import pytest

from engine.core.case import SYSTEM, Actor
from engine.core.sight import allowed, held_roles, may_address, may_see, visible_data
from engine.errors import GuardRefused

SOURCE = """
roles:
  own: {title: Own, side: applicant, where: {party: firm}, sees: own}
  opener: {title: Opener, sees: own}
  assigned: {title: Assigned, sees: assigned}
  other: {title: Other, sees: assigned}
  all: {title: All, sees: all}
  outside: {title: Outside, sees: none}
  narrow: {title: Narrow, sees: all, fields: [firm, test]}
  blind: {title: Blind, sees: all, hides: [test.score, secret]}
data:
  firm: text
  secret: text
  test: {score: integer, words: text}
open: {by: [own, opener], form: [firm, secret, test]}
states:
  a:
    turn: assigned
    events:
      go: {by: [assigned, outside], to: b}
      mine: {by: own}
  b: {turn: other, events: {back: {by: other, to: a}}}
"""


@pytest.fixture
def case(play):
    """A case of the firm 4000000001, opened by opal."""
    data = {"firm": "4000000001", "secret": "s", "test": {"score": 7, "words": "n"}}
    return play(SOURCE).open(data, by=play.person("opal", "opener"))


def finds(case, actor: Actor) -> bool:
    """Whether he finds it."""
    return may_see(case.chart, case.case, actor)


def reads(case, actor: Actor) -> set[str]:
    """The paths he reads."""
    return set(visible_data(case.chart, case.case, actor))


def offers(case, actor: Actor) -> list[str]:
    """The events he could send."""
    return [one.event for one in allowed(case.chart, case.case, actor, now=case.now)]


def test_own_is_where_it_fits_or_who_opened_it(play, case) -> None:
    """own: his attribute fits, or he opened it himself."""
    assert finds(case, play.person("o1", "own", attributes={"party": "4000000001"}))
    assert finds(case, play.person("o1", "own", attributes={"party": ("1", "4000000001")}))
    assert not finds(case, play.person("o2", "own", attributes={"party": "4000000002"}))
    assert not finds(case, play.person("o3", "own"))
    assert finds(case, play.person("opal", "opener"))
    assert not finds(case, play.person("oscar", "opener"))


def test_assigned_is_offered_or_taken_for_the_whole_case(play, case) -> None:
    """assigned: from when his role's turn comes, and from then on; his supervisor with him."""
    assigned, other = play.person("x", "assigned"), play.person("y", "other")
    assert finds(case, assigned)
    assert not finds(case, other)
    case.send("go", by=assigned)
    assert finds(case, assigned)
    assert finds(case, other)
    assert finds(case, play.person("z", "assigned.supervisor"))


def test_all_and_none(play, case) -> None:
    """All finds every case; none finds none, and may still send what is addressed to his role."""
    assert finds(case, play.person("x", "all"))
    nobody = play.person("x", "outside")
    assert not finds(case, nobody)
    assert may_address(case.chart, case.case, nobody)
    case.send("go", by=nobody)
    assert not may_address(case.chart, case.case, nobody)


def test_who_has_no_role_here_finds_nothing(play, case) -> None:
    """Unknown roles, no roles: nothing; the system sees everything."""
    assert not finds(case, play.person("x", "stranger"))
    assert not finds(case, play.person("x"))
    assert finds(case, SYSTEM)
    assert reads(case, SYSTEM) == set(case.case.data)


def test_held_roles_fit_the_case(play, case) -> None:
    """The roles whose `where` fits this case's data."""
    workflow = case.chart.workflow
    person = play.person("x", "own", "all", "all.supervisor", "stranger", attributes={"party": "4000000002"})
    assert held_roles(workflow, case.case.data, person) == {"all", "all.supervisor"}


def test_fields_and_hides(play, case) -> None:
    """fields: only these; hides: all but these; of two roles each adds what it sees."""
    everything = {"firm", "secret", "test.score", "test.words"}
    assert reads(case, play.person("x", "all")) == everything
    assert reads(case, play.person("x", "narrow")) == {"firm", "test.score", "test.words"}
    assert reads(case, play.person("x", "blind")) == {"firm", "test.words"}
    assert reads(case, play.person("x", "narrow", "blind")) == {"firm", "test.score", "test.words"}


def test_a_role_that_does_not_find_the_case_reads_nothing(play, case) -> None:
    """A role of a case that is not his gives no sight of its data."""
    assert reads(case, play.person("x", "own", attributes={"party": "9"})) == set()
    assert reads(case, play.person("x", "own", "narrow", attributes={"party": "9"})) == {
        "firm",
        "test.score",
        "test.words",
    }


SEALED = """
roles: {clerk: {title: Clerk, sees: all}, chief: {title: Chief, sees: all}}
data:
  opened: {type: boolean, default: false}
  bid: {sealed: 'not opened', sum: integer, words: text}
  one: {type: text, sealed: 'limit > 5'}
  limit: integer
open: {by: clerk}
states:
  a:
    turn: clerk
    events: {bid: {by: clerk, form: [bid.sum, bid.words, one]}, unseal: {by: chief, set: {opened: true, limit: 1}}}
"""


def test_what_is_sealed_is_read_by_who_gave_it(play) -> None:
    """While sealed nobody reads it but who gave it; afterwards all do; what cannot be decided stays sealed."""
    case = play(SEALED).open().send("bid", {"bid.sum": 5, "one": "x"}).send("bid", {"bid.words": "n"}, by="ben")
    ana, ben, cyd = (play.people[name] for name in ("ana", "ben", "cyd"))
    assert reads(case, ana) == {"opened", "bid.sum", "one"}
    assert reads(case, ben) == {"opened", "bid.words"}
    assert reads(case, cyd) == {"opened"}
    case.send("unseal", by="cyd")
    assert reads(case, cyd) == {"opened", "limit", "bid.sum", "bid.words", "one"}


def test_who_gave_it_last_keeps_sight(play) -> None:
    """Another's value replaces his: he does not read it."""
    case = play(SEALED).open().send("bid", {"bid.sum": 5}).send("bid", {"bid.sum": 6}, by="ben")
    assert "bid.sum" not in reads(case, play.people["ana"])
    assert "bid.sum" in reads(case, play.people["ben"])


PANEL = """
data: {votes: {rows: {type: list, of: {person: person, yes: boolean}}}, n: {type: integer, default: 0}}
open: {by: clerk}
roles: {clerk: {title: Clerk, sees: all}, chief: {title: Chief, sees: all}}
states:
  ask:
    panel: {ask: {clerk: 2}, form: [yes!], into: votes.rows, rest: go_on}
    events: {out: {by: chief, to: b}}
    deadlines: {late: {after: 5 days, to: b, extend: {by: chief, times: 1, add: 1 day}}}
    done: [{to: b}]
  b: {turn: clerk}
"""


def test_others_answers_are_hidden_until_ones_own_is_given(play) -> None:
    """A member sees the answers after his own; who is not asked sees them at once."""
    case = play(PANEL).open().send("answer", {"yes": True})
    assert "votes.rows" not in reads(case, play.people["ben"])
    assert "votes.rows" in reads(case, play.people["ana"])
    assert "votes.rows" in reads(case, play.people["cyd"])
    case.send("answer", {"yes": True}, by="ben")
    assert "votes.rows" in reads(case, play.people["ben"])


def test_answers_stay_hidden_while_late_ones_are_taken(play) -> None:
    """rest: go_on: who may still answer does not read others' answers first."""
    case = play(PANEL).open().send("answer", {"yes": True}).send("out", by="cyd")
    assert offers(case, play.people["ben"]) == ["answer"]
    assert "votes.rows" not in reads(case, play.people["ben"])
    case.send("answer", {"yes": False}, by="ben")
    assert "votes.rows" in reads(case, play.people["ben"])


# ── what he could send ───────────────────────────────────────────────────────────────────────────────────────────────


def test_allowed_says_the_form_the_state_and_the_role(play, case) -> None:
    """An offer has the event's form, the state that takes it and the role he sends it in."""
    (one,) = allowed(case.chart, case.case, play.person("x", "assigned"), now=case.now)
    assert (one.event, one.state, one.role, one.form, one.declares) == ("go", "a", "assigned", (), ())


def test_an_answer_is_offered_once(play) -> None:
    """Who has answered, and who finds no place left, is offered no answer."""
    case = play(PANEL).open()
    assert offers(case, play.people["ana"]) == ["answer"]
    case.send("answer", {"yes": True})
    assert offers(case, play.people["ana"]) == []
    assert offers(case, play.people["ben"]) == ["answer"]
    assert offers(case, play.people["cyd"]) == ["out", "extend_late"]


def test_an_extension_is_offered_as_often_as_it_may_be_used(play) -> None:
    """A deadline that has been extended as often as it may be is not offered again."""
    case = play(PANEL).open().send("extend_late", {"reasons": "x"}, by="cyd")
    assert offers(case, play.people["cyd"]) == ["out"]
    case.refused(GuardRefused, "extend_late", {"reasons": "x"}, by="cyd")


CONDITIONS = """
states:
  a:
    turn: clerk
    events:
      yes: {by: clerk, when: n > 2}
      no: {by: clerk, when: n > 5}
      form: {by: clerk, form: [n], when: n > 5}
      said: {by: clerk, form: [amount], when: has(event.amount) and event.amount > 3}
      half: {by: clerk, form: [m], when: m > 5 and n > 5}
      lost: {by: clerk, when: word == "x"}
      pick: {by: clerk, choose: [{when: n > 9}, {when: n > 2}]}
"""


def test_conditions_on_what_is_given_are_left_open(play) -> None:
    """Listed is what could be true whatever he fills in; what is false or cannot be decided is not."""
    case = play(CONDITIONS).open({"n": 3})
    assert offers(case, play.people["ana"]) == ["yes", "form", "said", "half", "pick"]


def test_a_closed_case_offers_nothing(play) -> None:
    """A closed case takes no event."""
    case = play("states: {a: {turn: clerk, events: {go: {by: clerk, to: b}}}, b: {final: true}}").open().send("go")
    assert offers(case, play.people["ana"]) == []


def test_duties_and_new_people_take_offers_away(play) -> None:
    """A duty that stands against him, a role that is free again: not offered; a declaration still due: said."""
    source = """
    data: {firm: party, n: {type: integer, default: 0}}
    open: {by: chief, form: [firm]}
    duties: {d-1: {different: [a, b]}, d-2: {no_interest: firm, within: 24 months, in: [b]}}
    states:
      a: {turn: clerk, events: {go: {by: clerk, to: b}}}
      b: {turn: clerk, events: {note: {by: clerk}, back: {by: chief, actions: [{new_people: [clerk]}], to: a}}}
    """
    case = play(source).open({"firm": {"tax_id": "4000000009"}}, by="cyd").send("go")
    assert offers(case, play.people["ana"]) == []
    (one,) = allowed(case.chart, case.case, play.people["ben"], now=case.now)
    assert (one.event, one.declares) == ("note", ("d-2",))
    case.send("note", by="ben", declares=one.declares)
    assert allowed(case.chart, case.case, play.people["ben"], now=case.now)[0].declares == ()
    case.send("back", by="cyd", declares=["d-2"])
    assert offers(case, play.people["ana"]) == offers(case, play.people["ben"]) == []
    assert offers(case, play.person("eve", "clerk")) == ["go"]


def test_an_event_of_two_regions_is_offered_where_no_duty_stands_in_either(play) -> None:
    """An event that two regions take: a duty in one of them takes the offer away."""
    source = """
    duties: {d-1: {different: [a, right]}}
    states:
      a: {turn: clerk, events: {on: {by: clerk, to: p}}}
      p:
        turn: clerk
        parallel:
          left: {initial: x, states: {x: {events: {go: {by: clerk, to: y}}}, y: {}}}
          right: {initial: x, states: {x: {events: {go: {by: clerk, to: y}}}, y: {}}}
    """
    case = play(source).open().send("on")
    assert offers(case, play.people["ana"]) == []
    assert offers(case, play.people["ben"]) == ["go"]


def test_children_conditions_count_the_states_own(play) -> None:
    """In a children state `children` are those that count for it, in an offer as in a step."""
    source = """
    workflow: small
    open: {by: [clerk, small]}
    states:
      a: {turn: clerk, events: {more: {by: clerk, actions: [{open: small}]}, go: {by: clerk, to: kids}}}
      kids:
        turn: clerk
        cases: {of: small, with: {n: 1}, rest: cancel}
        events: {one: {by: clerk, when: size(children) == 1}, two: {by: clerk, when: size(children) == 2}}
    """
    case = play(source.replace("open: small}", "open: other}")).open().send("more").send("go")
    assert offers(case, play.people["ana"]) == ["one"]
    case.send("one").refused(GuardRefused, "two")
