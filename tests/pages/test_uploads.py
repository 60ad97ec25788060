"""Files that people bring to the page: what they are in words, and how much is taken."""

from __future__ import annotations

import io
import socket
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader, PdfWriter

from adapters.certificates import TypstCertificates, signature_look
from adapters.signatures.keys import Key
from adapters.signatures.signing import PadesSigner
from api.app import create_app
from api.limits import Doors, Rate
from engine.ports import RenderedCertificate
from engine.service.verification import MAX_FILE
from tests.adapters.signing_keys import Authority
from tests.pages.reading import read
from tests.pages.register import TEMPLATES

MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture
def bring(visit):
    """A file, brought as a browser does it."""

    def brought(pdf, *, name="certificate.pdf", path="/public/verify", **more):
        files = {"file": (name, pdf, "application/pdf")}
        return visit(path, method="POST", files=files, **more)

    return brought


class Told:
    """Reads files as they are, and of what is not the one that was issued something else."""

    def __init__(self, real, good, change):
        self.real, self.good, self.change = real, good, change

    def read(self, pdf, *, at):
        """What a file says, not signed by anybody where it was changed."""
        found = self.real.read(self.good, at=at)
        return found if pdf == self.good else replace(found, facts=self.change(found.facts), signature=None)


def saved_anew(pdf):
    """By another program."""
    out = io.BytesIO()
    PdfWriter(clone_from=PdfReader(io.BytesIO(pdf))).write(out)
    return out.getvalue()


def test_every_kind_of_file(bring, made):
    """Each with its own words, its own tone, and nothing said of a file that is not ours."""
    good = made.pdf("ЗКЛ2 50-40")
    at = good.index(b"stream", 2_000) + 40
    kinds = {
        "genuine": (good, "good", "Genuine, and valid today"),
        "suspended": (made.pdf("SP-1"), "held", "Genuine, but not valid today"),
        "superseded": (made.pdf("NEW-2", 1), "held", "Genuine, but replaced by issue 2"),
        "altered": (good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], "ended", "This file was altered"),
        "cut off": (good[:-500], "ended", "This file is cut off"),
        "saved anew": (saved_anew(good), "ended", "This file was saved anew"),
        "foreign": (b"%PDF-1.7 nothing", "ended", "This is no certificate of this register"),
        "unreadable": (b"Dear Sirs", "ended", "This is no PDF file that can be read"),
    }
    for what, (pdf, tone, words) in kinds.items():
        answer = bring(pdf)
        assert answer.status_code == 200
        page = read(answer.text)
        assert page.one("div", class_=f"answer {tone}").one("p", class_="said").text() == words, what
        assert page.one("h1").text() == "Outcome"


def test_a_genuine_file(bring, made):
    """Its number, its status of today, who signed it, and the way to its certificate."""
    page = read(bring(made.pdf("SP-1")).text.replace("\u00a0", " "))
    rows = page.one("main").rows()
    assert rows["Number that the file names"] == made.numbers["SP-1"]
    assert (rows["Issue that it names"], rows["The number's status today"]) == ("1", "Suspended")
    assert (rows["Signed by"], rows["What was signed"], rows["The signer"]) == (
        "Ogniva Sample Body",
        "is as it was",
        "is known to this register",
    )
    assert rows["Signed on"] == "2 March 2026, 09:00 (UTC+3)"
    assert len(rows["Fingerprint (SHA-256)"]) == 64
    assert f"../v/{made.tokens['SP-1']}" in [link.marks["href"] for link in page.all("a")]


def test_a_file_whose_days_are_over(bring, made):
    """The register's status is still valid: the page says what that is worth today."""
    page = read(bring(made.pdf("OVER-1")).text)
    assert page.one("p", class_="said").text() == "Genuine, but not valid today"
    assert page.one("main").rows()["The number's status today"] == "Expired"


def test_in_russian(bring, made):
    """The sentence of a finding, and its particulars."""
    page = read(bring(made.pdf("NEW-2", 1), path="/public/verify?lang=ru").text)
    assert page.one("p", class_="said").text() == "Подлинный, но заменён выпуском 2"
    assert page.one("main").rows()["Выпуск, указанный в файле"] == "1 (последний — 2)"
    assert all("lang=ru" in link.marks["href"] for link in page.one("main").all("a"))
    page = read(bring(made.pdf("NEW-2")[:-100], language="ru").text)
    assert page.one("p", class_="said").text() == "Файл обрезан"
    whole = f"{len(made.pdf('NEW-2')):,}".replace(",", " ")
    assert (
        page.one("span", class_="detail").text().replace("\u00a0", " ") == f"В конце не хватает байтов: 100 из {whole}."
    )


