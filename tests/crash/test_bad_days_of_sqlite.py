"""Bad days of SQLite, each with its real cause: refused while it lasts, nothing half done, and it goes on by itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from engine.core.case import Event as Said
from engine.errors import MilepostError, Unavailable
from engine.store import sqlite as sqlite_engine
from engine.store.writer import WAITING
from tests.crash.acts import look
from tests.crash.house import OFFICER, PERMIT, VISIT, House
from tests.crash.http import over_http

NOBODY = 65534
PATIENCE = 60.0


@pytest.fixture
def house(tmp_path):
    """Services over a file."""
    made = House(f"sqlite:///{tmp_path}/cases.db")
    made.publish(PERMIT, VISIT)
    yield made
    made.close()


def opened(house, tag):
    """A new case."""
    data = {"applicant.tax_id": "1234567890", "product.designation": tag}
    return house.services.cases.open_case("permit", data, OFFICER).case


def body(tag):
    """What opens a case over HTTP."""
    return {"workflow": "permit", "data": {"applicant.tax_id": "1234567890", "product.designation": tag}}


@contextmanager
def one_group(store):
    """What is submitted inside is taken by the writer together."""
    gate, busy = Event(), Event()

    def held(tx):
        busy.set()
        assert gate.wait(PATIENCE)

    store.submit(held)
    assert busy.wait(PATIENCE)
    try:
        yield
    finally:
        gate.set()


def room(house, pages):
    """How many pages the file may have from now on, as on a disk of that size."""
    connection = house.store._engine._writing

    def work(tx):
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {now + pages}")

    house.store.write(work)


def test_a_disk_that_gets_full_inside_a_group(house):
    """Of what was taken together some is stored and some is not, as the answers say; with room again all can be."""
    case = opened(house, "a case that was there before")
    before = house.store.read(lambda r: r.case(case.id))
    room(house, 3)
    data = [{"applicant.tax_id": "1234567890", "product.designation": f"{n} {'long ' * 60}"} for n in range(40)]
    with one_group(house.store):
        asked = [house.services.cases.submit_open("permit", one, OFFICER, key=f"k{n}") for n, one in enumerate(data)]
    errors = [one.exception(PATIENCE) for one in asked]
    refused = [number for number, error in enumerate(errors) if error is not None]
    assert 0 < len(refused) < len(asked)
    assert {type(errors[number]) for number in refused} == {Unavailable}
    assert all("full" in str(errors[number]) for number in refused)
    kept = [house.store.read(lambda r, n=n: r.accepted(f"k{n}", OFFICER.id)) for n in range(40)]
    assert [number for number, one in enumerate(kept) if one is None] == refused
    stored = [one.case_id for one in kept if one is not None]
    assert all(one is not None for one in look(house, stored).values())
    assert len(house.store.read(lambda r: r.feed(0, 10**6))) == 1 + len(stored)
    assert house.store.read(lambda r: r.case(case.id)) == before
    room(house, 10_000)
    for number, one in enumerate(data):
        outcome = house.services.cases.open_case("permit", one, OFFICER, key=f"k{number}")
        assert outcome.replayed == (number not in refused)
    house.reopen()
    assert len(house.store.read(lambda r: r.feed(0, 10**6))) == 41


def test_a_full_disk_over_http(house):
    """A 503 problem with Retry-After; reading goes on; with room again the same request is served."""
    with over_http(house.services) as client:
        case = client.post("/cases", json=body("first")).json()["case"]
        room(house, 0)
        long = body("long " * 4000)
        answers = [client.post("/cases", json=long, headers={"Idempotency-Key": "k"}) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {503}
        assert answers[0].headers["content-type"] == "application/problem+json"
        assert int(answers[0].headers["Retry-After"]) >= 1
        assert client.get(f"/cases/{case['id']}").json()["number"] == "P-000001"
        assert len(client.get("/cases").json()["items"]) == 1
        room(house, 1000)
        answer = client.post("/cases", json=long, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["case"]["number"]) == (201, "P-000002")


def test_a_store_that_is_closed_on_a_full_disk(house):
    """It ends in order and gives the file free; the next one who opens it finds all that was stored."""
    case = opened(house, "one")
    room(house, 0)
    with pytest.raises(Unavailable):
        opened(house, "long " * 4000)
    house.store.close()
    house.open()
    assert house.services.cases.get(case.id, OFFICER).number == "P-000001"
    assert opened(house, "two").number == "P-000002"


def test_a_file_that_somebody_else_keeps_locked(house, tmp_path, monkeypatch):
    """All who wait are refused after one wait, not one after the other; readers are not held up; it goes on afterwards."""
    monkeypatch.setattr(sqlite_engine, "WAIT_FOR_LOCK", 0.4)
    house.reopen()
    case = opened(house, "one")
    other = sqlite3.connect(tmp_path / "cases.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    asked = [house.services.cases.submit_event(case.id, Said("note"), OFFICER) for _ in range(20)]
    assert house.services.cases.get(case.id, OFFICER).number == "P-000001"
    errors = [one.exception(PATIENCE) for one in asked]
    assert time.monotonic() - began < 20 * 0.4
    assert {type(error) for error in errors} == {Unavailable}
    assert "locked" in str(errors[0])
    other.execute("ROLLBACK")
    other.close()
    assert house.services.cases.send_event(case.id, Said("note"), OFFICER).step.seq == 2


@contextmanager
def as_nobody():
    """Somebody who may write only where everybody may: the permissions of root are not those of a server."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that others may enter."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written(open_folder, what):
    """One line that names the file and what to do; the file stays as it is, and is served when it may be written again."""
    path = open_folder / "cases.db"
    with as_nobody():
        house = House(f"sqlite:///{path}")
        house.publish(PERMIT, VISIT)
        case = opened(house, "one")
        house.close()
        content = path.read_bytes()
        place, mode = (path, 0o444) if what == "file" else (open_folder, 0o555)
        if what == "folder":
            path.with_name("cases.db.lock").unlink()
        writable = place.stat().st_mode
    place.chmod(mode)
    with as_nobody():
        with pytest.raises(MilepostError, match=r"can be written") as refused:
            house.open()
        assert "\n" not in str(refused.value)
        assert path.read_bytes() == content
    place.chmod(writable)
    with as_nobody():
        house.open()
        assert house.services.cases.get(case.id, OFFICER).number == "P-000001"
        house.close()


