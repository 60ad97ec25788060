"""The facts of certificates and entries that the engine itself reads, by their names; all others are the workflow's own."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VALID_FROM, VALID_UNTIL = "valid_from", "valid_until"
"""The first and the last day of validity, both included."""
SCOPE = "scope"
"""The items that are covered, by their ids."""
REPLACES = "replaces"
"""The number of the certificate whose place this one takes; the store finds it by this name."""
WITHHELD = "suspended_items"
"""Of an entry: what of it may not be offered while the rest is listed."""


def first_day(facts: Mapping[str, Any]) -> date | None:
    """The first day of validity, where a day is named."""
    return _day(facts.get(VALID_FROM))


def last_day(facts: Mapping[str, Any]) -> date | None:
    """The last day of validity, where a day is named."""
    return _day(facts.get(VALID_UNTIL))


def is_before(facts: Mapping[str, Any], day: date) -> bool:
    """Whether a day lies before the first day of validity."""
    first = first_day(facts)
    return first is not None and day < first


def is_after(facts: Mapping[str, Any], day: date) -> bool:
    """Whether a day lies after the last day of validity."""
    last = last_day(facts)
    return last is not None and day > last


def withheld(facts: Mapping[str, Any]) -> Any:
    """What may not be offered for now, as the entry says it; None where nothing is."""
    return facts.get(WITHHELD) or None


def covers(facts: Mapping[str, Any], item: str) -> bool:
    """Whether an item stands in the scope."""
    return item in _items(facts.get(SCOPE))


def withholds(facts: Mapping[str, Any], item: str) -> bool:
    """Whether an item may not be offered for now."""
    return item in _items(facts.get(WITHHELD))


def _items(value: Any) -> tuple[Any, ...]:
    """The ids, be they a list or one text."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _day(value: Any) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None
