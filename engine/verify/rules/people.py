"""Rules of roles, duties and the people who are there."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, FIRM, LATE, NOTE, WARNING, Rule

_TWO = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}, chief: {title: Chief}}
data: {offer: {price: integer}}
duties: {four_eyes: {different: [check, decision]}}
open: {by: clerk, form: [offer.price]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: decision}}}
  decision: {turn: chief, events: {decide: {by: chief, to: done}}}
  done: {final: true}
"""
_REGISTER = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}, chief: {title: Chief}}
data: {offer: {tax_id: text, name: text}}
DUTIESregister: {tax_id: offer.tax_id, designation: offer.name}
open: {by: clerk, form: [offer.tax_id!, offer.name!]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: decision}}}
  decision: {turn: chief, events: {enter: {by: chief, to: done, actions: [{register: list}]}}}
  done: {final: true}
"""

PEOPLE = (
    Rule(
        "WF086",
        "A duty for a state where nobody acts",
        FIRM,
        "A duty compares who acted in states; here nobody ever sends an event, so it binds nobody.",
        _TWO.replace(
            "  decision: {turn",
            "  pause: {turn: none, deadlines: {on: {after: 1 day, to: decision}}}\n  decision: {turn",
        )
        .replace("to: decision}}}\n  pause", "to: pause}}}\n  pause")
        .replace("[check, decision]", "[check, pause]"),
        _TWO,
    ),
    Rule(
        "WF100",
        "A role that nothing is asked of",
        (NOTE, WARNING, WARNING),
        "It sends no event, has no turn and is told nothing: it is left over, or somebody was forgotten.",
        _TWO.replace("chief: {title: Chief}}", "chief: {title: Chief}, guest: {title: Guest, sees: none}}"),
        _TWO,
        "likely",
    ),
    Rule(
        "WF101",
        "One person could do it all",
        (None, NOTE, WARNING),
        "The case ends in a certificate or an entry of the register, and no duty says that who evaluates and who decides are different people (ISO/IEC 17065"
        " 7.6.2). Whoever holds all roles can do it alone.",
        _REGISTER.replace("DUTIES", ""),
        _REGISTER.replace("DUTIES", "duties: {four_eyes: {different: [check, decision]}}\n"),
        "likely",
    ),
    Rule(
        "WF102",
        "A role that nobody holds",
        LATE,
        "Of the people given (`--people`) nobody holds it, so what it has to do is never done.",
        "people.yaml has nobody with the role `chief`.",
        "people.yaml has somebody with the role `chief`.",
    ),
    Rule(
        "WF103",
        "A duty that these people cannot fulfil",
        ALWAYS,
        "Different people have to act in these states, and of the people given (`--people`) there are too few who may.",
        "`different: [check, decision]`, and one person alone holds both roles.",
        "Two people hold them.",
    ),
    Rule(
        "WF104",
        "One person whose absence stops everything",
        (NOTE, NOTE, WARNING),
        "Of the people given (`--people`) only one may do this. A delegation, or a second person, helps.",
        "people.yaml has one person with the role `chief`.",
        "people.yaml has two.",
        "likely",
    ),
)
