"""Imports as jobs: preview, commit of all or of the good rows, what is known and what is a duplicate, leases, retention."""

from __future__ import annotations

from functools import partial
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tables import FileTables
from adapters.templates import MessageTemplates
from engine.core.calendars.words import parse_term
from engine.errors import ActorNotAllowed, CaseNotFound, ImportNotFound, ImportRefused, InvalidPayload
from engine.ports import Adapters
from engine.service.bundles import Bundle
from engine.service.import_plan import Asked
from engine.service.import_rows import Rows
from engine.service.services import build_services
from engine.store.records import CaseFilter
from engine.store.store import Store
from tests.service.conftest import LIST, PROPOSAL, TEMPLATES, MachineClock, person

TABLE = b"""tax_id,contact_name,designation,items
1234567890,Anna,V-1,V-1a|V-1b
123,Boris,V-2,
1234567890,Vera,V-1,
0987654321,Gleb,V-3,
"""


@pytest.fixture
def clara(proposals):
    """Who may open proposals by herself and below a list."""
    return proposals.person("clara", "coordinator", "officer", party="Kaluga")


@pytest.fixture
def parent(proposals, clara):
    """Her list."""
    return proposals.open("list", {"region.name": "Kaluga"}, clara).id


@pytest.fixture
def send(proposals, clara, parent):
    """A preview below the list."""
    return lambda content, name="list.csv": proposals.services.imports.preview(
        content, Asked("proposal", name, parent), clara
    )


@pytest.fixture
def take(proposals, clara, send):
    """From the file to the report of the good rows."""

    def run(content, name="list.csv", rows="good"):
        imports = proposals.services.imports
        job = imports.commit(send(content, name).job.id, rows, clara)
        assert imports.work.run_once() == 1
        return imports.report(job.id, clara)

    return run


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


def many(count):
    """A table of good rows."""
    return b"tax_id,designation\n" + b"".join(b"1234567890,V-%d\n" % n for n in range(count))


def test_a_job_goes_on_where_another_stopped(proposals, clara):
    """Who died leaves his job when his lease is over; every row opens once, and the first one cannot end it any more."""
    imports = proposals.services.imports
    job = imports.commit(imports.preview(many(250), Asked("proposal", "x.csv"), clara).job.id, "good", clara)
    dead = proposals.store.write(lambda tx: tx.claim_import(None, 120))
    plan = imports._plans.plan(many(250), Asked("proposal", "x.csv"), clara)
    rows = Rows(imports._catalog, imports._commands, plan, clara)
    for row in range(2, 90):
        proposals.store.write(partial(rows.open, job=dead.row, row=row))
    assert imports.work.run_once() == 0
    proposals.machine.forward(seconds=121)
    heard = []
    assert imports.work.run_once(None, lambda done, of: heard.append((done, of))) == 1
    assert heard == [(188, 250), (250, 250)]
    report = imports.report(job.id, clara)
    assert [(row.row, row.known) for row in report.opened] == [(n, False) for n in range(2, 252)]
    assert (report.job.status, report.job.opened) == ("done", 250)
    assert not proposals.store.write(lambda tx: tx.go_on_import(dead, "running", None, []))


