"""Documents on every database: who may refer to them, who reads them, and when they are forgotten."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.core.case import Event
from engine.core.terms import Term, Unit
from engine.errors import CaseNotFound, ImportRefused, InvalidPayload, Unavailable
from engine.service import documents
from engine.service.documents import DocumentNotFound, clean_name
from engine.service.import_plan import Asked
from tests.service.conftest import person

PAPERS = """
milepost: 1
workflow: papers
title: Papers
timezone: Europe/Moscow
number: "P-{seq:4}"
roles:
  applicant:  {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own, hides: [review]}
  reviewer:   {title: Reviewer, sees: all}
  laboratory: {title: Laboratory, sees: all, fields: [results]}
event_data: {scan: file}
data:
  applicant: {tax_id: text}
  words: {digest: text}
  offer: {paper: {type: file, sealed: 'in_state("check")'}}
  documents: {type: list, key: sha256, of: {kind: text, file: file, sha256: text}}
  review: {minutes: file}
  results: {report: file}
open: {by: applicant, form: [applicant.tax_id!, documents, words.digest]}
initial: check
states:
  check:
    turn: reviewer
    events:
      add: {by: applicant, form: [documents+]}
      note: {by: reviewer, form: [review.minutes]}
      bid: {by: reviewer, form: [offer.paper]}
      show: {by: reviewer, form: [scan!]}
      report: {by: laboratory, form: [results.report]}
      finish: {by: reviewer, to: over}
      follow: {by: reviewer, actions: [{open: follow_up, with: {review.minutes: review.minutes, review.other: words.digest}}]}
  over: {final: true, outcome: done}
"""
FOLLOW_UP = """
milepost: 1
workflow: follow_up
title: Follow-up
timezone: Europe/Moscow
roles: {reviewer: {title: Reviewer, sees: all}}
data: {review: {minutes: file, other: file}}
open: {by: papers, form: [review.minutes, review.other]}
initial: look
states:
  look: {turn: reviewer, events: {finish: {by: reviewer, to: over}}}
  over: {final: true, outcome: done}
"""
ANNA, ALEX = person("anna", "applicant", party="1"), person("alex", "applicant", party="1")
BORIS = person("boris", "applicant", party="2")
RITA, LENA = person("rita", "reviewer"), person("lena", "laboratory")


@pytest.fixture
def papers(world):
    """The workflow, published."""
    world.publish(PAPERS, FOLLOW_UP)
    return world


def keep(world, actor, content=b"a drawing\n", name="drawing.txt"):
    """Its digest, uploaded by somebody."""
    incoming = world.services.documents.begin(actor)
    incoming.write(content)
    return world.services.documents.keep(incoming, name, actor).sha256


def opened(world, *digests, actor=ANNA):
    """A case that refers to documents; its id."""
    rows = [{"kind": "drawing", "file": "drawing.txt", "sha256": digest} for digest in digests]
    return world.open("papers", {"applicant.tax_id": actor.party, "documents": rows}, actor).id


def content(world, case, digest, actor):
    """What somebody reads."""
    return b"".join(world.services.documents.of_case(case, digest, actor)[1])


def refused(call):
    """(path, code) of the first problem."""
    with pytest.raises(InvalidPayload) as caught:
        call()
    return caught.value.problems[0].path, caught.value.problems[0].code


def test_uploaded_before_it_is_referred_to(papers):
    """By anybody of the party; opening, sending and trying without storing say the same."""
    unknown = ("documents[0].sha256", "unknown-document")
    assert refused(lambda: opened(papers, "0" * 64)) == unknown
    assert refused(lambda: opened(papers, "drawing.txt")) == unknown
    assert papers.store.read(lambda reader: reader.case_id_of_number("P-0001")) is None
    digest = keep(papers, ALEX)
    case = opened(papers, digest)
    assert content(papers, case, digest, RITA) == b"a drawing\n"
    rows = [{"kind": "drawing", "file": "b.txt", "sha256": "1" * 64}]
    more = {"documents": rows}
    assert refused(lambda: papers.send(case, "add", ANNA, more)) == ("documents[1].sha256", "unknown-document")
    dry = papers.services.cases.dry_run
    assert refused(lambda: dry(case, Event("add", more), ANNA)) == ("documents[1].sha256", "unknown-document")
    rows[0]["sha256"] = keep(papers, ANNA, b"another\n")
    assert dry(case, Event("add", more), ANNA).step.name == "add"
    assert papers.send(case, "add", ANNA, more).step.name == "add"


def test_a_table_that_names_documents(world):
    """Its preview says which are nobody's, by row and column, so that all or none still holds."""
    form = "form: [applicant.tax_id!, results.report]"
    world.publish(PAPERS.replace("form: [applicant.tax_id!, documents, words.digest]", form), FOLLOW_UP)
    digest = keep(world, ANNA)
    table = f"tax_id,report\n1,{digest}\n1,{'0' * 64}\n".encode()
    found = world.services.imports.preview(table, Asked("papers", "list.csv"), ANNA)
    assert [(one.row, one.column, one.code) for one in found.problems] == [(3, "report", "unknown-document")]
    imports = world.services.imports
    with pytest.raises(ImportRefused):
        imports.commit(found.job.id, "all", ANNA)
    imports.commit(found.job.id, "good", ANNA)
    assert imports.work.run_once() == 1
    (opened,) = imports.report(found.job.id, ANNA).opened
    assert content(world, opened.case_id, digest, RITA) == b"a drawing\n"


