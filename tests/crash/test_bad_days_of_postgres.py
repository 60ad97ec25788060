"""Bad days of PostgreSQL, each with its real cause: refused while it lasts, nothing half done, and it goes on by itself."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread

import psycopg
import pytest

from engine.core.case import Event as Said
from engine.errors import Unavailable
from engine.store import postgres as postgres_engine
from tests.crash.house import OFFICER, PERMIT, VISIT, House
from tests.crash.http import over_http
from tests.servers.postgres import Postgres

SOON = 2.0
LONGEST = 8.0
"""Seconds of the 5 that a request may wait for a database that is gone, on a machine that has other things to do."""
PATIENCE = 60.0


@pytest.fixture
def house(postgres_url):
    """Services over a database on the server that all tests share."""
    made = House(postgres_url)
    made.publish(PERMIT, VISIT)
    yield made
    made.close()


@pytest.fixture
def outside(postgres_url):
    """A connection of somebody else."""
    with psycopg.connect(postgres_url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        yield connection


def opened(house, tag, **more):
    """A new case."""
    data = {"applicant.tax_id": "1234567890", "product.designation": tag}
    return house.services.cases.open_case("permit", data, OFFICER, **more).case


def note(house, case, **more):
    """An event that may always be sent."""
    return house.services.cases.send_event(case.id, Said("note"), OFFICER, **more)


def backends(outside, *, in_transaction=False):
    """The connections of Milepost (those inside a transaction)."""
    question = "SELECT pid, xact_start FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'milepost'"
    return [pid for pid, since in outside.execute(question) if not in_transaction or since is not None]


def until(holds):
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.01)


@contextmanager
def in_a_transaction(store, work=lambda _: None):
    """A transaction that has done some work and stays open inside."""
    inside, go_on = Event(), Event()

    def held(tx):
        work(tx)
        inside.set()
        assert go_on.wait(PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.write, held)
        assert inside.wait(PATIENCE)
        try:
            yield future
        finally:
            go_on.set()


def test_a_connection_that_is_lost_in_the_middle(house, outside):
    """The server ends it while a transaction is under way: the work is done again on another one, and once."""
    case = opened(house, "one")
    with in_a_transaction(house.store, lambda tx: tx.lock_case(case.id)) as under_way:
        (pid,) = backends(outside, in_transaction=True)
        outside.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert under_way.result(PATIENCE) is None
    assert note(house, case).step.seq == 2


def test_all_connections_lost_at_once(house, outside):
    """Whoever asks next is answered at once, reader or writer, and finds all that was answered before."""
    case = opened(house, "one")
    for ask in (lambda: note(house, case), lambda: house.services.cases.get(case.id, OFFICER)):
        for pid in backends(outside):
            outside.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        began = time.monotonic()
        ask()
        assert time.monotonic() - began < SOON
    assert house.services.cases.get(case.id, OFFICER).data["decision"]["notes"] == 1


def test_a_pool_that_is_exhausted(house, monkeypatch):
    """When all connections are taken, one more is refused in time, and served as soon as one is given back."""
    monkeypatch.setattr(postgres_engine, "WAIT", 0.5)
    size = house.store._engine._pool.max_size
    go_on, inside = Event(), []

    def hold(_):
        inside.append(1)
        assert go_on.wait(PATIENCE)

    with ThreadPoolExecutor(size) as pool:
        holding = [pool.submit(house.store.read, hold) for _ in range(size)]
        try:
            until(lambda: len(inside) == size)
            began = time.monotonic()
            with pytest.raises(Unavailable, match="nothing was stored, try again"):
                opened(house, "one")
            assert time.monotonic() - began < SOON
        finally:
            go_on.set()
        for one in holding:
            one.result(PATIENCE)
    assert opened(house, "one").number == "P-000001"


def test_a_lock_that_somebody_keeps(house, outside, monkeypatch):
    """A command waits for the lock of its case so long and is then refused; its neighbours in a batch are not."""
    monkeypatch.setitem(postgres_engine.SETTINGS, "lock_timeout", "300ms")
    house.reopen()
    mine, others = opened(house, "mine"), opened(house, "others")
    lines = [house_line(case) for case in (mine, others)]
    with outside.transaction():
        outside.execute('SELECT id FROM "case" WHERE public_id = %s FOR UPDATE', (mine.id,))
        with pytest.raises(Unavailable, match="lock timeout"):
            note(house, mine, key="k")
        first, second = house.services.cases.batch(lines, OFFICER)
    assert isinstance(first.error, Unavailable)
    assert second.seq == 2
    assert note(house, mine, key="k").step.seq == 2


def house_line(case):
    """A line of a batch."""
    from engine.service.cases import BatchLine

    return BatchLine(case.id, Said("note"))


def test_a_statement_that_takes_too_long(house, outside, monkeypatch):
    """It is ended by the server, and refused as a matter of time."""
    monkeypatch.setitem(postgres_engine.SETTINGS, "statement_timeout", "200ms")
    house.reopen()
    with pytest.raises(Unavailable, match="statement timeout"):
        house.store.read(lambda r: r.link.connection.execute("SELECT pg_sleep(20)").fetchall())
    assert opened(house, "one").number == "P-000001"


def test_a_transaction_that_sleeps_too_long(house, outside, monkeypatch):
    """A node that stops in the middle keeps nobody out for ever, and does its work anew when it goes on."""
    monkeypatch.setitem(postgres_engine.SETTINGS, "idle_in_transaction_session_timeout", "100ms")
    house.reopen()
    case, slept = opened(house, "one"), []

    def work(tx):
        held = tx.lock_case(case.id)
        slept.append(tx.repeated)
        if not tx.repeated:
            until(lambda: not backends(outside, in_transaction=True))
        tx.next_number("slept", "")
        return held.case.seq

    assert house.store.write(work) == 1
    assert slept == [False, True]
    assert house.store.write(lambda tx: tx.next_number("slept", "")) == 2


def test_a_server_that_has_become_read_only(house, outside):
    """As a full or failed-over server may be: reading goes on, writing is refused until it may again."""
    case = opened(house, "one")
    name = outside.execute("SELECT current_database()").fetchone()[0]
    outside.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="read-only"):
        house.reopen()
    outside.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    house.open()
    assert note(house, case).step.seq == 2


def test_a_step_that_waited_for_the_lock_sees_what_is_after_the_wait(house, outside, postgres_url):
    """While another node's step of the same case commits, this one waits; then it sees the positions of after it.

    The other node moves the case from `draft` to `waiting`: `ask` has to be refused then, and `answer` allowed.
    """
    case = opened(house, "one")
    note(house, case)  # so that this node has the case in its memory
    other = House(postgres_url)
    try:
        with ThreadPoolExecutor(2) as pool:
            inside, go_on = Event(), Event()

            def ask(tx):
                taken = other.services.timers._stepping.take(tx, case.id)
                other.services.timers._stepping.step(tx, taken, Said("ask"), OFFICER)
                inside.set()
                assert go_on.wait(PATIENCE)

            moving = pool.submit(other.store.write, ask)
            assert inside.wait(PATIENCE)
            late = pool.submit(lambda: house.services.cases.send_event(case.id, Said("ask"), OFFICER))
            until(lambda: waiting_for_a_lock(outside))
            go_on.set()
            moving.result(PATIENCE)
            refusal = late.exception(PATIENCE)
        assert type(refusal).__name__ == "EventNotAllowed"
        seen = house.services.cases.get(case.id, OFFICER)
        assert [state.path for state in seen.states if state.leaf] == ["waiting"]
        assert [step.name for step in house.services.cases.history(case.id, OFFICER)] == ["open", "note", "ask"]
    finally:
        other.close()


def waiting_for_a_lock(outside):
    """Whether somebody waits for one in this database."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return outside.execute(question).fetchone()[0] > 0


