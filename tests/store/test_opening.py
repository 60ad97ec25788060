"""Opening a database: one owner, a schema that fits, nothing lost when a process is killed."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from engine.errors import MilepostError, Unavailable
from engine.store import migrate
from engine.store.records import CaseFilter
from engine.store.sqlite import connect
from engine.store.store import Store
from engine.store.tables import METADATA

OPEN = """
import sys
from datetime import UTC, datetime
from engine.store.store import Store
store = Store(sys.argv[1], machine_now=lambda: datetime.now(UTC))
"""
WRITE = (
    OPEN
    + """
from dataclasses import replace
sys.path.insert(0, sys.argv[2])
from conftest import Maker, publish
maker, version = Maker(), publish(store)
cases = [maker.opened(f"{sys.argv[3]}-{n}", number=None).case for n in range(4)]
for case in cases:
    step = replace(maker.opened(), case=case)
    store.write(lambda tx: tx.insert_case(step, version_id=version, unique_key=None, index={"a": "b"}))
print("ready", flush=True)
while True:
    def work(tx):
        tx.next_number("steps", "")
        for case in cases:
            held = tx.lock_case(case.id).case
            tx.save(maker.next(held, effects=2, data={**held.data, "n.seq": held.seq + 1}), unique_key=None, index={"a": str(held.seq)})
    store.write(work)
"""
)


def python(code, *arguments):
    """Starts a process that runs this code."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_second_process_is_refused(tmp_path, file_store):
    """One process owns the file; the second is told who has it and what to do, and nothing is harmed."""
    url = f"sqlite:///{tmp_path}/cases.db"
    second = python(OPEN, url)
    _, errors = second.communicate(timeout=30)
    assert second.returncode != 0
    assert "is in use by another Milepost (process " in errors
    assert "stop it first" in errors
    with pytest.raises(Unavailable, match="stop it first"):
        Store(url, machine_now=file_store.machine_now)
    assert file_store.read(lambda r: r.workflows()) == ()


def test_killed_while_it_writes(tmp_path, clock, request):
    """After kill -9 every transaction is there whole or not at all, and the next process goes on."""
    path = tmp_path / "killed.db"
    for run, patience in enumerate((1, 25)):
        kill_after(path, run, patience, str(request.path.parent))
        store = Store(f"sqlite:///{path}", machine_now=clock)
        found = [store.read(lambda r, n=n, run=run: r.case(f"{run}-{n}")).case for n in range(4)]
        steps = found[0].seq - 1
        assert {case.seq for case in found} == {steps + 1}
        assert steps >= patience
        assert all(case.data.get("n.seq", 1) == case.seq for case in found)
        assert all(store.read(lambda r, c=case: r.chain_is_whole(c.id)) for case in found)
        assert all(len(store.read(lambda r, c=case: r.effects(c.id))) == 2 * steps for case in found)
        assert len(store.read(lambda r: r.feed(0, 10**6))) == store.read(
            lambda r: sum(r.case(summary.id).case.seq for summary in r.cases(CaseFilter()))
        )
        store.close()
        whole = sqlite3.connect(path)
        assert whole.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        whole.close()


def kill_after(path, run, patience, folder):
    """Starts a process that writes, and kills it when it has made some steps, wherever it is then."""
    writing = python(WRITE, f"sqlite:///{path}", folder, str(run))
    assert writing.stdout.readline() == "ready\n"
    watching = connect(path)
    count = "SELECT coalesce(max(value), 0) FROM counter"
    until = watching.execute(count).fetchone()[0] + patience
    while watching.execute(count).fetchone()[0] < until:
        assert writing.poll() is None, writing.stderr.read()
    watching.close()
    writing.send_signal(signal.SIGKILL)
    writing.communicate(timeout=30)


def test_migrations_make_the_tables(tmp_path, clock):
    """The schema that the revisions make is that of the tables."""
    Store(f"sqlite:///{tmp_path}/new.db", machine_now=clock).close()
    engine = create_engine(f"sqlite:///{tmp_path}/new.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
        made = inspect(connection)
        for table in METADATA.sorted_tables:
            assert [c["name"] for c in made.get_columns(table.name)] == [c.name for c in table.columns]
    engine.dispose()


def test_same_sql_in_memory_and_in_files(tmp_path, clock):
    """A store in memory, made without the revisions, has the very same tables."""
    text = "SELECT name, replace(replace(sql, ' ', ''), char(10), '') FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql NOT NULL ORDER BY name"
    store = Store(f"sqlite:///{tmp_path}/file.db", machine_now=clock)
    memory = Store("sqlite://", machine_now=clock)
    rows = [each.read(lambda r: r.link.connection.execute(text).fetchall()) for each in (store, memory)]
    store.close()
    memory.close()
    tables = [{name: sorted(re.sub(r'["()\s]', "", sql).split(",")) for name, sql in found if sql} for found in rows]
    assert tables[0] == tables[1]


def test_a_newer_schema_is_refused(tmp_path, clock):
    """A database that a later program has written is not touched, and can be opened again by that."""
    url = f"sqlite:///{tmp_path}/newer.db"
    Store(url, machine_now=clock).close()
    later = connect(tmp_path / "newer.db")
    head = later.execute("SELECT version_num FROM alembic_version").fetchone()
    later.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MilepostError, match=r"schema 9999, newer than .*; run the program that wrote it"):
        Store(url, machine_now=clock)
    assert later.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    later.execute("UPDATE alembic_version SET version_num = ?", head)
    later.close()
    Store(url, machine_now=clock).close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgresql://milepost:secret@127.0.0.1:1/milepost",
            "PostgreSQL cannot be reached .*; look at MILEPOST_DATABASE_URL",
        ),
        ("mysql://milepost:secret@db/milepost", "runs on SQLite and PostgreSQL, not on mysql"),
        ("nonsense", "this is no database URL; give one like sqlite"),
        ("sqlite:////nowhere/at/all/cases.db", "needs a folder that exists"),
    ],
)
def test_urls_that_do_not_work(url, message, clock):
    """A URL that cannot be served is refused with what to give instead, and without its password."""
    with pytest.raises(MilepostError, match=message) as refused:
        Store(url, machine_now=clock)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"no database at all" * 100], ids=["folder", "text"])
def test_paths_that_hold_no_database(tmp_path, content, clock):
    """A folder or another file is refused in one line, is left as it is, and is not kept locked."""
    path = tmp_path / "cases.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(MilepostError, match=r"cannot be used as a database \(") as refused:
            Store(f"sqlite:///{path}", machine_now=clock)
        assert "\n" not in str(refused.value)
    assert content is None or path.read_bytes() == content


def test_one_head():
    """The revisions form one line."""
    script = migrate.ScriptDirectory.from_config(migrate.configuration())
    assert len(script.get_heads()) == 1


def test_closed_in_the_middle_of_a_transaction(tmp_path, clock):
    """What was left open, a cursor that somebody still has too, keeps nobody from the file, and nothing of it stays."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    left = Store(url, machine_now=clock)
    connection = left._engine._writing
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO counter (name, period, value) VALUES ('left', '', 1), ('open', '', 1)")
    cursor = connection.execute("SELECT name FROM counter")
    assert cursor.fetchone()
    left.close()
    again = Store(url, machine_now=clock)
    try:
        assert again.write(lambda tx: tx.next_number("left", "")) == 1
    finally:
        again.close()
