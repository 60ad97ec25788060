"""A letter's deadline for the receiver's calendar (RFC 5545), the same entry in every letter about it. Owner of icalendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Alarm, Calendar, Event, vUri

from engine.core.plain import one_line

if TYPE_CHECKING:
    from engine.ports import Due, Message

MAX_TITLE = 200


def calendar_of(message: Message, due: Due) -> bytes:
    """An entry for the day of the deadline, or its moment; later letters about it take its place."""
    calendar, event = Calendar(), Event()
    calendar.add("prodid", "-//Milepost//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event.add("uid", f"{due.uid}@milepost")
    event.add("dtstamp", message.sent_at.astimezone(UTC))
    event.add("sequence", int(message.sent_at.timestamp()) // 60 - _BEGIN)
    event.add("summary", one_line(f"{message.case_number or message.case_id}: {due.title}", limit=MAX_TITLE))
    event.add("dtstart", due.due.astimezone(UTC) if isinstance(due.due, datetime) else due.due)
    if not isinstance(due.due, datetime):
        event.add("dtend", due.due + timedelta(days=1))
    event.add("url", vUri(due.link))
    event.add("description", one_line(message.subject, limit=MAX_TITLE))
    event.add("transp", "TRANSPARENT")
    event.add_component(_alarm(due.title))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


_BEGIN = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) // 60
"""So that the number of a later letter is larger, and small enough for every program."""


def _alarm(title: str) -> Alarm:
    """The day before."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one_line(title, limit=MAX_TITLE))
    alarm.add("trigger", timedelta(days=-1))
    return alarm