# ── the server is gone for a while ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def own():
    """A server that may be stopped."""
    server = Postgres()
    if not server.own:
        pytest.skip("the server of the environment is not ours to stop")
    yield server
    server.start_again()  # where a test has left it stopped
    server.close()


def test_a_database_that_is_gone_for_a_while(own):
    """Over HTTP: 503 problems with Retry-After in about 5 seconds, however many ask; the first request after it is served."""
    house = House(own.new_database())
    house.publish(PERMIT, VISIT)
    with over_http(house.services) as client:
        body = {"workflow": "permit", "data": {"applicant.tax_id": "1234567890", "product.designation": "A"}}
        case = client.post("/cases", json=body).json()["case"]
        path = f"/cases/{case['id']}"

        def ask(number):
            began = time.monotonic()
            if number % 2:
                answer = client.get(path)
            else:
                answer = client.post(f"{path}/events", json={"event": "note"}, headers=key(number))
            return answer, time.monotonic() - began

        own.stop("immediate")
        with ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(ask, range(60)))
        assert {answer.status_code for answer, _ in answers} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer, _ in answers)
        assert {answer.json()["type"] for answer, _ in answers} == {"urn:milepost:problem:unavailable"}
        assert max(length for _, length in answers) < LONGEST
        own.start_again()
        answer, length = ask(0)
        assert (answer.status_code, answer.json()["step"]["seq"]) == (200, 2)
        assert length < 2 * SOON
        assert client.get(path).json()["data"]["decision"]["notes"] == 1
    house.close()


