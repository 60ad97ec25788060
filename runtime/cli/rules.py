"""Every code of a finding with its title, of every kind of file; the rules of definitions have more to say, and say it themselves."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.loader import codes
from engine.rehearse import nodes
from engine.verify.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

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

EXAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "WF010": (
            "  check: {turn: clerk, evnts: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
            "  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF020": (
            "  check: {turn: clerk, events: {accept: {by: clerk, to: dine}}}\n  done: {final: true}\n",
            "  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF022": (
            "  check: {turn: clerc, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
            "  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
        "WF031": (
            "  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: offer.scroe >= 70, to: done}}\n  done: {final: true}\n",
            "  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: offer.score >= 70, to: done}}\n  done: {final: true}\n",
        ),
        "WF032": (
            "  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: 'offer.score >= \"70\"', to: done}}\n  done: {final: true}\n",
            "  check:\n    turn: clerk\n    events: {accept: {by: clerk, when: offer.score >= 70, to: done}}\n  done: {final: true}\n",
        ),
        "WF052": (
            "  check: {events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
            "  check: {turn: clerk, events: {accept: {by: clerk, to: done}}}\n  done: {final: true}\n",
        ),
    }
)
"""Of what is found while a file is read: code → (what has the finding, what has not), each after HEAD."""


def titles() -> dict[str, str]:
    """Code → title, of every kind of file."""
    proved = {code: rule.title for code, rule in RULES.items()}
    return {**codes.CODES, **proved, **nodes.CODES, **CALENDAR, **OTHERS}


def examples(code: str) -> tuple[str, str]:
    """What has the finding and what has not: a definition, or words where it takes several files; empty: none is given."""
    rule = RULES.get(code)
    return EXAMPLES.get(code, ("", "")) if rule is None else (rule.bad, rule.good)
