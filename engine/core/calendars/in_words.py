"""Dates and moments in words, English and Russian; which day a moment means is the calendar's (engine.core.calendars)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.calendars.moments import last_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_MONTHS = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "ru": (
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ),
}


def day_in_words(value: date, *, locale: str, zone: ZoneInfo) -> str:
    """`12 May 2026`, `12 мая 2026 г.`; a datetime gives its local day, an exclusive midnight the day that ends there."""
    day = last_day(value, zone) if isinstance(value, datetime) else value
    language = "ru" if locale.startswith("ru") else "en"
    words = f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"
    return f"{words} г." if language == "ru" else words


def moment_in_words(value: datetime, *, locale: str, zone: ZoneInfo) -> str:
    """`12 May 2026, 14:30 (UTC+3)`: the local minute, with how far the zone is from UTC."""
    local = value.astimezone(zone)
    return f"{day_in_words(local.date(), locale=locale, zone=zone)}, {local:%H:%M} ({_offset(local)})"


def due_in_words(value: date, *, locale: str, zone: ZoneInfo) -> str:
    """When a term ends, after `by`: a date is its whole day (`the end of 12 May 2026`), a datetime that very minute."""
    if isinstance(value, datetime):
        return moment_in_words(value, locale=locale, zone=zone)
    words = day_in_words(value, locale=locale, zone=zone)
    return f"{words} включительно" if locale.startswith("ru") else f"the end of {words}"


def _offset(local: datetime) -> str:
    minutes = int((local.utcoffset() or timedelta(0)).total_seconds()) // 60
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"
