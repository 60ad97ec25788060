"""Imports as jobs: preview, commit of all or of the good rows, what is known and what is a duplicate, leases, retention."""

from __future__ import annotations

import pytest

from engine.errors import ActorNotAllowed, CaseNotFound, ImportNotFound, ImportRefused, InvalidPayload
from engine.service.import_plan import Asked
from tests.service.conftest import PROPOSAL

TABLE = b"""tax_id,contact_name,designation,items
1234567890,Anna,V-1,V-1a|V-1b
123,Boris,V-2,
1234567890,Vera,V-1,
0987654321,Gleb,V-3,
"""


def said(report):
    """Problems in short."""
    return [(p.row, p.column, p.code) for p in report.problems]


def test_a_preview_says_what_commit_would_find_and_opens_nothing(proposals, clara, parent, send):
    """Bad cells and repeats are told by row and column, with what would be right."""
    report = send(TABLE)
    assert said(report) == [(3, "tax_id", "pattern"), (4, "", "duplicate")]
    assert "is not of the form" in report.problems[0].text
    assert report.job.columns["contact_name"] == "applicant.contact.name"
    assert (report.job.status, report.job.rows, report.job.wrong, report.job.opened) == ("previewed", 4, 2, 0)
    assert report.job.read_as == "text in UTF-8, separated by commas"
    assert proposals.services.imports.work.run_once() == 0
    assert len(proposals.services.cases.get(parent, clara).children) == 0


def test_the_good_rows_open_and_the_corrected_file_touches_only_the_others(proposals, clara, parent, take):
    """Each row once: the same row again is known, in whatever file; other values for a known product are told."""
    report = take(TABLE)
    assert [(row.row, row.number) for row in report.opened] == [(2, "P-2026-0001"), (5, "P-2026-0002")]
    assert said(report) == [(3, "tax_id", "pattern"), (4, "", "duplicate")]
    assert (report.job.status, report.job.opened, report.job.wrong) == ("done", 2, 2)
    first = proposals.services.cases.get("P-2026-0001", clara)
    assert [item["item_id"] for item in first.data["product"]["items"]] == ["V-1a", "V-1b"]
    assert first.data["applicant"]["contact"] == {"name": "Anna"}
    again = take(TABLE.replace(b"123,Boris", b"1111111111,Boris"), "list2.csv")
    assert [(row.row, row.known) for row in again.opened] == [(2, True), (3, False), (5, True)]
    assert len(proposals.services.cases.get(parent, clara).children) == 3
    changed = take(TABLE.replace(b"Anna", b"Inna"), "list3.csv")
    assert said(changed) == [(2, "", "changed"), (3, "tax_id", "pattern"), (4, "", "duplicate")]
    assert "P-2026-0001" in changed.problems[0].text


def test_the_same_file_again_opens_nothing_though_keys_of_requests_are_forgotten(proposals, clara, parent, take):
    """What was imported is known by the rows themselves, for as long as their imports are kept."""
    take(TABLE)
    proposals.machine.forward(days=8)
    while proposals.services.pruning.forget():
        pass
    again = take(TABLE)
    assert [(row.row, row.number, row.known) for row in again.opened] == [
        (2, "P-2026-0001", True),
        (5, "P-2026-0002", True),
    ]
    assert len(proposals.services.cases.get(parent, clara).children) == 2


def test_all_or_nothing_is_said_before_anything_is_opened(proposals, clara, parent, send, take):
    """One bad row refuses `all`, with the rows; without it every row opens."""
    job = send(TABLE).job
    with pytest.raises(
        ImportRefused, match=r"^2 of 4 rows have problems, the first in row 3, tax_id: .*nothing was opened"
    ):
        proposals.services.imports.commit(job.id, "all", clara)
    assert proposals.services.imports.work.run_once() == 0
    assert len(proposals.services.cases.get(parent, clara).children) == 0
    good = b"\n".join(line for line in TABLE.split(b"\n") if b"Boris" not in line and b"Vera" not in line)
    report = take(good, rows="all")
    assert ([row.row for row in report.opened], said(report)) == ([2, 3], [])


