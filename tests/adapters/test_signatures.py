"""Signatures of certificates: made with keys of every kind, read from files of every kind, and never without a word."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign.timestamps import DummyTimeStamper
from pypdf import PdfReader, PdfWriter

from adapters.certificates import DEVELOPMENT, TypstCertificates, signature_look
from adapters.signatures.confined import ConfinedReader
from adapters.signatures.keys import Key
from adapters.signatures.signing import PadesSigner
from engine.errors import DeliveryFailed
from engine.service.bundles import read_templates
from tests.adapters.signing_keys import Authority
from tests.adapters.test_certificates import VIEW

AT = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
RENDERER = TypstCertificates(read_templates(Path(__file__).parents[2] / "workflows" / "templates"))
PLAIN = '#set document(title: "x")\nNothing to be seen here.'


@pytest.fixture(scope="session")
def made():
    """A rendered certificate."""
    return RENDERER.render(VIEW)


@pytest.fixture(scope="session")
def authority():
    """Somebody who is believed."""
    return Authority()


def sign(key, made, *, at=AT, timestamps=""):
    """The signed file."""
    return PadesSigner(key, timestamps, signature_look).sign(made, reason="Certificate X, issue 1", at=at)


def read(key, pdf, *, at=AT + timedelta(days=1)):
    """What a file says."""
    return ConfinedReader(key).read(pdf, at=at)


@pytest.fixture
def own(tmp_path, authority):
    """A key as a certification body has it."""
    return Key(str(authority.file(tmp_path / "own.p12")), tmp_path / "none.p12", "open sesame")


def test_signed_by_a_file(own, made):
    """PAdES, a certification that allows nothing; PDF/A-3 and the facts stay; the reader believes its authority."""
    pdf = sign(own, made)
    assert pdf.startswith(made.pdf)  # what was rendered stays as it is, byte for byte
    file = PdfReader(io.BytesIO(pdf), strict=True)
    signature = file.trailer["/Root"]["/AcroForm"]["/Fields"][0].get_object()["/V"]
    assert signature["/SubFilter"] == "/ETSI.CAdES.detached"
    assert file.trailer["/Root"]["/Perms"]["/DocMDP"].get_object() == signature
    assert signature["/Reference"][0]["/TransformParams"]["/P"] == 1
    assert (signature["/Reason"], signature["/Name"]) == ("Certificate X, issue 1", "Ogniva Sample Body")
    assert "<pdfaid:part>3</pdfaid:part>" in file.trailer["/Root"]["/Metadata"].get_data().decode()
    assert json.loads(file.attachments["certificate.json"][0])["number"] == VIEW.number
    found = read(own, pdf)
    assert found.facts["number"] == VIEW.number
    said = found.signature
    assert (said.signer, said.issuer, said.signed_at) == ("Ogniva Sample Body", "Ogniva Sample Authority", AT)
    assert (said.intact, said.trusted, said.whole, said.timestamped, said.development) == (
        True,
        True,
        True,
        False,
        False,
    )


def test_seen_where_the_template_says(own, made):
    """With a place it is seen there, with fonts of its own; without one it is there and not seen."""
    field = PdfReader(io.BytesIO(sign(own, made))).trailer["/Root"]["/AcroForm"]["/Fields"][0].get_object()
    left, bottom, right, top = (float(edge) for edge in field["/Rect"])
    assert (round(left), round(bottom)) == (round(made.place.left), round(made.place.bottom))
    assert right - left > 200
    assert top - bottom > 25
    look = field["/AP"]["/N"].get_object()
    fonts = [*_fonts(look)]
    assert fonts
    assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)
    bare = TypstCertificates({"certificate.typ": PLAIN}).render(VIEW)
    assert bare.place is None
    hidden = PdfReader(io.BytesIO(sign(own, bare))).trailer["/Root"]["/AcroForm"]["/Fields"][0].get_object()
    assert [float(edge) for edge in hidden["/Rect"]] == [0, 0, 0, 0]
    assert read(own, sign(own, bare)).signature.whole


def _fonts(form):
    """The descriptors of all fonts below a form."""
    resources = form["/Resources"].get_object()
    for font in resources.get("/Font", {}).values():
        inner = font.get_object()
        for one in inner.get("/DescendantFonts", [inner]):
            yield one.get_object()["/FontDescriptor"].get_object()
    for inner in resources.get("/XObject", {}).values():
        yield from _fonts(inner.get_object())


def test_the_development_key(tmp_path, made):
    """Made at first use, by one of those who want it at once; it names itself, and the sheet says so in large letters."""
    key = Key("", tmp_path / "development.p12")
    threads = [threading.Thread(target=lambda: key.file) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = key.file.read_bytes()
    assert key.file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["development.p12"]
    renderer = TypstCertificates(
        read_templates(Path(__file__).parents[2] / "workflows" / "templates"), mark=DEVELOPMENT
    )
    sheet = renderer.render(VIEW)
    assert "DEVELOPMENT" in PdfReader(io.BytesIO(sheet.pdf)).pages[0].extract_text()
    pdf = sign(key, sheet)
    said = read(key, pdf).signature
    assert (said.development, said.trusted, said.intact) == (True, True, True)
    assert "DEVELOPMENT" in said.signer
    assert key.file.read_bytes() == first
    stranger = read(Key("", tmp_path / "other.p12"), pdf).signature
    assert (stranger.intact, stranger.trusted) == (True, False)
    bare = TypstCertificates({"certificate.typ": PLAIN}, mark=DEVELOPMENT).render(VIEW)
    assert "DEVELOPMENT" in PdfReader(io.BytesIO(bare.pdf)).pages[0].extract_text()


@pytest.mark.parametrize("what", ["missing", "password", "rubbish", "expired", "not yet", "empty"])
def test_a_key_that_is_wrong(tmp_path, authority, made, what):
    """Said for good, without the password, and what to do; the next try with a mended key signs."""
    path = tmp_path / "key.p12"
    days = {
        "expired": {"begins": datetime(2024, 1, 1, tzinfo=UTC), "ends": datetime(2025, 1, 1, tzinfo=UTC)},
        "not yet": {"begins": datetime(2027, 1, 1, tzinfo=UTC), "ends": datetime(2028, 1, 1, tzinfo=UTC)},
    }
    authority.file(path, **days.get(what, {}))
    key = Key(str(path), tmp_path / "none.p12", "wrong secret" if what == "password" else "open sesame")
    if what == "missing":
        path.unlink()
    elif what in {"rubbish", "empty"}:
        path.write_bytes(b"rubbish" if what == "rubbish" else b"")
    with pytest.raises(DeliveryFailed, match="cannot be signed") as caught:
        sign(key, made)
    assert caught.value.retry_after is None
    assert "secret" not in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert "secret" not in repr(key)
    authority.file(path, password=(key.password or "").encode())
    assert read(key, sign(key, made)).signature.trusted


def test_an_authority_of_earlier_keys(tmp_path, authority, own, made):
    """A file signed by somebody else's key is believed where its authority was named."""
    other = Authority("Ogniva Earlier Authority")
    pdf = sign(Key(str(other.file(tmp_path / "other.p12")), tmp_path / "none", "open sesame"), made)
    said = read(own, pdf).signature
    assert (said.intact, said.trusted, said.issuer) == (True, False, "Ogniva Earlier Authority")
    (tmp_path / "trusted.pem").write_bytes(authority.pem + other.pem)
    named = Key(own.source, own.development, own.password, tmp_path / "trusted.pem")
    assert read(named, pdf).signature.trusted
    assert read(named, sign(own, made)).signature.trusted


