"""A calendar: which days count; how terms end on it is left to terms of this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


class CalendarEnds(Exception):
    """A date outside the years a calendar covers was asked for: it is said, never guessed."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Named and versioned: `weekend` (0 = Monday), days off and working weekends by date, the years covered.

    `provisional` years have no decree yet; `notes` say why a day is off or worked, `sources` where a year's days
    come from (a decree, a seed).
    """

    name: str
    version: str
    first_year: int
    last_year: int
    weekend: frozenset[int] = frozenset({5, 6})
    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()
    provisional: frozenset[int] = frozenset()
    notes: dict[date, str] = field(default_factory=dict, compare=False)
    title: str = field(default="", compare=False)
    sources: dict[int, str] = field(default_factory=dict, compare=False)

    def is_working(self, day: date) -> bool:
        """Whether this day counts; raises CalendarEnds outside the years covered."""
        if not self.first_year <= day.year <= self.last_year:
            raise CalendarEnds(
                f"calendar {self.name} covers {self.first_year} to {self.last_year}, not {day.isoformat()}; "
                f"add the year to workflows/calendars/{self.name}.yaml"
            )
        if day in self.working:
            return True
        return day.weekday() not in self.weekend and day not in self.off