def key(number):
    """An Idempotency-Key as a header."""
    return {"Idempotency-Key": f"k{number}"}


def test_a_store_that_is_closed_while_the_database_is_gone(own):
    """Works that go together wait once, not one after the other; the store ends all the same, and refuses what comes after."""
    house = House(own.new_database())
    own.stop("immediate")
    began = time.monotonic()
    outcomes = house.store.together([(f"case-{n}", lambda tx: tx.next_number("n", "")) for n in range(120)])
    assert {type(one.error) for one in outcomes} == {Unavailable}
    assert time.monotonic() - began < LONGEST
    began = time.monotonic()
    house.store.close()
    assert time.monotonic() - began < LONGEST
    with pytest.raises(Unavailable):
        house.store.write(lambda _: None)
    with pytest.raises(Unavailable):
        house.store.submit(lambda _: None)
    own.start_again()


def more(answered, count=40):
    """Waits for so many further answers."""
    goal = len(answered) + count
    until(lambda: len(answered) >= goal)


def test_a_server_restarted_under_load(own):
    """Clients go on all the time; what was answered is there, nothing is there twice, and they are served again."""
    house = House(own.new_database())
    house.publish(PERMIT, VISIT)
    cases = [opened(house, f"case {n}") for n in range(6)]
    answered, over = [], Event()

    def client(place):
        number = 0
        while not over.is_set():
            number += 1
            key, tries = f"{place}-{number}", 0
            while not over.is_set():
                with suppress(Unavailable):
                    outcome = note(house, cases[place], key=key)
                    answered.append((place, key, outcome.step.seq))
                    break
                tries += 1

    clients = [Thread(target=client, args=(place,)) for place in range(len(cases))]
    try:
        for one in clients:
            one.start()
        for _ in range(2):
            more(answered)
            own.stop("immediate")
            own.start_again()
        more(answered)
    finally:
        over.set()
        for one in clients:
            one.join()
    for place, case in enumerate(cases):
        mine = [(key, seq) for where, key, seq in answered if where == place]
        history = house.store.read(lambda r, case=case: r.history(case.id, 0, 10**6))
        kept = {key: house.store.read(lambda r, key=key: r.accepted(key, OFFICER.id)).seq for key, _ in mine}
        assert kept == dict(mine)
        assert len({seq for _, seq in mine}) == len(mine)
        assert len(history) - 1 - len(mine) in {0, 1}  # one more may have been under way at the end
        assert house.store.read(lambda r, case=case: r.chain_is_whole(case.id))
    house.close()
