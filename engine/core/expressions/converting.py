"""Conversions between types of values: `string int duration date`; each refuses what it cannot read."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.core import values
from engine.core.calendars import moments
from engine.core.expressions import numerals
from engine.core.expressions.expression import ExpressionError

if TYPE_CHECKING:
    from engine.core.expressions.expression import Scope

PART = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))?(h|ms|m|s|us|µs|ns)", re.ASCII)
SECONDS = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
    "us": Decimal("0.000001"),
    "µs": Decimal("0.000001"),
    "ns": Decimal("0.000000001"),
}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
WHOLE = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)


def string(_: Scope, value: Any) -> str:
    """A plain value as text: dates and moments as ISO 8601, durations in seconds."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return numerals.plain(value)
    if isinstance(value, datetime):
        return values.instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = Decimal(value // timedelta(microseconds=1)).scaleb(-6)
        return f"{numerals.plain(seconds.normalize() + 0)}s"
    raise ExpressionError("the value is a list or a record and no text")


def integer(_: Scope, value: Any) -> int:
    """A number cut to an integer, or the integer that a text says."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return numerals.integer(value)
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return numerals.bounded(int(value))
    raise ExpressionError(f"{shown(value)} is no integer")


def duration(_: Scope, value: Any) -> timedelta:
    """A length of time as CEL writes it: `24h`, `1h30m`, `-5m`, `2.5s`."""
    if isinstance(value, timedelta):
        return value
    text = value if isinstance(value, str) and len(value) <= 60 else ""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    total, at = Decimal(0), 0
    while match := PART.match(body, at):
        amount = Decimal(f"{match[1]}.{match[2] or 0}")
        total += amount * SECONDS[match[3]]
        at = match.end()
    if at != len(body) or not body:
        raise ExpressionError(f"{shown(value)} is no duration; write 24h, 30m or 1h30m")
    try:
        return timedelta(microseconds=sign * int(total * 1_000_000))
    except OverflowError:
        raise ExpressionError(f"{shown(value)} is too long") from None


def day(scope: Scope, value: Any) -> date:
    """The local day of a moment, the date a text says, or a date as it is."""
    if isinstance(value, datetime):
        try:
            return moments.local_date(value, scope.zone)
        except OverflowError:
            raise ExpressionError("the moment is out of bounds") from None
    if isinstance(value, date):
        return value
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ExpressionError(f"{shown(value)} is no date; write 2026-01-31")


def shown(value: Any) -> str:
    """A value for a message, short."""
    text = value if isinstance(value, str) else type(value).__name__
    return f"'{text[:40]}'"
