"""From every released schema to today's, and from a file to a server: nothing is lost on the way, and cases go on."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from adapters.certificates import TypstCertificates
from adapters.templates import MessageTemplates
from engine.core.case import Actor, Event, Position, Timer
from engine.core.values import canonical, parse_instant, restore
from engine.errors import MilepostError
from engine.ports import Adapters
from engine.service.services import build_services
from engine.store import migrate
from engine.store.copying import copy
from engine.store.postgres import connect
from engine.store.records import CaseFilter, RegisterFilter
from engine.store.store import Store, parsed_url, upgrade
from engine.store.tables import METADATA

RELEASES = sorted(Path(__file__).with_name("databases").glob("*.sql.gz"))
UPGRADE = "import sys; from engine.store.store import upgrade; upgrade(sys.argv[1]); print('done')"
EVERYTHING = 10**6


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def released(request, tmp_path):
    """A database as a release has left it."""
    path = tmp_path / "released.db"
    database = sqlite3.connect(path)
    database.executescript(gzip.decompress(request.param.read_bytes()).decode())
    database.close()
    return path


@pytest.fixture
def before(released):
    """All rows of it by table, as SQL gives them."""
    return rows_of(released)


def rows_of(path):
    """All rows of a file, by table."""
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    names = [row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: [dict(row) for row in database.execute(f'SELECT * FROM "{name}"')] for name in names}
    database.close()
    return found


@pytest.fixture(params=["file", "copied to PostgreSQL", "copied there and back"])
def moved(request, released, before, tmp_path):
    """The URL under which a program of today opens what the release has left."""
    url = f"sqlite:///{released}"
    if request.param == "file":
        return url
    server = request.getfixturevalue("postgres_url")
    copy(url, server, told=lambda *_: None)
    if request.param == "copied to PostgreSQL":
        return server
    back = f"sqlite:///{tmp_path}/back.db"
    copy(server, back, told=lambda *_: None)
    return back


@pytest.fixture
def today(moved, clock):
    """A store of today on it, with the clock that the cases were run by."""
    store = Store(moved, machine_now=clock, manual_clock=True)
    yield store
    store.close()


def instants(row, *names):
    """Some columns as moments."""
    return [None if row[name] is None else parse_instant(row[name]) for name in names]


def test_cases_are_there_whole(today, before):
    """Each case has its number, its data, its positions and timers in order, where it came from and where it ended."""
    assert len(before["case"]) == today.read(lambda r: r.count_cases(CaseFilter()))
    for old in before["case"]:
        case = today.read(lambda r, old=old: r.case(old["public_id"])).case
        own = lambda table, old=old: [row for row in before[table] if row["case_id"] == old["id"]]  # noqa: E731
        data = {}
        for section in own("case_section"):
            data.update(restore(section["data"]))
        assert data == case.data
        assert sorted(own("position"), key=lambda p: p["place"]) != [] or case.closed_at is not None
        assert (
            tuple(
                Position(p["state"], p["entry"], parse_instant(p["entered_at"]), bool(p["finished"]))
                for p in sorted(own("position"), key=lambda p: p["place"])
            )
            == case.positions
        )
        assert (
            tuple(
                Timer(t["state"], t["entry"], t["deadline"], t["kind"], t["rung"], parse_instant(t["due"]))
                for t in sorted(own("timer"), key=lambda t: t["place"])
            )
            == case.timers
        )
        assert [old["workflow"], old["number"], old["seq"], old["revision"], old["outcome"]] == [
            case.workflow, case.number, case.seq, case.revision, case.outcome,
        ]  # fmt: skip
        assert instants(old, "opened_at", "last_at", "closed_at") == [case.opened_at, case.last_at, case.closed_at]
        assert (json.loads(old["parent"])["id"] if old["parent"] else None) == (case.parent.id if case.parent else None)
        assert tuple(json.loads(old["turn"])) == case.turn


def test_histories_are_whole_and_in_their_order(today, before):
    """Every line has its hash still, every chain computes, the feed is what it was, and its end is the cases' hashes."""
    ids = {row["id"]: row["public_id"] for row in before["case"]}
    for row, case_id in ids.items():
        lines = today.read(lambda r, c=case_id: r.history(c, 0, EVERYTHING))
        assert sorted((s["seq"], s["hash"]) for s in before["step"] if s["case_id"] == row) == [
            (line.seq, line.hash) for line in lines
        ]
        assert today.read(lambda r, c=case_id: r.chain_is_whole(c))
    feed = today.read(lambda r: r.feed(0, EVERYTHING))
    assert [
        (f["pos"], ids[f["case_id"]], f["seq"], f["hash"]) for f in sorted(before["feed"], key=lambda f: f["pos"])
    ] == [(line.pos, line.case_id, line.seq, line.hash) for line in feed]
    last = {line.case_id: line.hash for line in feed}
    assert {row["public_id"]: row["hash"] for row in before["case"]} == last


