"""What somebody with a database shell changes behind the program is found, and named, on both databases."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from adapters.seals import Ed25519Seal
from engine.errors import CaseNotFound
from engine.store import chain
from engine.store.checkpoints import checkpoint_text, digest
from engine.store.merkle import Tree

BOTH = pytest.mark.parametrize("world", ["file", "postgresql"], indirect=True)


@BOTH
def test_what_nobody_touched_is_whole(stored):
    """Everything is gone through and counted; one case alone is proved with the checkpoints over it."""
    proof = stored.audit.verify()
    assert (proof.whole, proof.first) == (True, None)
    assert (proof.histories, proof.steps, proof.places, proof.checkpoints) == (3, 7, 7, 2)
    assert (proof.uncovered, proof.waiting, proof.erased, proof.pruned) == (0, 0, 0, 0)
    one = stored.audit.verify("P-2026-0001")
    assert (one.whole, one.histories, one.steps, one.checkpoints) == (True, 1, 4, 2)
    with pytest.raises(CaseNotFound, match="there is no case 'nobody'"):
        stored.audit.verify("nobody")


@BOTH
def test_it_is_said_how_far_a_proof_is(stored, monkeypatch):
    """Progress goes up to the whole and not beyond, also while a file is compared."""
    monkeypatch.setattr("engine.service.proofs.report.EVERY", 1)
    lines, told = stored.export(), []
    assert stored.audit.verify(progress=lambda done, total: told.append((done, total))).whole
    assert told == [(n, 21) for n in range(1, 22)]
    told.clear()
    assert stored.audit.verify(against=lambda: lines, progress=lambda *far: told.append(far)).whole
    assert told == [(min(n, 28), 28) for n in range(1, len(told) + 1)]
    assert told[-1] == (28, 28)


@BOTH
def test_what_is_new_is_said(stored, acme, officer):
    """Steps without a place or a checkpoint yet are no break; they are counted."""
    stored.world.send(stored.b, "answer", acme, {"product.designation": "V-20"})
    proof = stored.audit.verify()
    placed = stored.world.store.read(lambda reader: reader.feed_end()) == 8
    assert (proof.whole, proof.uncovered, proof.waiting) == (True, int(placed), int(not placed))
    stored.seal()
    assert stored.audit.verify() == replace(proof, uncovered=0, waiting=0, places=8, checkpoints=3)


@BOTH
def test_an_erased_payload_is_no_break(stored):
    """The chain proves the rest; what was set after it is still compared with the data."""
    stored.sql("UPDATE step SET payload = NULL WHERE case_id = {a} AND seq <= 3")
    proof = stored.audit.verify()
    assert (proof.whole, proof.erased) == (True, 3)
    stored.sql("UPDATE case_section SET data = replace(data, 'V-10', 'V-11') WHERE case_id = {a}")
    assert stored.audit.verify().whole  # nobody knows any more what it was
    stored.sql("UPDATE case_section SET data = replace(data, 'good', 'bad') WHERE case_id = {a}")
    found = stored.audit.verify().first
    assert (found.case, found.expected, found.found) == (stored.a, '"good"', '"bad"')


TABLES = ("feed", "step", "case_section", "position", "timer", "case_index", "effect")
COLUMNS = "kind, name, record, payload, payload_hash, hash, at, recorded_at"
SWAP = "UPDATE step SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE case_id = {a} AND seq IN (2, 3)"
STATE = "case_id, state, place, entry, entered_at, finished"
CUT_OFF = """DELETE FROM feed WHERE pos >= 6;DELETE FROM step WHERE case_id = {b} AND seq = 2;
UPDATE "case" SET hash = (SELECT hash FROM step WHERE case_id = {b}), seq = 1 WHERE id = {b};
UPDATE case_section SET data = replace(data, ':1', ':0') WHERE case_id = {b} AND section = 'review';
UPDATE position SET state = 'check' WHERE state IN ('expertise', 'correction');
DELETE FROM step WHERE case_id = {a} AND seq = 4;
UPDATE "case" SET hash = (SELECT hash FROM step WHERE case_id = {a} AND seq = 3), seq = 3 WHERE id = {a};
UPDATE case_section SET data = replace(data, '"review.remark":"good",', '') WHERE case_id = {a}"""
TOUCHED = {
    "a record": (
        """UPDATE step SET record = replace(record, 'oleg', 'olga') WHERE case_id = {a} AND seq = 2""",
        r"case {a} \(P-2026-0001\), step 2: the hash is not that of this record after the one before",
    ),
    "a column beside the record": (
        "UPDATE step SET name = 'accept' WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: the record has another name than its row; expected accept, found return",
    ),
    "a payload": (
        "UPDATE step SET payload = replace(payload, 'page 3', 'page 5') WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: what was said \(payload\) has another digest",
    ),
    "a digest": (
        "UPDATE step SET payload_hash = 'none' WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: what was said \(payload\) has another digest; expected none, found [0-9a-f]{{64}}",
    ),
    "an erased payload's digest": (
        "UPDATE step SET payload = NULL, payload_hash = 'none' WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: the digest of what was said is no digest",
    ),
    "a hash": (
        "UPDATE step SET hash = '" + "0" * 64 + "' WHERE case_id = {a} AND seq = 4",
        r"case {a} .*, step 4: the hash is not that of this record after the one before; expected [0-9a-f]{{64}}, found 0{{64}}",
    ),
    "the last row removed": (
        "DELETE FROM step WHERE case_id = {a} AND seq = 4",
        r"case {a} .*, step 4: the step is missing; expected steps up to 4, found 3 as the last one",
    ),
    "a middle row removed": (
        "DELETE FROM step WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: the step is missing; expected step 2, found step 3",
    ),
    "all rows removed": (
        "DELETE FROM step WHERE case_id = {b}",
        r"case {b} .*, step 1: the step is missing; expected steps up to 2, found nothing",
    ),
    "two rows swapped": (
        SWAP + ";UPDATE step SET seq = -seq WHERE case_id = {a} AND seq < 0",
        r"case {a} .*, step 2: the record has another seq than its row; expected 2, found 3",
    ),
    "a row inserted": (
        f"INSERT INTO step (case_id, seq, {COLUMNS}) SELECT case_id, 3, {COLUMNS} FROM step WHERE case_id = {{b}} AND seq = 2",
        r"case {b} .*, step 3: there is a step more; expected 2 in all, found step 3",
    ),
    "the last hash of the case": (
        """UPDATE "case" SET hash = 'x' WHERE id = {c}""",
        r"case {c} .*, step 1: the last hash is not that of the case's own row; expected x",
    ),
    "a case removed with all its rows": (
        ";".join(f"DELETE FROM {table} WHERE case_id = {{c}}" for table in TABLES)
        + """;DELETE FROM "case" WHERE id = {c}""",
        "position 3: the position is missing; expected position 3, found position 4",
    ),
    "a place removed": (
        "DELETE FROM feed WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: the case's next place in the feed is another step's; expected step 2, found step 3 at position 5",
    ),
    "a place changed": (
        "UPDATE feed SET hash = 'x' WHERE case_id = {a} AND seq = 2",
        r"case {a} .*, step 2: its place in the feed has another hash; expected [0-9a-f]{{64}}, found x",
    ),
    "a place more": (
        "INSERT INTO feed (pos, case_id, seq, hash) SELECT 8, case_id, seq, hash FROM feed WHERE case_id = {b} AND seq = 2",
        r"case {b} .*, step 2: a place in the feed has no step; expected nothing, found step 2 at position 8",
    ),
    "places of two cases swapped": (
        "UPDATE feed SET pos = -pos WHERE pos IN (1, 2);UPDATE feed SET pos = 3 + pos WHERE pos < 0",
        "checkpoint over positions 1 to 4: what it covers was changed: the root is another",
    ),
    "the end of the feed removed": (
        CUT_OFF,
        "position 6: the feed ends before it; expected positions up to 7, found nothing",
    ),
    "a field": (
        "UPDATE case_section SET data = replace(data, 'V-2', 'V-9') WHERE case_id = {b}",
        r"""case {b} .*: the field product.designation is not what the records add up to; expected "V-2", found "V-9\"""",
    ),
    "a group removed": (
        "DELETE FROM case_section WHERE case_id = {b} AND section = 'product'",
        r"""case {b} .*: the field product.designation .*; expected "V-2", found nothing""",
    ),
    "a field added": (
        """UPDATE case_section SET data = replace(data, '}}', ',"review.remark":"fine"}}') WHERE case_id = {b} AND section = 'review'""",
        r"""case {b} .*: the field review.remark .*; expected nothing, found "fine\"""",
    ),
    "a number that looks alike": (
        "UPDATE case_section SET data = replace(data, '1', 'true') WHERE case_id = {b} AND section = 'review'",
        r"case {b} .*: the field review.rounds .*; expected 1, found true",
    ),
    "a state that was never entered": (
        "UPDATE position SET state = 'done' WHERE case_id = {c} AND state = 'check'",
        r"case {c} .*: the case is not in the state check that its records leave it in; expected check, found nothing",
    ),
    "a state more": (
        f"INSERT INTO position ({STATE}) SELECT case_id, 'done', 9, 1, entered_at, finished FROM position WHERE case_id = {{c}} LIMIT 1",
        r"case {c} .*: the case is in the state done that no record entered; expected nothing, found done",
    ),
    "a checkpoint removed": (
        "DELETE FROM checkpoint WHERE first_pos = 1",
        "checkpoint over positions 5 to 7: a checkpoint before it is missing; expected it begins at 1, found 5",
    ),
    "a checkpoint's root": (
        "UPDATE checkpoint SET root = previous WHERE first_pos = 1",
        "checkpoint over positions 1 to 4: the signature is not that of the key over this text",
    ),
    "a checkpoint's length": (
        "UPDATE checkpoint SET count = 5 WHERE first_pos = 1",
        "checkpoint over positions 1 to 4: its count is not that of its positions; expected 4, found 5",
    ),
    "an open case that is said to be pruned": (
        """DELETE FROM step WHERE case_id = {c};UPDATE "case" SET pruned_at = last_at WHERE id = {c}""",
        r"case {c} .*: an open case was pruned; expected its steps, found nothing",
    ),
}


