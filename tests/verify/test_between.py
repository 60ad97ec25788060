"""Workflows that open each other and send each other events; templates."""

from __future__ import annotations

import pytest

ASKER = """\
one:
  turn: clerk
  events:
    ask: {{by: clerk, to: waits, actions: [{action}]}}
    answer: {{by: helper, form: [name!], to: end}}
waits: {{{waits}turn: clerk, events: {{answer: {{by: helper, form: [name!], to: end}}, stop: {{by: clerk, to: end}}}}}}
end: {{final: true}}
"""
HELPER = """\
one: {turn: clerk, events: {poke: {by: small, form: [n!, event_note], to: end}, quiet: {by: clerk}}}
end: {final: true, enter: [{send: answer, to: parent, with: {name: name}}]}
"""
HELPER_TOP = {
    "name": "helper",
    "openers": ", small",
    "form": "name!, kind, n, amount",
    "extra": "event_data: {event_note: text}",
}


@pytest.fixture
def talk(make, verify):
    """What is found in a workflow that speaks to `helper`."""

    def found(action, *, waits="", helper=HELPER, **top):
        helper = make(helper, without=("ok",), **{**HELPER_TOP, **top})
        small = make(ASKER.format(action=action, waits=waits))
        return [(code, message) for code, _, message in verify(small, others=[helper])]

    return found


@pytest.mark.parametrize(
    "action",
    [
        "open: helper, with: {name: name, kind: kind, n: n + 1, amount: n}",
        'open: helper, with: {name: "\'fixed\'", kind: \'ok ? "a" : "b"\'}',
        "send: poke, to: helper, where: {name: name}, with: {n: 3, event_note: name}",
    ],
)
def test_what_fits_is_silent(talk, action):
    """Values the form takes, integers where a number is wanted, options that exist, event data, `where` by fields."""
    assert talk(f"{{{action}}}") == []


@pytest.mark.parametrize(
    ("action", "code", "message"),
    [
        ("open: helpr, with: {name: name}", "WF072", "there is no workflow 'helpr' here"),
        ("open: helper, with: {nam: name, name: name}", "WF073", "`open` of 'helper': it has no field 'nam'"),
        ("open: helper, with: {ok: ok, name: name}", "WF073", "`open` of 'helper': 'ok' is not in its form"),
        (
            "open: helper, with: {name: name, amount: name}",
            "WF074",
            "`open` of 'helper': 'amount' takes number, not text",
        ),
        ("open: helper, with: {name: name, kind: \"'z'\"}", "WF074", "`open` of 'helper': 'z' is no option of 'kind'"),
        ("open: helper, with: {kind: kind}", "WF075", "`open` of 'helper': 'name' has to be given"),
        ("send: pook, to: helper, where: {name: name}", "WF076", "'helper' knows no event 'pook'"),
        ("send: quiet, to: helper, where: {name: name}", "WF077", "'helper' does not take 'quiet' from 'small'"),
        (
            "send: poke, to: helper, where: {name: name}, with: {n: ok}",
            "WF074",
            "'poke' of 'helper': 'n' takes integer, not boolean",
        ),
        (
            "send: poke, to: helper, where: {nmae: name}, with: {n: 1}",
            "WF073",
            "'helper' has no field 'nmae' to look for",
        ),
    ],
)
def test_what_does_not_fit_is_said_at_load(talk, action, code, message):
    """One finding for each thing that the receiver would not take."""
    assert talk(f"{{{action}}}") == [(code, message)]


def test_who_may_open_is_asked_of_the_receiver(talk):
    """Its `open: by` has to name the sender; a children state is checked in the same way."""
    assert talk("{open: helper, with: {name: name}}", openers="") == [
        ("WF077", "'helper' may not be opened by 'small'")
    ]
    waits = "cases: {of: helper, with: {kind: kind}, rest: cancel}, done: [{to: end}], "
    assert talk("{notify: clerk, template: hello}", waits=waits) == [
        ("WF075", "`open` of 'helper': 'name' has to be given")
    ]


def test_parent_and_children_are_those_that_can_be(make, verify):
    """`to: children` is checked against what it opens, `to: parent` against who may open it."""
    helper = make(HELPER, **HELPER_TOP)
    opens = "{open: helper, with: {name: name}}"
    good = make(ASKER.format(action=f"{opens}, {{send: poke, to: children, with: {{n: 1}}}}", waits=""))
    bad = make(ASKER.format(action=f"{opens}, {{send: poke, to: children, with: {{n: ok}}}}", waits=""))
    assert verify(good, others=[helper]) == []
    assert [code for code, _, _ in verify(bad, others=[helper])] == ["WF074"]
    assert verify(helper, others=[good]) == []
    deaf = make(ASKER.format(action=opens, waits="").replace("answer", "reply"))
    assert [message for _, _, message in verify(helper, others=[deaf])] == ["'small' knows no event 'answer'"]


def test_a_receiver_whose_file_is_not_there_is_a_matter_of_the_profile(make, verify):
    """A note in a draft, a warning for a team, an error in production."""
    small = make(ASKER.format(action="{open: helper, with: {name: name}}", waits=""))
    found = [verify(small, profile=profile)[0][:2] for profile in ("draft", "team", "production")]
    assert found == [("WF072", "note"), ("WF072", "warning"), ("WF072", "error")]


def test_a_sender_of_nearly_the_same_name(make, verify):
    """A workflow in `by` that is not there, while one of nearly that name is, is probably misspelt."""
    helper = make(HELPER, **HELPER_TOP)
    small = make(ASKER.format(action="{notify: clerk, template: hello}", waits="").replace("by: helper", "by: helpers"))
    assert {code for code, _, _ in verify(small, others=[helper])} == {"WF078"}


def test_templates_are_there(verify):
    """Each missing template is reported once, with the nearest name; where no list is given nothing is said."""
    states = """\
        one:
          turn: clerk
          enter: [{notify: clerk, template: helo}, {notify: maker, template: helo}]
          events: {go: {by: clerk, to: end, actions: [{notify: maker, template: bye}]}}
          deadlines: {d: {after: 5 days, remind: [1 day], escalate: [clerk]}}
        end: {final: true}
    """
    assert verify(states, templates={"hello", "bye", "reminder"}) == [
        ("WF071", "warning", "there is no template 'helo'")
    ]
    assert [message for _, _, message in verify(states, templates={"helo", "bye"})] == [
        "there is no template 'reminder'"
    ]
    assert verify(states) == []
