"""Messages on their way to people: who gets one, what carries it, what makes its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True, slots=True)
class Person:
    """A receiver of messages, as the directory knows him."""

    id: str
    name: str
    email: str | None
    locale: str = "en"
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that a message is about: a day, or a moment; `uid` is the same in all messages about it."""

    uid: str
    title: str
    due: date
    link: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a message comes from and where an answer goes, as its workflow has it; "" is as the channel has it."""

    name: str = ""
    address: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One rendered message to one person. `message_id` is fixed for case, effect and receiver (RFC 5322 without <>)."""

    message_id: str
    to: Person
    subject: str
    text: str
    case_id: str
    case_number: str | None
    workflow: str
    template: str
    sent_at: datetime
    due: Due | None = None
    origin: Origin = Origin()


class Notifier(Protocol):
    """A channel that delivers messages: smtp, mailbox folder, webhook, or one that is plugged in."""

    name: str

    def address(self, message: Message) -> str | None:
        """Where it would send this message, for the record; None: this channel does not reach its receiver."""

    def deliver(self, message: Message) -> None:
        """Hand over for good, at least once under the same `message_id`; raises DeliveryFailed."""


@dataclass(frozen=True, slots=True)
class LetterReading:
    """A letter that somebody brings: its id and its words."""

    message_id: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail server's report of a letter: `action` is failed, delayed, delivered, relayed or expanded (RFC 3464).

    `channels` are those by which letters go that such a report may be about.
    """

    message_id: str
    action: str
    reason: str
    channels: tuple[str, ...]


class LetterFiles(Protocol):
    """Reads letters and reports as mail servers keep them."""

    def read(self, letter: bytes) -> LetterReading | None:
        """Its id and words; None where it is no letter with both."""

    def bounce(self, report: bytes) -> Bounce | None:
        """What a report says; None where it is none."""


class Templates(Protocol):
    """Message templates of a workflow, by name and locale."""

    def check(self, name: str) -> list[str]:
        """What is wrong with a template ([]: nothing): missing file, syntax error, forbidden construct."""

    def render(self, name: str, locale: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """(subject, text); raises DeliveryFailed(retry_after=None) where a variable is missing."""

    def named(self, name: str) -> Mapping[str, Mapping[str, int]]:
        """Which values a template names, by its files: path (`data.order.product`) → line."""

    def daily(self, name: str) -> bool:
        """Whether its letters wait for the day's digest."""