def test_to_know_a_digest_is_not_to_have_the_document(papers):
    """Another party's upload is as none, for uploads of its own, too; whoever has the same content has his own."""
    digest = keep(papers, ANNA)
    opened(papers, digest)
    assert refused(lambda: opened(papers, digest, actor=BORIS)) == ("documents[0].sha256", "unknown-document")
    with pytest.raises(DocumentNotFound):
        papers.services.documents.get(digest, BORIS)
    assert keep(papers, BORIS, name="mine.txt") == digest
    case = opened(papers, digest, actor=BORIS)
    assert papers.services.documents.get(digest, ANNA).name == "drawing.txt"
    assert papers.services.documents.of_case(case, digest, BORIS)[0].name == "mine.txt"


def test_read_by_who_sees_the_field(papers):
    """Not by who sees the case only, not by another party; and not from a case that does not refer to it."""
    digest, minutes = keep(papers, ANNA), keep(papers, RITA, b"minutes\n")
    case, other = opened(papers, digest), opened(papers)
    papers.send(case, "note", RITA, {"review.minutes": minutes})
    assert content(papers, case, minutes, RITA) == b"minutes\n"
    assert content(papers, case, digest, ANNA) == b"a drawing\n"
    for reader, asked in ((LENA, digest), (LENA, minutes), (ANNA, minutes)):
        with pytest.raises(DocumentNotFound):
            content(papers, case, asked, reader)
    with pytest.raises(DocumentNotFound):
        content(papers, other, digest, RITA)
    with pytest.raises(CaseNotFound):
        content(papers, case, digest, BORIS)


def test_earlier_values_and_what_was_said(papers):
    """Who may read the history reads the documents in it: one that was replaced, and one that only an event carried."""
    first, second, scan = (keep(papers, RITA, text) for text in (b"first\n", b"second\n", b"scan\n"))
    case = opened(papers)
    for event, data in (
        ("note", {"review.minutes": first}),
        ("note", {"review.minutes": second}),
        ("show", {"scan": scan}),
    ):
        papers.send(case, event, RITA, data)
    assert [content(papers, case, digest, RITA) for digest in (first, scan)] == [b"first\n", b"scan\n"]
    assert refused(lambda: papers.send(case, "show", RITA, {"scan": "0" * 64})) == ("scan", "unknown-document")
    with pytest.raises(DocumentNotFound):  # the applicant does not see the review, nor what was in it
        content(papers, case, first, ANNA)


def test_what_one_sees_in_the_case_one_may_refer_to(papers):
    """The reviewer to what the applicant has sent; the laboratory, which does not see it, not."""
    digest = keep(papers, ANNA)
    case = opened(papers, digest)
    assert papers.send(case, "note", RITA, {"review.minutes": digest}).step.name == "note"
    assert refused(lambda: papers.send(case, "report", LENA, {"results.report": digest}))[0] == "results.report"


def test_what_a_case_passes_on(papers):
    """A child that is opened with a document has it, also for its own readers."""
    minutes = keep(papers, RITA, b"minutes\n")
    case = opened(papers)
    papers.send(case, "note", RITA, {"review.minutes": minutes})
    papers.send(case, "follow", RITA)
    papers.settle()
    (child,) = papers.services.cases.get(case, RITA).children
    assert content(papers, child.id, minutes, RITA) == b"minutes\n"


