"""Back-ups taken while others write, as docs/operations.md says to take them: a copy is one moment, whole, and goes on."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from engine.store.records import CaseFilter
from engine.store.store import Store
from tests.servers.postgres import PROGRAMS

if TYPE_CHECKING:
    from pathlib import Path

CASES = 5


@contextmanager
def busy(store, version_id, maker):
    """Cases that take steps with effects all the time, until the block ends; gives how many have been written."""
    cases = []
    for _ in range(CASES):
        step = maker.opened()
        store.write(lambda tx, s=step: tx.insert_case(s, version_id=version_id, unique_key=None, index={"a": "b"}))
        cases.append(step.case)
    over, many, count = Event(), Event(), [0]

    def write():
        while not over.is_set():
            for place, case in enumerate(cases):
                step = maker.next(case, effects=1, data={**case.data, "n.seq": case.seq + 1})
                store.write(lambda tx, s=step: (tx.lock_case(s.case.id), tx.save(s, unique_key=None, index={"a": "b"})))
                cases[place] = step.case
            store.write(lambda tx: tx.sequence_steps())
            count[0] += CASES
            if count[0] >= 10 * CASES:
                many.set()

    thread = Thread(target=write)
    thread.start()
    try:
        assert many.wait(60)
        yield count
    finally:
        over.set()
        thread.join()


def copied(url, tmp_path, request):
    """A back-up by the database's own program, put into a place of its own; its URL."""
    if url.startswith("sqlite"):
        target = sqlite3.connect(tmp_path / "copy.db")
        source = sqlite3.connect(make_url(url).database)
        source.backup(target)
        source.close()
        target.close()
        return f"sqlite:///{tmp_path}/copy.db"
    file = tmp_path / "copy.dump"
    run(PROGRAMS / "pg_dump", "--format=custom", f"--file={file}", f"--dbname={url}")
    restored = request.getfixturevalue("postgres").new_database(empty=True)
    run(PROGRAMS / "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={restored}", file)
    return restored


def run(program: Path, *arguments: object) -> None:
    """A program that has to end well."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def version_id(store, publishing):
    """A published version."""
    return publishing(store)


def test_a_copy_is_one_moment(store, store_url, version_id, maker, clock, tmp_path, request, feed_of):
    """Taken under load: every case equals its history, every chain is whole, no step has half of its rows, and it goes on."""
    with busy(store, version_id, maker) as written:
        before = written[0]
        url = copied(store_url, tmp_path, request)
    copy = Store(url, machine_now=clock)
    cases = [copy.read(lambda r, s=s: r.case(s.id)).case for s in copy.read(lambda r: r.cases(CaseFilter()))]
    assert len(cases) == CASES
    assert before <= sum(case.seq - 1 for case in cases) <= written[0] + CASES
    for case in cases:
        history = copy.read(lambda r, c=case: r.history(c.id, 0, 10**6))
        assert [line.seq for line in history] == list(range(1, case.seq + 1))
        assert copy.read(lambda r, c=case: r.chain_is_whole(c.id))
        assert len(copy.read(lambda r, c=case: r.effects(c.id))) == case.seq - 1
        assert case.data.get("n.seq", 1) == case.seq
    assert len(feed_of(copy)) == sum(case.seq for case in cases)
    step = maker.next(cases[0])
    copy.write(lambda tx: (tx.lock_case(step.case.id), tx.save(step, unique_key=None, index={"a": "b"})))
    assert copy.read(lambda r: r.case(step.case.id)).case == step.case
    copy.close()
    if not url.startswith("sqlite"):
        request.getfixturevalue("postgres").drop(url)
