"""Commands over a store: tokens, publishing, imports, certificates, proofs; each opens it, works and gives it free."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.signatures.embedded import embedded_facts
from engine.service.certificate_views import Successor
from engine.service.verification import Finding, Particulars, Verdict, Verification
from engine.store.store import Store
from runtime.cli.settings import services_now
from runtime.composition import machine_now
from runtime.settings import BadSetting, Settings, read_settings


def test_a_secret_is_printed_once_and_stored_never(milepost, folder):
    """The table shows all but the secret, which stands alone; the database has its hash only."""
    code, out, _ = milepost(
        "token", "create", "--actor", "ivan", "--name", "Ivan Primerov", "--role", "clerk", "--role", "writer",
        "--attribute", "category=valves", "--attribute", "category=pumps", "--party", "123", "--email", "i@people.example",
        "--expires", "2030-01-01",
    )  # fmt: skip
    assert code == 0
    secret = out.splitlines()[-1].strip()
    assert secret.startswith("mp_")
    assert "category=valves, pumps, party=123" in out
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.glob("milepost.db*"))
    with services_now() as services:
        actor = services.people.actor_of(secret)
        (token,) = services.people.tokens()
    assert ("ivan", {"clerk", "writer"}) == (actor.id, actor.roles)
    assert actor.attributes["category"] == ("valves", "pumps")
    assert token.expires_at == datetime(2030, 1, 1, tzinfo=UTC)


def test_an_unknown_role_is_warned_of(milepost):
    """A role that no published workflow has is probably mistyped; the token is made all the same."""
    milepost("publish", "workflows")
    code, _, err = milepost("token", "create", "--actor", "a", "--name", "A", "--role", "clerc")
    assert (code, "no published workflow has the role clerc" in err) == (0, True)


def test_publishing_again_changes_nothing(milepost, folder):
    """The same text is the same version; a change is the next one."""
    first = json.loads(milepost("publish", "workflows", "--format", "json")[1])
    again = json.loads(milepost("publish", "workflows/note.yaml", "--format", "json")[1])
    assert [(line["version"], line["new"]) for line in (*first, *again)] == [(1, True), (1, False)]
    path = folder / "workflows" / "note.yaml"
    path.write_text(path.read_text().replace("5 days", "6 days"))
    assert json.loads(milepost("publish", path, "--format", "json")[1])[0]["version"] == 2


def test_a_database_that_is_in_use_is_left_alone(milepost, folder):
    """One process owns it: another one is told so in a line."""
    store = Store("sqlite:///milepost.db", machine_now=machine_now)
    try:
        for args in (["db", "upgrade"], ["serve", "--port", "0"], ["schedule"]):
            code, out, err = milepost(*args)
            assert (code, out) == (2, "")
            assert "in use by another Milepost" in err
            assert err.count("\n") == 1
    finally:
        store.close()
    assert milepost("db", "upgrade")[0] == 0


def test_a_certificate_is_previewed_and_looked_at(milepost, folder, monkeypatch):
    """The sample has its facts inside and says what it is; the register knows nothing of it, and nobody has signed it."""
    template = Path(__file__).parents[2] / "workflows" / "templates" / "certificate.typ"
    assert milepost("certificate", "preview", "--template", template, "--output", "sample.pdf")[0] == 0
    pdf = (folder / "sample.pdf").read_bytes()
    facts = embedded_facts(pdf)
    assert facts is not None
    assert (facts["number"], facts["issue"], facts["facts"]["product"]) == ("OGN1.RU.0001.P00001-38", 1, "Z-50")
    code, out, _ = milepost("certificate", "verify", "sample.pdf", "--format", "json")
    word = json.loads(out)
    assert (code, word["finding"], word["status"], word["signature"]) == (1, "foreign", None, None)
    assert word["words"].endswith("the register has no such number.")
    code, out, _ = milepost("certificate", "verify", "sample.pdf")
    assert (code, "unknown to the register" in out, "not to be relied on" in out) == (1, True, True)


def test_what_has_taken_its_place_is_shown(milepost, monkeypatch, folder):
    """A genuine file of a certificate that is superseded: by which number and issue."""
    (folder / "old.pdf").write_bytes(b"%PDF")
    said = Particulars("issued", {"number": "N-1", "issue": 1})
    verdict = Verdict(
        Finding.GENUINE, said.said(), said, "0" * 64, datetime.now(UTC), "N-1", 1, 1, "superseded", Successor("N-2", 3)
    )  # fmt: skip
    monkeypatch.setattr(Verification, "verify", lambda *_: verdict)
    code, out, _ = milepost("certificate", "verify", "old.pdf")
    assert (code, "superseded by" in out, "N-2, issue 3" in out, "not valid today" in out) == (1, True, True, True)
    word = json.loads(milepost("certificate", "verify", "old.pdf", "--format", "json")[1])
    assert word["superseded_by"] == {"number": "N-2", "issue": 3}
    assert word["particulars"] == {"code": "issued", "values": {"number": "N-1", "issue": 1}}


@pytest.mark.parametrize(
    "pdf",
    [b"", b"%PDF", b"/Type /EmbeddedFile stream\n{}endstream", b"/Type /EmbeddedFile /FlateDecode stream\nxxendstream"],
)
def test_files_without_facts(pdf):
    """Nothing is found in what is no certificate."""
    assert embedded_facts(pdf) is None


def test_an_unknown_setting_is_refused(milepost, monkeypatch):
    """No typo is silent, and no value is repeated."""
    monkeypatch.setenv("MILEPOST_DATABSE_URL", "secret")
    code, _, err = milepost("db", "upgrade")
    assert (code, "there is no setting MILEPOST_DATABSE_URL" in err, "secret" in err) == (2, True, False)


@pytest.mark.parametrize(
    "environ",
    [
        {"MILEPOST_DATABASE_URL": "postgresql://u:hidden@h/x"},
        {"MILEPOST_DATABASE_URL": "hidden"},
        {"MILEPOST_DATABASE_URL": "sqlite:////nowhere/hidden/x.db"},
        {"MILEPOST_SMTP_URL": "hidden"},
        {"MILEPOST_PUBLIC_URL": "javascript:hidden"},
        {"MILEPOST_MAIL_FROM": "hidden@x.example\nBcc: y@x.example"},
        {"MILEPOST_SMTP_URL": "smtp://u:hidden@host:x"},
        {"MILEPOST_WEBHOOK_URL": "https://hooks.example/", "MILEPOST_WEBHOOK_SECRET": "hidden"},
    ],
)
def test_a_bad_setting_is_one_line(milepost, monkeypatch, environ):
    """Whatever is wrong: one line, exit code 2, and no secret in it."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    code, out, err = milepost("db", "upgrade")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "u:hidden" not in err


def test_settings_keep_their_secrets():
    """They are not in the text of the settings, which may come into a log."""
    settings = read_settings({"MILEPOST_SMTP_URL": "smtp://u:hidden@h", "MILEPOST_WEBHOOK_SECRET": "whsec_hidden"})
    assert "hidden" not in repr(settings)
    assert read_settings({"OTHER": "x"}) == Settings()
    for seconds in ("soon", "nan", "inf", "-1", "0", "1e9"):
        with pytest.raises(BadSetting, match="TICK_SECONDS"):
            _ = read_settings({"MILEPOST_TICK_SECONDS": seconds}).tick
