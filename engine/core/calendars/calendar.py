"""A calendar: which days count; how terms end on it is left to terms of this package."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import date


class Uncountable(Exception):
    """A term cannot be counted on a calendar: it is said why, never guessed."""


class CalendarEnds(Uncountable):
    """A date outside the years a calendar covers was asked for."""


class NoOfficeHours(Uncountable):
    """Working hours were asked for, and the calendar does not say when the office is open."""


Spans = tuple[tuple[int, int], ...]
"""Office hours of a day: from and until, in minutes of the wall clock since midnight (1440 is 24:00), in order."""


@frozen
class Calendar:
    """Named and versioned: `weekend` (0 = Monday), days off and working weekends by date, the years covered.

    `provisional` years have no decree yet; `hours` are the office hours of a working Monday to Sunday (empty: not said);
    `notes` say why a day is off or worked, `sources` where a year's days come from (a decree, a seed).
    """

    name: str
    version: str
    first_year: int
    last_year: int
    weekend: frozenset[int] = frozenset({5, 6})
    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()
    provisional: frozenset[int] = frozenset()
    hours: tuple[Spans, ...] = ()
    notes: dict[date, str] = field(default_factory=dict, compare=False)
    title: str = field(default="", compare=False)
    sources: dict[int, str] = field(default_factory=dict, compare=False)

    def is_working(self, day: date) -> bool:
        """Whether this day counts; raises CalendarEnds outside the years covered."""
        if not self.first_year <= day.year <= self.last_year:
            raise self.ends(day)
        if day in self.working:
            return True
        return day.weekday() not in self.weekend and day not in self.off

    def ends(self, day: date) -> CalendarEnds:
        """What is said of a day outside the years covered."""
        return CalendarEnds(
            f"calendar {self.name} covers {self.first_year} to {self.last_year}, not {day.isoformat()}; "
            f"add the year to workflows/calendars/{self.name}.yaml"
        )

    def office_hours(self, day: date) -> Spans:
        """When people work on this day, by the wall clock; empty for a day off. Raises NoOfficeHours, and CalendarEnds."""
        if not self.hours:
            raise NoOfficeHours(
                f"calendar {self.name} has no office hours; add `hours:` to workflows/calendars/{self.name}.yaml"
            )
        return self.hours[day.weekday()] if self.is_working(day) else ()
