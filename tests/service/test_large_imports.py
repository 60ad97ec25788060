"""The largest table there may be: 10,000 rows, from the workbook to the last case."""

from __future__ import annotations

from time import perf_counter

import pytest

from adapters.tables import FileTables
from adapters.templates import MessageTemplates
from engine.ports import Adapters, Sheet
from engine.service.bundles import Bundle
from engine.service.import_plan import Asked
from engine.service.services import build_services
from engine.store.store import Store
from tests.service.conftest import LIST, PROPOSAL, TEMPLATES, person

ROWS = 10_000
BY_HAND = {"applicant.tax_id": "1234567890", "product.designation": "by hand"}


@pytest.fixture
def services(tmp_path, machine):
    """Services on a file, as people have them."""
    store = Store(f"sqlite:///{tmp_path}/cases.db", machine_now=machine)
    adapters = Adapters([], MessageTemplates, lambda _: None, tables=FileTables())
    made = build_services(store, adapters, public_url="https://milepost.example")
    made.catalog.publish_all([Bundle(PROPOSAL, "a.yaml", TEMPLATES, {}), Bundle(LIST, "b.yaml", TEMPLATES, {})])
    yield made
    store.close()


def test_ten_thousand_rows(services):
    """They are looked at, opened and reported in less than a minute; a person's event passes them by."""
    officer, imports = person("oleg", "officer"), services.imports
    headings = ("tax_id", "designation", "contact_name", "items")
    rows = [("0012345678", f"V-{n}", "Anna", f"{n}a|{n}b") for n in range(ROWS)]
    content = FileTables().write([Sheet("list", headings, rows, fill=True)])
    begun = perf_counter()
    seen = imports.preview(content, Asked("proposal", "list.xlsx"), officer)
    looked = perf_counter()
    assert (seen.job.rows, seen.problems) == (ROWS, ())
    imports.commit(seen.job.id, "all", officer)
    between = []

    def told(done, _):
        if done == ROWS // 2:
            before = perf_counter()
            services.cases.open_case("proposal", BY_HAND, officer)
            between.append(perf_counter() - before)

    assert imports.work.run_once(None, told) == 1
    report = imports.report(seen.job.id, officer)
    assert (len(report.opened), report.job.opened, report.problems) == (ROWS, ROWS, ())
    again = imports.preview(content, Asked("proposal", "list.xlsx"), officer)
    assert again.job.known == ROWS
    took = perf_counter() - begun
    print(f"{ROWS} rows: looked at in {looked - begun:.1f} s, all in {took:.1f} s, a person waited {between[0]:.3f} s")
    assert took < 60
