"""The office hours of a calendar file: texts such as `09:00-13:00, 14:00-18:00` into spans of a week, or findings.

    hours: "09:00-18:00"                                    # on every working day
    hours: {friday: "09:00-16:45", others: "09:00-18:00"}   # by day of the week; `others`: those that are not named

A day of the week that is not in the weekend has to have its hours. So has one of the weekend on which somebody works: those
of its own name, or those of `others`. Anything else is refused (CL009, CL010).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.core.loader.yaml_nodes import MapNode, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from engine.core.calendars.calendar import Spans
    from engine.core.diagnostics import Mark
    from engine.core.loader.yaml_nodes import Node

    Say = Callable[[str, Mark, str, str | None], None]

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OTHERS = "others"
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2}) *[-–] *([0-9]{2}):([0-9]{2})")
_MIDNIGHT = 24 * 60
_EXAMPLE = 'write it like "09:00-13:00, 14:00-18:00"'


def read_hours(node: Node, *, weekend: Collection[int], worked: Collection[date], say: Say) -> tuple[Spans, ...]:
    """The spans of Monday to Sunday; `worked` are the days of weekends that are worked. Empty where something is wrong."""
    named = _named(node, say)
    if named is None:
        return ()
    for n, name in enumerate(WEEK):
        if name in named or _OTHERS in named:
            continue
        needed = next((f"{day} is worked" for day in sorted(worked) if day.weekday() == n), None)
        if n not in weekend:
            needed = f"{name} is a working day"
        if needed is not None:
            say(
                "CL010",
                node.mark,
                f"{needed} and has no hours",
                f"add `{name}:`, or `{_OTHERS}:` for all that are not named",
            )
            return ()
    return tuple(named.get(name, named.get(_OTHERS, ())) for name in WEEK)


def _named(node: Node, say: Say) -> Mapping[str, Spans] | None:
    """Spans by day of the week and `others`; None where something is wrong."""
    entries = node.entries if isinstance(node, MapNode) else ()
    if not entries:
        spans = _spans(node, say)
        return None if spans is None else {_OTHERS: spans}
    found: dict[str, Spans] = {}
    for key, value in entries:
        if key.text not in (*WEEK, _OTHERS):
            say("CL001", key.mark, f"no key '{key.text[:40]}' here", f"write one of {', '.join((*WEEK, _OTHERS))}")
            return None
        spans = _spans(value, say)
        if spans is None:
            return None
        found[key.text] = spans
    return found


def _spans(node: Node, say: Say) -> Spans | None:
    if not isinstance(node, ScalarNode):
        say("CL009", node.mark, "office hours are expected here", _EXAMPLE)
        return None
    found: list[tuple[int, int]] = []
    for text in node.text.split(","):
        span = _SPAN.fullmatch(text.strip())
        opens, closes = (_minutes(span[1], span[2]), _minutes(span[3], span[4])) if span else (None, None)
        if opens is None or closes is None:
            say("CL009", node.mark, f"'{text.strip()[:40]}' are no office hours", _EXAMPLE)
            return None
        if opens >= closes:
            say(
                "CL009",
                node.mark,
                f"{text.strip()} ends before it has begun",
                "a span lies within a day; 24:00 is its end",
            )
            return None
        if found and opens < found[-1][1]:
            say("CL009", node.mark, f"{text.strip()} begins before the span in front of it ends", "write them in order")
            return None
        found.append((opens, closes))
    return tuple(found)


def _minutes(hour: str, minute: str) -> int | None:
    """Since midnight; None for what no clock shows."""
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= _MIDNIGHT else None


def said(spans: Spans) -> str:
    """`09:00-13:00, 14:00-18:00`, as it is written in a file."""
    return ", ".join("-".join(f"{at // 60:02}:{at % 60:02}" for at in span) for span in spans)
