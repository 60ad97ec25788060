"""Letters: none in quiet hours, none withheld because another's failed, proof of what went out, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail import Sender, letter
from engine.core.mailing import Quiet, quiet_until
from engine.errors import CaseNotFound, InvalidPayload, InvalidWorkflow
from engine.ports import Origin
from engine.service.bundles import Bundle
from engine.service.letters import LetterNotFound
from tests.service.conftest import TEMPLATES

MAIL = """mail:
  sender: {en: Papers of the body, ru: Бумаги органа}
  from: papers@body.example
  reply_to: questions@body.example
  quiet: 21:00-07:00
"""
SOURCE = """
milepost: 1
workflow: paper
title: {en: Paper, ru: Бумага}
timezone: Europe/Moscow
number: "P-{year}-{seq:3}"
MAIL
roles:
  clerk:  {title: Clerk, sees: all}
  reader: {title: Reader, side: applicant, sees: all}
data: {paper: {name: text, told: datetime}}
open: {by: [clerk], form: [paper.name!]}
initial: reading
states:
  reading:
    turn: clerk
    enter: [{notify: [reader], template: came}]
    events:
      read: {by: clerk, to: done}
      tell: {by: clerk, actions: [{notify: [reader], template: came, delivered: paper.told}]}
    deadlines:
      read: {after: 5 days, remind: [1 day]}
  done: {final: true}
"""
WORDS = {
    **TEMPLATES,
    "came.en.txt": "Subject: {{ case.number }}: came\n\nDear {{ to.name }},  \nit came: {{ link }}\n",
    "reminder.en.txt": "Subject: {{ case.number }}: soon\n\nDear {{ to.name }}, {{ deadline.due | due }}\n",
}
MOSCOW = ZoneInfo("Europe/Moscow")
NIGHT = datetime(2026, 3, 3, 19, 0, tzinfo=UTC)  # 22:00 in Moscow
SEVEN = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
REPORT = """From: MAILER-DAEMON@mx.reader.example
To: bounces@body.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="AAA"
MIME-Version: 1.0

--AAA
Content-Type: text/plain

I could not deliver it.

--AAA
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.reader.example

Final-Recipient: rfc822; rosa@reader.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no mailbox\x07 of this name

--AAA
Content-Type: message/rfc822

Message-ID: <{message_id}>
Subject: it came

whatever