def test_what_hangs_on_cases_is_there(today, before):
    """Effects, certificates with their files and statuses, the register, tokens, published texts and counters."""
    ids = {row["id"]: row["public_id"] for row in before["case"]}
    effects = {e.key: e for case_id in ids.values() for e in today.read(lambda r, c=case_id: r.effects(c))}
    assert {e["key"]: (e["kind"], e["status"], e["attempt"], restore(e["payload"])) for e in before["effect"]} == {
        key: (e.kind, e.status, e.attempt, e.payload) for key, e in effects.items()
    }
    files = {row["certificate_id"]: row for row in before["certificate_file"]}
    assert files
    for old in before["certificate"]:
        held = [c for c in today.read(lambda r, c=old: r.certificates_of(ids[c["case_id"]])) if c.token == old["token"]]
        assert (old["number"], old["status"], restore(old["facts"])) in [(c.number, c.status, c.facts) for c in held]
        pdf = today.read(lambda r, c=old: r.certificate_pdf(c["number"], c["issue"]))
        assert (files[old["id"]]["pdf"] if old["id"] in files else None) == pdf
        statuses = [s["status"] for s in before["certificate_status"] if s["certificate_id"] == old["id"]]
        told = today.read(lambda r, c=old: r.certificate_history(c["number"]))
        assert statuses == [line.status for line in told if line.issue == old["issue"]]
    entries = {row["entry_no"] for row in before["register_entry"]}
    assert entries
    for number in entries:
        old = [row for row in before["register_entry"] if row["entry_no"] == number]
        assert [(row["revision"], row["status"], restore(row["facts"])) for row in old] == [
            (row.revision, row.status, row.facts) for row in today.read(lambda r, n=number: r.register_history(n))
        ]
    designation = before["register_entry"][0]["designation"]
    assert today.read(lambda r: r.register_rows(RegisterFilter(designation=designation)))
    assert {(t["public_id"], t["hash"], t["actor_id"]) for t in before["token"]} == {
        (t.id, t.hash, t.actor_id) for t in today.read(lambda r: r.tokens())
    }
    for old in before["workflow_version"]:
        version = today.read(lambda r, v=old: r.version_by_digest(v["workflow"], v["digest"]))
        assert (old["source"], json.loads(old["templates"])) == (version.source, version.templates)
    for counter in before["counter"]:
        given = today.write(lambda tx, c=counter: tx.next_number(c["name"], c["period"]))
        assert given == counter["value"] + 1


def test_cases_go_on(today, before):
    """On it a case takes an event, a new one gets the next number and a row of its own, and timers fire."""
    adapters = Adapters(notifiers=[], templates=MessageTemplates, renderer=TypstCertificates)
    services = build_services(today, adapters, public_url="https://milepost.example")
    tested = next(row for row in before["case"] if "in_laboratory" in row["leaves"])
    lab = Actor("lev", roles=frozenset({"lab_officer"}))
    made = services.cases.send_event(
        tested["public_id"], Event("sample_damaged", {"reasons": "it fell"}, frozenset({"sod-3"})), lab
    )
    assert (made.step.seq, made.case.states[-1].path) == (tested["seq"] + 1, "assessment.evaluation.testing.sampling")
    assert today.read(lambda r: r.chain_is_whole(tested["public_id"]))
    rita = Actor("rita", roles=frozenset({"regional_coordinator"}), attributes={"party": "Sample Region"})
    opened = services.cases.open_case("campaign", {"campaign.region": "Sample Region", "campaign.year": 2027}, rita)
    assert opened.case.number == "K-2026-002"
    due = today.read(lambda r: r.next_due())
    services.clock.advance(due)
    after = [today.read(lambda r, row=row: r.case(row["public_id"])).case for row in before["case"]]
    assert sum(case.seq for case in after) > sum(row["seq"] for row in before["case"]) + 1
    today.write(lambda tx: tx.sequence_steps())
    feed = today.read(lambda r: r.feed(0, EVERYTHING))
    assert len(feed) == sum(case.seq for case in after) + opened.case.seq
    assert [line.pos for line in feed] == list(range(1, len(feed) + 1))


