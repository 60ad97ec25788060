"""Letters, the mailbox folder and a real SMTP server on the loopback."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from icalendar import Calendar

from adapters.letter_html import html_of
from adapters.mail import Sender, letter
from adapters.mailbox import Mailbox
from adapters.smtp import Smtp, SmtpSettings
from engine.errors import DeliveryFailed
from engine.ports import Due, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.ports import Message

SENDER = Sender("milepost@body.example", "Орган, «Образец»", bounces="bounces@body.example")


class Server:
    """What aiosmtpd asks: keeps letters, or gives the answer it was told to give."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.rcpt = "250 OK"
        self.data = "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Answer to a receiver."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Answer to a letter."""
        self.letters.append(envelope)
        return self.data


@pytest.fixture
def server() -> Iterator[tuple[Server, SmtpSettings]]:
    """A real server on a free port of the loopback."""
    handler = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, SmtpSettings("127.0.0.1", port, tls="none", wait_seconds=5)
    controller.stop()


def _read(content: bytes) -> Any:
    return message_from_bytes(content.replace(b"\r\n", b"\n"), policy=policy.default)


def test_letter(message: Message) -> None:
    """A letter says whom it is from and about what case, has a fixed id and date, and the same bytes every time."""
    content = letter(message, SENDER).as_bytes()
    assert content == letter(message, SENDER).as_bytes()
    assert content.isascii()
    read = _read(content)
    assert read["Message-ID"] == "<case-1.42.0.zoe@milepost.example>"
    assert read["Date"].datetime == message.sent_at
    assert read["From"].addresses[0].display_name == "Орган, «Образец»"
    assert read["To"].addresses[0].addr_spec == "zoe@sample.example"
    assert read["Reply-To"] is None
    assert read["Subject"] == message.subject
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Milepost-Case"] == "Q-2026-000001"
    assert _plain(read) == message.text


def _plain(read: Any) -> str:
    """Its text part."""
    text: str = read.get_body(("plain",)).get_content()
    return text


TEXT = """Dear Zoe,

the answer is due <b>soon</b>: https://milepost.example/cases/1?a=b&c=d.

- a drawing, in
  two sheets
- a report & its annex

Thank you.

--
Case Q-1. https://evil.example/"onmouseover="x
"""


def test_html(message: Message) -> None:
    """The text as HTML beside it: paragraphs, lists, links; what looks like markup is shown; the same bytes each time."""
    mail = replace(message, text=TEXT, to=replace(message.to, locale="ru"))
    content = letter(mail, SENDER).as_bytes()
    assert content == letter(mail, SENDER).as_bytes()
    read = _read(content)
    assert read.get_content_type() == "multipart/alternative"
    assert _plain(read) == TEXT
    html = read.get_body(("html",)).get_content()
    assert '<html lang="ru">' in html
    assert "&lt;b&gt;soon&lt;/b&gt;: " in html
    assert '<a href="https://milepost.example/cases/1?a=b&amp;c=d" style' in html
    assert "</a>." in html
    assert "<ul><li>a drawing, in<br>\ntwo sheets</li><li>a report &amp; its annex</li></ul>" in html
    assert "<p>Thank you.</p>" in html
    long, short = "x " * 40, "short"
    assert f"<p>{long.strip()} goes on<br>\n{short}<br>\nends</p>" in html_of(
        f"{long.strip()}\ngoes on\n{short}\nends", locale="en"
    )
    assert '"onmouseover' not in html
    assert "<script" not in html_of("<script>alert(1)</script>", locale='"><script>')


def test_a_deadline_for_the_calendar(message: Message) -> None:
    """A day is a whole day, a moment a moment; the same entry in each letter about it, the later one counting more."""
    due = Due("case-1.asked.answer", "Answer;\r\nX-EVIL:1", date(2026, 5, 18), "https://milepost.example/cases/1")
    read = _read(letter(replace(message, due=due), SENDER).as_bytes())
    assert (read.get_content_type(), _plain(read)) == ("multipart/mixed", message.text)
    (part,) = read.iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("deadline.ics", "text/calendar")
    (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert event["UID"] == "case-1.asked.answer@milepost"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (date(2026, 5, 18), date(2026, 5, 19))
    assert str(event["SUMMARY"]).startswith("Q-2026-000001: Answer;")
    assert "X-EVIL" not in event
    later = replace(message, sent_at=message.sent_at + timedelta(days=3), due=replace(due, due=message.sent_at))
    (attached,) = _read(letter(later, SENDER).as_bytes()).iter_attachments()
    (moved,) = Calendar.from_ical(attached.get_content()).walk("VEVENT")
    assert moved["UID"] == event["UID"]
    assert moved["SEQUENCE"] > event["SEQUENCE"]
    assert moved.decoded("dtstart") == message.sent_at
    assert letter(later, SENDER).as_bytes() == letter(later, SENDER).as_bytes()


@pytest.mark.parametrize(
    "evil", ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "a\r\n\r\nbody", "a\x00\u2028b"]
)
def test_no_injection(message: Message, evil: str) -> None:
    """Line ends in a subject, a name, a case number or a template make no header and no body."""
    person = replace(message.to, name=evil)
    read = _read(letter(replace(message, subject=evil, case_number=evil, template=evil, to=person), SENDER).as_bytes())
    assert read["Bcc"] is None
    assert len(read["To"].addresses) == 1
    assert _plain(read) == message.text


@pytest.mark.parametrize(
    "email", [None, "", "zoe", "zoe@", "a b@c.example", "zoe@x.example\r\nBcc: e@x.example", "a@b@c.example", "а@б.рф"]
)
def test_bad_address(message: Message, email: str | None) -> None:
    """Without a usable address the letter is refused for good."""
    with pytest.raises(DeliveryFailed) as caught:
        letter(replace(message, to=replace(message.to, email=email)), SENDER)
    assert caught.value.retry_after is None


def test_a_letter_of_a_workflow(message: Message) -> None:
    """A workflow may have its own sender and an address for answers; the envelope stays ours."""
    origin = Origin("Бумаги органа", "papers@body.example", "questions@body.example")
    read = _read(letter(replace(message, origin=origin), SENDER).as_bytes())
    assert (read["From"].addresses[0].display_name, read["From"].addresses[0].addr_spec) == (
        "Бумаги органа",
        "papers@body.example",
    )
    assert read["Reply-To"] == "questions@body.example"
    assert SENDER.envelope == "bounces@body.example"
    assert Sender("milepost@body.example").envelope == "milepost@body.example"
    evil = Origin("Name\r\nBcc: x@y.example", "a@b.example", "")
    assert _read(letter(replace(message, origin=evil), SENDER).as_bytes())["Bcc"] is None
    with pytest.raises(DeliveryFailed, match="no mail address"):
        letter(replace(message, origin=Origin("", "", "a@b.example\r\nBcc: x@y.example")), SENDER)


def test_mailbox_once(message: Message, tmp_path: Path) -> None:
    """The same message twice is one file; another message is another; nothing half written stays behind."""
    mailbox = Mailbox(tmp_path / "out", SENDER)
    mailbox.deliver(message)
    mailbox.deliver(message)
    mailbox.deliver(replace(message, message_id="case-1.42.0_zoe@milepost.example"))
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 2
    assert all(file.name.startswith("case-1_42_0_zoe") and file.suffix == ".eml" for file in files)
    assert _read(files[0].read_bytes())["Subject"] == message.subject


def test_mailbox_blocked(message: Message, tmp_path: Path) -> None:
    """A folder that cannot be written may be tried again."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryFailed, match="cannot be written") as caught:
        Mailbox(tmp_path / "file" / "x", SENDER).deliver(message)
    assert caught.value.retry_after


