"""Rules of arms and conditions, and of the fields that they read."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, FIRM, HINT, LATE, NOTE, Rule

_OPTION = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, state: {type: choice, options: OPTIONS, default: open}}}
open: {by: clerk, form: [offer.price]}
initial: check
states:
  check: {turn: clerk, events: {keep: {by: clerk, set: {offer.state: kept}, to: done}}}
  done: {final: true}
"""
_UNUSED = """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer}}
event_data: {reasons: text}
define: {dear: offer.price > 100}
open: {by: clerk, form: [offer.price]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: done}, refuse: {by: clerk, GIVENto: done}}}
  done: {final: true}
"""

ARMS = (
    Rule(
        "WF080",
        "An arm that can never be taken",
        FIRM,
        "The first arm that fits is taken, and one before this always fits where it would.",
        """\
  check:
    turn: clerk
    events:
      decide: {by: clerk, choose: [{when: offer.score >= 50, to: done}, {when: offer.score >= 70, to: praised}]}
  praised: {final: true}
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    events:
      decide: {by: clerk, choose: [{when: offer.score >= 70, to: praised}, {when: offer.score >= 50, to: done}]}
  praised: {final: true}
  done: {final: true}
""",
    ),
    Rule(
        "WF127",
        "A condition that can never be false",
        HINT,
        "Every value that the fields can have fulfils it, so it decides nothing: most often a bound of the field, or a number, is not the one that was meant.",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, when: 'offer.kind == "small" || offer.kind == "large"', to: done}}
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, when: 'offer.kind == "small"', to: done}, refuse: {by: clerk, to: done}}
  done: {final: true}
""",
        "likely",
    ),
    Rule(
        "WF081",
        "A condition that can never be true",
        LATE,
        "No values that the fields can have make it true, so what it guards never happens.",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, when: offer.score > 70 && offer.score < 50, to: done}, drop: {by: clerk, to: done}}
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, when: offer.score > 50 && offer.score < 70, to: done}, drop: {by: clerk, to: done}}
  done: {final: true}
""",
    ),
    Rule(
        "WF082",
        "No arm fits in every case",
        ALWAYS,
        "What moves on by itself has to move on whatever the data say. The values named are some with which a case would stand still with an error.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: sort}}}
  sort: {choose: [{when: offer.score >= 70, to: done}, {when: offer.score < 60, to: check}]}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: sort}}}
  sort: {choose: [{when: offer.score >= 70, to: done}, {to: check}]}
  done: {final: true}
""",
    ),
    Rule(
        "WF083",
        "Two regions that leave the same state on one event",
        HINT,
        "Only one of them can: the inner one, else the first in the file. The other arm gives way.",
        """\
  check:
    parallel:
      papers: {initial: p, states: {p: {turn: clerk, events: {stop: {by: clerk, to: done}, go: {by: clerk, to: q}}}, q: {final: true}}}
      goods: {initial: g, states: {g: {turn: clerk, events: {stop: {by: clerk, to: done}, see: {by: clerk, to: h}}}, h: {final: true}}}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    events: {stop: {by: clerk, to: done}}
    parallel:
      papers: {initial: p, states: {p: {turn: clerk, events: {go: {by: clerk, to: q}}}, q: {final: true}}}
      goods: {initial: g, states: {g: {turn: clerk, events: {see: {by: clerk, to: h}}}, h: {final: true}}}
    done: [{to: done}]
  done: {final: true}
""",
    ),
    Rule(
        "WF084",
        "Two regions that set one field on one event",
        HINT,
        "Nobody could say which value is meant, so the engine refuses such a step.",
        """\
  check:
    parallel:
      papers: {initial: p, states: {p: {turn: clerk, events: {note: {by: clerk, set: {offer.score: 1}}, go: {by: clerk, to: q}}}, q: {final: true}}}
      goods: {initial: g, states: {g: {turn: clerk, events: {note: {by: clerk, set: {offer.score: 2}}, see: {by: clerk, to: h}}}, h: {final: true}}}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    parallel:
      papers: {initial: p, states: {p: {turn: clerk, events: {note: {by: clerk, set: {offer.score: 1}}, go: {by: clerk, to: q}}}, q: {final: true}}}
      goods: {initial: g, states: {g: {turn: clerk, events: {see: {by: clerk, to: h}}}, h: {final: true}}}
    done: [{to: done}]
  done: {final: true}
