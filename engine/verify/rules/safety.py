"""Rules of what must not leave, and of what must not be had without its reason."""

from __future__ import annotations

from engine.verify.rules.rule import ERROR, HINT, LATE, NOTE, WARNING, Rule

_CERTIFICATE = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}, chief: {title: Chief}}
data: {offer: {tax_id: text, name: text}}
duties: {four_eyes: {different: [check, decision]}}
certificate: {number: "S.{seq:5}-{check}", template: certificate, holder: offer.tax_id}
register: {tax_id: offer.tax_id, designation: offer.name}
open: {by: clerk, form: [offer.tax_id!, offer.name!]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: decision}SHORT}}
  decision: {turn: chief, events: {grant: {by: chief, to: printing}}}
  printing:
    turn: clerk
    enter: [{certificate: reserve}, {call: certificate.issue}]
    events: {enter: {by: clerk, when: certificate.status == "valid", to: listed}}
  listed: {final: true, enter: [{register: list}]}
"""
_WITH_KEY = """\
milepost: 1
workflow: sample
title: Sample
note: "The laboratory's key is WORDS"
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer}}
open: {by: clerk, form: [offer.price]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  done: {final: true}
"""
_SEALED = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {name: text, price: {type: text, sealed: in_state("check")}}}
open: {by: [clerk, sample], form: [offer.name, offer.price]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: done, actions: [ACTION]}}}
  done: {final: true}
"""
_RESERVED = _CERTIFICATE.replace(
    """\
    enter: [{certificate: reserve}, {call: certificate.issue}]
    events: {enter: {by: clerk, when: certificate.status == "valid", to: listed}}
""",
    """\
    enter: [{certificate: reserve}]
    events: {print: {by: clerk, to: listing}, drop: {by: clerk, to: dropped}}
  listing:
    turn: clerk
    enter: [{call: certificate.issue}]
    events: {enter: {by: clerk, when: certificate.status == "valid", to: listed}}
  dropped: {final: trueLAST}
""",
).replace("SHORT", "")

SAFETY = (
    Rule(
        "WF105",
        "An entry of the register without its certificate",
        LATE,
        "There is a way to `register: list` that reserves no certificate: a product could be permitted for use without what it has to rest on.",
        _CERTIFICATE.replace("SHORT", ", wave: {by: clerk, to: listed}"),
        _CERTIFICATE.replace("SHORT", ""),
        "likely",
    ),
    Rule(
        "WF106",
        "What looks like a secret",
        (WARNING, ERROR, ERROR),
        "A definition is read by many, kept for ever with each version and shown in handbooks. Keys and passwords belong in settings.",
        _WITH_KEY.replace("WORDS", "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"),
        _WITH_KEY.replace("WORDS", "with the keeper"),
        "likely",
    ),
    Rule(
        "WF112",
        "A certificate that is reserved and left so",
        HINT,
        "There is a way from `certificate: reserve` to an end of the case on which it is neither issued nor ended: its number is taken, and its status says `reserved` for ever.",
        _RESERVED.replace("LAST", ""),
        _RESERVED.replace("LAST", ", enter: [{certificate: annul}]"),
        "likely",
    ),
    Rule(
        "WF120",
        "A sealed field that is given to an adapter",
        (NOTE, WARNING, WARNING),
        "While it is sealed nobody reads a field but who gave it. An adapter is another program: what it does with the value, and who reads it there, is beyond the seal.",
        _SEALED.replace("ACTION", "{call: office.report, with: {price: offer.price}}"),
        _SEALED.replace("ACTION", "{call: office.report, with: {name: offer.name}}"),
        "likely",
    ),
    Rule(
        "WF121",
        "A field that is read elsewhere by who may not read it here",
        (NOTE, WARNING, WARNING),
        "What a case gives to another one has the readers of the other. The field is sealed here and not there, or a role that may not see it here (`fields`, `hides`) sees it there.",
        _SEALED.replace("ACTION", "{open: sample, with: {offer.name: offer.price}}"),
        _SEALED.replace("ACTION", "{open: sample, with: {offer.name: offer.name}}"),
        "likely",
    ),
    Rule(
        "WF122",
        "A letter that tells what its reader may not see",
        (NOTE, WARNING, WARNING),
        "A letter is written from all data of the case. The role that it is sent to does not see this field in the case (`fields`, `hides`), and reads it in the letter.",
        "`notify: [lab], template: came`, came.en.txt says `{{ data.offer.price }}`, and the role is `lab: {title: Laboratory, hides: [offer.price]}`.",
        "The letter to the laboratory does not name the price.",
        "likely",
    ),
    Rule(
        "WF126",
        "A letter that prints what may be missing",
        (NOTE, WARNING, WARNING),
        "On a way that the message names nothing has to give this value before the letter is sent. A letter with a hole is not sent: an incident waits for a person instead.",
        "`notify: [maker], template: answered`, answered.en.txt says `{{ event.reasons }}`, and the event takes `form: [reasons]`, without `!`.",
        "The form says `reasons!`, or the letter asks `{% if event.reasons is given %}` first.",
        "likely",
    ),
)