@pytest.mark.parametrize("unique", [True, False])
def test_the_same_rows_in_two_jobs_at_once(proposals, clara, unique):
    """Two that work at the same time open each row once between them; the other one knows it. Also where nothing is `unique`."""
    if not unique:
        proposals.publish(PROPOSAL.replace("unique: [applicant.tax_id, product.designation]\n", ""), LIST)
    imports = proposals.services.imports
    jobs = [imports.preview(many(150), Asked("proposal", f"{n}.csv"), clara).job.id for n in range(2)]
    for job in jobs:
        imports.commit(job, "good", clara)
    workers = [Thread(target=imports.work.run_once, args=(job,)) for job in jobs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seen = [imports.job(job, clara) for job in jobs]
    assert [(job.status, job.wrong, job.opened + job.known) for job in seen] == [("done", 0, 150)] * 2
    assert sum(job.opened for job in seen) == 150
    assert proposals.store.read(lambda r: r.count_cases(CaseFilter(workflow="proposal"))) == 150


def test_a_node_that_stops_gives_its_job_back(proposals, clara):
    """After the group that runs; another node begins at once."""
    imports = proposals.services.imports
    job = imports.commit(imports.preview(many(150), Asked("proposal", "x.csv"), clara).job.id, "good", clara)
    imports.work.run_once(None, lambda *_: imports.work.close())
    seen = imports.job(job.id, clara)
    assert (seen.status, seen.opened) == ("running", 100)
    assert imports.work.run_once() == 0
    imports.work._closed.clear()
    assert imports.work.run_once() == 1
    assert imports.job(job.id, clara).opened == 150


def test_a_parent_that_takes_no_more(proposals, clara, parent, send):
    """Rows that are left when it has closed its list are told, and the job ends."""
    imports = proposals.services.imports
    job = imports.commit(send(TABLE).job.id, "good", clara)
    proposals.send(parent, "run", clara)
    assert imports.work.run_once() == 1
    report = imports.report(job.id, clara)
    assert (report.job.status, report.opened) == ("done", ())
    assert report.problems[0].code == "not-allowed"


def test_a_form_that_has_changed_meanwhile(proposals, clara):
    """A column that the newest version does not ask for stops the job, and is told."""
    imports = proposals.services.imports
    table = b"tax_id,designation,contact_name\n1234567890,V-1,Anna\n"
    job = imports.commit(imports.preview(table, Asked("proposal", "x.csv"), clara).job.id, "all", clara)
    proposals.publish(PROPOSAL.replace("applicant.contact, product.designation!", "product.designation!"), LIST)
    assert imports.work.run_once() == 1
    report = imports.report(job.id, clara)
    assert (report.job.status, report.opened, [p.code for p in report.problems]) == ("done", (), ["unknown"])
    assert "'contact_name' fills no field" in report.problems[0].text


def test_a_fault_of_ours_is_an_incident(proposals, clara):
    """The job ends with what it has opened, a person is told, and no ticker tries it for ever."""
    imports = proposals.services.imports
    whole = imports.preview(many(3), Asked("proposal", "x.csv"), clara).job
    imports.commit(whole.id, "good", clara)
    told = []

    def fails(*_):
        told.append(1)
        raise RuntimeError("a bug")

    assert imports.work.run_once(None, fails) == 1
    report = imports.report(whole.id, clara)
    assert (report.job.status, report.job.opened, told, imports.work.run_once()) == ("done", 3, [1], 0)
    assert [p.code for p in report.problems] == ["fault"]
    assert [kind for kind, _ in proposals.incidents()] == ["import"]


# ── any tables ───────────────────────────────────────────────────────────────────────────────────────────────────────

ROW = st.tuples(
    st.sampled_from(["1234567890", "1111111111", "12"]), st.sampled_from("ABC"), st.sampled_from(["Anna", "Vera"])
)


class Model:
    """What the promises say of tables that are sent one after the other."""

    def __init__(self):
        self.names = {}

    def send(self, rows):
        """opened, known or wrong, by row."""
        seen, found = set(), []
        for tax_id, designation, name in rows:
            product = (tax_id, designation)
            if product in seen or len(tax_id) < 10:
                found.append("wrong")
            else:
                before = self.names.setdefault(product, None)
                found.append("opened" if before is None else "known" if before == name else "wrong")
                self.names[product] = before or name
            seen.add(product)
        return found


@settings(max_examples=25)
@given(st.lists(st.lists(ROW, min_size=1, max_size=7), min_size=1, max_size=4))
def test_any_tables_one_after_the_other(tables):
    """A product is opened once; what is the same is known; what is wrong is told; nothing else happens."""
    store = Store("sqlite://", machine_now=MachineClock())
    services = build_services(
        store, Adapters([], MessageTemplates, lambda _: None, tables=FileTables()), public_url="http://x"
    )
    services.catalog.publish_all([Bundle(PROPOSAL, "a.yaml", TEMPLATES, {}), Bundle(LIST, "b.yaml", TEMPLATES, {})])
    imports, officer, model = services.imports, person("oleg", "officer"), Model()
    for number, rows in enumerate(tables):
        text = "tax_id,designation,contact_name\n" + "".join(",".join(row) + "\n" for row in rows)
        seen = imports.preview(text.encode(), Asked("proposal", f"{number}.csv"), officer)
        wanted = model.send(rows)
        assert (seen.job.wrong, seen.job.known) == (wanted.count("wrong"), wanted.count("known"))
        imports.commit(seen.job.id, "good", officer)
        imports.work.run_once()
        report = imports.report(seen.job.id, officer)
        became = {row.row: "known" if row.known else "opened" for row in report.opened}
        assert [became.get(row, "wrong") for row in range(2, len(rows) + 2)] == wanted
        assert {p.row for p in report.problems} == {row for row, what in enumerate(wanted, 2) if what == "wrong"}
    assert store.read(lambda r: r.count_cases(CaseFilter())) == len(model.names)
    store.close()


# ── retention ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_and_words_are_forgotten(proposals, clara, take, send):
    """A month after, files go and tables that were only looked at; by a term, what they said; keys of opened rows stay."""
    done, looked = take(TABLE).job, send(many(3), "other.csv").job
    imports, pruning = proposals.services.imports, proposals.services.pruning
    proposals.machine.forward(days=31)
    assert sum(iter(pruning.forget, 0)) >= 2
    assert [job.id for job in imports.jobs(clara).items] == [done.id]
    assert proposals.store.read(lambda r: r.import_file(r.import_job(done.id).row)) is None
    with pytest.raises(ImportNotFound):
        imports.job(looked.id, clara)
    assert len(imports.report(done.id, clara).problems) == 2
    proposals.machine.forward(days=400)
    assert pruning.forget_imports(parse_term("12 months")) == 1
    assert pruning.forget_imports(parse_term("12 months")) == 0
    assert imports.jobs(clara).items[0].file == ""
    assert imports.report(done.id, clara).problems == ()
    assert [row.known for row in take(TABLE).opened] == [True, True]
