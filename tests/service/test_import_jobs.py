"""Imports at work: on several nodes, after a stop, beside each other, when things have changed meanwhile, until they are forgotten."""

from __future__ import annotations

from functools import partial
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tables import FileTables
from adapters.templates import MessageTemplates
from engine.core.calendars.words import parse_term
from engine.errors import ImportNotFound
from engine.ports import Adapters
from engine.service.bundles import Bundle
from engine.service.import_plan import Asked
from engine.service.import_rows import Rows
from engine.service.services import build_services
from engine.store.records import CaseFilter
from engine.store.store import Store
from tests.service.conftest import LIST, PROPOSAL, TEMPLATES, MachineClock, person
from tests.service.test_imports import TABLE


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
