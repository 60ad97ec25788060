"""`milepost import`: look, commit, report, template."""

from __future__ import annotations

import json

import pytest

from adapters.tables import FileTables
from engine.ports import Sheet

TABLE = "text,pages\nfirst,1\nsecond,many\nthird,3\n"
ASKED = ("--workflow", "note")


@pytest.fixture
def clerk(milepost, token, monkeypatch):
    """A person who may open notes."""
    milepost("publish", "workflows")
    monkeypatch.setenv("MILEPOST_TOKEN", token("carl", "clerk"))


@pytest.mark.usefixtures("clerk")
def test_a_table_is_imported_by_a_person(milepost, folder):
    """Looking opens nothing; `all` refuses a bad row; a problem is shown by row and column with exit code 1; corrected, it is fine."""
    (folder / "list.csv").write_text(TABLE)
    code, out, _ = milepost("import", "list.csv", *ASKED)
    assert (code, "3 rows, 1 with problems, 0 known already; nothing was opened" in out) == (1, True)
    code, out, err = milepost("import", "list.csv", *ASKED, "--commit", "all")
    assert (code, "nothing was opened: send the corrected file" in err) == (1, True)
    code, out, _ = milepost("import", "list.csv", *ASKED, "--commit", "good", "--report", "report.xlsx")
    assert code == 1
    assert "│ 3   │ pages  │ type │" in out
    assert "3 rows: 2 opened, 0 known already, 1 with problems" in out
    report = FileTables().read((folder / "report.xlsx").read_bytes(), "report.xlsx")
    assert [(row.cells["row"], row.cells["code"]) for row in report.rows] == [("3", "type")]
    (folder / "list.csv").write_text(TABLE.replace("many", "2"))
    code, out, _ = milepost("import", "list.csv", *ASKED, "--commit", "all", "--format", "json")
    assert (code, [row["known"] for row in json.loads(out)["opened"]]) == (0, [True, False, True])


@pytest.mark.usefixtures("clerk")
def test_the_template_is_filled_in_and_imported(milepost, folder):
    """What it writes is what import reads; a sheet may be named."""
    code, out, _ = milepost("import", *ASKED, "--template", "note.xlsx")
    assert (code, "fill in the first sheet" in out) == (0, True)
    content = (folder / "note.xlsx").read_bytes()
    named = FileTables().read(content, "note.xlsx", "Fields").rows
    headings = [row.cells["column"] for row in named]
    assert (headings, named[0].cells["must"]) == (["paper.text", "paper.pages"], "yes")
    filled = FileTables().write([Sheet("x", ["y"]), Sheet("note", headings, [["0042", 7]], fill=True)])
    (folder / "filled.xlsx").write_bytes(filled)
    code, out, _ = milepost("import", "filled.xlsx", *ASKED, "--sheet", "note", "--commit", "all")
    assert (code, "1 rows: 1 opened" in out, "read as the sheet 'note' of a workbook; not read: x" in out) == (
        0,
        True,
        True,
    )


@pytest.mark.usefixtures("clerk")
def test_neither_a_table_nor_a_template(milepost):
    """One of them has to be named: a line, exit code 2."""
    code, _, err = milepost("import", *ASKED)
    assert (code, "name a table to import, or --template FILE.xlsx" in err) == (2, True)
