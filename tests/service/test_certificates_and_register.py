"""The life of a certificate and its register entry, and the tender question about it (ROADMAP §3.8, §3.11, §3.12)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from engine.errors import CertificateNotFound, FactNotAllowed
from engine.service.numbers import check_digits, check_holds, written

SOURCE = """
milepost: 1
workflow: qualification
title: Qualification
timezone: Europe/Moscow
number: "Q-{year}-{seq:6}"
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  officer:   {title: Officer, sees: all}
data:
  applicant: {tax_id: text}
  product:   {designation: text}
  decision:  {on: date, from_day: date}
open: {by: applicant, form: [applicant.tax_id!, product.designation!]}
certificate:
  number: "OGN1.RU.{body}.P{seq:5}-{check}"
  template: certificate
  holder: applicant.tax_id
  product: product.designation
  valid_from: decision.on
  valid_until: add_days(add_months(decision.on, 36), -1)
register:
  tax_id: applicant.tax_id
  designation: product.designation
initial: decision
states:
  decision:
    turn: officer
    events:
      grant: {by: officer, set: {decision.on: today}, to: issuing, actions: [{certificate: reserve}]}
  issuing:
    call: certificate.issue
    done: [{to: listed, actions: [{register: list}]}]
  listed:
    turn: none
    events:
      suspend: {by: officer, to: suspended, actions: [{certificate: suspend}]}
      correct: {by: officer, to: listed, actions: [{certificate: new_issue}, {call: certificate.issue}]}
      annul:   {by: officer, form: [decision.from_day!], to: annulled, actions: [{certificate: annul, with: {effective_from: decision.from_day}}]}
      withdraw: {by: officer, to: withdrawn, actions: [{certificate: withdraw}]}
      list_again: {by: officer, actions: [{certificate: reinstate}]}
  suspended:
    turn: officer
    events:
      reinstate: {by: officer, to: listed, actions: [{certificate: reinstate}]}
  withdrawn: {final: true, outcome: delisted}
  annulled: {final: true, outcome: delisted}
"""


@pytest.fixture
def listed(world, acme, officer):
    """A case whose product is in the register."""
    world.publish(SOURCE)
    case = world.open("qualification", {"applicant.tax_id": "1234567890", "product.designation": "V-1"}, acme)
    world.send(case.id, "grant", officer)
    world.settle()
    return case


def _certificate(world, case, officer):
    data = world.services.cases.get(case.id, officer).data
    return data["certificate"]["number"]


def test_check_digits_are_mod_97_10():
    """ISO 7064 MOD 97-10: with the digits behind it the number leaves 1; a typing error is found."""
    assert check_digits("794") == "44"
    number = written("OGN1.RU.{body}.P{seq:5}-{check}", year="2026", seq=7, body="0042")
    assert number.startswith("OGN1.RU.0042.P00007-")
    assert check_holds(number)
    assert not check_holds(number.replace("P00007", "P00008"))
    assert not check_holds("OGN1")


def test_a_decision_becomes_a_certificate_and_a_listed_entry(world, listed, officer):
    """Number in the decision's transaction, file after it, valid and listed with the result; a public page by token."""
    seen = world.services.cases.get(listed.id, officer)
    number = seen.data["certificate"]["number"]
    assert number == f"OGN1.RU.0042.P00001-{number[-2:]}"
    assert check_holds(number)
    info = world.services.certificates.by_number(number)
    assert (info.status, info.issue, info.facts["valid_until"]) == ("valid", 1, date(2029, 3, 1))
    file = world.services.certificates.pdf(number)
    assert file.pdf.startswith(b"%PDF")
    assert (info.sha256, info.has_pdf) == (file.sha256, True)
    public = world.services.certificates.by_token(info.token)
    assert (public.status, public.valid) == ("valid", True)
    (entry,) = world.services.register.search(tax_id="1234567890").items
    assert (entry.entry_no, entry.status, entry.facts["designation"]) == ("R-000001", "listed", "V-1")
    assert world.renderer.views[0].verify_url == f"https://milepost.example/v/{info.token}"
    with pytest.raises(CertificateNotFound):
        world.services.certificates.by_token("guessed")


