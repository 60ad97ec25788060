"""Whether a value of a case is what a scenario spells: texts, numbers and dates by what they mean, lists item by item.

A map names what has to be so; members that it leaves out are not claimed. A list is claimed whole, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_WORDS = {"true": True, "false": False}


def alike(actual: Any, spelt: Any, *, zone: ZoneInfo) -> bool:
    """Whether they mean the same; a local time without a zone is one of `zone`."""
    if actual is None or spelt is None:
        return actual is spelt
    if isinstance(spelt, Mapping):
        return isinstance(actual, Mapping) and all(
            alike(actual.get(name), value, zone=zone) for name, value in spelt.items()
        )
    if isinstance(spelt, list | tuple):
        return (
            isinstance(actual, list | tuple)
            and len(actual) == len(spelt)
            and all(alike(one, other, zone=zone) for one, other in zip(actual, spelt, strict=True))
        )
    return _same(actual, str(spelt), zone)


def _same(actual: Any, text: str, zone: ZoneInfo) -> bool:
    try:
        if isinstance(actual, bool):
            return _WORDS.get(text) is actual
        if isinstance(actual, int | Decimal):
            return Decimal(text) == actual
        if isinstance(actual, datetime):
            moment = datetime.fromisoformat(text)
            return actual == (moment if moment.tzinfo else moment.replace(tzinfo=zone))
        if isinstance(actual, date):
            return date.fromisoformat(text) == actual
    except (ValueError, InvalidOperation):
        return False
    if isinstance(actual, Mapping) and set(actual) == {"amount", "currency"}:
        amount, _, currency = text.rpartition(" ")
        return currency == actual["currency"] and _same(actual["amount"], amount, zone)
    return bool(actual == text)


def shown(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(item)}" for name, item in value.items() if item is not None) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
