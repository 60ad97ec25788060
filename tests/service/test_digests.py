"""One mail a day for what a template says may wait: gathered once, said as it is then, by everybody's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.errors import InvalidWorkflow
from engine.service.bundles import Bundle
from engine.service.digests import next_digest
from tests.service.conftest import START, TEMPLATES

SOURCE = """
milepost: 1
workflow: paper
title: {en: Paper, ru: Бумага}
timezone: Europe/Moscow
number: "P-{year}-{seq:3}"
roles:
  clerk:  {title: Clerk, sees: all}
  reader: {title: Reader, sees: all}
data: {paper: {name: text, owner: person}}
open: {by: clerk, form: [paper.name!, paper.owner]}
initial: reading
states:
  reading:
    turn: clerk
    enter: [{notify: [reader, paper.owner], template: came}]
    events:
      read: {by: clerk, to: done}
      again: {by: clerk, to: reading}
    deadlines:
      read: {after: 5 days, remind: [1 day]}
  done: {final: true}
"""
DAILY = "Subject: {{ case.number }}: %s\nDigest: daily\n\nDear {{ to.name }}, {{ link }}\n"
WORDS = {**TEMPLATES, "came.en.txt": DAILY % "came", "reminder.en.txt": DAILY % "reminder"}
EIGHT = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)  # 08:00 in Moscow


@pytest.fixture
def papers(world):
    """A clerk, a reader, and letters that may wait."""
    world.services.catalog.publish_all([Bundle(SOURCE, "paper.yaml", WORDS, {})])
    world.clerk = world.person("clara", "clerk")
    world.services.people.create_token("clara", "Clara", ["clerk"], email="clara@buyer.example")
    _, world.token = world.services.people.create_token("rosa", "Rosa", ["reader"], email="rosa@buyer.example")
    return world


def opened(world, count=1, **data):
    """So many papers."""
    return [world.open("paper", {"paper.name": f"n{n}", **data}, world.clerk) for n in range(count)]


def sent(world):
    """What went out, since the last look."""
    found, world.notifier.sent = world.notifier.sent, []
    return found


def digests(world, case_id):
    """The case's digest effects."""
    return [e for e in world.store.read(lambda r: r.effects(case_id)) if e.kind == "digest"]


def test_forty_letters_are_one(papers):
    """They wait until eight in the morning of their workflow, and go as one, each with its address."""
    cases = opened(papers, 40)
    papers.wait(hours=2)
    assert sent(papers) == []
    moved = papers.services.clock.advance(EIGHT + timedelta(minutes=1))
    assert moved.stops == (EIGHT,)
    (mail,) = sent(papers)
    assert (mail.to.id, mail.subject, mail.sent_at) == ("rosa", "40 messages of 3 March 2026", EIGHT)
    for case in cases:
        assert f"{case.number}: came\nhttps://milepost.example/cases/{case.id}\n" in mail.text
    assert mail.message_id.endswith(".rosa@milepost")
    (effect,) = digests(papers, cases[0].id)
    assert (effect.status, effect.result["letters"]) == ("done", 40)
    papers.wait(days=1)
    assert [m for m in sent(papers) if m.to.id == "rosa"] == []


def test_a_letter_alone_goes_as_it_is(papers):
    """No digest of one."""
    (case,) = opened(papers)
    papers.services.clock.advance(EIGHT)
    (mail,) = sent(papers)
    assert (mail.subject, mail.template) == (f"{case.number}: came", "came")


def test_more_than_a_hundred_go_in_parts(papers):
    """Nothing grows without bounds."""
    opened(papers, 205)
    papers.services.clock.advance(EIGHT)
    assert [m.subject.partition(" ")[0] for m in sent(papers)] == ["100", "100", "5"]


def test_each_person_in_his_own_language(papers):
    """Words of the digest itself are English and Russian."""
    owner = {"id": "petr", "name": "Пётр", "email": "petr@owner.example", "locale": "ru"}
    opened(papers, 2, **{"paper.owner": owner})
    papers.services.clock.advance(EIGHT)
    first, second = sorted(sent(papers), key=lambda mail: mail.to.id)
    assert first.to.id == "petr"
    assert first.subject == "Сообщения за 3 марта 2026 г.: 2"
    assert first.text.startswith("Здравствуйте, Пётр!")
    assert second.subject.startswith("2 messages")


def test_what_is_over_is_left_out(papers):
    """A reminder of a deadline that was met meanwhile, or that runs to another day, is not sent any more."""
    met, moved, due = opened(papers, 3)
    papers.services.clock.advance(EIGHT)
    sent(papers)
    papers.services.clock.advance(
        datetime(2026, 3, 6, 22, 0, tzinfo=UTC)
    )  # reminders were asked for at midnight in Moscow
    papers.send(met.id, "read", papers.clerk)
    papers.send(moved.id, "again", papers.clerk)
    papers.services.clock.advance(datetime(2026, 3, 7, 5, 0, tzinfo=UTC))
    to_clerk = [mail for mail in sent(papers) if mail.to.id == "clara"]
    assert [mail.subject for mail in to_clerk] == [f"{due.number}: reminder"]


