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
    return [(one.mark.line, one.message, one.hint) for one in check_letter("came.en.txt", named, [workflow], profile)]


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