@BOTH
@pytest.mark.parametrize("what", TOUCHED)
def test_what_was_touched_is_named(stored, what):
    """The first break says which case or position, which step, what was expected and what is there."""
    texts, said = TOUCHED[what]
    assert stored.sql(*texts.split(";")) != 0
    proof = stored.audit.verify()
    assert not proof.whole
    assert re.match(said.format(a=stored.a, b=stored.b, c=stored.c), str(proof.first)), str(proof.first)


def rewritten(stored, tx):
    """Case a as if something else had been said, with every hash computed anew."""
    connection, row = tx.link.connection, tx.case_row(stored.a)
    steps = tuple(tx.step_lines(row))
    last = chain.genesis(stored.a)
    for step in steps:
        payload = step.payload.replace("page 3", "page 8")
        record = step.record
        last = chain.link(last, record, chain.digest(payload))
        where = f"WHERE case_id = {row} AND seq = {step.seq}"
        connection.execute(
            f"UPDATE step SET payload = '{payload}', payload_hash = '{chain.digest(payload)}', hash = '{last}' {where}"
        )
        connection.execute(f"UPDATE feed SET hash = '{last}' {where}")
    connection.execute(f"""UPDATE "case" SET hash = '{last}' WHERE id = {row}""")


def signed_again(stored, tx, seal):
    """All checkpoints made anew over what is there now, by this key."""
    before = None
    for old in tuple(tx.checkpoints()):
        tree = Tree()
        for place in tx.feed_lines(old.first_pos, old.last_pos):
            tree.add(place)
        new = replace(old, root=tree.root, previous=digest(before), key=seal.make_key())
        signature = seal.sign(checkpoint_text(new).encode())
        tx.link.connection.execute(
            f"UPDATE checkpoint SET root = '{new.root}', previous = '{new.previous}', key = '{new.key}',"
            f" signature = '{signature}' WHERE first_pos = {new.first_pos}"
        )
        before = new