def test_nothing_is_left_to_say(papers):
    """Then nothing is sent, and the effect says so."""
    (case,) = opened(papers)
    papers.settle()
    papers.services.people.revoke(papers.token.id)
    papers.services.clock.advance(EIGHT)
    assert sent(papers) == []
    (effect,) = digests(papers, case.id)
    assert (effect.status, effect.result["letters"]) == ("recorded", 0)


def test_a_mail_server_that_is_away(papers):
    """The digest is tried again with its Message-ID, becomes an incident at the end, and goes out once by hand."""
    opened(papers, 3)
    papers.notifier.failures = [papers.later(60)] * 2
    papers.services.clock.advance(EIGHT)
    assert sent(papers) == []
    papers.machine.forward(hours=1)
    papers.settle()
    papers.machine.forward(hours=1)
    papers.settle()
    (mail,) = sent(papers)
    assert mail.subject.startswith("3 messages")
    first, _ = opened(papers, 2)
    papers.notifier.failures = [papers.later()]
    papers.services.clock.advance(EIGHT + timedelta(days=1))
    assert sent(papers) == []
    (effect,) = digests(papers, first.id)
    assert effect.status == "dead"
    papers.services.handling.retry(effect.key, papers.person("olga", "operations"), reason="it is back")
    papers.settle()
    (mail,) = sent(papers)
    assert mail.subject.startswith("2 messages")


def test_a_case_stays_while_a_letter_of_it_waits(papers):
    """Pruning does not take what a digest still needs."""
    (case,) = opened(papers)
    papers.send(case.id, "read", papers.clerk)
    papers.settle()
    before = papers.services.clock.now() + timedelta(seconds=1)
    forecast = papers.store.read(lambda r: r.forecast(before))
    assert forecast.stays["a letter waits for a digest"] == 1
    papers.services.clock.advance(EIGHT)
    assert "a letter waits for a digest" not in papers.store.read(lambda r: r.forecast(before)).stays


def test_two_nodes_gather_once(papers):
    """Whoever comes second finds nothing."""
    opened(papers, 5)
    papers.settle()
    papers.store.write(lambda tx: tx.set_clock(EIGHT))
    assert papers.services.digests.gather() == 1
    assert papers.services.digests.gather() == 0
    papers.settle()
    assert len(sent(papers)) == 1


@pytest.mark.parametrize(
    ("now", "at", "zone", "then"),
    [
        (START, time(8), "Europe/Moscow", EIGHT),
        (EIGHT, time(8), "Europe/Moscow", EIGHT),
        (EIGHT + timedelta(microseconds=1), time(8), "Europe/Moscow", EIGHT + timedelta(days=1)),
        (datetime(2026, 3, 2, 22, 30, tzinfo=UTC), time(8), "Asia/Vladivostok", datetime(2026, 3, 2, 22, 0, tzinfo=UTC) + timedelta(days=1)),
        # the clock jumps from 02:00 to 03:00 on 29 March 2026
        (datetime(2026, 3, 28, 12, tzinfo=UTC), time(2, 30), "Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_when(now, at, zone, then):
    """The next such moment by that clock; a time that a day does not have is the first one after it."""
    assert next_digest(now, at, ZoneInfo(zone)) == then


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("Digest: weekly", r"reminder\.en\.txt:2: 'Digest:' may be daily, not 'weekly' in: Digest: weekly"),
        ("Reply-To: x", r"reminder\.en\.txt:2: under 'Subject: …' comes a blank line, or 'Digest: daily'"),
        ("Digest: daily\nDigest: daily", r"reminder\.en\.txt:3: 'Digest:' is there twice"),
    ],
)
def test_heads_that_are_refused(world, head, words):
    """A definition with one is not published; the line is named."""
    broken = {**WORDS, "reminder.en.txt": f"Subject: x\n{head}\n\nText\n"}
    with pytest.raises(InvalidWorkflow, match=words):
        world.services.catalog.publish_all([Bundle(SOURCE, "paper.yaml", broken, {})])


def test_one_locale_only(world):
    """In every locale, or in none."""
    mixed = {**WORDS, "came.ru.txt": "Subject: x\n\nПришло\n"}
    with pytest.raises(InvalidWorkflow, match=r"'Digest: daily' is missing in came\.ru\.txt"):
        world.services.catalog.publish_all([Bundle(SOURCE, "paper.yaml", mixed, {})])


def test_nobody_waits_for_the_delivery_of_what_waits(world):
    """`delivered` and `Digest: daily` do not go together."""
    waits = SOURCE.replace("template: came}", "template: came, delivered: paper.told_at}").replace(
        "owner: person}", "owner: person, told_at: datetime}"
    )
    with pytest.raises(InvalidWorkflow, match="wait for the day's digest, and `delivered` waits"):
        world.services.catalog.publish_all([Bundle(waits, "paper.yaml", WORDS, {})])