@pytest.mark.parametrize(
    ("language", "longer", "differ", "foreign"),
    [
        ("en", "Bytes added after it was signed: 1,234.", "These differ: Holder, Valid until.", "issue 9; no such file was ever issued."),
        ("ru", "После подписания добавлено байтов: 1 234.", "Различаются: Держатель, Действует по.", "выпуск 9; такой файл никогда не выдавался."),
    ],
)  # fmt: skip
def test_particulars_in_each_language(bring, made, monkeypatch, language, longer, differ, foreign):
    """Numbers as people write them, facts by the names that people read; nothing of them is left in the other language."""
    good = made.pdf("NEW-2")
    detail = lambda pdf: read(bring(pdf, language=language).text).one("span", class_="detail").text()  # noqa: E731
    assert detail(good + b"%" * 1234).replace("\u00a0", " ") == longer
    real, files = made.services.verification._files, made.services.verification
    changed = lambda said: {**said, "facts": {**said["facts"], "holder": "x", "valid_until": "2031-01-01"}}  # noqa: E731
    monkeypatch.setattr(files, "_files", Told(real, good, changed))
    assert detail(good[:-1] + b"x").endswith(differ)
    monkeypatch.setattr(files, "_files", Told(real, good, lambda said: {**said, "issue": 9}))
    assert detail(good[:-1] + b"x").endswith(foreign)


def test_a_signature_for_trials(bring, made, tmp_path, monkeypatch):
    """A development key is said to be worth nothing."""
    trials = Key("", tmp_path / "trials.p12", "")
    monkeypatch.setattr(made.services.verification, "_files", made.services.verification._files.__class__(trials))
    monkeypatch.setattr(made.sparing, "signer", PadesSigner(trials, "", signature_look))
    monkeypatch.setattr(made.sparing, "real", TypstCertificates(TEMPLATES))
    made.list("TRIAL-1", product__code="99.98")
    page = read(bring(made.pdf("TRIAL-1")).text)
    assert page.one("p", class_="warn").text() == "This is a signature for trials. It is worth nothing."


def test_somebody_elses_name(bring, made, tmp_path):
    """The name of a stranger's key is text as any other."""
    stranger = Key(str(Authority("Else").file(tmp_path / "else.p12", "<b>Body</b>\u202e")), tmp_path, "open sesame")
    blank, out = PdfWriter(), io.BytesIO()
    blank.add_blank_page(300, 300)
    blank.write(out)
    signed = PadesSigner(stranger, "", signature_look).sign(
        RenderedCertificate(out.getvalue(), ""), reason="mine", at=made.services.clock.now()
    )
    page = read(bring(signed).text)
    assert page.one("main").rows()["Signed by"] == "<b>Body</b>"
    assert page.one("main").rows()["The signer"] == "is not known to this register"
    assert page.all("b") == []


@pytest.mark.parametrize(("name", "words"), [("", "Choose a file first."), ("empty.pdf", "The file is empty.")])
def test_no_file(visit, name, words):
    """422, and the form again with what is missing."""
    body = (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n"
    )
    answer = visit("/public/verify", method="POST", content=body, headers={"Content-Type": MULTIPART})
    assert answer.status_code == 422
    page = read(answer.text)
    assert page.one("p", id="file-wrong").text() == words
    assert page.one("input", id="file").marks["aria-invalid"] == "true"


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/pdf", b"%PDF", 415),
        ("multipart/form-data", b"%PDF", 400),
        (MULTIPART, b"%PDF", 400),
        (MULTIPART, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n", 400),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n1\r\n--x--\r\n', 422),
        (MULTIPART, b"--x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n--x--\r\n", 400),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 50 + b"--x--\r\n", 400),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n1\r\n' * 9 + b"--x--", 400),
        (MULTIPART, b"", 422),
    ],
)
def test_forms_that_are_none(visit, kind, content, status):
    """Refused with a page; nothing is read of them."""
    answer = visit("/public/verify", method="POST", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    read(answer.text)


def test_a_file_that_is_too_large(bring):
    """413 as a page, by what was announced, and by what comes where nothing was; the largest is taken."""
    answer = bring(b"%PDF" + bytes(MAX_FILE), language="ru")
    assert answer.status_code == 413
    assert "Файл слишком велик" in answer.text
    largest = b"%PDF" + bytes(MAX_FILE - 4)
    assert read(bring(largest).text).one("p", class_="said").text() == "This is no certificate of this register"


def test_a_file_that_is_not_announced(site):
    """In pieces, without a length: 413 when there has been too much."""
    host, port = urlsplit(site).hostname, urlsplit(site).port
    head = (
        f"POST /public/verify HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(head.encode() + b"%x\r\n" % len(begin) + begin + b"\r\n")
        try:
            for _ in range(22):
                connection.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return  # it did not even listen to the end
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_too_many_files(visit, made, listening, bring):
    """An address may bring two, and then one every two seconds; looking at pages goes on."""
    listening.app = create_app(made.services, version="test", doors=Doors(brought=Rate(0.5, ticks=lambda: 50.0)))
    assert [bring(b"x").status_code for _ in range(4)] == [200, 200, 429, 429]
    assert visit("/public").status_code == 200


def test_nobody_reads_files_here(bring, made, monkeypatch):
    """503 as a page, where no adapter does."""
    monkeypatch.setattr(made.services.verification, "_files", None)
    answer = bring(b"%PDF")
    assert answer.status_code == 503
    assert "Not available at the moment" in answer.text
