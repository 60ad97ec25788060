"""Rules of policies."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, FIRM, NOTE, Rule

_STATES = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer}}
open: {by: clerk, form: [offer.price]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: decision}, skip: {by: clerk, to: listed}}}
  decision: {turn: clerk, events: {decide: {by: clerk, to: listed}}}
  listed: {final: true}
policies: [SENTENCE]
"""
_GOOD = _STATES.replace(", skip: {by: clerk, to: listed}", "").replace("SENTENCE", "never listed before decision")

POLICIES = (
    Rule(
        "WF090",
        "A sentence that is no policy",
        ALWAYS,
        "It cannot be proved, nor looked at when a case runs.",
        _STATES.replace("SENTENCE", "listed comes after decision"),
        _GOOD,
    ),
    Rule(
        "WF091",
        "A name in a policy that is neither state nor event",
        ALWAYS,
        "The sentence speaks of something that is not there.",
        _STATES.replace("SENTENCE", "never listd before decision"),
        _GOOD,
    ),
    Rule(
        "WF092",
        "A policy that does not hold",
        FIRM,
        "A case can break it: the engine was made to do so, and the message tells how, without what is not needed.",
        _STATES.replace("SENTENCE", "never listed before decision"),
        _GOOD,
    ),
    Rule(
        "WF093",
        "A policy that could not be decided",
        (NOTE, NOTE, NOTE),
        "Neither a proof was found nor a case that breaks it: conditions on the way may or may not allow it. Scenarios look at it when they run.",
        _STATES.replace("to: listed}, skip", "to: listed}, skip")
        .replace("skip: {by: clerk, to: listed}", "skip: {by: clerk, when: offer.price * offer.price == 2, to: listed}")
        .replace("SENTENCE", "never listed before decision"),
        _GOOD,
        "likely",
    ),
)
