"""kill -9 in the middle of an import: another process goes on with it, and no row opens twice or not at all."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from engine.service.bundles import read_folder
from engine.service.import_plan import Asked
from engine.store.records import CaseFilter
from tests.crash.killing import PATIENCE, Site

ROWS = 2_500
TIMES = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    """A server on a new database."""
    sqlite = request.param == "sqlite"
    return Site(tmp_path, f"sqlite:///{tmp_path}/cases.db" if sqlite else request.getfixturevalue("postgres_url"))


@pytest.fixture
def job(site):
    """An import that somebody has committed, and nobody works on yet."""
    services = site.services()
    services.catalog.publish_new(read_folder(Path(site.settings.workflows)))
    table = "tax_id,designation\n" + "".join(f"1234567890,V-{n}\n" for n in range(ROWS))
    oleg = services.people.actor_of(site.secret)
    seen = services.imports.preview(table.encode(), Asked("permit", "list.csv"), oleg)
    assert seen.problems == ()
    services.imports.commit(seen.job.id, "all", oleg)
    services.store.close()
    return seen.job.id


def work_and_die(site, job, least):
    """Serves until so many rows are opened, and is killed soon after; how many there were."""
    process, address = site.serving(lease_seconds="1")
    try:
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {site.secret}"}, trust_env=False
        ) as http:
            end = time.monotonic() + PATIENCE
            while True:
                seen = http.get(f"/imports/{job}").json()
                if seen["opened"] >= least or seen["status"] == "done":
                    break
                assert time.monotonic() < end, seen
                time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))  # the moment is what is tried out
    finally:
        process.kill()
        process.wait()
    return seen["opened"]


def test_an_import_survives_its_processes(site, job):
    """Killed again and again it goes on: in the end each row has one case, and its job says so."""
    opened = 0
    for _ in range(TIMES):
        opened = work_and_die(site, job, opened + 100)
        assert opened < ROWS
    services = site.services(later=timedelta(hours=1))  # the lease of the dead is over
    try:
        oleg = services.people.actor_of(site.secret)
        while services.imports.work.run_once():
            pass
        seen = services.imports.job(job, oleg)
        assert (seen.status, seen.opened, seen.known, seen.wrong) == ("done", ROWS, 0, 0)
        rows = services.imports.report(job, oleg).opened
        assert [row.row for row in rows] == list(range(2, ROWS + 2))
        assert len({row.case_id for row in rows}) == ROWS
        cases = services.store.read(lambda reader: reader.cases(CaseFilter(), limit=10**6))
        assert {case.id for case in cases} == {row.case_id for row in rows}
        assert len({case.number for case in cases}) == ROWS
    finally:
        services.store.close()
