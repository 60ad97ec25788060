"""Rules of what must not leave, and of what must not be had without its reason."""

from __future__ import annotations

from engine.verify.rules.rule import ERROR, LATE, WARNING, Rule

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
)