def test_a_commit_again_is_the_same_commit(proposals, clara, send):
    """Twice the same goes on; the other choice is refused; what waits is done once."""
    imports, job = proposals.services.imports, send(TABLE).job
    assert [imports.commit(job.id, "good", clara).status for _ in range(2)] == ["running", "running"]
    with pytest.raises(ImportRefused, match="is running with the good rows"):
        imports.commit(job.id, "all", clara)
    assert [imports.work.run_once(), imports.work.run_once()] == [1, 0]
    assert imports.commit(job.id, "good", clara).status == "done"


def test_an_unknown_column_stops_an_import(proposals, clara):
    """Nothing of a table is lost in silence: neither choice opens a row."""
    imports = proposals.services.imports
    report = imports.preview(b"tax_id,colour\n1234567890,red\n", Asked("proposal", "x.csv"), clara)
    assert (said(report), report.job.wrong) == ([(1, "colour", "unknown")], 1)
    for rows in ("all", "good"):
        with pytest.raises(ImportRefused, match="'colour' fills no field"):
            imports.commit(report.job.id, rows, clara)


@pytest.mark.parametrize("content", [b"\x00", b"PK\x03\x04", b""])
def test_a_file_that_is_no_table_is_refused(proposals, clara, content):
    """What the adapter says is told as a problem of the file; no job is left."""
    with pytest.raises(InvalidPayload, match=r"^file: x\.csv "):
        proposals.services.imports.preview(content, Asked("proposal", "x.csv"), clara)
    assert proposals.services.imports.jobs(clara).items == ()


def test_who_may_open_may_import(proposals, parent):
    """Roles that open nothing are refused as a whole; a list of another region is not there."""
    imports = proposals.services.imports
    expert, stranger = proposals.person("eva", "expert"), proposals.person("sven", "officer", "applicant", party="Tula")
    with pytest.raises(ActorNotAllowed, match="applicant or officer"):
        imports.preview(TABLE, Asked("proposal", "x.csv"), expert)
    with pytest.raises(ActorNotAllowed):
        imports.template("proposal", expert)
    with pytest.raises(CaseNotFound):
        imports.preview(TABLE, Asked("proposal", "x.csv", "f" * 32), stranger)


def test_a_job_is_its_senders_alone(proposals, send, officer, clara):
    """For others it is not there, whatever they ask, in the same words as one that never was."""
    imports, job = proposals.services.imports, send(TABLE).job
    asked = [imports.job, imports.report, imports.workbook, lambda job, who: imports.commit(job, "good", who)]
    for ask in asked:
        with pytest.raises(ImportNotFound) as hidden:
            ask(job.id, officer)
        with pytest.raises(ImportNotFound) as missing:
            ask("0" * 32, officer)
        assert str(hidden.value).replace(job.id, "") == str(missing.value).replace("0" * 32, "")
    assert imports.jobs(officer).items == ()
    assert [j.id for j in imports.jobs(clara).items] == [job.id]


def test_jobs_come_in_pages(proposals, clara):
    """The youngest first; looking at tables keeps ten of them, the same table once."""
    imports = proposals.services.imports
    for n in (*range(13), 12):
        imports.preview(b"tax_id,designation\n1234567890,V-%d\n" % n, Asked("proposal", f"{n}.csv"), clara)
    page = imports.jobs(clara, limit=6)
    rest = imports.jobs(clara, cursor=page.cursor, limit=6)
    assert [job.file for job in (*page.items, *rest.items)] == [f"{n}.csv" for n in range(12, 2, -1)]
    assert rest.cursor is None


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────────────────────────

PRODUCTS = b"tax_id,designation\n1234567890,V-1\n1234567890,V-2\n"


def test_a_running_product_is_named(proposals, acme, officer, product):
    """With number and state for who may see the case; nobody else learns them."""
    held = proposals.open("proposal", product, acme)
    imports, lena = proposals.services.imports, proposals.person("lena", "applicant", party="1234567890")
    (found,) = imports.preview(PRODUCTS, Asked("proposal", "x.csv"), officer).problems
    assert (found.row, found.column, found.code) == (2, "designation", "running")
    assert f"case {held.number} has the same" in found.text
    assert "is in check" in found.text
    assert [p.code for p in imports.preview(PRODUCTS, Asked("proposal", "x.csv"), lena).problems] == ["running"]


