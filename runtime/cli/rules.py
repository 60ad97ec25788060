"""Every code of a finding with its title, and an example of some; the rules themselves are the engine's."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.loader import codes
from engine.rehearse import nodes
from engine.verify import findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.diagnostics import Severity

CALENDAR: Mapping[str, str] = MappingProxyType(
    {
        "CL001": "An unknown key in a calendar",
        "CL002": "No calendar, or a key is missing in it",
        "CL003": "Not of the shape that belongs in a calendar",
        "CL004": "A day in the wrong year",
        "CL005": "A day that is both off and working",
        "CL006": "Years that do not follow each other",
        "CL007": "A working day that would count anyway",
        "CL008": "Not written like a date",
        "CL009": "Office hours that cannot be",
        "CL010": "A working day without office hours",
    }
)
OTHERS: Mapping[str, str] = MappingProxyType({"TP001": "A template that cannot be used"})

HEAD = """\
milepost: 1
workflow: sample
title: Sample
timezone: UTC
roles: {clerk: {title: Clerk}, buyer: {title: Buyer, side: applicant}}
data:
  offer: {price: integer, score: {type: integer, default: 0}, kind: [small, large]}
event_data: {reasons: text}
open: {by: buyer, form: [offer.price]}
"""

EXAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "WF010": (
            "initial: check\nstates:\n  check: {turn: clerk, evnts: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF020": (
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: dine}}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF022": (
            "initial: check\nstates:\n  check: {turn: clerc, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF031": (
            "initial: check\nstates:\n  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: offer.scroe >= 70, to: done}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: offer.score >= 70, to: done}}\n  done: {final: true}\n",
        ),
        "WF032": (
            "initial: check\nstates:\n  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: 'offer.score >= \"70\"', to: done}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: offer.score >= 70, to: done}}\n  done: {final: true}\n",
        ),
        "WF052": (
            "initial: check\nstates:\n  check: {events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF064": (
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  waiting: {turn: buyer, events: {answer: {by: buyer, to: check}}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}, ask: {by: clerk, to: waiting}}}\n  waiting: {turn: buyer, events: {answer: {by: buyer, to: check}}}\n  done: {final: true}\n",
        ),
        "WF065": (
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}, park: {by: clerk, to: parked}}}\n  parked: {turn: none}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check: {turn: clerk, events: {accept: {by: clerk, to: done}, park: {by: clerk, to: parked}}}\n  parked: {turn: none, events: {resume: {by: clerk, to: check}}}\n  done: {final: true}\n",
        ),
        "WF087": (
            "initial: check\nstates:\n  check:\n    turn: clerk\n    events: {accept: {by: clerk, to: done}}\n    deadlines: {decide: {after: 5 days, to: done}}\n  done: {final: true}\n",
            "initial: check\nstates:\n  check:\n    turn: clerk\n    events: {accept: {by: clerk, to: done}}\n    deadlines: {decide: {after: 5 days, escalate: [clerk]}}\n  done: {final: true}\n",
        ),
    }
)
"""Code → (what has the finding, what has not), each after HEAD."""


def titles() -> dict[str, str]:
    """Code → title, of every kind of file."""
    proved = {code: line[0] for code, line in findings.CODES.items()}
    return {**codes.CODES, **proved, **nodes.CODES, **CALENDAR, **OTHERS}


def severities(code: str) -> dict[str, Severity | None] | None:
    """How grave it is in each profile; None: always an error."""
    line = findings.CODES.get(code)
    return None if line is None else dict(zip(findings.PROFILES, line[1:], strict=True))