--AAA--
"""


@pytest.fixture
def papers(world):
    """A clerk, two readers, quiet hours from nine to seven."""
    world.notifier.name = "smtp"
    world.services.catalog.publish_all([Bundle(SOURCE.replace("MAIL", MAIL), "paper.yaml", WORDS, {})])
    world.clerk = world.person("clara", "clerk")
    for name, locale in (("rosa", "en"), ("rudi", "ru")):
        world.services.people.create_token(
            name, name.title(), ["reader"], email=f"{name}@reader.example", locale=locale
        )
    return world


def opened(world):
    """A paper."""
    return world.open("paper", {"paper.name": "n"}, world.clerk)


def letters(world, case, actor=None):
    """What is on record."""
    found = world.services.cases.letters(case.id, actor or world.clerk).items
    return [(one.to, one.channel, one.status, one.reason) for one in found]


def report(message_id, action="failed"):
    """As a mail server writes it."""
    return REPORT.format(message_id=message_id, action=action).replace("\n", "\r\n").encode()


def test_none_in_quiet_hours(papers):
    """They wait until seven in the morning, each for itself, and say what holds then; the clock stops for them."""
    papers.services.clock.advance(NIGHT)
    first, second = opened(papers), opened(papers)
    papers.settle()
    assert papers.notifier.sent == []
    assert papers.services.clock.advance(SEVEN).stops == (SEVEN,)
    assert sorted((m.to.id, m.subject) for m in papers.notifier.sent) == sorted(
        (who, f"{case.number}: came") for who in ("rosa", "rudi") for case in (first, second)
    )
    assert {m.sent_at for m in papers.notifier.sent} == {SEVEN}
    assert letters(papers, first) == [("rosa", "smtp", "sent", None), ("rudi", "smtp", "sent", None)]


def test_at_once_where_somebody_waits_for_the_delivery(papers):
    """What a deadline may be counted from is not held back."""
    case = opened(papers)
    papers.settle()
    papers.services.clock.advance(NIGHT)
    papers.notifier.sent.clear()
    papers.send(case.id, "tell", papers.clerk)
    papers.settle()
    assert len(papers.notifier.sent) == 2
    assert papers.services.cases.get(case.id, papers.clerk).data["paper"]["told"] == NIGHT


def test_whom_it_comes_from(papers):
    """The workflow's name in the reader's language, its address, and where an answer goes."""
    opened(papers)
    papers.settle()
    rosa, rudi = papers.notifier.sent
    assert rosa.origin == Origin("Papers of the body", "papers@body.example", "questions@body.example")
    assert rudi.origin.name == "Бумаги органа"


def test_one_failure_keeps_nobody_else_from_his_letter(papers):
    """The one that failed is tried again alone; an earlier one is not sent twice."""
    papers.notifier.failures = [papers.later(60)]
    case = opened(papers)
    papers.settle()
    assert [m.to.id for m in papers.notifier.sent] == ["rudi"]
    assert letters(papers, case) == [
        ("rosa", "smtp", "failed", "the other side is away"),
        ("rudi", "smtp", "sent", None),
    ]
    papers.machine.forward(minutes=5)
    papers.settle()
    assert [m.to.id for m in papers.notifier.sent] == ["rudi", "rosa"]
    assert {(who, status) for who, _, status, _ in letters(papers, case)} == {("rosa", "sent"), ("rudi", "sent")}


def test_a_failure_for_good_names_who_has_none(papers):
    """The effect is dead, with an incident; put right and tried again it reaches who had none."""
    papers.notifier.failures = [papers.later(None)]
    case = opened(papers)
    papers.settle()
    ((kind, text),) = papers.incidents()
    assert kind == "notify"
    assert text.startswith("rosa: the other side is away")
    (effect,) = papers.services.cases.effects(case.id, papers.clerk)
    papers.services.handling.retry(effect.key, papers.clerk, reason="it is there again")
    papers.settle()
    assert [m.to.id for m in papers.notifier.sent] == ["rudi", "rosa"]


def test_nobody_reaches_him(papers):
    """A receiver whom no channel takes is told apart."""
    papers.notifier.address = lambda message: None if message.to.id == "rosa" else message.to.email
    case = opened(papers)
    papers.settle()
    assert [m.to.id for m in papers.notifier.sent] == ["rudi"]
    assert letters(papers, case)[0] == (
        "rosa",
        "none",
        "failed",
        "rosa has no mail address; give one in the directory",
    )


def test_who_sees_letters(papers):
    """The operator's side all, others their own, strangers nothing."""
    case = opened(papers)
    papers.settle()
    rosa = papers.person("rosa", "reader")
    assert letters(papers, case, rosa) == [("rosa", "smtp", "sent", None)]
    with pytest.raises(CaseNotFound):
        letters(papers, case, papers.person("mallory", "guest"))
    page = papers.services.cases.letters(case.id, papers.clerk, limit=1)
    rest = papers.services.cases.letters(case.id, papers.clerk, limit=1, cursor=page.cursor)
    assert [one.to for one in (*page.items, *rest.items)] == ["rosa", "rudi"]
    assert rest.cursor is None


def test_proof(papers):
    """The letter as the receiver's mail program keeps it is recognised; one with other words is not."""
    opened(papers)
    papers.settle()
    content = letter(papers.notifier.sent[0], Sender("milepost@body.example")).as_bytes()
    received = b"Received: from mx.body.example by mx.reader.example; Tue, 3 Mar 2026 12:00:00 +0300\r\n" + content
    said = papers.services.letters.verify(received)
    assert (said.finding, said.at, said.status) == ("ours", papers.notifier.sent[0].sent_at, "sent")
    saved = message_from_bytes(content, policy=policy.default.clone(linesep="\n", max_line_length=60)).as_bytes()
    assert papers.services.letters.verify(saved).finding == "ours"
    assert papers.services.letters.verify(content.replace(b"it came", b"it left")).finding == "altered"
    assert papers.services.letters.verify(content.replace(b".rosa@milepost", b".ruth@milepost")).finding == "unknown"
    for bad in (b"", b"no letter", b"\x00" * 100, content + b"x" * 300_000):
        with pytest.raises(InvalidPayload, match="no letter of 256 KiB"):
            papers.services.letters.verify(bad)


