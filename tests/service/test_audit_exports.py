"""Exports of the proof: what they remember, that they hold by themselves, and what is believed of one that was touched."""

from __future__ import annotations

import json

import pytest

from engine.service.proofs.file import BadExport
from tests.verifier.other_program import proved

pytestmark = pytest.mark.parametrize("world", ["file", "postgresql"], indirect=True)


def test_what_was_cut_off_shows_against_an_export(stored):
    """A tail that is gone without a trace, checkpoint and all, is missed by the file that has seen it; so is a case."""
    lines = stored.export()
    assert stored.audit.verify(against=lambda: lines).in_file == (7, 2)
    stored.sql("DELETE FROM checkpoint WHERE first_pos = 5")
    assert stored.audit.verify().uncovered == 3
    found = stored.audit.verify(against=lambda: lines).first
    assert str(found).startswith("checkpoint over positions 5 to 7: the database does not have it any more")
    last, changes = stored.sql("SELECT hash, 1 FROM step WHERE case_id = {b} AND seq = 1")[0]
    stored.sql(
        "DELETE FROM feed WHERE pos = 7",
        "DELETE FROM step WHERE case_id = {b} AND seq = 2",
        f"""UPDATE "case" SET seq = {changes}, hash = '{last}' WHERE id = {{b}}""",
        """UPDATE case_section SET data = replace(data, ':1', ':0') WHERE case_id = {b} AND section = 'review'""",
        "UPDATE position SET state = 'check' WHERE case_id = {b} AND state = 'correction'",
    )
    assert stored.audit.verify().whole
    found = stored.audit.verify(against=lambda: lines).first
    assert (found.case, found.seq, found.pos, found.found) == (stored.b, 2, 7, "nothing")


def test_an_export_is_proved_by_another_program(stored):
    """The file holds by itself, and has the hash of every step."""
    lines = stored.export()
    hashes = proved(lines, {stored.audit._seal.public_key})
    for case in (stored.a, stored.b, stored.c):
        for step in stored.world.store.read(lambda r, case=case: r.history(case)):
            assert hashes.pop((case, step.seq)) == step.hash
    assert hashes == {}


def test_an_export_that_was_touched_is_none(stored):
    """What a file says is believed only as far as its signatures reach."""
    lines = stored.export()

    def against(*changed):
        return lambda: changed

    told = [line.replace('"seq":2', '"seq":3') if stored.b in line else line for line in lines]
    found = stored.audit.verify(against=against(*told))
    assert found.breaks == 1
    assert str(found.first).startswith(
        "line 10 of the file, checkpoint over positions 5 to 7: what it covers was changed"
    )
    gone = stored.audit.verify(against=against(*lines[:2], *lines[3:]))
    assert str(gone.first).startswith(
        "line 5 of the file, checkpoint over positions 1 to 4: it covers another number of places"
    )
    for broken, said in (
        ((), "the file is empty"),
        (lines[:-1], "the file ends at position 4 of 7"),
        (lines[1:], "line 1 of the file is none of an export"),
        ((lines[0], "{}"), "line 2 of the file"),
        ((lines[0], "nonsense"), "line 2 of the file"),
        ((lines[0], json.dumps({**json.loads(lines[1]), "pos": "1"})), "line 2 of the file"),
        ((lines[0], json.dumps({"kind": "checkpoint"})), "line 2 of the file"),
    ):
        with pytest.raises(BadExport, match=said):
            stored.audit.verify(against=against(*broken))
