"""A folder in the place of a mail server: one .eml file a message; a message that comes again replaces its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.files import file_stem, write_durably
from adapters.mail import Sender, letter, mail_address, message_id
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from pathlib import Path

    from engine.ports import Message


class Mailbox:
    """Notifier that files letters in a folder, which is made when the first one comes."""

    name = "mailbox"

    def __init__(self, folder: Path, sender: Sender) -> None:
        self._folder = folder
        self._sender = sender

    def address(self, message: Message) -> str | None:
        """The receiver's mail address."""
        return mail_address(message)

    def deliver(self, message: Message) -> None:
        """The letter is on the disk when this returns."""
        content = letter(message, self._sender).as_bytes()
        try:
            write_durably(self._folder / f"{file_stem(message_id(message))}.eml", content)
        except OSError as error:
            raise DeliveryFailed(f"the mailbox folder cannot be written: {error.strerror}", retry_after=60) from error
