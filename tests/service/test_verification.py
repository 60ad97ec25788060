"""Files that people bring: each kind is told apart, beside what was issued and what the register says today."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from adapters.certificates import TypstCertificates, signature_look
from adapters.signatures.confined import ConfinedReader
from adapters.signatures.keys import Key
from adapters.signatures.signing import PadesSigner
from adapters.templates import MessageTemplates
from engine.errors import InvalidWorkflow, Unavailable
from engine.ports import Adapters
from engine.service.bundles import Bundle, read_templates
from engine.service.certificate_views import Successor
from engine.service.services import build_services
from tests.adapters.signing_keys import Authority
from tests.service.conftest import TEMPLATES as CONFTEST_TEMPLATES
from tests.service.test_certificates_and_register import SOURCE
from tests.service.test_successors import WITH_RENEWAL
from tests.service.test_successors import granted as certified

TEMPLATES = read_templates(Path(__file__).parents[2] / "workflows" / "templates")


@pytest.fixture(scope="module")
def authority():
    """Who is believed."""
    return Authority()


@pytest.fixture
def key(tmp_path, authority):
    """The certification body's."""
    return Key(str(authority.file(tmp_path / "own.p12")), tmp_path / "none.p12", "open sesame")


@pytest.fixture
def signing(world, key):
    """The world, with certificates that are really rendered, signed and read."""
    adapters = Adapters(
        [world.notifier],
        MessageTemplates,
        lambda _: TypstCertificates(TEMPLATES),
        signer=lambda: PadesSigner(key, "", signature_look),
        files=ConfinedReader(key),
    )
    world.services = build_services(world.store, adapters, public_url="https://milepost.example", body="0042")
    return world


def granted(world, acme, officer):
    """A case with a certificate, listed."""
    world.publish(SOURCE)
    case = world.open("qualification", {"applicant.tax_id": "1234567890", "product.designation": "V-1"}, acme)
    world.send(case.id, "grant", officer)
    world.settle()
    return case


def number_of(world, case, officer):
    """The certificate's number."""
    return world.services.cases.get(case.id, officer).data["certificate"]["number"]


