"""A small workflow that is right, in lines that a test can exchange, and the short form of findings."""

from __future__ import annotations

import pytest

SMALL = """\
milepost: 1
workflow: small
title: A small workflow
calendar: ru
timezone: Europe/Moscow
number: "S-{year}-{seq:4}"
roles:
  clerk: {title: Clerk, sees: all}
  buyer: {side: applicant, where: {party: order.buyer}, sees: own}
data:
  order:
    buyer: text
    amount: {type: integer, default: 0}
    due: date
    seen_at: datetime
    verdict: [fine, faulty]
    lines: {type: list, key: line_no, of: {line_no: text, qty: integer}}
    notes: {type: list, of: {person: person, vote: [yea, nay], reasons: text}}
    team: {type: list, of: person}
event_data:
  reasons: {type: text, max: 4000}
define:
  large: order.amount > 100
duties:
  d-1: {different: [check, vote]}
open: {by: buyer, form: [order.buyer!, order.amount]}
initial: check
states:
  check:
    turn: clerk
    events:
      accept: {by: clerk, form: [order.verdict!], when: order.verdict == "fine", to: vote}
      refuse: {by: clerk, form: [reasons!], to: refused}
    deadlines:
      decide: {after: 5 working days, remind: [1 working day], escalate: [clerk]}
  vote:
    panel: {ask: {clerk: 3}, form: [vote!, reasons], into: order.notes, need: 2}
    done:
      - {when: 'answers.exists(a, a.vote == "yea")', to: work}
      - {to: refused}
  work:
    parallel:
      left:
        initial: one
        states:
          one: {turn: clerk, events: {next: {by: clerk, to: two}}}
          two: {final: true}
      right:
        initial: one
        states:
          one: {turn: clerk, events: {go: {by: clerk, to: over}}}
          over: {final: true}
    done: [{to: paid}]
  paid: {final: true, outcome: paid, enter: [{notify: buyer, template: paid}]}
  refused: {final: true, outcome: refused}
"""


@pytest.fixture(scope="session")
def small() -> str:
    """A small workflow that loads without a finding."""
    return SMALL
