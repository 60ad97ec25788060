"""Limits of adapters as they are written in a setting: `notify=4,10/s; laboratory=1,30/min; *=8`."""

from __future__ import annotations

import re
from datetime import timedelta

from engine.core.case import BETWEEN_CASES
from engine.store.limits import Limit, Limits

OTHERS = "*"
MOST_AT_ONCE = 1000
SHORTEST = timedelta(milliseconds=10)
PERIODS = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1)}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def read_limits(text: str) -> Limits:
    """The limits that a text says. Raises ValueError with what is wrong; `*` is for all that are not named."""
    named: dict[str, Limit] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, said = (part.strip() for part in entry.partition("="))
        if not equals or (name != OTHERS and not _NAME.fullmatch(name)):
            raise ValueError("each limit is like notify=4,10/s, with the adapter's name or * first")
        if name == BETWEEN_CASES:
            raise ValueError(f"what goes from case to case ({BETWEEN_CASES}) leaves nobody's house and has no limit")
        if name in named:
            raise ValueError(f"{name} comes twice; say it once")
        named[name] = _limit(name, said)
    others = named.pop(OTHERS, Limit())
    return Limits(named, others)


def _limit(name: str, said: str) -> Limit:
    at_once: int | None = None
    spacing: timedelta | None = None
    for part in (part.strip() for part in said.split(",")):
        number, slash, period = (word.strip() for word in part.partition("/"))
        if not _NUMBER.fullmatch(number) or (slash and period not in PERIODS):
            raise ValueError(f"{name} takes how many at once (4), how many in a time (10/s, 30/min, 100/h), or both")
        if (slash and spacing is not None) or (not slash and at_once is not None):
            raise ValueError(f"{name} has two limits of one kind; say one")
        if slash:
            spacing = PERIODS[period] / int(number)
        else:
            at_once = int(number)
    if at_once is not None and at_once > MOST_AT_ONCE:
        raise ValueError(f"{name} may have up to {MOST_AT_ONCE} at once; leave it out for no limit")
    if spacing is not None and spacing < SHORTEST:
        raise ValueError(f"{name} may have up to 100/s; leave the rate out for no limit")
    return Limit(at_once, spacing)