def test_what_comes_back(papers):
    """The case says so, and a person is told once."""
    case = opened(papers)
    papers.settle()
    message_id = papers.notifier.sent[0].message_id
    said = papers.services.letters.bounce(report(message_id))
    assert (said.action, said.reason, said.cases) == ("failed", "550 5.1.1 no mailbox of this name", (case.id,))
    assert letters(papers, case)[0] == ("rosa", "smtp", "bounced", "550 5.1.1 no mailbox of this name")
    words = "the letter 'came' to rosa (rosa@reader.example) came back: 550 5.1.1 no mailbox of this name"
    assert papers.incidents() == [("bounce", words)]
    assert papers.services.letters.bounce(report(message_id)).cases == ()
    assert len(papers.incidents()) == 1
    assert papers.services.letters.bounce(report(papers.notifier.sent[1].message_id, "delayed")).cases == ()
    assert letters(papers, case)[1][2] == "sent"


def test_reports_that_are_none(papers):
    """Unknown letters and other mail are refused in words."""
    with pytest.raises(LetterNotFound):
        papers.services.letters.bounce(report("1.2.3@elsewhere.example"))
    for bad in (
        b"",
        b"Subject: out of office\r\n\r\nI am away",
        report("x").replace(b"Action", b"Reaction"),
        report(""),
    ):
        with pytest.raises(InvalidPayload, match="delivery report"):
            papers.services.letters.bounce(bad)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("from", "papers at body", "no mail address"),
        ("from", '"a@b.example, c@d.example"', "no mail address"),
        ("reply_to", '"a@b.example\\nBcc: x@y.example"', "no mail address"),
        ("quiet", "21:00", "no span of hours"),
        ("quiet", "21:00-21:00", "no span of hours"),
        ("quiet", "21:00-25:00", "no span of hours"),
        ("sender", "x" * 121, "at most 120 characters"),
        ("silent", "yes", "no key 'silent'"),
    ],
)
def test_what_mail_cannot_say(papers, key, value, words):
    """Refused with its place."""
    source = SOURCE.replace("MAIL", f"mail: {{{key}: {value}}}")
    with pytest.raises(InvalidWorkflow) as caught:
        papers.services.catalog.publish_all([Bundle(source, "paper.yaml", WORDS, {})])
    (found,) = caught.value.diagnostics
    assert words in found.message
    assert (found.file, found.mark.line) == ("paper.yaml", 7)


HOURS = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001  (given a zone below)
    HOURS,
    HOURS,
    st.sampled_from(["Europe/Moscow", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu"]),
)
def test_quiet_hours_by_the_clock_on_the_wall(moment, start, end, name):
    """Inside exactly when the wall clock says so, where clocks do not change; never for more than a day and an hour."""
    if start == end:
        return
    zone, now = ZoneInfo(name), moment.replace(tzinfo=UTC)
    until = quiet_until(now, Quiet(start, end), zone)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert quiet_until(until, Quiet(start, end), zone) is None
    if name in {"Europe/Moscow", "Asia/Kathmandu"}:
        wall = now.astimezone(zone).time()
        inside = start <= wall < end if start < end else wall >= start or wall < end
        assert (until is not None) == inside
        assert until is None or until.astimezone(zone).time() == end


def test_both_nights_of_a_change_of_clocks():
    """A night that loses an hour ends when the clocks say so."""
    berlin, quiet = ZoneInfo("Europe/Berlin"), Quiet(time(22), time(7))
    assert quiet_until(datetime(2026, 3, 28, 23, 0, tzinfo=UTC), quiet, berlin) == datetime(
        2026, 3, 29, 5, 0, tzinfo=UTC
    )
    assert quiet_until(datetime(2026, 10, 24, 23, 0, tzinfo=UTC), quiet, berlin) == datetime(
        2026, 10, 25, 6, 0, tzinfo=UTC
    )
    assert quiet_until(datetime(2026, 3, 29, 5, 0, tzinfo=UTC), quiet, berlin) is None
