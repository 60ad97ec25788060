"""A term as it is written: an amount and a unit; what it means on a calendar is left to calendars/."""

from __future__ import annotations

from enum import StrEnum

from engine.core.frozen import frozen


class Unit(StrEnum):
    """What a term counts; `days` are calendar days, `hours` go round the clock, `working hours` only in office hours."""

    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"
    DAYS = "days"
    MONTHS = "months"
    HOURS = "hours"
    MINUTES = "minutes"

    @property
    def by_day(self) -> bool:
        """Whether such a term ends with a day, rather than at an instant."""
        return self in _BY_DAY

    @property
    def needs_calendar(self) -> bool:
        """Whether it means nothing where no calendar says which days count; working hours need its office hours too."""
        return self in _ON_CALENDAR


_BY_DAY = frozenset({Unit.WORKING_DAYS, Unit.DAYS, Unit.MONTHS})
_ON_CALENDAR = frozenset({Unit.WORKING_DAYS, Unit.WORKING_HOURS})


@frozen
class Term:
    """`20 working days`: a positive amount of one unit."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        word = self.unit.value if self.amount != 1 else self.unit.value.removesuffix("s")
        return f"{self.amount} {word}"
