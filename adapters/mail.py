"""One message as an RFC 5322 letter, the same bytes at every try; sending or filing it is left to smtp and mailbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from adapters.letter_calendar import calendar_of
from adapters.letter_html import html_of
from engine.core.plain import one_line, plain
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from engine.ports import Message

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom letters come from where their workflow says nothing else; what cannot be delivered comes back to `bounces`."""

    email: str
    name: str = "Milepost"
    bounces: str = ""

    @property
    def envelope(self) -> str:
        """The sender that mail servers speak to (RFC 5321), ours whatever the letter says."""
        return self.bounces or self.email


def mail_address(message: Message) -> str | None:
    """Where a letter goes."""
    return message.to.email


def letter(message: Message, sender: Sender) -> EmailMessage:
    """The letter of a message; DeliveryFailed for good where the receiver has no usable address."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    origin = message.origin
    mail["From"] = _address(origin.name or sender.name, origin.address or sender.email)
    if message.to.email is None:
        raise DeliveryFailed(f"{message.to.id} has no mail address; give one in the directory", retry_after=None)
    mail["To"] = _address(message.to.name, message.to.email)
    if origin.reply_to:
        mail["Reply-To"] = _address("", origin.reply_to)
    mail["Subject"] = one_line(message.subject, limit=250)
    mail["Date"] = message.sent_at
    mail["Message-ID"] = f"<{message_id(message)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Milepost-Case"] = _token(message.case_number or message.case_id)
    mail["X-Milepost-Template"] = _token(message.template)
    text, mark = plain(message.text), message_id(message).partition("@")[0][:48]
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html_of(text, locale=message.to.locale), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"milepost-{mark}")  # not random: the same bytes again
    if message.due is not None:
        entry = calendar_of(message, message.due).decode("utf-8")
        mail.add_attachment(
            entry, subtype="calendar", filename="deadline.ics", params={"method": "PUBLISH"}, cte="quoted-printable"
        )
        mail.set_boundary(f"milepost-all-{mark}")
    return mail


def message_id(message: Message) -> str:
    """The message's id as it may stand in a header and name a file: `left@right` of safe characters."""
    if not _ID.fullmatch(message.message_id) or len(message.message_id) > 250:
        raise DeliveryFailed(
            f"'{one_line(message.message_id, limit=80)}' is no message id; use left@right", retry_after=None
        )
    return message.message_id


def _address(name: str, email: str) -> Address:
    # ASCII addresses only: an address with other letters needs SMTPUTF8 all the way.
    if not _ADDRESS.fullmatch(email) or ".." in email or "." in (email[0], email.partition("@")[0][-1]):
        raise DeliveryFailed(
            f"'{one_line(email, limit=80)}' is no mail address; correct it in the directory", retry_after=None
        )
    user, _, domain = email.partition("@")
    return Address(one_line(name, limit=120), user, domain)


def _token(text: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "_", text)[:120]