def test_a_certificate_that_ended_later(own, made):
    """Who could sign when he signed is believed after his certificate has ended, too."""
    said = read(own, sign(own, made), at=datetime(2035, 1, 1, tzinfo=UTC)).signature
    assert (said.intact, said.trusted) == (True, True)


class Stamps(BaseHTTPRequestHandler):
    """A timestamp server (RFC 3161)."""

    def do_POST(self):
        """A timestamp for what was sent."""
        asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.broken:
            self.send_error(503)
            return
        answer = self.server.stamper.request_tsa_response(asked)
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(answer.dump())

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def stamps(authority):
    """A server of its own, and its address."""
    key, certificate = authority.gives("Ogniva Sample Clock", stamps=True)
    server = HTTPServer(("127.0.0.1", 0), Stamps)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    server.stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        asn1_keys.PrivateKeyInfo.load(private),
        fixed_dt=AT,
    )
    server.broken = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_timestamp_server(own, made, stamps):
    """B-T: somebody else says when; where he does not answer, the delivery is tried again."""
    url = f"http://127.0.0.1:{stamps.server_address[1]}"
    said = read(own, sign(own, made, timestamps=url)).signature
    assert (said.timestamped, said.trusted, said.intact, said.whole) == (True, True, True, True)
    stamps.broken = True
    with pytest.raises(DeliveryFailed, match="TIMESTAMP_URL") as caught:
        sign(own, made, timestamps=url)
    assert caught.value.retry_after


