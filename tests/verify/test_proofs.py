"""Policies: read, proved, refuted, left open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.loader.codes import CODES as LOADER_CODES
from engine.verify.policies import AtMost, Before, NotBoth, Persons, PolicyFault, Within, parse_policy
from engine.verify.rules import RULES as VERIFY_CODES

STATES = """\
check:
  turn: clerk
  events:
    accept: {by: clerk, to: work}
    skip: {by: clerk, when: ok, to: decide}
    never: {by: clerk, when: n * n == 2, to: granted}
    reject: {by: clerk, to: rejected}
    again: {by: clerk, to: check}
work:
  parallel:
    left: {initial: l, states: {l: {turn: clerk, events: {x: {by: clerk, to: lf}}}, lf: {final: true}}}
    right: {initial: r, states: {r: {turn: maker, events: {y: {by: maker, to: rf}}}, rf: {final: true}}}
  done: [{to: decide}]
decide:
  turn: clerk
  events: {grant: {by: clerk, to: granted}, back: {by: clerk, when: n < 2, to: work}}
granted: {turn: maker, events: {end: {by: maker, to: closed}, stop: {by: maker, to: stopped}}}
rejected: {turn: maker, events: {take: {by: maker, to: closed}}, deadlines: {over: {after: 10 days, roll: none, to: closed}}}
closed: {final: true}
stopped: {final: true}
"""
DUTIES = "duties: {d: {different: [work, decide]}}"


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("never granted before decide", "WF093"),
        ("granted only if grant happened", "WF093"),
        ("never granted before check", None),
        ("never lf before work", None),
        ("never granted before rejected", "WF092"),
        ("granted only if skip happened", "WF092"),
        ("never decide before work", "WF092"),
        ("never decide before right.rf", "WF092"),
        ("at most 1 granted", None),
        ("at most 3 again", "WF092"),
        ("at most 1 reject", None),
        ("at most 1 check", "WF092"),
        ("at most 2 decide", "WF092"),
        ("at most 0 granted", "WF092"),
        ("not both granted and rejected", None),
        ("not both stopped and reject", None),
        ("not both left and right", "WF092"),
        ("not both granted and stopped", "WF092"),
        ("not both skip and work", "WF092"),
        ("different person: work, decide", None),
        ("different person: left, decide", None),
        ("different person: check, decide", "WF092"),
        ("different person: left, right", "WF092"),
        ("same person: work, decide", "WF092"),
        ("within 10 days from rejected to closed", None),
        ("within 1 month from rejected to closed", None),
        ("within 9 days from rejected to closed", "WF092"),
        ("within 10 days from granted to closed", "WF092"),
        ("decide must come after work", "WF090"),
        ("within 2 weeks from check to decide", "WF090"),
        ("never grnted before decide", "WF091"),
        ("never decide before x.y", "WF091"),
    ],
)
def test_a_sentence_is_proved_refuted_or_left_open(codes, sentence, code):
    """Holds: nothing is said. A case was made that breaks it: an error. Neither: a note."""
    found = codes(STATES, initial="check", extra=f"{DUTIES}\npolicies: ['{sentence}']")
    assert found == ([code] if code else [])


def test_both_branches_are_needed_before_what_follows_them(codes):
    """A parallel state is left when all its regions are done: nothing after it is reached without one of them."""
    states = STATES.replace("    skip: {by: clerk, when: ok, to: decide}\n", "")
    assert (
        codes(states, initial="check", extra='policies: ["never decide before right.rf", "never grant before x"]') == []
    )


def test_what_was_found_is_told(make, verify):
    """A refutation tells what was said to the case, and of the data what conditions ask for; nothing that is not needed."""
    found = verify(STATES, initial="check", extra='policies: ["never granted before rejected"]')
    way = "open (ok is true) → skip → grant"
    assert found == [("WF092", "error", f"'never granted before rejected' does not hold: {way}")]


def test_people_who_act_and_time_that_passes_are_told(diagnostics):
    """Who did what when, and which duty would help; that nobody did anything, or something else until it was too late."""

    def said(sentence, states=STATES, extra=""):
        found = diagnostics(states, initial="check", extra=f"{extra}\npolicies: ['{sentence}']")
        return [(one.message.partition("does not hold: ")[2], one.hint) for one in found if one.code == "WF092"]

    assert said("different person: check, decide") == [
        (
            "open (ok is true) → skip → grant: clerk-2 in check on 2026-01-12 06:59, clerk-2 in decide on 2026-01-12 07:59",
            "add to `duties`: {different: [check, decide]}",
        )
    ]
    assert said("within 9 days from rejected to closed") == [
        ("open → reject: rejected on 2026-01-12 06:59, no closed until 2026-01-22 00:01", None)
    ]
    bounded = STATES.replace(
        "  events:\n    accept", "  deadlines: {late: {after: 10 days, roll: none, to: decide}}\n  events:\n    accept"
    )
    ((told, _),) = said("within 15 days from check to decide", states=bounded)
    assert told.startswith("open → accept: check on "), told


def test_sentences_are_values(make):
    """Each form is read into its own value; names may be paths, the only state of a name, or events."""
    small = make(STATES, initial="check")
    kinds = {
        "never granted before decide": Before,
        "granted only if decide happened": Before,
        "at most 3 check": AtMost,
        "not both left.lf and x": NotBoth,
        "same person: check, decide, granted": Persons,
        "within 3 working days from check to decide": Within,
    }
    assert {sentence: type(parse_policy(sentence, small)) for sentence in kinds} == kinds
    assert parse_policy("at most 3 l", small).thing.states == ("work.left.l",)
    assert parse_policy("at most 3 x", small).thing.event == "x"


@pytest.fixture(scope="module")
def workflow(make):
    """The workflow of these tests."""
    return make(STATES, initial="check")


@given(st.text(st.sampled_from("never before only if happened at most 12 x decide : , ."), max_size=60))
def test_any_text_is_a_policy_or_a_fault(workflow, sentence):
    """Nothing but a policy or a one-line fault with a hint comes out."""
    said = "a policy"
    try:
        parse_policy(sentence, workflow)
    except PolicyFault as fault:
        said = f"{fault}; {fault.hint}"
    assert len(said.splitlines()) == 1


def test_codes_are_not_used_twice():
    """The loader's codes and these are apart."""
    assert not set(VERIFY_CODES) & set(LOADER_CODES)


