"""The tender question with a receipt, bid lists, the register as a table, and answers that an annulment makes wrong."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openpyxl import load_workbook

from adapters.seals import Ed25519Seal
from engine.core.values import plain_text
from engine.errors import CertificateNotFound, InvalidPayload, Unavailable
from engine.service.receipt_views import Receipt
from engine.service.receipts import MAX_LINES
from engine.service.register import Question
from engine.store.receipts import StoredReceipt
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


SCOPED = (
    SOURCE.replace(
        "  decision:  {", "  scope:     {items: {type: list, of: text}, held: {type: list, of: text}}\n  decision:  {"
    )
    .replace("grant: {by: officer,", "grant: {by: officer, form: [scope.items],")
    .replace("register:\n", "register:\n  scope: scope.items\n  suspended_items: scope.held\n")
    .replace(
        "      suspend: {",
        "      hold: {by: officer, form: [scope.held], to: listed, actions: [{register: update}]}\n      suspend: {",
    )
)


@pytest.fixture
def scoped(world, officer):
    """A product of which two items are in the scope."""
    world.publish(SCOPED)
    world.toma = world.person("toma", "tender_officer", party="buyer")
    anna = world.person("anna", "applicant", party=TAX)
    world.case = world.open("qualification", {"applicant.tax_id": TAX, "product.designation": "V-1"}, anna)
    world.send(world.case.id, "grant", officer, {"scope.items": ["Z-50", "Z-80"]})
    world.settle()
    world.wait(minutes=1)
    return world


def test_an_item_of_the_scope(scoped, officer):
    """Yes for what stands in it, no for what does not; a suspended one is no from its day on, and the rest stays."""
    lines = [(TAX, "V-1", None, item) for item in ("Z-50", "Z-80", "Z-99")] + [(TAX, "V-1")]
    first = ask(scoped, *lines)
    assert [(one.item, one.answer) for one in first] == [("Z-50", True), ("Z-80", True), ("Z-99", False), (None, True)]
    assert first[0].reasons[-1] == "item Z-50 is in its scope"
    assert first[2].reasons[1:] == ("item Z-99 is not in the scope of entry R-000001",)
    assert len(first[3].reasons) == 1
    before = scoped.services.clock.now().date()
    scoped.wait(days=2)
    scoped.send(scoped.case.id, "hold", officer, {"scope.held": ["Z-80"]})
    scoped.wait(minutes=1)
    held = ask(scoped, *lines)
    assert [one.answer for one in held] == [True, False, False, True]
    assert held[1].reasons[1:] == ("item Z-80 is among the suspended items of entry R-000001",)
    assert [one.answer for one in ask(scoped, *lines, on=before)] == [True, True, False, True]
    scoped.send(scoped.case.id, "suspend", officer)
    scoped.wait(minutes=1)
    assert [one.answer for one in ask(scoped, *lines)] == [False] * 4


def test_an_item_is_not_covered_beyond_validity(scoped):
    """It is in the scope of what has ended: no, and only that is said against it."""
    (late,) = ask(scoped, (TAX, "V-1", None, "Z-50"), on=date(2029, 3, 2))
    assert (late.answer, len(late.reasons)) == (False, 2)
    assert "no more on 2029-03-02" in late.reasons[1]


def test_an_entry_without_a_scope_covers_no_item(listed):
    """Where nothing says which items are covered, none is."""
    (answer,) = ask(listed, (TAX, "V-1", None, "Z-50"))
    assert (answer.answer, answer.reasons[1]) == (False, "item Z-50 is not in the scope of entry R-000001")


def test_answers_about_an_item_are_asked_again_with_it(scoped, officer):
    """A receipt says its item; after an item is taken out for the day only answers about it would be others now."""
    fifty, eighty, whole = ask(scoped, *[(TAX, "V-1", None, item) for item in ("Z-50", "Z-80", None)])
    assert [json.loads(one.receipt.text)["item"] for one in (fifty, eighty, whole)] == ["Z-50", "Z-80", None]
    scoped.send(scoped.case.id, "hold", officer, {"scope.held": ["Z-80"]})
    scoped.wait(minutes=1)
    (differing,) = scoped.services.receipts.of_entry("R-000001", differing=True)
    assert (differing.receipt, differing.item, differing.today) == (eighty.receipt, "Z-80", False)
    word = scoped.services.receipts.verify(eighty.receipt)
    assert (word.genuine, word.signed, word.earlier.differs, word.earlier.item) == (True, True, True, "Z-80")
    assert not scoped.services.receipts.verify(fifty.receipt).earlier.differs


def test_a_receipt_of_before_there_were_items(scoped, tmp_path):
    """Its text knows no item: it is genuine and signed still, and is asked again as it was asked."""
    seal = Ed25519Seal(tmp_path / "audit.key")
    (now,) = ask(scoped, (TAX, "V-1"))
    text = plain_text({name: value for name, value in json.loads(now.receipt.text).items() if name != "item"})
    old = Receipt("before", text, seal.make_key(), seal.sign(b"milepost receipt 1\n" + text.encode()))
    row = StoredReceipt(old.id, "buyer", scoped.services.clock.now(), old.text, old.key, old.signature)
    scoped.store.write(lambda tx: tx.add_receipts([(row, TAX, "V-1")]))
    word = scoped.services.receipts.verify(old)
    assert (word.genuine, word.signed, word.earlier.item, word.earlier.differs) == (True, True, None, False)


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
