"""Imports over HTTP: preview, commit, progress, report, template; nobody sees another's."""

from __future__ import annotations

import pytest

from adapters.tables import FileTables
from engine.ports import Sheet

TABLE = "tax_id,designation,price\n1234567890,V-1,10\n1234567890,V-2,cheap\n"
READ = FileTables().read


def send(world, who, content, **query):
    """A table, as somebody."""
    asked = {"workflow": "offer", "name": "list.csv", **query}
    return world.as_(who, **{"Content-Type": "text/csv"}).post("/imports", params=asked, content=content)


def commit(world, name, job, rows="good"):
    """From a preview to the end."""
    answer = world.as_(name).post(f"/imports/{job['id']}/commit", params={"rows": rows})
    if answer.status_code == 202:
        assert answer.json()["status"] == "running"
        world.services.imports.work.run_once()
    return answer


def test_from_a_preview_to_the_corrected_file(anywhere):
    """A preview opens nothing; problems name row and column; the corrected file opens the rest only; the same again nothing."""
    anna = anywhere.as_("anna")
    preview = send(anywhere, "anna", TABLE)
    assert preview.status_code == 201
    assert [(p["row"], p["column"], p["code"], p["warning"]) for p in preview.json()["problems"]] == [
        (3, "price", "type", False)
    ]
    assert anna.get("/cases").json()["items"] == []
    job = preview.json()["job"]
    assert commit(anywhere, "anna", job).status_code == 202
    seen = anna.get(f"/imports/{job['id']}").json()
    assert {name: seen[name] for name in ("status", "rows", "opened", "known", "wrong", "take")} == {
        "status": "done", "rows": 2, "opened": 1, "known": 0, "wrong": 1, "take": "good",
    }  # fmt: skip
    assert [j["id"] for j in anna.get("/imports").json()["items"]] == [job["id"]]
    first = anna.get(f"/imports/{job['id']}/report").json()
    assert [(row["row"], row["known"]) for row in first["opened"]] == [(2, False)]
    book = anna.get(f"/imports/{job['id']}/report.xlsx")
    assert book.headers["content-type"].endswith("spreadsheetml.sheet")
    (row,) = READ(book.content, "report.xlsx").rows
    assert (row.cells["row"], row.cells["column"], row.cells["code"]) == ("3", "price", "type")
    second = send(anywhere, "anna", TABLE.replace("cheap", "20")).json()["job"]
    commit(anywhere, "anna", second, "all")
    rows = anna.get(f"/imports/{second['id']}/report").json()["opened"]
    assert [(row["row"], row["known"]) for row in rows] == [(2, True), (3, False)]
    third = send(anywhere, "anna", TABLE).json()["job"]
    commit(anywhere, "anna", third)
    assert anna.get(f"/imports/{third['id']}").json()["opened"] == 0


def test_all_with_a_bad_row_is_a_problem_document(world):
    """409 with the rows; nothing waits to be opened."""
    job = send(world, "anna", TABLE).json()["job"]
    answer = commit(world, "anna", job, "all")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:milepost:problem:import-refused")
    assert answer.json()["detail"].startswith("1 of 2 rows have problems, the first in row 3, price: ")
    assert answer.json()["problems"][0]["row"] == 3
    assert world.services.imports.work.run_once() == 0
    assert world.as_("anna").post(f"/imports/{job['id']}/commit").status_code == 422
    assert commit(world, "anna", job, "some").status_code == 422


def test_a_workbook_by_its_template(world):
    """The template is filled in and sent back: leading zeros stay, a formula is no formula."""
    anna = world.as_("anna")
    made = anna.get("/imports/template.xlsx", params={"workflow": "offer"})
    assert READ(made.content, "offer.xlsx", "Fields").rows[0].cells["column"] == "applicant.tax_id"
    headings = ("applicant.tax_id", "product.designation", "product.price")
    filled = FileTables().write([Sheet("offer", headings, [("1234567890", "00042", "12.50")], fill=True)])
    report = send(world, "anna", filled, name="offer.xlsx").json()
    assert (report["problems"], report["job"]["read_as"]) == ([], "the sheet 'offer' of a workbook")
    commit(world, "anna", report["job"], "all")
    (case,) = anna.get("/cases").json()["items"]
    assert case["label"] == "00042" or "00042" in str(case)


def test_nobody_sees_anothers(world):
    """404 in the words for one that never was; a person of the same party is another person too."""
    job = send(world, "anna", TABLE).json()["job"]["id"]
    for path in ("", "/report", "/report.xlsx"):
        there, missing = (world.as_("oleg").get(f"/imports/{name}{path}") for name in (job, "0" * 32))
        assert (there.status_code, there.text) == (404, missing.text.replace("0" * 32, job))
    assert world.as_("oleg").post(f"/imports/{job}/commit?rows=good").status_code == 404
    assert world.as_("oleg").get("/imports").json() == {"items": [], "cursor": None}


def test_who_may_not_open_may_not_import(world):
    """403 for the whole table, and for its template."""
    assert send(world, "lena", TABLE).status_code == 403
    assert world.as_("lena").get("/imports/template.xlsx?workflow=offer").status_code == 403
    assert world.as_("anna").get("/imports/template.xlsx?workflow=nothing").status_code == 404


def test_a_table_below_another_partys_case(world):
    """404 in the words for a case that is not there: neither its number nor its data is told."""
    case = world.open("anna")
    there, missing = (
        send(world, "boris", "tax_id,designation\n9999999999,V-9\n", parent=parent) for parent in (case["id"], "0" * 32)
    )
    assert (there.status_code, there.text) == (404, missing.text.replace("0" * 32, case["id"]))


@pytest.mark.parametrize(
    ("content", "query", "status"),
    [
        (b"a" * 2_000_000, {}, 422),
        (b"a" * (20 * 1_048_576 + 1), {}, 413),
        (b"%PDF", {"name": "list.pdf"}, 422),
        (b"\x00\xff\xfe", {}, 422),
        (b"", {}, 422),
        (TABLE.encode(), {"sheet": "List"}, 422),
        (TABLE.encode(), {"name": "a\nb"}, 422),
        (TABLE.encode(), {"sheet": "x" * 101}, 422),
        (TABLE.encode(), {"preview": "true"}, 422),
    ],
)
def test_no_table(world, content, query, status):
    """What is no table, or too large, is a problem that says so; no job is left."""
    answer = send(world, "anna", content, **query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.as_("anna").get("/imports").json()["items"] == []