def test_a_file_that_is_taken_away_while_it_is_read(house, tmp_path):
    """A connection that cannot be opened is a matter of time and no bug; the store goes on when the file is back."""
    case = opened(house, "one")
    path, away = tmp_path / "cases.db", tmp_path / "away"
    house.reopen()
    away.mkdir()
    for name in ("cases.db", "cases.db-wal", "cases.db-shm"):
        if (tmp_path / name).exists():
            (tmp_path / name).rename(away / name)
    path.mkdir()
    while not house.store._engine._readers._free.empty():
        link = house.store._engine._readers._free.get()
        if link is not None:
            link.connection.close()
    for _ in range(sqlite_engine.READERS):
        house.store._engine._readers._free.put(None)
    with pytest.raises(Unavailable, match="could not be read"):
        house.services.cases.get(case.id, OFFICER)
    path.rmdir()
    for file in away.iterdir():
        file.rename(tmp_path / file.name)
    assert house.services.cases.get(case.id, OFFICER).number == "P-000001"


def test_a_work_that_ends_its_thread(house):
    """Whatever is raised in the writer goes to who asked; the writer lives, and serves the next one."""

    def leaves(tx):
        raise SystemExit(3)

    with one_group(house.store):
        asked = [house.store.submit(work) for work in (leaves, lambda tx: tx.next_number("n", ""))]
    assert type(asked[0].exception(PATIENCE)) is SystemExit
    assert asked[1].result(PATIENCE) == 1
    assert opened(house, "one").number == "P-000001"


def test_news_that_nobody_can_take(house, caplog):
    """A listener that fails spoils neither the commit it is told of nor the answer."""

    def heard(news):
        raise ValueError("deaf")

    house.store.watch(heard)
    assert opened(house, "one").number == "P-000001"
    assert opened(house, "two").number == "P-000002"
    assert "news of a commit could not be told" in caplog.text


def test_works_that_find_no_place(house):
    """Of works that go together those without a place learn it, those before them are done and answered."""
    outcomes = house.store.together([("", lambda tx: tx.next_number("n", ""))] * (WAITING + 5))
    assert [type(one.error) for one in outcomes[WAITING:]] == [Unavailable] * 5
    assert [one.result() for one in outcomes[:WAITING]] == list(range(1, WAITING + 1))
    with one_group(house.store):
        waiting = [house.store.submit(lambda tx: tx.next_number("n", "")) for _ in range(WAITING)]
        refused = house.store.together([("", lambda tx: tx.next_number("n", ""))] * 5)
    assert [type(one.error) for one in refused] == [Unavailable] * 5
    assert [one.result(PATIENCE) for one in waiting] == list(range(WAITING + 1, 2 * WAITING + 1))


def test_who_no_longer_waits(house):
    """A command that is taken back before its turn is not done, and its neighbours are answered."""
    with one_group(house.store):
        asked = [house.store.submit(lambda tx: tx.next_number("n", "")) for _ in range(3)]
        assert asked[1].cancel()
    assert [one.result(PATIENCE) for one in (asked[0], asked[2])] == [1, 2]
