"""`milepost db`: moving to another database and pruning, as people type it."""

from __future__ import annotations

import json

import psycopg
import pytest

from engine.core.case import Event
from engine.service.pruning import Pruning
from engine.service.searching import CaseFilters
from runtime.cli.settings import services_now


@pytest.fixture
def closed(milepost, token):
    """Three closed cases and an open one, in the file; the clerk's secret."""
    milepost("publish", "workflows")
    secret = token("carl", "clerk", email="carl@people.example")
    with services_now() as services:
        actor = services.people.actor_of(secret)
        for n in range(4):
            case = services.cases.open_case("note", {"paper.text": f"n{n}"}, actor).case
            if n:
                services.cases.send_event(case.id, Event("accept"), actor)
        services.clock.settle()
        age(services)
    return secret


def age(services):
    """What is closed was closed long ago."""

    def work(tx):
        tx.link.connection.execute("""UPDATE "case" SET closed_at = '2020' || substr(closed_at, 5)""")

    services.store.write(work)
    services.store._engine.forget()


def test_a_file_moves_to_a_server(milepost, closed, postgres_url, monkeypatch):
    """One command; then the settings name the server, histories prove themselves there, and the tokens are the same."""
    code, out, err = milepost("db", "copy", "sqlite:///milepost.db", postgres_url)
    assert (code, err) == (0, "")
    assert out.startswith("4 cases with 7 steps copied, ")
    monkeypatch.setenv("MILEPOST_DATABASE_URL", postgres_url)
    assert json.loads(milepost("audit", "verify", "--format", "json")[1])["whole"]
    with services_now() as services:
        carl = services.people.actor_of(closed)
        assert [len(services.cases.find(CaseFilters(open_only=only), carl).items) for only in (False, True)] == [4, 1]
    code, out, err = milepost("db", "copy", "sqlite:///milepost.db", postgres_url)
    assert (code, out, "name a database that is new" in err) == (2, "", True)


def test_a_dry_run_says_what_would_go(milepost, closed):
    """Counts and reasons; nothing is changed, and what is not old enough is not counted."""
    with services_now() as services:
        services.store.write(
            lambda tx: tx.add_incident(case_id=closed_ids(services)[0], kind="x", subject="s", text="t")
        )
    code, out, _ = milepost("db", "prune", "--older-than", "36 months", "--dry-run")
    lines = [line.split("│")[1:3] for line in out.splitlines() if line.startswith("│")]
    assert (code, [[cell.strip() for cell in line] for line in lines]) == (
        0,
        [["2", "would be pruned"], ["1", "stay: an incident is open"], ["3", "in all"]],
    )
    out = milepost("db", "prune", "--older-than", "360 months", "--dry-run")[1]
    assert "│ 0     │ in all" in out
    assert len(left(milepost)) == 4


def closed_ids(services):
    """Ids of what is closed."""
    text = 'SELECT public_id FROM "case" WHERE closed_at IS NOT NULL ORDER BY id'
    return [row[0] for row in services.store.read(lambda r: r.link.connection.execute(text).fetchall())]


def left(milepost):
    """Histories that are still there."""
    return range(json.loads(milepost("audit", "verify", "--format", "json")[1])["histories"])


def test_pruning_goes_on_where_it_was_stopped(milepost, closed, monkeypatch):
    """Ctrl+C between two batches keeps what is done; the same command does the rest, and then there is no more."""
    monkeypatch.setattr("engine.service.pruning.BATCH", 1)
    whole = Pruning.prune

    def stopped(self, older_than):
        batches = whole(self, older_than)
        yield next(batches)
        raise KeyboardInterrupt

    monkeypatch.setattr(Pruning, "prune", stopped)
    code, out, _ = milepost("db", "prune", "--older-than", "36 months")
    assert (code, "stopped after 1 cases; the same command goes on" in out) == (2, True)
    assert len(left(milepost)) == 3
    monkeypatch.setattr(Pruning, "prune", whole)
    assert (
        "2 cases pruned, 0 imports emptied, 0 answers to old requests forgotten"
        in milepost("db", "prune", "--older-than", "36 months")[1]
    )
    assert len(left(milepost)) == 1
    assert "0 cases pruned" in milepost("db", "prune", "--older-than", "36 months")[1]


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("3 years", "--older-than: '3 years' counts in years; write 36 months"),
        ("30 working days", "write days or months"),
    ],
)
def test_terms_are_refused_in_a_line(milepost, closed, term, words):
    """A term that cannot be is one line that says what can."""
    code, out, err = milepost("db", "prune", "--older-than", term)
    assert (code, out, err.count("\n"), words in err) == (2, "", 1, True)


def test_a_node_waits_for_its_schema(milepost, postgres, monkeypatch):
    """On a server without the schema, or with a newer one, `serve` and `schedule` say what to do and end; so does `prune`."""
    url = postgres.new_database(empty=True)
    monkeypatch.setenv("MILEPOST_DATABASE_URL", url)
    nodes = (["serve", "--port", "0"], ["schedule"], ["db", "prune", "--older-than", "1 month"])
    for args in nodes:
        code, out, err = milepost(*args)
        assert (code, out, err.count("\n"), "run: milepost db upgrade" in err) == (2, "", 1, True)
    assert milepost("db", "upgrade")[0] == 0
    assert milepost("db", "prune", "--older-than", "1 month")[0] == 0
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for args in (*nodes, ["db", "upgrade"]):
        code, out, err = milepost(*args)
        assert (code, out, err.count("\n"), "schema 9999, newer than" in err) == (2, "", 1, True)
    postgres.drop(url)
