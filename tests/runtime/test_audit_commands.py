"""`milepost audit` over files of SQLite: what it says, its exit codes, exports, keys; also over a database of release 0.1.0."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.seals import Ed25519Seal
from engine.core.case import Event
from runtime.cli.settings import services_now
from tests.verifier.other_program import proved

OLD = Path(__file__).parents[1] / "store" / "databases" / "0.1.0.sql.gz"
WHOLE = ": all as they were written\n"


def shell(folder, text):
    """A statement behind the back of the program; how many rows it changed."""
    with closing(sqlite3.connect(folder / "milepost.db")) as database, database:
        return database.execute(text).rowcount


@pytest.fixture
def filled(milepost, token):
    """Three notes, the second of two steps; their ids."""
    milepost("publish", "workflows")
    secret = token("carl", "clerk")
    with services_now() as services:
        actor = services.people.actor_of(secret)
        opened = [services.cases.open_case("note", {"paper.text": f"n{n}"}, actor).case for n in range(3)]
        services.cases.send_event(opened[1].id, Event("accept"), actor)
    return opened


def test_a_break_is_named_with_exit_code_1(milepost, folder, filled):
    """All is whole until a byte of a record changes; then its case and its step are named, in text and as JSON."""
    code, out, err = milepost("audit", "verify")
    assert (code, out, err) == (
        0,
        f"4 steps that no checkpoint covers yet\n3 histories, 4 steps, 0 checkpoints{WHOLE}",
        "",
    )
    assert not (folder / "milepost-audit.key").exists()
    assert shell(folder, """UPDATE step SET record = replace(record, '"accept"', '"accepx"') WHERE seq = 2""") == 1
    one = filled[1]
    code, out, _ = milepost("audit", "verify")
    assert code == 1
    assert f"case {one.id} ({one.number}), step 2: the record has another name than its row; expected accept" in out
    assert out.endswith("3 histories, 4 steps, 0 checkpoints: 1 broken\n")
    code, out, _ = milepost("audit", "verify", "--format", "json")
    said = json.loads(out)
    assert (code, said["whole"], said["breaks"], said["histories"]) == (1, False, 1, 3)
    assert (said["first"]["case"], said["first"]["seq"], said["first"]["found"]) == (one.id, 2, "accepx")
    assert milepost("audit", "verify", one.number)[0] == 1
    assert milepost("audit", "verify", filled[0].id)[:2] == (
        0,
        f"1 steps that no checkpoint covers yet\n1 histories, 1 steps, 0 checkpoints{WHOLE}",
    )


def test_rows_that_are_left_of_a_case_are_named(milepost, folder, filled):
    """A case's own row alone was taken away: what it leaves behind has no case."""
    assert shell(folder, f"""DELETE FROM "case" WHERE number = '{filled[0].number}'""") == 1
    code, out, _ = milepost("audit", "verify")
    assert (code, out.splitlines()[:2]) == (
        1,
        ["step 1 of row 1: there is no such case; expected its case, found nothing", "and 4 more"],
    )


def test_an_export_tells_what_is_gone(milepost, folder, filled):
    """It seals what is new, is for its owner only, is never overwritten, and remembers what the database forgets."""
    code, out, _ = milepost("audit", "export", "proof.jsonl")
    key = Ed25519Seal(folder / "milepost-audit.key").public_key
    assert (code, out) == (0, f"4 steps, 1 checkpoints in proof.jsonl\nthe last one is signed by {key}\n")
    assert (folder / "proof.jsonl").stat().st_mode & 0o777 == 0o600
    lines = (folder / "proof.jsonl").read_text("utf-8").splitlines()
    assert {case for case, _ in proved(lines, {key})} == {case.id for case in filled}
    code, out, err = milepost("audit", "export", "proof.jsonl")
    assert (code, out, err) == (2, "", "milepost: proof.jsonl is there already and is kept; give a new name\n")
    assert json.loads(milepost("audit", "export", "more.jsonl", "--format", "json")[1]) == {
        "file": "more.jsonl", "steps": 4, "checkpoints": 1, "key": key,
    }  # fmt: skip
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["more.jsonl", "proof.jsonl"]
    assert [path.name for path in folder.glob(".new-*")] == []
    code, out, _ = milepost("audit", "verify", "--against", "proof.jsonl")
    assert (code, out.splitlines()[0]) == (0, "compared with 4 steps and 1 checkpoints of the file")
    shell(folder, "DELETE FROM checkpoint")
    assert milepost("audit", "verify")[0] == 0
    code, out, _ = milepost("audit", "verify", "--against", "proof.jsonl")
    assert code == 1
    assert out.startswith(
        "checkpoint over positions 1 to 4: the database does not have it any more; expected the one of the file"
    )


def test_keys_of_others_are_trusted_by_hand(milepost, folder, filled, monkeypatch):
    """Where the key is not at hand, its public half is enough; a file that cannot be read is said."""
    milepost("audit", "export", "proof.jsonl")
    key = json.loads(milepost("audit", "verify", "--format", "json")[1])["own_key"]
    monkeypatch.setenv("MILEPOST_AUDIT_KEY", str(folder / "other.key"))
    code, out, _ = milepost("audit", "verify")
    assert (code, f"expected a key that is trusted (none is known here), found {key}" in out) == (1, True)
    assert milepost("audit", "verify", "--key", "0" * 64, "--key", key.upper())[0] == 0
    assert not (folder / "other.key").exists()
    (folder / "other.key").write_text("no key")
    code, out, err = milepost("audit", "verify")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_database_of_the_first_release(milepost, folder):
    """Its histories are whole after the upgrade; checkpoints are made for its old steps too, and then they are proved."""
    with closing(sqlite3.connect(folder / "milepost.db")) as database:
        database.executescript(gzip.decompress(OLD.read_bytes()).decode())
        steps, cases = (database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("step", '"case"'))
    code, out, err = milepost("audit", "verify")
    assert (code, err) == (0, "")
    assert out == f"{steps} steps that no checkpoint covers yet\n{cases} histories, {steps} steps, 0 checkpoints{WHOLE}"
    with services_now() as services:
        assert services.audit.checkpoint() == steps > 200
    assert milepost("audit", "verify")[1] == f"{cases} histories, {steps} steps, 1 checkpoints{WHOLE}"
    assert milepost("audit", "export", "old.jsonl")[0] == 0
    shell(folder, "UPDATE step SET payload = NULL")
    assert milepost("audit", "verify", "--against", "old.jsonl")[0] == 0
    shell(folder, """UPDATE feed SET hash = 'x' WHERE pos = 7""")
    assert milepost("audit", "verify", "--against", "old.jsonl")[0] == 1


def test_where_the_key_is(folder, monkeypatch):
    """Beside the SQLite file, or where the setting says; looking for it makes none."""
    from runtime.composition import key_file
    from runtime.settings import Settings

    assert key_file(Settings()) == Path("milepost-audit.key")
    assert key_file(Settings(database_url="sqlite:///data/cases.db")) == Path("data/milepost-audit.key")
    assert key_file(Settings(database_url="sqlite:////var/a%20b/cases.db")) == Path("/var/a b/milepost-audit.key")
    assert key_file(Settings(database_url="sqlite://")) == Path("milepost-audit.key")
    assert key_file(Settings(database_url="postgresql://m@db/cases")) == Path("milepost-audit.key")
    assert key_file(Settings(audit_key="/run/secrets/k")) == Path("/run/secrets/k")
    assert [path.name for path in folder.iterdir()] == ["workflows"]