""",
    ),
    Rule(
        "WF097",
        "A field that nobody ever gives or reads",
        (NOTE, HINT[1], HINT[1]),
        "It is in no form, no `set`, no condition and no certificate: it is left over, or a form forgot it.",
        """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, colour: text}}
open: {by: clerk, form: [offer.price]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  done: {final: true}
""",
        """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, colour: text}}
open: {by: clerk, form: [offer.price, offer.colour]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF098",
        "A field that is read and can have no value",
        LATE,
        "No form asks for it, nothing sets it and it has no default: each time the expression is asked, the step is refused for the missing value.",
        """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, limit: integer}}
open: {by: clerk, form: [offer.price!]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, when: offer.price < offer.limit, to: done}, drop: {by: clerk, to: done}}}
  done: {final: true}
""",
        """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, limit: {type: integer, default: 100}}}
open: {by: clerk, form: [offer.price!]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, when: offer.price < offer.limit, to: done}, drop: {by: clerk, to: done}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF128",
        "A field that is read before anything can have written it",
        LATE,
        "On every way to this state the forms and sets that write the field are still ahead: each time the expression is asked, the step is refused for the missing value. A certificate that is reserved there would be issued without it.",
        """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, limit: integer}}
open: {by: clerk, form: [offer.price!]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, when: offer.price < offer.limit, to: bounds}, drop: {by: clerk, to: done}}}
  bounds: {turn: clerk, events: {fix: {by: clerk, form: [offer.limit!], to: done}}}
  done: {final: true}
""",
        """\
milepost: 1
workflow: sample
title: Sample
roles: {clerk: {title: Clerk}}
data: {offer: {price: integer, limit: integer}}
open: {by: clerk, form: [offer.price!]}
initial: bounds
states:
  bounds: {turn: clerk, events: {fix: {by: clerk, form: [offer.limit!], to: check}}}
  check: {turn: clerk, events: {accept: {by: clerk, when: offer.price < offer.limit, to: done}, drop: {by: clerk, to: done}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF114",
        "A field that two regions write",
        HINT,
        "Regions run side by side, each at its own pace: the later one overwrites what the earlier one wrote, and the history alone knows what it was. `list+` and `list.column` are made for"
        " several writers, and a counter that adds to itself loses nothing.",
        """\
  check:
    parallel:
      papers: {initial: p, states: {p: {turn: clerk, events: {read: {by: clerk, form: [offer.score!], to: q}}}, q: {final: true}}}
      goods: {initial: g, states: {g: {turn: clerk, events: {see: {by: clerk, set: {offer.score: 1}, to: h}}}, h: {final: true}}}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    parallel:
      papers: {initial: p, states: {p: {turn: clerk, events: {read: {by: clerk, form: [offer.score!], to: q}}}, q: {final: true}}}
      goods: {initial: g, states: {g: {turn: clerk, events: {see: {by: clerk, set: {offer.kind: small}, to: h}}}, h: {final: true}}}
    done: [{to: done}]
  done: {final: true}
""",
        "likely",
    ),
    Rule(
        "WF115",
        "An option that a field can never have",
        HINT,
        "No form asks for the field, and no `set` and no default gives it this option: it was forgotten, or is left over. What is compared with it never happens.",
        _OPTION.replace("OPTIONS", "[open, kept, lost]"),
        _OPTION.replace("OPTIONS", "[open, kept]"),
    ),
    Rule(
        "WF123",
        "A definition, or event data, that nothing uses",
        (NOTE, HINT[1], HINT[1]),
        "Nothing names the definition, or no form asks for what could be said with an event: it is left over, or somebody forgot it.",
        _UNUSED.replace("GIVEN", ""),
        _UNUSED.replace("GIVEN", "form: [reasons], when: dear, "),
    ),
)