SOFTHSM = next((str(path) for path in Path("/usr/lib").glob("**/libsofthsm2.so")), None)


@pytest.mark.skipif(SOFTHSM is None and not os.environ.get("CI"), reason="needs Debian's softhsm2")
def test_a_key_in_a_token(tmp_path, authority, made, monkeypatch):
    """PKCS#11: the key never leaves its token; a wrong PIN and a wrong label are said without the PIN."""
    pkcs11 = pytest.importorskip("pkcs11")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
    tool = shutil.which("softhsm2-util")
    subprocess.run(
        [tool, "--init-token", "--free", "--label", "ogniva", "--pin", "987654", "--so-pin", "987654"],
        check=True,
        capture_output=True,
    )
    private, certificate = authority.gives("Ogniva Token")
    token = pkcs11.lib(SOFTHSM).get_token(token_label="ogniva")
    with token.open(rw=True, user_pin="987654") as session:
        _put(pkcs11, session, private, certificate)
    source = f"pkcs11:token=ogniva;object=signer?module-path={SOFTHSM}"
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(authority.pem)
    key = Key(source, tmp_path / "none", "987654", trusted)
    said = read(key, sign(key, made)).signature
    assert (said.signer, said.trusted, said.intact) == ("Ogniva Token", True, True)
    for wrong in (Key(source, tmp_path, "111111"), Key(source.replace("signer", "nobody"), tmp_path, "987654")):
        with pytest.raises(DeliveryFailed, match="token 'ogniva'") as caught:
            sign(wrong, made)
        assert "1111" not in str(caught.value)
        assert "9876" not in str(caught.value)
    with pytest.raises(DeliveryFailed, match="MILEPOST_SIGNING_KEY is not like"):
        sign(Key("pkcs11:token=ogniva", tmp_path, "987654"), made)


def _put(pkcs11, session, private, certificate):
    """A key and its certificate into a token."""
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    der = private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    label = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: "signer", pkcs11.Attribute.ID: b"1"}
    session.create_object({**decode_rsa_private_key(der), **label, pkcs11.Attribute.PRIVATE: True})
    session.create_object({**decode_x509_certificate(certificate.public_bytes(Encoding.DER)), **label})


def test_files_that_were_touched(own, made):
    """One byte, an end cut off, something behind it, saved anew: each is read, and none as whole."""
    pdf = sign(own, made)
    at = pdf.index(b"stream", 2_000) + 40
    one = read(own, pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]).signature
    assert (one.intact, one.trusted) == (False, False)
    cut = read(own, pdf[: len(made.pdf)])
    assert (cut.facts["number"], cut.signature) == (VIEW.number, None)
    more = read(own, pdf + b"\n% a line\n").signature
    assert (more.intact, more.whole) == (True, False)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    out = io.BytesIO()
    writer.write(out)
    anew = read(own, out.getvalue())
    assert anew.facts["number"] == VIEW.number
    assert anew.signature is None or not anew.signature.intact


def _bomb():
    """A small file whose streams are large: 1 GiB of spaces, packed twice."""
    packed = zlib.compressobj()
    inner = b"".join(packed.compress(b" " * (1 << 20)) for _ in range(1024)) + packed.flush()
    twice = zlib.compress(inner)
    head = f"1 0 obj\n<< /Type /XRef /Size 3 /W [1 2 1] /Root 1 0 R /Length {len(twice)} /Filter [/FlateDecode /FlateDecode] >>\nstream\n"
    body = b"%PDF-1.7\n" + head.encode() + twice + b"\nendstream\nendobj\n"
    return body + b"startxref\n9\n%%EOF"


@pytest.mark.parametrize(
    "pdf",
    [
        pytest.param(_bomb, id="bomb"),
        pytest.param(lambda: b"%PDF-1.7\n" + b"<<" * 2_000_000 + b"startxref\n9\n%%EOF", id="deep"),
        pytest.param(lambda: b"%PDF-1.7\n" + b"/Type /EmbeddedFile " * 500_000, id="many files"),
        pytest.param(lambda: b"\x00" * (20 << 20), id="20 MiB of nothing"),
        pytest.param(lambda: b"", id="empty"),
    ],
)
def test_files_that_mean_it_ill(own, pdf):
    """They are read in a program of its own, with little memory and time: nothing is known of them, soon."""
    began = time.monotonic()
    found = read(own, pdf())
    assert (found.facts, found.signature) == (None, None)
    assert time.monotonic() - began < 40
