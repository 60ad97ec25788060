"""Letters are held against the workflows that send them, before one is sent."""

from __future__ import annotations

import pytest

from adapters.templates import MessageTemplates
from engine.core.loader.load import load
from engine.verify.letters import check_letter, used_by

SOURCE = """
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data:
  offer: {price: integer, maker: address, rows: {type: list, key: id, of: {id: text, name: text}}}
event_data: {reasons: text}
certificate: {number: "S.{seq:5}", template: sheet, holder: offer.maker}
register: {tax_id: offer.price}
duties: {four: {different: [check, late]}}
open: {by: clerk, form: [offer.price, offer.maker, offer.rows]}
initial: check
states:
  check: {turn: clerk, enter: [{notify: clerk, template: came}], events: {accept: {by: clerk, form: [reasons], to: late}}}
  late:
    turn: clerk
    events: {end: {by: clerk, to: done}}
    deadlines: {soon: {after: 5 days, remind: {before: [1 day], to: [clerk], template: hurry}}}
  done: {final: true}
"""


def found(body, *, subject="s", profile="team"):
    """(line, message, hint) of each finding about a letter of this text."""
    templates = MessageTemplates({"came.en.txt": f"Subject: {subject}\n\n{body}\n"})
    assert templates.check("came") == []
    workflow = load(SOURCE, file="sample.yaml").workflow
    named = templates.named("came")["came.en.txt"]
    findings = check_letter("came.en.txt", named, [workflow], profile)
    return [(one.mark.line, one.message, one.hint) for one in findings if one.code == "WF109"]


@pytest.mark.parametrize(
    "body",
    [
        "{{ case.number }} {{ data.offer.price }} {{ event.reasons }} {{ to.name }} {{ link }} {{ turn }}",
        "{{ data.offer.maker.city }} {{ data['offer'].price }} {{ event.name }} {{ actor.party }}",
        "{{ certificate.number }} {{ certificate.holder }} {{ data.certificate.holder }} {{ register.tax_id }} {{ register.entry_no }}",
        "{% for row in data.offer.rows %}{{ row.name }} {{ loop.index }}{% endfor %}",
        "{% for child in children %}{{ child.number }}{% endfor %}",
        "{% if data.other.thing is given %}{{ data.other.thing }}{% endif %}",
        "{{ data.offer.rows | map(attribute='name') | join }} {{ deadline.due | day }}",
        "{{ state.title }} {% if data.offer.price > 5 and event.reasons is given %}x{% endif %}",
    ],
)
def test_what_a_letter_may_name(body):
    """Data, event data, facts, and what every letter has; what is asked for first may belong to another workflow."""
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "line", "path", "hint"),
    [
        ("{{ data.offer.prise }}", 3, "data.offer.prise", "did you mean 'data.offer.price'?"),
        ("x\n{% if data.ofer.price > 5 %}x{% endif %}", 4, "data.ofer.price", "did you mean 'data.offer.price'?"),
        ("{{ event.reason }}", 3, "event.reason", "did you mean 'event.reasons'?"),
        ("{{ offer.price }}", 3, "offer.price", "did you mean 'data.offer.price'?"),
        ("{{ case.nunber }}", 3, "case.nunber", "did you mean 'case.number'?"),
        ("{% for row in data.offer.rows %}{{ rwo.name }}{% endfor %}", 3, "rwo.name", None),
        ("{% for row in data.offer.lines %}{{ row.name }}{% endfor %}", 3, "data.offer.lines", None),
    ],
)
def test_what_it_may_not(body, line, path, hint):
    """With the line, and with what was probably meant."""
    ((at, message, said),) = found(body)
    assert (at, message) == (line, f"'{path}' is nothing that 'sample' can say")
    assert hint is None or said == hint


def test_in_the_subject():
    """It is the first line."""
    assert [at for at, _, _ in found("x", subject="{{ data.offer.prise }}")] == [1]


def test_who_uses_which():
    """Actions, and reminders of their own."""
    assert used_by(load(SOURCE, file="sample.yaml").workflow) == {"came", "hurry"}


LATER = """
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: KIND, maker: address, words: {type: text, required: true}}}
event_data: {reasons: text}
open: {by: clerk, form: [OPENING]}
initial: check
states:
  check:
    turn: clerk
    events:
      price: {by: clerk, form: [ASKED], to: priced}
      skip: {by: clerk, form: [SAID], to: late}
  priced: {turn: clerk, events: {on: {by: clerk, form: [reasons!], to: late}}}
  late: {turn: clerk, set: {SET}, enter: [{notify: clerk, template: came, if: "IF"}], events: {end: {by: clerk, to: done}}}
  done: {final: true}
"""
PARTS = {
    "KIND": "integer",
    "OPENING": "offer.price, offer",
    "ASKED": "offer.price!",
    "SAID": "reasons",
    "SET": "",
    "IF": "1 == 1",
}
HOLE = "'data.offer.price' of 'sample' may have no value when this letter is sent: skip"


@pytest.mark.parametrize(
    ("body", "parts", "messages"),
    [
        ("{{ data.offer.price }}", {}, [HOLE]),
        ("{% if data.offer.price is given %}{{ data.offer.price }}{% endif %}", {}, []),
        ("{{ data.offer.price }}", {"KIND": "{type: integer, default: 0}"}, []),
        ("{{ data.offer.price }}", {"OPENING": "offer.price!, offer"}, []),
        ("{{ data.offer.price }}", {"SAID": "offer.price!"}, []),
        ("{{ data.offer.price }}", {"SET": "offer.price: 5"}, []),
        ("{{ data.offer.price }}", {"IF": "has(offer.price)"}, []),
        ("{{ data.offer.words }}", {"OPENING": "offer!"}, []),
        (
            "{{ data.offer.maker.city }}",
            {"OPENING": "offer!"},
            ["'data.offer.maker.city' of 'sample' may have no value when this letter is sent: skip"],
        ),
        ("{{ event.reasons }}", {}, ["'event.reasons' of 'sample' may have no value when this letter is sent: skip"]),
        ("{{ event.reasons }}", {"SAID": "reasons!"}, []),
        ("{{ case.number }}", {}, []),
    ],
)
def test_a_letter_that_prints_what_may_be_missing(body, parts, messages):
    """Asked with `!`, set, defaulted or asked about on every way: nothing is said; else the way without it."""
    text = LATER
    for name, value in {**PARTS, **parts}.items():
        text = text.replace(name, value)
    loaded = load(text, file="sample.yaml")
    workflow = loaded.workflow
    assert workflow is not None, [one.render(text) for one in loaded.diagnostics]
    templates = MessageTemplates({"came.en.txt": f"Subject: s\n\n{body}\n"})
    named = templates.named("came")["came.en.txt"]
    found = check_letter("came.en.txt", named, [workflow], "team")
    assert [one.message for one in found if one.code == "WF126"] == messages