def test_revisions_of_the_register_name_their_steps(today, before):
    """Each revision that a release has recorded is told with the step that made it, in the feed's order."""
    for pos, row in (told := today.read(lambda r: r.register_changes(0, EVERYTHING))):
        (line,) = today.read(lambda r, p=pos, c=row.case_id: r.history(c, r.feed(p - 1, 1)[0].seq - 1, 1))
        assert f"register:{row.verb}" in line.record["facts"]
    assert len(told) == len(before["register_entry"]) > 3


@pytest.fixture(params=["sqlite", "postgresql"])
def revised(request, tmp_path, clock):
    """A connection to a new database that the revisions alone have made."""
    if request.param == "postgresql":
        engine = create_engine(parsed_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg"))
    else:
        Store(f"sqlite:///{tmp_path}/new.db", machine_now=clock).close()
        engine = create_engine(f"sqlite:///{tmp_path}/new.db")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_revisions_make_the_tables(revised):
    """What the revisions make is what the tables say: columns, types, keys and indexes."""
    found = MigrationContext.configure(revised, opts={"compare_type": True})
    assert compare_metadata(found, METADATA) == []


def test_a_release_brought_up_to_date_has_the_tables(today, moved):
    """So is what was made by the release and brought up to date."""
    if moved.startswith("postgresql"):
        engine = create_engine(parsed_url(moved).set(drivername="postgresql+psycopg"))
    else:
        engine = create_engine(moved)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, METADATA) == []
    engine.dispose()


def test_text_is_ordered_by_code_points(postgres_url):
    """Every column of text on a server has the collation C, so that both databases find and lock in one order."""
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying')"
        ).fetchall()
    texts = [row for row in rows if row[0] != "alembic_version"]
    assert len(texts) > 50
    assert [row for row in texts if row[2] != "C"] == []


def test_texts_too_long_for_an_index_are_bounded(released, postgres_url, clock):
    """What a release has put into indexes in full is found by its full text still, and a server takes it."""
    long = "Задвижка " * 500
    key = canonical([long, long])
    database = sqlite3.connect(released)
    for column in ("tax_id", "designation", "code"):
        database.execute(f"UPDATE register_entry SET {column} = ?", (f"{column} {long}",))
    database.execute("""UPDATE "case" SET unique_key = ? WHERE number = 'Q-2026-000005'""", (key,))
    database.commit()
    database.close()
    copy(f"sqlite:///{released}", postgres_url, told=lambda *_: None)
    for url in (f"sqlite:///{released}", postgres_url):
        store = Store(url, machine_now=clock)
        wanted = RegisterFilter(
            **{c: f"{c} {long}" for c in ("tax_id", "designation", "code")}, on=clock.forward(days=900)
        )
        assert len(store.read(lambda r, w=wanted: r.register_rows(w))) > 3
        other = replace(wanted, code="code")
        assert store.read(lambda r, w=other: r.register_rows(w)) == ()
        assert store.read(lambda r: r.unique_holder("qualification", key))[1] == "Q-2026-000005"
        assert store.read(lambda r: r.unique_holder("qualification", key + " ")) is None
        store.close()


# ── copying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_target_with_rows_is_refused(released, postgres_url):
    """Nothing is mixed: a second copy into the same database is refused, and changes nothing."""
    url = f"sqlite:///{released}"
    heard = []
    copied = copy(url, postgres_url, told=lambda *told: heard.append(told))
    assert copied.cases > 10
    assert heard[-1][1] == heard[-1][2] == sum(copied.rows.values())
    with pytest.raises(MilepostError, match=r"has rows already, in .*; name a database that is new"):
        copy(url, postgres_url, told=lambda *_: None)
    store = Store(postgres_url, machine_now=None)
    assert copied.cases == store.read(lambda r: r.count_cases(CaseFilter()))
    store.close()