def test_mailbox_message_id(message: Message, tmp_path: Path) -> None:
    """A message id with slashes stays in the folder; one that could not stand in a header is refused for good."""
    Mailbox(tmp_path / "out", SENDER).deliver(replace(message, message_id="../../etc/x@y.example"))
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [tmp_path / "out"]
    for bad in ("no-at", "a@b\r\nBcc: e@x.example", "a b@c", "<a@b>", "a" * 300 + "@b"):
        with pytest.raises(DeliveryFailed, match="is no message id"):
            Mailbox(tmp_path, SENDER).deliver(replace(message, message_id=bad))


def test_smtp(message: Message, server: tuple[Server, SmtpSettings]) -> None:
    """A server gets the letter whole: dots, long lines and both alphabets."""
    handler, settings = server
    Smtp(settings, SENDER).deliver(message)
    envelope = handler.letters[0]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("bounces@body.example", ["zoe@sample.example"])
    read = _read(envelope.content)
    assert read["Message-ID"] == "<case-1.42.0.zoe@milepost.example>"
    assert _plain(read) == message.text


@pytest.mark.parametrize(
    ("where", "answer", "again"),
    [
        ("rcpt", "450 4.2.0 try later", 300.0),
        ("rcpt", "421 4.3.2 going down", 300.0),
        ("rcpt", "550 5.1.1 no such person", None),
        ("data", "451 4.3.0 busy", 300.0),
        ("data", "554 5.7.1 refused", None),
    ],
)
def test_smtp_answers(
    message: Message, server: tuple[Server, SmtpSettings], where: str, answer: str, again: float | None
) -> None:
    """4xx may be tried again, not sooner than in five minutes, 5xx may not; the server's words are kept."""
    handler, settings = server
    setattr(handler, where, answer)
    with pytest.raises(DeliveryFailed, match=answer[:3]) as caught:
        Smtp(settings, SENDER).deliver(message)
    assert caught.value.retry_after == again


def test_smtp_never_in_the_open(message: Message, server: tuple[Server, SmtpSettings]) -> None:
    """Where STARTTLS is asked for and the server has none, nothing is sent; a password needs TLS."""
    handler, settings = server
    with pytest.raises(DeliveryFailed, match="lacks"):
        Smtp(replace(settings, tls="starttls"), SENDER).deliver(message)
    assert handler.letters == []
    with pytest.raises(ValueError, match="openly"):
        replace(settings, username="a", password="b")
    assert "hunter2" not in repr(replace(settings, tls="starttls", username="a", password="hunter2"))


def test_smtp_silent(message: Message) -> None:
    """A server that is not there may be tried again."""
    with pytest.raises(DeliveryFailed, match="no answer") as caught:
        Smtp(SmtpSettings("127.0.0.1", 1, tls="none", wait_seconds=2), SENDER).deliver(message)
    assert caught.value.retry_after
