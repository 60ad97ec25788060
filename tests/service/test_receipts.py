"""The tender question with a receipt, bid lists, the register as a table, and answers that an annulment makes wrong."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openpyxl import load_workbook

from engine.errors import CertificateNotFound, InvalidPayload, Unavailable
from engine.service.receipts import MAX_LINES, Question
from tests.service.test_certificates_and_register import SOURCE

TAX = "1234567890"


def certified(world, designation, officer, tax_id=TAX):
    """A listed product."""
    holder = world.person("anna", "applicant", party=tax_id)
    case = world.open("qualification", {"applicant.tax_id": tax_id, "product.designation": designation}, holder)
    world.send(case.id, "grant", officer)
    world.settle()
    return case


@pytest.fixture
def listed(world, officer):
    """A product in the register, and who asks for tenders."""
    world.publish(SOURCE)
    world.toma = world.person("toma", "tender_officer", party="buyer")
    world.case = certified(world, "V-1", officer)
    world.wait(minutes=1)
    return world


def ask(world, *items, **when):
    """Answers with receipts."""
    return world.services.receipts.ask([Question(*item) for item in items], world.toma, **when)


def test_a_receipt_stands_by_itself(listed):
    """Its text says question, answer and moment; anybody can check the signature with the key alone."""
    (answer,) = ask(listed, (TAX, "V-1"))
    assert answer.answer
    receipt = answer.receipt
    said = json.loads(receipt.text)
    assert (said["answer"], said["tax_id"], said["designation"], said["entry"]) == (True, TAX, "V-1", "R-000001")
    assert (said["receipt"], said["asked_by"], said["on"]) == (receipt.id, "buyer", answer.on.isoformat())
    assert said["certificate"].startswith("OGN1.RU.0042.P00001-")
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt.key)).verify(
        bytes.fromhex(receipt.signature), b"milepost receipt 1\n" + receipt.text.encode()
    )
    assert listed.services.receipts.find(receipt.id) == receipt
    word = listed.services.receipts.verify(receipt)
    assert (word.genuine, word.signed, word.earlier.differs) == (True, True, False)
    assert word.words == "it was given, and the answer would be the same now"


def test_receipts_that_were_touched(listed, tmp_path):
    """Another text, another number, another key: none is genuine."""
    (answer,) = ask(listed, (TAX, "V-1"))
    good, verify = answer.receipt, listed.services.receipts.verify
    forged = good.text.replace('"answer":true', '"answer":false')
    assert forged != good.text
    other = replace(good, text=forged)
    assert (verify(other).genuine, verify(other).signed) == (False, False)
    assert verify(other).words == "it is not what was given under this number"
    unknown = verify(replace(good, id="none"))
    assert (unknown.genuine, unknown.signed) == (False, True)
    assert "not among those that were given" in unknown.words
    nothing = verify(replace(other, id="none", key="zz", signature="zz"))
    assert (nothing.genuine, nothing.signed, nothing.words) == (False, False, "no such receipt was given")
    with pytest.raises(CertificateNotFound, match="no receipt 'none'"):
        listed.services.receipts.find("none")


def test_a_whole_bid(listed, officer):
    """An answer a line, in order, of one moment; each with a receipt of its own."""
    certified(listed, "V-2", officer)
    listed.wait(minutes=1)
    found = ask(listed, (TAX, "V-2", "lot 1"), (TAX, "V-9", "lot 2"), ("0000000000", "V-1"), (TAX, "V-1"))
    assert [(one.ref, one.answer) for one in found] == [("lot 1", True), ("lot 2", False), (None, False), (None, True)]
    assert len({one.known_at for one in found}) == 1
    assert len({one.receipt.id for one in found}) == 4
    with pytest.raises(InvalidPayload, match="1 to 1000 lines, not 1001"):
        ask(listed, *[(TAX, "V-1")] * (MAX_LINES + 1))
    with pytest.raises(InvalidPayload, match="not 0"):
        ask(listed)
    assert len(ask(listed, *[(TAX, "V-1")] * MAX_LINES)) == MAX_LINES


def test_an_annulment_lists_what_would_differ(listed, officer):
    """From the beginning: every yes that was given since is one that would be no; what was asked for an earlier day stays."""
    today = listed.services.clock.now().date()
    first, before = ask(listed, (TAX, "V-1"))[0], ask(listed, (TAX, "V-1"), on=today - timedelta(days=400))[0]
    assert (first.answer, before.answer) == (True, False)
    listed.wait(days=10)
    second = ask(listed, (TAX, "V-1"))[0]
    of_entry = lambda **said: listed.services.receipts.of_entry("R-000001", **said)  # noqa: E731
    assert of_entry(differing=True) == ()
    assert len(of_entry(differing=False)) == 3
    listed.send(listed.case.id, "annul", officer, {"decision.from_day": today})
    listed.wait(minutes=1)
    third = ask(listed, (TAX, "V-1"))[0]
    differing = of_entry(differing=True)
    assert [one.receipt.id for one in differing] == [second.receipt.id, first.receipt.id]
    assert all((one.answered, one.today, one.differs) == (True, False, True) for one in differing)
    assert "annulled" in differing[0].reasons[0]
    word = listed.services.receipts.verify(first.receipt)
    assert (word.genuine, word.earlier.differs, word.words) == (
        True,
        True,
        "it was given, and the answer would be another one now",
    )
    assert listed.services.receipts.verify(third.receipt).earlier.differs is False
    with pytest.raises(CertificateNotFound):
        listed.services.receipts.of_entry("R-9", differing=True)


def test_a_withdrawal_changes_no_answer_of_before(listed, officer):
    """It works from now on."""
    ask(listed, (TAX, "V-1"))
    listed.wait(days=3)
    listed.send(listed.case.id, "withdraw", officer)
    listed.wait(days=1)
    assert listed.services.receipts.of_entry("R-000001", differing=True) == ()


def test_the_register_as_a_table(listed, officer):
    """One view of it; in pages; nothing in it is a formula."""
    names = ["=1+1", "@x", "-2", 'ordinary; with, "quotes"', "многострочное\nимя"]
    for name in names:
        certified(listed, name, officer)
    listed.wait(minutes=1)
    export, moment = listed.services.exports, listed.services.clock.now()
    listed.wait(days=1)
    certified(listed, "later", officer)
    rows = list(csv.DictReader(io.StringIO("".join(export.csv(known_at=moment)))))
    assert {row["designation"] for row in rows} == {"'=1+1", "'@x", "'-2", names[3], names[4], "V-1"}
    assert {row["status"] for row in rows} == {"listed"}
    assert list(rows[0])[:6] == ["entry_no", "revision", "status", "effective_from", "recorded_at", "reason"]
    lines = [json.loads(line) for line in export.lines(designation="later")]
    assert [(one["designation"], one["tax_id"]) for one in lines] == [("later", TAX)]
    sheet = load_workbook(io.BytesIO(export.xlsx())).active
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "later" in cells
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert len(list(export.csv(q="nothing of the kind"))) == 1


def test_more_than_a_page(listed, monkeypatch):
    """Every entry once."""
    monkeypatch.setattr("engine.service.register_export.PAGE", 2)
    officer = listed.person("oleg", "officer")
    for n in range(5):
        certified(listed, f"W-{n}", officer)
    found = [json.loads(line)["designation"] for line in listed.services.exports.lines()]
    assert sorted(found) == ["V-1", *[f"W-{n}" for n in range(5)]]
    monkeypatch.setattr("engine.service.register_export.MAX_ROWS", 3)
    with pytest.raises(Unavailable, match="take CSV"):
        listed.services.exports.xlsx()
