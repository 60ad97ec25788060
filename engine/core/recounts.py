"""What moves deadlines of cases that run: a calendar was published anew, a time zone has other rules, or an outage was declared. How is left to machine/."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  what is stored is read by its annotations
from typing import ClassVar

from engine.core.frozen import frozen


@frozen
class CalendarChanged:
    """A calendar has a new version. A due moment that is later now moves; one that is earlier only where `earlier` says so.

    `number` counts what moves deadlines, over all cases; a case remembers the last one it has seen.
    """

    kind: ClassVar[str] = "calendar"
    number: int
    calendar: str
    version: int
    earlier: bool = False
    reason: str = ""


@frozen
class ZoneChanged:
    """The rules of a time zone are others than they were (`rules` as zones.py counts them): local moments lie elsewhere."""

    kind: ClassVar[str] = "zone"
    number: int
    zone: str
    rules: int
    earlier: bool
    reason: str


@frozen
class Outage:
    """Applicants could not answer from `since` until `until`: what ran for them then is due later by what it took."""

    kind: ClassVar[str] = "outage"
    number: int
    since: datetime
    until: datetime
    reason: str


Recount = CalendarChanged | ZoneChanged | Outage


@frozen
class Move:
    """A deadline and its due moment before and after; `stays` says why it keeps the old one ("": it moves)."""

    state: str
    deadline: str
    due: datetime
    new: datetime | None
    stays: str = ""
