"""docs/history.md: its example is computed anew, by a program that knows only the page, and by this one."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from documents import blocks, code, section, table

from adapters.seals import Ed25519Seal
from engine.core.case import Record
from engine.core.values import canonical, decode
from engine.service.proofs.file import read, written
from engine.store import chain
from engine.store.checkpoints import checkpoint_text, digest
from engine.store.merkle import Tree
from engine.store.proof_records import Checkpoint
from tests.verifier import other_program

DOCUMENT = "docs/history.md"
RFC_8032 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
BLOCKS = blocks(DOCUMENT)
EXPORT = next(block.text.splitlines() for block in BLOCKS if block.mark == "export")


def histories() -> dict[str, list[dict[str, str]]]:
    """Each case of the page with its lines."""
    found = {}
    for block in BLOCKS:
        if block.mark.startswith("case: "):
            lines = [line.split(maxsplit=1) for line in block.text.splitlines()]
            found[block.mark.removeprefix("case: ")] = [dict(lines[n : n + 4]) for n in range(0, len(lines), 4)]
    return found


def test_another_program_proves_the_example():
    """Chains, roots, links and signatures come out as the page shows them, and the export holds these very hashes."""
    shown = {}
    for case, lines in histories().items():
        assert [other_program.digest(line["payload"]) for line in lines] == [line["digest"] for line in lines]
        hashes = other_program.chain(case, [(line["record"], line["digest"]) for line in lines])
        assert hashes == [line["hash"] for line in lines]
        assert all(
            other_program.canonical(json.loads(line[name])) == line[name]
            for line in lines
            for name in ("record", "payload")
        )
        shown |= {(case, json.loads(line["record"])["seq"]): line["hash"] for line in lines}
    key = json.loads(EXPORT[-1])["key"]
    assert other_program.proved(EXPORT, {key}) == shown
    assert len(shown) == 3
    assert other_program.digest("milepost:case:0b8f6c1e") in code(section(DOCUMENT, "An example"))


@pytest.mark.parametrize("line", range(1, len(EXPORT)))
def test_another_program_finds_what_was_changed(line):
    """A digit of any line, or a line less, and the example holds no more."""
    at = EXPORT[line].index("hash" if "step" in EXPORT[line] else "root") + 20
    other = "0" if EXPORT[line][at] != "0" else "1"
    key = json.loads(EXPORT[-1])["key"]
    changed = EXPORT[line][:at] + other + EXPORT[line][at + 1 :]
    for lines in ([*EXPORT[:line], changed, *EXPORT[line + 1 :]], [*EXPORT[:line], *EXPORT[line + 1 :]]):
        with pytest.raises(AssertionError):
            other_program.proved(lines, {key})
    with pytest.raises(AssertionError):
        other_program.proved(EXPORT, {"0" * 64})


def test_this_program_writes_the_example(tmp_path):
    """The same records, places and key give the same bytes here."""
    for case, lines in histories().items():
        last = chain.genesis(case)
        for line in lines:
            record = Record(**decode(json.loads(line["record"])), payload=decode(json.loads(line["payload"])))
            assert (chain.record_text(record), chain.payload_text(record)) == (line["record"], line["payload"])
            last = chain.link(last, line["record"], chain.digest(line["payload"]))
            assert last == line["hash"]
    path = tmp_path / "rfc.key"
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_8032))
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    seal, before, tree, feed, checkpoints = Ed25519Seal(path), None, Tree(), [], []
    for line in read(EXPORT):
        if isinstance(line.said, Checkpoint):
            assert (line.said.root, line.said.previous, line.said.key) == (tree.root, digest(before), seal.public_key)
            assert line.said.signature == seal.sign(checkpoint_text(line.said).encode())
            checkpoints.append(line.said)
            before, tree = line.said, Tree()
        else:
            feed.append(line.said)
            tree.add(line.said)
    head = decode(json.loads(EXPORT[0]))
    assert list(written(feed, checkpoints, now=head["made_at"], last=head["last_pos"])) == EXPORT


def test_canonical_texts_are_as_shown():
    """Each line of the table is what the values are written as."""
    moscow = datetime(2026, 1, 12, 9, 30, tzinfo=ZoneInfo("Europe/Moscow"))
    values = [
        None, True, 7, Decimal("1250.50"), date(2026, 2, 11), moscow, 'Задвижка "DN 50"', ["b", "a"], {"$x": 1},
    ]  # fmt: skip
    shown = [row[1].strip("`") for row in table(DOCUMENT, "Forms, to the byte")]
    assert [canonical(value) for value in values] == shown
    assert (
        canonical({"é": "\x00\x1f\b\t\n\f\r\x7f\\", "z": "€"})
        == '{"z":"€","é":"\\u0000\\u001f\\b\\t\\n\\f\\r\x7f\\\\"}'
    )
    assert sha256(canonical({}).encode()).hexdigest() == histories()["5d2a9f40"][0]["digest"]