def test_a_policy_in_working_days_or_hours_needs_their_calendar(verify):
    """Without a calendar, or without its office hours, the sentence cannot be decided by anything."""

    def said(sentence, **options):
        found = verify(STATES, initial="check", extra=f"{DUTIES}\npolicies: ['{sentence}']", **options)
        return [message for code, _, message in found if code == "WF090"]

    hours, days = ("within 8 working hours from check to decide", "within 8 working days from check to decide")
    assert said(hours) == [f"'{hours}' counts working hours: the calendar 'office' has no office hours"]
    assert said(hours, top="") == [f"'{hours}' counts working hours: there is no calendar"]
    assert said(days, top="") == [f"'{days}' counts working days: there is no calendar"]
    assert said(hours, hours=(((540, 1080),),) * 7) == said(days) == []


def test_policies_of_a_scenario_file(tmp_path):
    """One that a case breaks is reported at its line; one that is open, is left to what happens there."""
    from runtime.cli.checking import check_paths

    (tmp_path / "note.yaml").write_text(
        "milepost: 1\nworkflow: note\ntitle: Note\nroles: {clerk: {title: Clerk}}\ndata: {n: integer}\nopen: {by: clerk, form: [n]}\ninitial: one\nstates:\n"
        "  one: {turn: clerk, events: {go: {by: clerk, to: two}, end: {by: clerk, to: over}}}\n"
        "  two: {turn: clerk, events: {end: {by: clerk, to: over}}}\n  over: {final: true}\n"
    )
    (tmp_path / "note.test.yaml").write_text(
        "workflow: note\nclock: 2026-01-12 09:00\npeople: {ana: {roles: [clerk]}}\nscenarios:\n  - name: a\n    open: {by: ana}\n"
        'policies: ["never two before one", "never over before two", "different person: one, two"]\n'
    )
    found = check_paths([tmp_path / "note.test.yaml"], "team", now=datetime(2026, 1, 12, tzinfo=UTC)).findings
    assert [(one.code, one.mark.line, one.message) for one in found] == [
        ("WF092", 7, "'never over before two' does not hold: open → end"),
        (
            "WF092",
            7,
            "'different person: one, two' does not hold: open → go → end: clerk-2 in one on 2026-01-12 06:59, clerk-2 in two on 2026-01-12 07:59",
        ),
    ]