def test_a_copy_that_cannot_be_whole_is_none(released, postgres_url):
    """A text that the server cannot keep ends the copy with its table's name, and nothing of it stays."""
    database = sqlite3.connect(released)
    database.execute("UPDATE step SET name = 'a' || char(0) WHERE id = 7")
    database.commit()
    database.close()
    with pytest.raises(MilepostError, match=r"a row of step cannot be stored there .*; nothing was copied"):
        copy(f"sqlite:///{released}", postgres_url, told=lambda *_: None)
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute('SELECT count(*) FROM "case"').fetchone() == (0,)


def test_a_copy_that_differs_is_none(released, postgres_url):
    """Both sides are read again: a server that changes what it is given is found out, and nothing stays."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.hash := ''0''; RETURN NEW; END'"
        )
        connection.execute(
            "CREATE TRIGGER spoil BEFORE INSERT ON step FOR EACH ROW WHEN (NEW.id = 9) EXECUTE FUNCTION spoil()"
        )
    with pytest.raises(MilepostError, match="the rows of step do not read back as they were; nothing was copied"):
        copy(f"sqlite:///{released}", postgres_url, told=lambda *_: None)
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute('SELECT count(*) FROM "case"').fetchone() == (0,)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("sqlite:///{folder}/none.db", "sqlite:///{folder}/new.db", "there is no file .*none.db; name the one"),
        ("sqlite://", "sqlite:///{folder}/new.db", "sqlite is nothing to copy; name two of"),
        ("mysql://h/x", "sqlite:///{folder}/new.db", "mysql is nothing to copy; name two of"),
        ("nonsense", "sqlite:///{folder}/new.db", "this is no database URL"),
    ],
)
def test_what_cannot_be_copied(tmp_path, source, target, message):
    """A source that is none is refused in a line, and nothing is made of it."""
    with pytest.raises(MilepostError, match=message):
        copy(source.format(folder=tmp_path), target.format(folder=tmp_path), told=lambda *_: None)
    assert not (tmp_path / "none.db").exists()


def test_a_file_in_use_is_not_copied(released, tmp_path, clock):
    """Who owns the file goes on; the copy is told to wait."""
    owner = Store(f"sqlite:///{released}", machine_now=clock)
    with pytest.raises(MilepostError, match="is in use by another Milepost"):
        copy(f"sqlite:///{released}", f"sqlite:///{tmp_path}/copy.db", told=lambda *_: None)
    owner.close()


# ── schemas of servers ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def empty(postgres):
    """A database without a table."""
    url = postgres.new_database(empty=True)
    yield url
    postgres.drop(url)


def revised_to(url, revision):
    """Brings a server's schema to a revision."""
    with migrate.open_postgres(lambda: connect(url)) as connection:
        config = migrate.configuration()
        config.attributes["connection"] = connection
        migrate.command.upgrade(config, revision)


def test_a_server_behind_is_refused(empty):
    """A node does not change what others run on: it says how to bring the schema up to date, and starts after that."""
    with pytest.raises(MilepostError, match=r"has no schema .*; stop all nodes, then run: milepost db upgrade"):
        Store(empty, machine_now=None)
    revised_to(empty, "0001")
    with pytest.raises(MilepostError, match=r"has the schema 0001, this program needs .*run: milepost db upgrade"):
        Store(empty, machine_now=None)
    upgrade(empty)
    Store(empty, machine_now=None).close()


def test_a_newer_server_is_refused(postgres_url):
    """A schema that a later program has made is not touched, neither by a node nor by an upgrade."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for attempt in (lambda: Store(postgres_url, machine_now=None), lambda: upgrade(postgres_url)):
        with pytest.raises(MilepostError, match=r"schema 9999, newer than .*; run the program that wrote it"):
            attempt()


def test_nodes_that_upgrade_at_once_wait_for_each_other(empty):
    """Two processes held up at the lock go on one after the other: the schema is made once, and both are content."""
    with psycopg.connect(empty) as connection:
        connection.execute(f"SELECT pg_advisory_xact_lock({migrate.ONE_AT_A_TIME})")
        both = [
            subprocess.Popen(
                [sys.executable, "-c", UPGRADE, empty], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while connection.execute(waiting).fetchone() != (2,):
            assert all(process.poll() is None for process in both)
        assert connection.execute("SELECT to_regclass('public.case')").fetchone() == (None,)
    assert [(process.communicate(timeout=60), process.returncode) for process in both] == [(("done\n", ""), 0)] * 2
    Store(empty, machine_now=None).close()
