"""Fields that leave for where their readers are others."""

from __future__ import annotations

import pytest

from adapters.templates import MessageTemplates
from engine.core.loader.load import load
from engine.verify.check import check
from engine.verify.letters import check_letter

SOURCE = """
milepost: 1
workflow: sample
title: Sample
roles:
  clerk: {title: Clerk}
  lab: {title: Laboratory, LAB}
data:
  offer: {name: text, price: text, other: text, bid: {type: text, sealed: 'in_state("bidding")'}, vow: {type: text, sealed: 'offer.name == "x"'}}
event_data: {reasons: text}
open: {by: [clerk, sample], form: [offer]}
initial: bidding
states:
  bidding: {turn: clerk, enter: [IN], events: {accept: {by: clerk, form: [reasons], to: later}}}
  later: {turn: lab, enter: [OUT], events: {end: {by: lab, to: done}}}
  done: {final: true}
"""
CALM = "{notify: clerk, template: calm}"


def small(lab="sees: all", inside=CALM, outside=CALM):
    """A bid that is sealed while they are made."""
    loaded = load(SOURCE.replace("LAB", lab).replace("IN", inside).replace("OUT", outside), file="sample.yaml")
    assert loaded.workflow is not None, loaded.diagnostics
    return loaded.workflow


def found(workflow, *others):
    """(code, message) of each finding."""
    known = {one.name: one for one in others}
    return [(o.code, o.message) for o in check(workflow, others=known, calendars={}, templates=None).found]


def test_what_is_sealed_is_not_given_to_an_adapter():
    """While the seal may hold; behind the state that it holds in it is open."""
    call = "{call: office.report, with: {price: EXPR}}"
    for path in ("offer.bid", "offer.vow"):
        said = [("WF120", f"the sealed '{path}' goes to 'office.report' as 'price'")]
        assert found(small(inside=call.replace("EXPR", path))) == said
        assert found(small(inside=call.replace("EXPR", f"'{path} + \"!\"'"))) == said
    assert found(small(outside=call.replace("EXPR", "offer.bid"))) == []
    assert [code for code, _ in found(small(outside=call.replace("EXPR", "offer.vow")))] == ["WF120"]
    assert found(small(inside=call.replace("EXPR", "offer.price"))) == []
    service = SOURCE.replace("LAB", "sees: all").replace("OUT", CALM)
    service = service.replace(
        "turn: clerk, enter: [IN]", "turn: clerk, call: office.report, with: {price: offer.bid}, done: [{to: later}]"
    )
    assert [code for code, _ in found(load(service, file="sample.yaml").workflow)] == ["WF120"]


OTHER = """
milepost: 1
workflow: other
title: Other
roles: {clerk: {title: Clerk}, lab: {title: Laboratory, LAB}}
data: {got: {a: text, b: {type: text, sealed: 'in_state("one")'}}}
open: {by: [sample, clerk], form: [got]}
initial: one
states:
  one: {turn: clerk, events: {go: {by: clerk, to: end}}}
  end: {final: true}
"""


@pytest.mark.parametrize(
    ("lab", "there", "value", "expected"),
    [
        ("sees: all", "sees: all", "got.a: offer.bid", "'offer.bid' is sealed here, and 'got.a' of 'other' is not"),
        ("sees: all", "sees: all", "got.b: offer.bid", None),
        (
            "hides: [offer.price]",
            "sees: all",
            "got.a: offer.price",
            "'lab' may not see 'offer.price' here, and sees it as 'got.a' of 'other'",
        ),
        (
            "fields: [offer.name]",
            "fields: [got]",
            "got.a: offer.price",
            "'lab' may not see 'offer.price' here, and sees it as 'got.a' of 'other'",
        ),
        ("hides: [offer.price]", "hides: [got.a]", "got.a: offer.price", None),
        ("hides: [offer.price]", "sees: none", "got.a: offer.price", None),
        ("hides: [offer.price]", "sees: all", "got.a: offer.name", None),
        ("hides: [offer.price]", "sees: all", "got.a: 'offer.price + \"!\"'", None),  # made of it, not it
    ],
)
def test_what_another_workflow_is_given(lab, there, value, expected):
    """Readers there are held against readers here: seals, and roles of the same name."""
    other = load(OTHER.replace("LAB", there), file="other.yaml").workflow
    workflow = small(lab, inside=f"{{open: other, with: {{{value}}}}}")
    assert found(workflow, other) == ([] if expected is None else [("WF121", expected)])


def letters(body, lab, to="lab"):
    """(line, code, message) of findings about the letter."""
    templates = MessageTemplates({"came.en.txt": f"Subject: s\n\n{body}\n"})
    assert templates.check("came") == []
    workflow = small(lab, outside=f"{{notify: [{to}], template: came}}")
    said = check_letter("templates/came.en.txt", templates.named("came")["came.en.txt"], [workflow], "team")
    return [(one.mark.line, one.code, one.message) for one in said if one.code == "WF122"]


@pytest.mark.parametrize(
    ("lab", "name"),
    [
        ("hides: [offer.price]", "data.offer.price"),
        ("hides: [offer]", "data.offer.price"),
        ("fields: [offer.name]", "data.offer.price"),
        ("fields: [offer]", "event.reasons"),
    ],
)
def test_a_letter_to_who_may_not_see_it(lab, name):
    """By field, by group, by what alone he sees; event data too."""
    words = f"'lab' of 'sample' is sent this letter and may not see '{name}'"
    assert letters(f"{{{{ case.number }}}}\n{{{{ {name} }}}}", lab) == [(4, "WF122", words)]


def test_a_letter_to_whose_turn_it_is():
    """`turn` is the role that has it there; a reminder without a name goes to it too."""
    words = "'lab' of 'sample' is sent this letter and may not see 'data.offer.price'"
    assert letters("{{ data.offer.price }}", "hides: [offer.price]", "turn") == [(3, "WF122", words)]
    reminding = SOURCE.replace(
        "to: done}}}", "to: done}}, deadlines: {soon: {after: 5 days, remind: [1 day], escalate: [clerk]}}}"
    )
    workflow = load(
        reminding.replace("LAB", "hides: [offer.price]").replace("IN", CALM).replace("OUT", CALM), file="sample.yaml"
    ).workflow
    said = check_letter("reminder.en.txt", {"data.offer.price": 3}, [workflow], "team")
    assert [(one.code, one.message) for one in said if one.code == "WF122"] == [("WF122", words)]


@pytest.mark.parametrize(
    ("lab", "name", "to"),
    [
        ("hides: [offer.price]", "data.offer.name", "lab"),
        ("hides: [offer.price]", "data.offer.price", "clerk"),
        ("fields: [offer.price, reasons]", "event.reasons", "lab"),
        ("sees: none", "data.offer.price", "lab"),
        ("hides: [offer.price]", "case.number", "lab"),
    ],
)
def test_a_letter_that_is_fine(lab, name, to):
    """Another field, another reader; that he finds no case in a search does not forbid a letter."""
    assert letters(f"{{{{ {name} }}}}", lab, to) == []