@BOTH
def test_a_history_written_anew_is_found(stored, tmp_path):
    """Chains that fit again do not fit the checkpoints; new checkpoints are not signed by the key; with it, an export tells."""
    lines = stored.export()
    stored.world.store.write(lambda tx: rewritten(stored, tx))
    first = str(stored.audit.verify().first)
    assert first.startswith("checkpoint over positions 1 to 4: what it covers was changed: the root is another")
    assert str(stored.audit.verify(stored.a).first) == first

    other = Ed25519Seal(tmp_path / "other.key")
    stored.world.store.write(lambda tx: signed_again(stored, tx, other))
    found = stored.audit.verify().first
    assert "checkpoint over positions 1 to 4: it is signed by a key that is not trusted" in str(found)
    assert found.found == other.public_key
    assert stored.audit.verify(keys=[other.public_key]).whole  # whoever trusts a thief's key is not helped

    found = stored.audit.verify(keys=[other.public_key], against=lambda: lines).first
    assert (found.case, found.seq, found.pos) == (stored.a, 2, 4)
    assert str(found).startswith("position 4: the database is not what the file has seen; expected step 2 of case")


@BOTH
def test_a_case_that_was_pruned_is_proved_by_its_places(stored, officer):
    """Its steps may go when it is closed: feed and checkpoints still say that they were there, and how it ended."""
    expert = stored.world.person("eva", "expert")
    stored.world.send(stored.a, "agree", expert)
    stored.seal()
    stored.sql(
        *(f"DELETE FROM {table} WHERE case_id = {{a}}" for table in TABLES if table != "feed"),
        """UPDATE "case" SET pruned_at = last_at WHERE id = {a}""",
    )
    proof = stored.audit.verify()
    assert (proof.whole, proof.histories, proof.pruned, proof.steps, proof.places) == (True, 2, 1, 3, 8)
    assert stored.audit.verify(stored.a).whole
    stored.sql("UPDATE feed SET seq = 9 WHERE case_id = {a} AND seq = 5")
    assert str(stored.audit.verify().first).startswith(
        f"case {stored.a} (P-2026-0001), step 5: the place in the feed is missing"
    )


