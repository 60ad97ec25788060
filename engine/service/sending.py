"""Messages by every channel that reaches their receivers, each by itself: one that fails keeps nobody else from his."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.errors import DeliveryFailed
from engine.store.letter_records import Letter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from engine.ports import Message, Notifier
    from engine.store.records import StoredEffect
    from engine.store.store import Store

NO_CHANNEL = "none"
"""Stands for the channel of a message that none would take."""

Tried = tuple[Letter, DeliveryFailed | None]


@frozen
class Sent:
    """What became of letters, each about these cases, and what keeps the rest from going out."""

    letters: tuple[Letter, ...] = ()
    cases: tuple[str, ...] = ()
    failure: DeliveryFailed | None = None


class Sending:
    """Delivers without a transaction; what an earlier try of the effect has sent is not sent again."""

    def __init__(self, store: Store, notifiers: Sequence[Notifier]) -> None:
        self._store, self._notifiers = store, notifiers

    def send(self, effect: StoredEffect, messages: Sequence[Message], cases: tuple[str, ...]) -> Sent:
        """Every message by every channel; a failure that may pass has the effect tried again."""
        earlier = self._store.read(lambda reader: reader.letters_of_effect(effect.key)) if effect.attempt > 1 else ()
        done = {(one.message_id, one.channel) for one in earlier if one.status == "sent"}
        tried = [one for message in messages for one in self._by_all(effect.key, message, done)]
        return Sent(tuple(letter for letter, _ in tried), cases, _failure(tried, alone=len(messages) == 1))

    def _by_all(self, effect: str, message: Message, done: Collection[tuple[str, str]]) -> list[Tried]:
        tried, reached = [], False
        for channel in self._notifiers:
            address, failure = None, None
            if (message.message_id, channel.name) in done:
                reached = True
                continue
            try:
                address = channel.address(message)
                if address is None:
                    continue
                channel.deliver(message)
            except DeliveryFailed as refused:
                failure = refused
            except Exception as bug:  # noqa: BLE001  a channel's bug must not keep others from their letters
                failure = DeliveryFailed(f"{channel.name}: {type(bug).__name__}: {bug}", retry_after=0)
            reached = True
            tried.append((_letter(effect, message, channel.name, address or "", failure), failure))
        if not reached:
            words = f"{message.to.id} has no mail address; give one in the directory"
            failure = DeliveryFailed(words, retry_after=None)
            tried.append((_letter(effect, message, NO_CHANNEL, "", failure), failure))
        return tried


def words_hash(subject: str, text: str) -> str:
    """SHA-256 (hexadecimal) of a letter's words, whatever a mail server does to line ends and to blanks at their end."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    said = " ".join(subject.split()) + "\n\n" + "\n".join(lines).strip("\n") + "\n"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def _letter(effect: str, message: Message, channel: str, address: str, failure: DeliveryFailed | None) -> Letter:
    return Letter(
        message_id=message.message_id,
        channel=channel,
        effect=effect,
        person=message.to.id,
        address=address,
        template=message.template,
        sha256=words_hash(message.subject, message.text),
        at=message.sent_at,
        status="sent" if failure is None else "failed",
        reason=None if failure is None else str(failure),
    )


def _failure(tried: Sequence[Tried], *, alone: bool) -> DeliveryFailed | None:
    """All failures as one: to be tried again while one of them may pass."""
    failed = [(letter, failure) for letter, failure in tried if failure is not None]
    if not failed:
        return None
    again = [failure.retry_after for _, failure in failed if failure.retry_after is not None]
    words = "; ".join(str(failure) if alone else f"{letter.person}: {failure}" for letter, failure in failed)
    return DeliveryFailed(words, retry_after=max(again) if again else None)