def test_a_certificate_is_rendered_once_for_number_and_issue(world, acme, officer):
    """The node dies between the file and its result: the next try takes the stored file."""
    world.publish(SOURCE)
    case = world.open("qualification", {"applicant.tax_id": "1234567890", "product.designation": "V-1"}, acme)
    world.send(case.id, "grant", officer)
    (claimed,) = world.store.write(lambda tx: tx.claim_effects(lease_seconds=1, limit=1))
    world.services.effects._delivering._outward["issue"](claimed)
    world.machine.forward(hours=1)
    world.settle()
    number = _certificate(world, case, officer)
    assert len(world.renderer.views) == 1
    assert world.services.certificates.pdf(number).pdf == f"%PDF {number} 1 try 1".encode()
    assert world.services.certificates.by_number(number).status == "valid"


def test_a_corrected_text_is_a_new_issue_of_the_same_number(world, listed, officer):
    """Both files stay, the later issue is the one in force."""
    number = _certificate(world, listed, officer)
    world.send(listed.id, "correct", officer)
    world.settle()
    info = world.services.certificates.by_number(number)
    assert (info.issue, info.status) == (2, "valid")
    assert world.services.certificates.pdf(number, 1).pdf != world.services.certificates.pdf(number, 2).pdf


def test_entry_and_certificate_go_together_through_suspension(world, listed, officer):
    """Suspended and reinstated together; an action that does not fit refuses the step, and nothing is stored."""
    number = _certificate(world, listed, officer)
    world.wait(days=10)
    world.send(listed.id, "suspend", officer)
    assert world.services.certificates.by_number(number).status == "suspended"
    assert world.services.register.entry("R-000001").entry.status == "suspended"
    world.wait(days=10)
    world.send(listed.id, "reinstate", officer)
    history = world.services.register.entry("R-000001")
    assert [revision.status for revision in history.revisions] == ["listed", "suspended", "listed"]
    with pytest.raises(FactNotAllowed):
        world.send(listed.id, "list_again", officer)


def test_no_case_ends_while_its_product_is_listed(world, listed, officer):
    """After each end the entry is neither listed nor suspended (ROADMAP §3.8)."""
    world.send(listed.id, "withdraw", officer)
    assert world.services.cases.get(listed.id, officer).outcome == "delisted"
    assert world.services.register.entry("R-000001").entry.status == "delisted"
    assert world.services.certificates.by_number(_certificate(world, listed, officer)).status == "withdrawn"


def test_the_tender_question_on_two_dates_around_a_suspension(world, listed, officer):
    """Yes on the day before, no while suspended, yes again; the answer of then can be given again by `known_at`."""
    ask = world.services.register.eligibility
    world.wait(days=10)
    world.send(listed.id, "suspend", officer)
    known = world.services.clock.now()
    world.wait(days=10)
    world.send(listed.id, "reinstate", officer)
    days = [date(2026, 3, 11), date(2026, 3, 12), date(2026, 3, 21), date(2026, 3, 22)]
    assert [ask("1234567890", "V-1", on=day).answer for day in days] == [True, False, False, True]
    no = ask("1234567890", "V-1", on=date(2026, 3, 15))
    assert (no.status, no.entry.entry_no) == ("suspended", "R-000001")
    assert no.reasons[0].startswith("entry R-000001 is suspended since 2026-03-12 09:00")
    assert not ask("1234567890", "V-1", on=days[3], known_at=known).answer
    assert not ask("1234567890", "V-1", on=date(2026, 3, 1)).answer
    assert not ask("1234567890", "V-9").answer


def test_a_certificate_that_runs_out_answers_no_before_anybody_acts(world, listed, officer):
    """The last valid day is included, the next one is not, though the entry still says listed."""
    ask = world.services.register.eligibility
    assert ask("1234567890", "V-1", on=date(2029, 3, 1)).answer
    late = ask("1234567890", "V-1", on=date(2029, 3, 2))
    assert (late.answer, late.status, len(late.reasons)) == (False, "listed", 2)


def test_annulment_works_from_the_beginning_and_what_was_known_stays(world, listed, officer):
    """`annul` with an earlier day: not listed then, seen from today; listed, as it was known before. No row is deleted."""
    world.wait(days=30)
    before = world.services.clock.now()
    world.wait(days=1)
    world.send(listed.id, "annul", officer, {"decision.from_day": "2026-03-02"})
    ask = world.services.register.eligibility
    assert not ask("1234567890", "V-1", on=date(2026, 3, 10)).answer
    assert ask("1234567890", "V-1", on=date(2026, 3, 10), known_at=before).answer
    revisions = world.services.register.entry("R-000001").revisions
    assert [(r.status, r.reason) for r in revisions] == [("listed", ""), ("delisted", "annulled")]
    assert revisions[1].effective_from == datetime(2026, 3, 1, 21, tzinfo=UTC)