@pytest.mark.parametrize("world", ["file"], indirect=True)
def test_every_kind_of_file(signing, acme, officer, key, tmp_path):
    """Genuine, altered, longer, cut off, saved anew, signed by somebody else, of nobody: each in its own words."""
    case = granted(signing, acme, officer)
    number = number_of(signing, case, officer)
    pdf = signing.services.certificates.pdf(number).pdf
    verify = signing.services.verification.verify
    good = verify(pdf)
    assert (good.finding, good.number, good.issue, good.status, good.valid) == ("genuine", number, 1, "valid", True)
    assert good.signature.trusted
    assert good.signature.signer == "Ogniva Sample Body"
    at = pdf.index(b"stream", 2_000) + 40
    out, stranger = io.BytesIO(), PdfWriter()
    PdfWriter(clone_from=PdfReader(io.BytesIO(pdf))).write(out)
    stranger.add_blank_page(200, 200)
    blank = io.BytesIO()
    stranger.write(blank)
    others = Key(str(Authority("Else").file(tmp_path / "else.p12", "Somebody Else")), tmp_path, "open sesame")
    (held,) = signing.store.read(lambda r: r.certificates_of(case.id))
    again = _made_anew(signing, held, others)
    kinds = {
        "one byte": (pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :], "altered", "1 byte is not as it was signed"),
        "longer": (pdf + b"\n% a line\n", "altered", "10 bytes were added"),
        "cut off": (pdf[:-500], "truncated", "its last 500 of"),
        "half": (pdf[: len(pdf) * 3 // 4], "truncated", "are missing"),
        "saved anew": (out.getvalue(), "resaved", "saved it anew"),
        "signed by others": (again, "foreign", "signed by 'Somebody Else'"),
        "a page": (blank.getvalue(), "foreign", "no facts inside"),
        "a text": (b"Dear Sirs", "unreadable", "no PDF file"),
        "nothing": (b"", "unreadable", "no PDF file"),
    }
    for what, (content, finding, words) in kinds.items():
        verdict = verify(content)
        assert (what, verdict.finding, verdict.valid) == (what, finding, False)
        assert words in verdict.words, what
        assert verdict.words == verdict.particulars.said()


def _made_anew(world, held, key):
    """The same certificate, rendered again and signed by another."""
    effect = next(e for e in world.store.read(lambda r: r.effects(held.case_id)) if e.kind == "issue")
    outward = world.services.effects._delivering._outward["issue"].__self__
    view, _ = outward._certificate(effect, held.number, held.issue)
    made = TypstCertificates(TEMPLATES).render(view)
    return PadesSigner(key, "", signature_look).sign(made, reason="mine", at=held.issued_at)


@pytest.mark.parametrize("world", ["file"], indirect=True)
def test_facts_that_were_changed(signing, acme, officer, key):
    """A file with another holder in it, rendered by the same template, is altered, and what differs is named."""
    case = granted(signing, acme, officer)
    (held,) = signing.store.read(lambda r: r.certificates_of(case.id))
    effect = next(e for e in signing.store.read(lambda r: r.effects(case.id)) if e.kind == "issue")
    view, _ = signing.services.effects._delivering._outward["issue"].__self__._certificate(effect, held.number, 1)
    forged = TypstCertificates(TEMPLATES).render(replace(view, facts={**view.facts, "holder": "9999999999"}))
    verdict = signing.services.verification.verify(forged.pdf)
    assert verdict.finding == "altered"
    assert "holder" in verdict.words
    renumbered = TypstCertificates(TEMPLATES).render(replace(view, number="OGN1.RU.0042.P00099-11"))
    assert signing.services.verification.verify(renumbered.pdf).words.endswith("the register has no such number.")
    later = TypstCertificates(TEMPLATES).render(replace(view, issue=7))
    assert signing.services.verification.verify(later.pdf).words.endswith("no such file was ever issued.")


def test_a_newer_issue(signing, acme, officer):
    """The earlier file is still what was issued, and superseded; both are told apart from each other."""
    case = granted(signing, acme, officer)
    number = number_of(signing, case, officer)
    signing.send(case.id, "correct", officer)
    signing.settle()
    first = signing.services.verification.verify(signing.services.certificates.pdf(number, 1).pdf)
    assert (first.finding, first.valid, first.latest_issue) == ("superseded", False, 2)
    assert first.words.endswith("issue 2 has taken its place.")
    assert first.superseded_by == Successor(number, 2)
    second = signing.services.verification.verify(signing.services.certificates.pdf(number).pdf)
    assert (second.finding, second.valid, second.issue) == ("genuine", True, 2)
    assert second.superseded_by is None


@pytest.mark.parametrize("world", ["file"], indirect=True)
def test_a_renewal(signing, acme, officer):
    """The old file is genuine, and the words say which certificate counts instead, also of an earlier issue of it."""
    signing.publish(WITH_RENEWAL)
    old, number = certified(signing, officer, "V-1")
    signing.send(old, "correct", officer)
    signing.settle()
    _, later = certified(signing, officer, "V-1b", replaces=number)
    signing.send(old, "renewed", officer)
    for issue, finding in ((1, "superseded"), (2, "genuine")):
        verdict = signing.services.verification.verify(signing.services.certificates.pdf(number, issue).pdf)
        assert (verdict.finding, verdict.valid, verdict.superseded_by) == (finding, False, Successor(later, 1))
        assert verdict.words.endswith(f"; certificate {later}, issue 1, counts instead.")


@pytest.mark.parametrize(("event", "status"), [("suspend", "suspended"), ("withdraw", "withdrawn")])
def test_what_the_register_says_today(signing, acme, officer, event, status):
    """A genuine file is not valid where the register says otherwise, or where its days are over."""
    case = granted(signing, acme, officer)
    pdf = signing.services.certificates.pdf(number_of(signing, case, officer)).pdf
    signing.send(case.id, event, officer)
    verdict = signing.services.verification.verify(pdf)
    assert (verdict.finding, verdict.status, verdict.valid) == ("genuine", status, False)
    signing.wait(days=4 * 366)
    assert not signing.services.verification.verify(pdf).valid


def test_a_key_that_is_mended(signing, acme, officer, key, authority):
    """A missing key makes an incident; tried again after it was put there, exactly one file is issued."""
    path = Path(key.source)
    kept = path.read_bytes()
    path.unlink()
    case = granted(signing, acme, officer)
    ((_, words),) = signing.incidents()
    assert "cannot be signed" in words
    assert "sesame" not in words
    number = number_of(signing, case, officer)
    assert signing.services.certificates.by_number(number).status == "reserved"
    path.write_bytes(kept)
    (dead,) = [e for e in signing.store.read(lambda r: r.effects(case.id)) if e.status == "dead"]
    signing.services.handling.retry(dead.key, officer, reason="the key is back")
    signing.settle()
    info = signing.services.certificates.by_number(number)
    assert (info.status, info.issue) == ("valid", 1)
    assert signing.services.verification.verify(signing.services.certificates.pdf(number).pdf).valid
    assert len(signing.store.read(lambda r: r.certificate_history(number))) == 2


def test_stored_once_signed_once(signing, acme, officer, monkeypatch):
    """The node dies after the file was stored: the next try signs nothing, and the file stays."""
    signing.publish(SOURCE)
    case = signing.open("qualification", {"applicant.tax_id": "1234567890", "product.designation": "V-1"}, acme)
    signing.send(case.id, "grant", officer)
    (claimed,) = signing.store.write(lambda tx: tx.claim_effects(lease_seconds=1, limit=1))
    issue = signing.services.effects._delivering._outward["issue"]
    issue(claimed)
    first = signing.services.certificates.pdf(claimed.payload["number"])
    signed = []
    monkeypatch.setattr(PadesSigner, "sign", lambda *_, **__: signed.append(1))
    signing.machine.forward(hours=1)
    signing.settle()
    assert signed == []
    assert signing.services.certificates.pdf(claimed.payload["number"]) == first
    assert number_of(signing, case, officer) == first.number


def test_nobody_reads_files(world):
    """Without an adapter for it, verifying says so."""
    with pytest.raises(Unavailable, match="no adapter"):
        world.services.verification.verify(b"%PDF")


def test_too_many_at_once(key):
    """Two files are read at a time; who waits too long is told to come again."""
    reader = ConfinedReader(key)
    assert reader._turns.acquire()
    assert reader._turns.acquire()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.signatures.confined.WAIT_SECONDS", 0.05)
        with pytest.raises(Unavailable, match="other files"):
            reader.read(b"%PDF", at=datetime(2026, 5, 12, tzinfo=UTC))


@pytest.mark.parametrize("world", ["file"], indirect=True)
def test_a_broken_template_is_refused_when_it_is_published(world, key):
    """The definition is refused, with the template's line; no certificate is botched later."""
    adapters = Adapters([], MessageTemplates, TypstCertificates)
    services = build_services(world.store, adapters, public_url="https://milepost.example")
    broken = {**CONFTEST_TEMPLATES, "certificate.typ": "= Certificate\n#nobody(1)"}
    with pytest.raises(InvalidWorkflow, match=r"certificate\.typ:2:.*unknown variable: nobody"):
        services.catalog.publish_all([Bundle(SOURCE, "q.yaml", broken, {})])
    missing = {name: text for name, text in CONFTEST_TEMPLATES.items() if name != "certificate.typ"}
    with pytest.raises(InvalidWorkflow, match="no certificate template 'certificate'"):
        services.catalog.publish_all([Bundle(SOURCE, "q.yaml", missing, {})])
    whole = {**CONFTEST_TEMPLATES, "certificate.typ": "= Certificate"}
    assert services.catalog.publish_all([Bundle(SOURCE, "q.yaml", whole, {})])
