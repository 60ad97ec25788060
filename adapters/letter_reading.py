"""Letters that somebody brings: one of ours to compare, or a mail server's report that one came back (RFC 3464)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from typing import TYPE_CHECKING

from engine.core.plain import one_line, plain
from engine.ports import Bounce, LetterReading

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PARTS = 100
LONGEST = 300
CHANNELS = ("smtp", "mailbox")
REPORT = "message/delivery-status"
ORIGINALS = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")


class LetterFiles:
    """Reads .eml files. What cannot be read says nothing: it is somebody else's."""

    def read(self, letter: bytes) -> LetterReading | None:
        """Its id and words; None where it has none."""
        found = _parsed(letter)
        if found is None:
            return None
        try:
            body = found.get_body(preferencelist=("plain",))
            text = body.get_content() if body is not None else ""
        except (LookupError, ValueError, MessageError, RecursionError, AttributeError):
            return None
        message_id, subject = _id(found), str(found.get("Subject", ""))
        return LetterReading(message_id, subject, plain(str(text))) if message_id else None

    def bounce(self, report: bytes) -> Bounce | None:
        """What a report says of the first letter that it is about; None where it is no such report."""
        found = _parsed(report)
        if found is None:
            return None
        parts = list(_parts(found))
        said = next(
            (fields for part in parts if part.get_content_type() == REPORT for fields in _recipients(part)), None
        )
        about = next((key for part in parts if part.get_content_type() in ORIGINALS if (key := _original(part))), "")
        if said is None or not about:
            return None
        words = said.get("Diagnostic-Code") or said.get("Status") or "no reason given"
        reason = one_line(str(words).partition(";")[2] or str(words), limit=LONGEST)
        return Bounce(about, one_line(str(said.get("Action", "")), limit=20).lower(), reason, CHANNELS)


def _parsed(content: bytes) -> EmailMessage | None:
    try:
        found = message_from_bytes(content, policy=policy.default)
    except (ValueError, MessageError, RecursionError, LookupError):
        return None
    return found if isinstance(found, EmailMessage) else None


def _parts(found: Message) -> Iterator[Message]:
    """Its parts, but not what is inside letters that it carries."""
    waiting, seen = [found], 0
    while waiting and seen < MAX_PARTS:
        part = waiting.pop(0)
        seen += 1
        yield part
        if part.get_content_maintype() == "multipart":
            waiting.extend(inner for inner in part.get_payload() or [] if isinstance(inner, Message))


def _recipients(report: Message) -> Iterator[Message]:
    """The blocks of fields that speak of one receiver each."""
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and block.get("Action"):
            yield block


def _original(part: Message) -> str:
    """The id of the letter that came back, which is there whole or by its head."""
    inside = part.get_payload()
    if isinstance(inside, list):
        return _id(inside[0]) if inside and isinstance(inside[0], Message) else ""
    head = _parsed(str(inside).encode("utf-8", "replace"))
    return "" if head is None else _id(head)


def _id(message: Message) -> str:
    try:
        return one_line(str(message.get("Message-ID", "")), limit=LONGEST).strip("<> ")
    except (ValueError, IndexError, MessageError):
        return ""
