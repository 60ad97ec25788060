"""Certificates, the register with its two times, and numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.core.facts import CertificateFact, RegisterFact
from engine.errors import CertificateNotFound
from engine.store.records import RegisterFilter

NUMBER = "OGN1.RU.0001.P00001-42"


def day(month, number):
    """Midnight of a day in 2026."""
    return datetime(2026, month, number, tzinfo=UTC)


class Story:
    """One case that facts happen to."""

    def __init__(self, store, case, maker, clock):
        self.store, self.case, self.maker, self.clock = store, case, maker, clock

    def happens(self, *facts, at):
        """One step with these facts."""
        self.clock.now = at
        step = self.maker.next(
            self.case, facts=facts, last_at=at, data={**self.case.data, "certificate.token": "t0k3n"}
        )
        self.store.write(lambda tx: (tx.lock_case(step.case.id), tx.save(step, unique_key="one", index={})))
        self.case = step.case

    def certificate(self, verb, status, *, at, issue=1, facts=None, effective=None):
        """One step with a certificate fact."""
        self.happens(CertificateFact(verb, status, issue, facts or {}, NUMBER, effective or at), at=at)

    def entry(self, verb, status, *, at, effective=None, **facts):
        """One step with a register fact."""
        known = {"tax_id": "4027000001", "designation": "Valve DN50", "holder": "Zavod Kaluga-Prim", **facts}
        self.happens(RegisterFact(verb, status, known, "R-1", effective or at, reason=f"why {verb}"), at=at)


@pytest.fixture
def story(store, opened, maker, clock):
    """The case that is stored, and what happens to it."""
    return Story(store, opened, maker, clock)


def test_certificate(store, story):
    """A certificate has the status of its last fact, keeps frozen facts, and every status is remembered."""
    story.certificate("reserve", "reserved", at=day(2, 1), facts={"holder": "Zavod"})
    story.certificate("reserve", "reserved", at=day(2, 2), facts={"holder": "Zavod Prim", "until": date(2029, 2, 1)})
    story.certificate("issue", "valid", at=day(2, 3))
    found = store.read(lambda r: r.certificate(NUMBER))
    assert found == store.read(lambda r: r.certificate_by_token("t0k3n"))
    assert (found.status, found.facts, found.issued_at) == (
        "valid",
        {"holder": "Zavod Prim", "until": date(2029, 2, 1)},
        day(2, 2),
    )
    story.certificate("suspend", "suspended", at=day(3, 1), effective=day(2, 20))
    story.certificate("new_issue", "reserved", at=day(4, 1), issue=2, facts={"holder": "Zavod 2"})
    assert [(c.issue, c.status) for c in store.read(lambda r: r.certificates_of(story.case.id))] == [
        (2, "reserved"),
        (1, "suspended"),
    ]
    assert store.read(lambda r: r.certificate(NUMBER)).issue == 2
    last = store.read(lambda r: r.certificate_history(NUMBER))[3]
    assert (last.verb, last.effective_from, last.recorded_at) == ("suspend", day(2, 20), day(3, 1))
    assert store.read(lambda r: (r.certificate("X"), r.certificate_by_token("X"))) == (None, None)


def test_the_first_file_stays(store, story):
    """A file is stored once for number and issue."""
    story.certificate("reserve", "reserved", at=day(2, 1))
    assert store.write(lambda tx: tx.store_certificate_file(NUMBER, 1, b"%PDF first", "aa"))
    assert not store.write(lambda tx: tx.store_certificate_file(NUMBER, 1, b"%PDF second", "bb"))
    assert store.read(lambda r: r.certificate_pdf(NUMBER, 1)) == b"%PDF first"
    found = store.read(lambda r: r.certificate(NUMBER))
    assert (found.has_pdf, found.sha256) == (True, "aa")
    with pytest.raises(CertificateNotFound):
        store.write(lambda tx: tx.store_certificate_file(NUMBER, 2, b"", ""))


def test_register_on_a_day_as_known(store, story):
    """An entry is read as it was on a day and as that was known at a moment; nothing is lost by an annulment."""
    story.entry("list", "listed", at=day(2, 1))
    story.entry("suspend", "suspended", at=day(3, 10), effective=day(3, 1))
    story.entry("reinstate", "listed", at=day(4, 1))
    story.entry("delist", "delisted", at=day(5, 1), effective=day(2, 1))

    def status(on, known_at=None):
        rows = store.read(lambda r: r.register_rows(RegisterFilter(tax_id="4027000001", on=on, known_at=known_at)))
        return [row.status for row in rows]

    assert status(day(2, 1), day(4, 2)) == []
    assert status(day(2, 2), day(4, 2)) == ["listed"]
    assert status(day(3, 5), day(3, 5)) == ["listed"]
    assert status(day(3, 5), day(3, 10)) == ["suspended"]
    assert status(day(4, 2), day(4, 2)) == ["listed"]
    assert status(day(3, 5)) == ["delisted"]
    assert status(None) == ["delisted"]
    history = store.read(lambda r: r.register_history("R-1"))
    assert [(e.revision, e.status) for e in history] == [
        (1, "listed"),
        (2, "suspended"),
        (3, "listed"),
        (4, "delisted"),
    ]
    assert (history[1].reason, history[1].recorded_at) == ("why suspend", day(3, 10))
    assert store.read(lambda r: r.entry_of(story.case.id)) == history[-1]


def test_register_search(store, story, version_id, maker):
    """Entries are found by their facts and words, page by page."""
    story.entry("list", "listed", at=day(2, 1))
    for n in range(3):
        step = maker.opened(at=day(2, 1))
        facts = {"tax_id": f"40{n}", "designation": f"Pump P{n}", "code": "28.13"}
        step = replace(step, facts=(RegisterFact("list", "listed", facts, f"R-1{n}", day(2, 1)),))
        store.write(lambda tx, s=step: tx.insert_case(s, version_id=version_id, unique_key=None, index={}))

    def find(after=None, limit=9, **wanted):
        return store.read(lambda r: r.register_rows(RegisterFilter(**wanted), after, limit))

    assert [e.entry_no for e in find()] == ["R-12", "R-11", "R-10", "R-1"]
    assert [e.entry_no for e in find(after=find(limit=2)[-1].row)] == ["R-10", "R-1"]
    assert [e.entry_no for e in find(q="kaluga zav")] == ["R-1"]
    assert [e.entry_no for e in find(code="28.13", status="listed", designation="Pump P1")] == ["R-11"]
    assert find(status="suspended") == ()


def test_numbers(store):
    """A counter starts at 1 for each name and period and leaves no gap where a transaction fails."""
    take = lambda *names: store.write(lambda tx: tx.next_number(*names))  # noqa: E731
    assert [take("Q", "2026"), take("Q", "2026"), take("Q", "2027"), take("C", "")] == [1, 2, 1, 1]
    with pytest.raises(ZeroDivisionError):
        store.write(lambda tx: tx.next_number("Q", "2026") / 0)
    assert take("Q", "2026") == 3
