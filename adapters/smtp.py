"""Mail through an SMTP server; the letter itself is made in mail."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from adapters.mail import Sender, letter, mail_address
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from engine.ports import Message

RETRY_SECONDS = 300.0
"""After an answer 4xx (RFC 5321 4.5.4.1 asks for half an hour; grey-listing lets a letter through earlier)."""
UNREACHED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where the server is. `tls`: `starttls` (required, not hoped for), `implicit` (port 465), or `none` (loopback only)."""

    host: str
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    wait_seconds: float = 20.0
    context: ssl.SSLContext | None = None  # None: the system's certificates

    def __post_init__(self) -> None:
        if self.username and self.tls == "none":
            raise ValueError("a password would travel openly; use tls starttls or implicit with a username")


class Smtp:
    """Notifier that hands letters to a server, a connection a letter, under a fixed Message-ID."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings, sender: Sender) -> None:
        self._settings = settings
        self._sender = sender

    def address(self, message: Message) -> str | None:
        """The receiver's mail address."""
        return mail_address(message)

    def deliver(self, message: Message) -> None:
        """The server has taken the letter when this returns; 4xx and silence may be tried again, 5xx may not."""
        content = letter(message, self._sender).as_bytes()
        try:
            with self._connection() as server:
                server.sendmail(self._sender.envelope, [message.to.email or ""], content)
        except smtplib.SMTPRecipientsRefused as error:
            (code, text), *_ = error.recipients.values()
            raise _answered(code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryFailed(
                f"the mail server lacks what the settings ask for: {error}", retry_after=None
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise DeliveryFailed(
                f"the mail server is not who it says: {error.reason}", retry_after=RETRY_SECONDS
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailed(f"no answer from the mail server: {error}", retry_after=UNREACHED_SECONDS) from error

    def _connection(self) -> smtplib.SMTP:
        settings = self._settings
        context = settings.context or ssl.create_default_context()
        if settings.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.wait_seconds, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.wait_seconds)
        try:
            if settings.tls == "starttls":
                server.starttls(context=context)
            if settings.username:
                server.login(settings.username, settings.password or "")
        except BaseException:
            server.close()
            raise
        return server


def _answered(code: int, text: bytes | str) -> DeliveryFailed:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    # A login that fails is the operator's fault, not the letter's: it is put right and the letter goes out.
    again = RETRY_SECONDS if 400 <= code < 500 or code in {-1, 530, 534, 535} else None
    said = " ".join(words.split())[:200]
    return DeliveryFailed(f"the mail server answered {code}: {said}", retry_after=again)
