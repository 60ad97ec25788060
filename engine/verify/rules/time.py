"""Rules of calendars and deadlines."""

from __future__ import annotations

from engine.verify.rules.rule import ALWAYS, LATE, NOTE, WARNING, Rule

_NO_CALENDAR = """\
milepost: 1
workflow: sample
title: Sample
calendar: nowhere
roles: {clerk: {title: Clerk}}
data: {offer: {due: date}}
open: {by: clerk, form: [offer.due]}
initial: check
states:
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}
  done: {final: true}
"""

TIME = (
    Rule(
        "WF070",
        "A calendar that is not there",
        ALWAYS,
        "Working days cannot be counted without it: no case could be opened.",
        _NO_CALENDAR,
        _NO_CALENDAR.replace("calendar: nowhere\n", ""),
    ),
    Rule(
        "WF079",
        "Working hours on a calendar without office hours",
        ALWAYS,
        "`8 working hours` are counted within the hours in which an office works, and this calendar does not say which these are.",
        "`after: 8 working hours` with a calendar that has no `hours:`.",
        'The calendar has `hours: "09:00-18:00"`, or the term is `8 hours`, round the clock.',
    ),
    Rule(
        "WF085",
        "Working days in an expression without a calendar",
        ALWAYS,
        "`add_working_days` has to know which days count.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, when: 'today < add_working_days(date("2026-01-12"), 5)', to: done}, drop: {by: clerk, to: done}}}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, when: 'today < add_days(date("2026-01-12"), 5)', to: done}, drop: {by: clerk, to: done}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF087",
        "The operator's silence decides",
        (None, WARNING, LATE[2]),
        "The deadline of somebody on the operator's side moves the case by itself. Who is late with a duty must not decide by it: a deadline of his informs.",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, to: done}}
    deadlines: {decide: {after: 5 days, to: done}}
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, to: done}}
    deadlines: {decide: {after: 5 days, escalate: [chief]}}
  done: {final: true}
""",
    ),
    Rule(
        "WF088",
        "A deadline that does nothing",
        LATE,
        "It comes, and nobody hears of it.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}, deadlines: {decide: {after: 5 days}}}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}, deadlines: {decide: {after: 5 days, escalate: [chief]}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF089",
        "A reminder that is never sent",
        LATE,
        "It lies before the term begins. Reminders that are past when a state is entered are not sent.",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}, deadlines: {decide: {after: 5 days, remind: [7 days]}}}
  done: {final: true}
""",
        """\
  check: {turn: clerk, events: {accept: {by: clerk, to: done}}, deadlines: {decide: {after: 5 days, remind: [1 day]}}}
  done: {final: true}
""",
    ),
    Rule(
        "WF099",
        "A deadline that is longer than the one around it",
        (NOTE, WARNING, WARNING),
        "The stage around it, or the case, is due before: whoever waits for this deadline is told too late.",
        """\
  check:
    initial: reading
    deadlines: {whole: {after: 5 days, escalate: [chief]}}
    states:
      reading: {turn: clerk, events: {read: {by: clerk, to: over}}, deadlines: {read: {after: 20 days, escalate: [chief]}}}
      over: {final: true}
    done: [{to: done}]
  done: {final: true}
""",
        """\
  check:
    initial: reading
    deadlines: {whole: {after: 20 days, escalate: [chief]}}
    states:
      reading: {turn: clerk, events: {read: {by: clerk, to: over}}, deadlines: {read: {after: 5 days, escalate: [chief]}}}
      over: {final: true}
    done: [{to: done}]
  done: {final: true}
""",
        "likely",
    ),
    Rule(
        "WF116",
        "A calendar that ends too early",
        (NOTE, WARNING, WARNING),
        "A deadline that begins today could not be counted to its end: the step that begins it would be refused. Counted is each deadline of the workflows that name the calendar, with all its"
        " extensions.",
        "calendars/office.yaml ends with 2026, and in October 2026 a workflow has `after: 90 working days`.",
        "calendars/office.yaml has the year 2027 too.",
    ),
    Rule(
        "WF117",
        "A year without its decree",
        (NOTE, NOTE, NOTE),
        "Deadlines that begin today are counted in a year that is marked `provisional`: no days are moved in it yet. They are counted again when the calendar is published anew.",
        "calendars/office.yaml has `2027: {provisional: true, …}`, and in October 2026 a workflow has `after: 90 working days`.",
        "The year was compared with its decree and is not provisional.",
    ),
    Rule(
        "WF118",
        "A deadline that never comes, or comes at once",
        LATE,
        "Its state is left in the step that enters it, or it counts the time of a side that never has the turn there, or it begins with a field that nobody gives, or it is due before its term begins.",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, to: done}}
    deadlines: {decide: {after: 5 days, counts: applicant, escalate: [chief]}}
  done: {final: true}
""",
        """\
  check:
    turn: clerk
    events: {accept: {by: clerk, to: done}}
    deadlines: {decide: {after: 5 days, counts: operator, escalate: [chief]}}
  done: {final: true}
""",
    ),
)
