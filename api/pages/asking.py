"""What somebody looks for in the register: a form that is read as people fill it in, blanks and all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from api.bodies import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTHS = {"q": 200, "designation": 4000, "tax_id": 200, "code": 200}
_DAYS = ("%Y-%m-%d", "%d.%m.%Y")
NAMES = (*LENGTHS, "on")


@dataclass(frozen=True, slots=True)
class Question:
    """`said` as it was typed, `on` the day that it means, `wrong` which fields cannot be understood."""

    said: Mapping[str, str]
    on: date | None
    wrong: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Whether anything is looked for."""
        return any(self.said.values())

    @property
    def exactly(self) -> bool:
        """Whether more than words was given."""
        return any(self.said[name] for name in NAMES if name != "q")

    def text(self, name: str) -> str | None:
        """A field, or None where it is blank."""
        return self.said[name] or None


def read_question(given: Mapping[str, str | None]) -> Question:
    """The question of a form's fields."""
    said = {name: (given.get(name) or "").strip() for name in NAMES}
    wrong = [name for name, most in LENGTHS.items() if len(said[name]) > most]
    on = _day(said["on"])
    if said["on"] and on is None:
        wrong.append("on")
    return Question(said, on, tuple(wrong))


def _day(text: str) -> date | None:
    """A day as browsers send it, or as people write it where a browser has no calendar of its own."""
    for form in _DAYS:
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
        return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
    return None