def test_a_text_that_is_passed_on_opens_nothing(papers):
    """A digest that somebody typed is no document of the case, so its child has none by it."""
    theirs = keep(papers, BORIS, b"a secret\n")
    opened(papers, theirs, actor=BORIS)
    case = papers.open("papers", {"applicant.tax_id": "1", "words.digest": theirs}, ANNA).id
    papers.send(case, "follow", RITA)
    papers.settle()
    (child,) = papers.services.cases.get(case, RITA).children
    with pytest.raises(DocumentNotFound):
        content(papers, child.id, theirs, RITA)


def test_what_is_sealed_is_not_had_by_giving_it_again(papers):
    """Who guesses the digest of a sealed document does not become its giver."""
    offer = keep(papers, RITA, b"an offer\n")
    case = opened(papers)
    papers.send(case, "bid", RITA, {"offer.paper": offer})
    assert content(papers, case, offer, RITA) == b"an offer\n"
    with pytest.raises(DocumentNotFound):
        content(papers, case, offer, LENA)
    other = person("rex", "reviewer")
    assert refused(lambda: papers.send(case, "bid", other, {"offer.paper": offer})) == (
        "offer.paper",
        "unknown-document",
    )
    with pytest.raises(DocumentNotFound):
        content(papers, case, offer, other)


def test_under_act_for_they_are_the_others(papers):
    """Who uploads for a person uploads for that person's party."""
    digest = keep(papers, replace(RITA, attributes={"party": "1"}, acting_for="anna"))
    assert opened(papers, digest)
    own = keep(papers, replace(RITA, id="rex", acting_for="rita"), b"mine\n")
    assert papers.services.documents.get(own, RITA).size == 5
    with pytest.raises(DocumentNotFound):
        papers.services.documents.get(own, replace(RITA, id="rex"))


def test_forgotten_when_nobody_needs_it(papers, machine, tmp_path):
    """A day after it was uploaded, and not while a case refers to it, nor just after somebody did; then its content, too."""
    used, unused = keep(papers, ANNA), keep(papers, ANNA, b"unused\n")
    case = opened(papers, used)
    forget = papers.services.documents.forget
    assert forget() == 0
    machine.at += timedelta(days=2)
    age(tmp_path)
    assert forget() == 1
    assert [path.name for path in (tmp_path / "documents").rglob("*") if path.is_file()] == [used]
    assert refused(lambda: opened(papers, unused))[1] == "unknown-document"
    assert content(papers, case, used, ANNA) == b"a drawing\n"
    papers.send(case, "finish", RITA)
    papers.wait(days=800)
    machine.at += timedelta(days=800)
    assert sum(papers.services.pruning.prune(Term(1, Unit.DAYS))) == 1
    assert forget() == 1
    assert not any(path.is_file() for path in (tmp_path / "documents").rglob("*"))


def test_what_is_needed_just_now_is_not_forgotten(papers, machine, tmp_path):
    """Who forgets looks again under the lock: a step that refers to it is before him, or after and refused."""
    digest = keep(papers, ANNA)
    machine.at += timedelta(days=2)
    age(tmp_path)
    opened(papers, digest)  # needed at this moment
    assert papers.services.documents.forget() == 0
    case = papers.store.read(lambda reader: reader.case_id_of_number("P-0001"))
    (tmp_path / "documents" / digest[:2] / digest).unlink()
    with pytest.raises(Unavailable, match="restore"):
        content(papers, case, digest, ANNA)


def test_more_than_is_used(papers, monkeypatch):
    """Who uploads and refers to nothing is stopped; what he refers to counts no more, and others go on."""
    monkeypatch.setattr(documents, "MOST_WAITING", 10)
    digest = keep(papers, ANNA)
    with pytest.raises(documents.TooManyDocuments):
        keep(papers, ALEX)
    assert keep(papers, BORIS) == digest
    opened(papers, digest)
    assert keep(papers, ALEX, b"more\n")


def age(folder):
    """Contents that came long ago."""
    for path in (folder / "documents").rglob("*"):
        os.utime(path, (time.time() - 200_000,) * 2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\fakepath\\drawing.pdf", "drawing.pdf"),
        ("../../etc/passwd", "passwd"),
        ("чертёж №1.pdf", "чертёж №1.pdf"),
        ("a\r\nSet-Cookie: x\x00.pdf", "aSet-Cookie: x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("...", "document"),
        ("x" * 500, "x" * 200),
    ],
)
def test_names(name, shown):
    """Safe to show and to save under."""
    assert clean_name(name) == shown