@BOTH
def test_without_a_key_no_signature_counts(stored, tmp_path):
    """Who has only the database has to be told the public key."""
    audit, key = stored.audit, stored.audit._seal.public_key
    audit._seal = Ed25519Seal(tmp_path / "none.key")
    found = audit.verify().first
    assert "expected a key that is trusted (none is known here)" in str(found)
    assert not (tmp_path / "none.key").exists()
    assert audit.verify(keys=[key]).whole


@pytest.mark.parametrize("world", ["file"], indirect=True)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("UPDATE step SET record = x'00' WHERE case_id = {a} AND seq = 2", "case .*, step 2: the record is no JSON"),
        (
            "UPDATE step SET payload = 7 WHERE case_id = {a} AND seq = 2",
            "case .*, step 2: what was said .* another digest",
        ),
        ("UPDATE step SET seq = 'two' WHERE case_id = {a} AND seq = 2", "case .*, step 2: the step is missing"),
        ("UPDATE feed SET hash = x'00' WHERE case_id = {b} AND seq = 1", "case .*, step 1: its place .* another hash"),
        ("UPDATE case_section SET data = '[' || data WHERE case_id = {b}", "case .*: the data of group .* is no JSON"),
        (
            "UPDATE checkpoint SET made_at = 'soon' WHERE first_pos = 1",
            "the feed and its checkpoints: a value cannot be read",
        ),
        ("UPDATE checkpoint SET key = 'key' WHERE first_pos = 1", "checkpoint over positions 1 to 4: .* not trusted"),
    ],
)
def test_values_that_are_none(stored, text, said):
    """SQLite takes any type anywhere: what the program never writes is a break, not a fault of ours."""
    stored.sql(text)
    assert re.match(said, str(stored.audit.verify().first))
