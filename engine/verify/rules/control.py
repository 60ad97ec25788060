"""Rules of control flow."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, FIRM, HINT, LATE, NOTE, WARNING, Rule

_ROUNDS = """\
milepost: 1
workflow: sample
title: Sample
roles: {{clerk: {{title: Clerk}}, buyer: {{title: Buyer, side: applicant}}}}
data: {{offer: {{rounds: {{type: integer, default: 0}}}}}}
open: {{by: buyer}}
initial: check
states:
  check:
    turn: clerk
    events:
      ask: {{by: clerk, when: offer.rounds < 2, set: {{offer.rounds: offer.rounds + 1}}, to: answer}}
      refuse: {{by: clerk, {refuse}}}
  answer: {{turn: buyer, events: {{reply: {{by: buyer, to: check}}}}}}
  done: {{final: true}}
"""

CONTROL = (
    Rule(
        "WF064",
        "A state that is never reached",
        LATE,
        "No arm leads to it, so what is written there never happens: most often an arm has the wrong target, or was forgotten.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  waiting: {turn: buyer, events: {answer: {by: buyer, to: done}}}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}, ask: {by: clerk, to: waiting}}}
  waiting: {turn: buyer, events: {answer: {by: buyer, to: done}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF065",
        "A state without a way to an end",
        FIRM,
        "A case that comes here can never be closed, whatever anybody does.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}, park: {by: clerk, to: parked}}}
  parked: {turn: none}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}, park: {by: clerk, to: parked}}}
  parked: {turn: none, events: {resume: {by: clerk, to: check}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF066",
        "Automatic moves that never come to rest",
        ALWAYS,
        "Choices lead to each other without a state in which a case can wait. The engine refuses such a step after 100 moves.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: sort}, drop: {by: clerk, to: done}}}
  sort: {choose: [{to: again}]}
  again: {choose: [{to: sort}]}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: sort}, drop: {by: clerk, to: done}}}
  sort: {choose: [{to: again}]}
  again: {choose: [{to: check}]}
  done: {final: true}
""",
    ),
    Rule(
        "WF067",
        "Automatic moves that may go round without rest",
        HINT,
        "Some conditions let choices lead back to themselves. If they stay true, the step is refused after 100 moves.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: sort}}}
  sort: {choose: [{when: offer.score >= 70, to: done}, {to: again}]}
  again: {choose: [{when: offer.kind == "small", to: sort}, {to: check}]}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: sort}}}
  sort: {choose: [{when: offer.score >= 70, to: done}, {to: again}]}
  again: {choose: [{when: offer.kind == "small", to: done}, {to: check}]}
  done: {final: true}
""",
        "likely",
    ),
    Rule(
        "WF068",
        "`done` that can never be taken",
        LATE,
        "Nothing inside ever ends, so what should follow never follows.",
        """\
  check:
    initial: reading
    states:
      reading: {turn: clerk, events: {read: {by: clerk, to: noting}, stop: {by: clerk, to: done}}}
      noting: {turn: clerk, events: {noted: {by: clerk, to: reading}}}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    initial: reading
    states:
      reading: {turn: clerk, events: {read: {by: clerk, to: noted}, stop: {by: clerk, to: done}}}
      noted: {final: true}
    done: [{to: done}]
  done: {final: true}
""",
    ),
    Rule(
        "WF069",
        "A word that can do nothing where it stands",
        LATE,
        "It reads as if something happened here, and nothing ever does.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  done: {final: true, turn: clerk}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF095",
        "An event that one around it hides",
        LATE,
        "The inner state takes the event, whoever sends it and whatever the data say, so the one outside is never looked at while this state is"
        " active. If that is all the time, it is never taken at all.",
        """\
  check:
    initial: reading
    events: {stop: {by: clerk, to: stopped}}
    states:
      reading: {turn: clerk, events: {stop: {by: clerk, to: over}}}
      over: {final: true}
    done: [{to: done}]
  stopped: {final: true}
  done: {final: true}
""",
        """\
  check:
    initial: reading
    events: {stop: {by: clerk, to: stopped}}
    states:
      reading: {turn: clerk, events: {read: {by: clerk, to: over}}}
      over: {final: true}
    done: [{to: done}]
  stopped: {final: true}
  done: {final: true}
""",
    ),
    Rule(
        "WF110",
        "Answers that nobody can give any more",
        HINT,
        "`rest: go_on` lets late answers be recorded after the panel is left. Here every way out closes the case, and a closed case takes no answer.",
        """\
  check:
    panel: {ask: {clerk: 3}, form: [vote!], into: votes, need: 2, rest: go_on}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    panel: {ask: {clerk: 3}, form: [vote!], into: votes, need: 2}
    done: [{to: done}]
  done: {final: true}
""",
    ),
    Rule(
        "WF111",
        "Children that outlive their case",
        (NOTE, NOTE, WARNING),
        "`rest: go_on` lets the children live on when the state is left, and from there the case can close without waiting for them and without telling them. What they"
        " send to their parent then is recorded and moves nothing.",
        """\
  check:
    turn: clerk
    cases: {of: sample, add: [clerk], rest: go_on}
    events: {stop: {by: clerk, to: done}}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    cases: {of: sample, add: [clerk], rest: cancel}
    events: {stop: {by: clerk, to: done}}
    done: [{to: done}]
  done: {final: true}
""",
        "likely",
    ),
    Rule(
        "WF113",
        "A round between two sides that nobody counts",
        (NOTE, NOTE, WARNING),
        "One side asks, the other answers, and it begins again: no condition looks at a field that the round changes, and no deadline around it ends it. A case can go back and forth for"
        " years. A counter is one field; who wants no limit says so by a silence.",
        """\
  check: {turn: clerk, events: {ask: {by: clerk, to: asked}, accept: {by: clerk, to: done}}}
  asked: {turn: buyer, events: {answer: {by: buyer, to: check}}}
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    events:
      ask: {by: clerk, when: offer.score < 3, set: {offer.score: offer.score + 1}, to: asked}
      accept: {by: clerk, to: done}
  asked: {turn: buyer, events: {answer: {by: buyer, to: check}}}
  done: {final: true}
""",
        "likely",
    ),
    Rule(
        "WF119",
        "More children needed than there can be",
        LATE,
        "`with` without `each` opens one case, and nobody may add another. When it has ended all are in, so the number is never looked at: it says something that is not so.",
        """\
  check:
    turn: clerk
    cases: {of: sample, with: {offer.price: offer.price}, need: 2, rest: cancel}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    cases: {of: sample, with: {offer.price: offer.price}, need: 2, add: [clerk], rest: cancel}
    done: [{to: done}]
  done: {final: true}
""",
    ),
    Rule(
        "WF124",
        "A case that rests for ever",
        FIRM,
        "Each state has a way on, but in this configuration none of them can be taken: regions wait for each other, or the data that every way asks for"
        " cannot be had any more. The message tells how a case came there on the engine.",
        _ROUNDS.format(refuse="when: offer.rounds == 1, to: done"),
        _ROUNDS.format(refuse="to: done"),
    ),
    Rule(
        "WF125",
        "More configurations than could be looked at",
        (NOTE, NOTE, NOTE),
        "Regions side by side multiply, and so do counters. What was looked at is in order; whether a case may go round for ever by the values that are named is not known.",
        "a workflow of many regions, each with many states, that are active together",
        "the same with fewer regions at a time",
        "likely",
    ),
)