HIDDEN = PROPOSAL.replace("side: applicant, where: {party: applicant.tax_id}, sees: own", "side: applicant, sees: none")


def test_a_running_product_that_is_not_for_the_sender(world, officer, product):
    """He learns that he cannot have it, and nothing else."""
    world.publish(
        HIDDEN.replace("[applicant, officer, list]", "[applicant, officer]").replace(
            "      dispatched: {by: list, form: [review.remark]}\n", ""
        )
    )
    held = world.open("proposal", product, officer)
    anna = world.person("anna", "applicant")
    (found,) = world.services.imports.preview(PRODUCTS, Asked("proposal", "x.csv"), anna).problems
    assert (found.code, held.number in found.text, held.id in found.text) == ("running", False, False)


def refusing(text):
    """The workflow with an end that says no."""
    return text.replace("closed: {final: true, outcome: closed}", "closed: {final: true, outcome: rejected}")


def test_a_refused_product_may_apply_again_and_it_is_said(world, acme, officer, product):
    """A warning with number, day, outcome and state; the row opens, also with `all`."""
    alone = PROPOSAL.replace(", list]", "]").replace("      dispatched: {by: list, form: [review.remark]}\n", "")
    world.publish(refusing(alone))
    held = world.open("proposal", product, acme)
    world.send(held.id, "return", officer, {"reasons": "x"})
    world.wait(days=11)
    assert world.services.cases.get(held.id, officer).outcome == "rejected"
    imports = world.services.imports
    report = imports.preview(PRODUCTS, Asked("proposal", "x.csv"), officer)
    (found,) = report.problems
    assert (found.row, found.code, found.warning, report.job.wrong) == (2, "refused", True, 0)
    assert f"case {held.number}, which ended rejected on 2026-03-12 in closed" in found.text
    imports.commit(report.job.id, "all", officer)
    imports.work.run_once()
    done = imports.report(report.job.id, officer)
    assert ([row.row for row in done.opened], [p.code for p in done.problems]) == ([2, 3], ["refused"])
    case = done.opened[0].case_id
    world.send(case, "return", officer, {"reasons": "x"})
    world.wait(days=11)
    again = imports.preview(PRODUCTS + b"1234567890,V-3\n", Asked("proposal", "x.csv"), officer)
    assert [(p.row, p.code, p.warning) for p in again.problems] == [(2, "known", True)]
    assert again.job.known == 2


REGISTERED = (
    PROPOSAL.replace(", list]", "]")
    .replace("      dispatched: {by: list, form: [review.remark]}\n", "")
    .replace("initial: check", "register: {tax_id: applicant.tax_id, designation: product.designation}\ninitial: check")
    .replace(
        "accept: {by: officer, form: [review.remark], to: expertise}",
        "accept: {by: officer, to: done, actions: [{register: list}]}",
    )
    .replace("  expertise:\n    turn: expert\n    events:\n      agree: {by: expert, to: done}\n", "")
)


def test_a_listed_product_is_named_by_its_entry(world, acme, officer, product):
    """It stands against the row, when it is looked at and when it is committed."""
    world.publish(REGISTERED)
    held = world.open("proposal", product, acme)
    imports = world.services.imports
    early = imports.preview(PRODUCTS.replace(b"V-2", b"V-4"), Asked("proposal", "early.csv"), officer)
    world.send(held.id, "accept", officer)
    entry = world.services.register.search(designation="V-1").items[0].entry_no
    (found,) = imports.preview(PRODUCTS, Asked("proposal", "x.csv"), officer).problems
    assert (found.row, found.column, found.code) == (2, "designation", "listed")
    assert f"as entry {entry} (listed)" in found.text
    imports.commit(early.job.id, "good", officer)
    imports.work.run_once()
    assert said(imports.report(early.job.id, officer)) == [(2, "designation", "listed")]


# ── who works on a job ───────────────────────────────────────────────────────────────────────────────────────────────
