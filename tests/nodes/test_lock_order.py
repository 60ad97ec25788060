"""Locks are taken in one order by everybody: each place where they were not, and then all of it at once.

In the sharp tests two transactions are brought to where one waits for the other; had either taken its locks in another
order, they would wait for each other, and PostgreSQL would end one of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event as Signal

import psycopg
import pytest
from cluster import ROOT, until
from truth import CHECKS, DEADLOCKS, broken_chains
from worker import CARL, services_of

from engine.core.case import Event

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
MAY_BE = ("an open incident", "an effect that is not done", "a gap in the numbers")


@pytest.fixture
def services(postgres_url):
    """Services over a new database; nothing moves by itself."""
    built = services_of(postgres_url)
    yield built
    built.store.close()


@pytest.fixture
def sql(postgres_url):
    """What the database says."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield lambda text: connection.execute(text).fetchall()


@pytest.fixture
def beside():
    """A thread for the other transaction."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def opened(services, name, **data):
    """The id of a new case."""
    given = {"knot.name": name, "knot.group": "b", **data}
    return services.cases.open_case("knot", given, CARL).case.id


def deadlocks(services, sql):
    """How many the database has seen, once everybody has told it."""
    services.store.close()
    return until(lambda: sql(DEADLOCKS))[0][0]


def test_both_cases_are_locked_before_a_timer_takes_a_number(services, sql, beside):
    """A case that sends has a timer due that takes a number; who holds the receiver and wants a number is not waited for."""
    source, target, other = sorted(opened(services, f"n{number}") for number in range(3))
    soon = services.clock.now() + timedelta(seconds=0.3)
    services.cases.send_event(source, Event("around"), CARL)
    services.cases.send_event(source, Event("bell", {"knot.until": soon.isoformat()}), CARL)
    until(lambda: services.clock.now() > soon)

    def work(tx):
        tx.lock_case(target)
        if not tx.repeated:
            sending.append(beside.submit(services.effects.deliver_pending))
            until(lambda: sql(BLOCKED) == [(1,)])
        return tx.next_number("certificate:C.{seq:8}-{check}", "")

    sending = []
    assert services.store.write(work) == 1
    assert sending[0].result(30) == 1
    assert services.cases.get(source, CARL).data["certificate"]["number"].startswith("C.00000002")
    assert [services.cases.get(one, CARL).data["knot"]["count"] for one in (target, other)] == [1, 1]
    assert deadlocks(services, sql) == 0


def test_counters_out_of_order_are_not_waited_for(services, sql, beside):
    """One has b and wants a, the other has a and wants b: the first begins anew, and every number is given once."""
    services.store.write(lambda tx: [tx.next_number(name, "") for name in "ab"])
    has_b = Signal()

    def in_order(tx):
        a = tx.next_number("a", "")
        has_b.wait(30)
        return a, tx.next_number("b", "")

    def out_of_order(tx):
        b = tx.next_number("b", "")
        if not tx.repeated:
            has_b.set()
            until(lambda: sql(BLOCKED) == [(1,)])
        return tx.next_number("a", ""), b

    other = beside.submit(services.store.write, in_order)
    until(lambda: sql("SELECT count(*) FROM pg_locks WHERE relation = 'counter'::regclass")[0][0] > 0)
    given = [services.store.write(out_of_order), other.result(30)]
    assert sorted(given) == [(2, 2), (3, 3)]
    assert deadlocks(services, sql) == 0


def test_the_sequencer_waits_for_nobody(services, sql):
    """A case whose unique key is being given up is left for the next time; the others get their places at once."""
    first, second = opened(services, "one"), opened(services, "two")
    placed = []

    def work(tx):
        for one in sorted((first, second)):
            tx.lock_case(one)
        taken = services.cases._commands.stepping.take_now(tx, second)
        services.cases._commands.stepping.step(tx, taken, Event("finish"), CARL)
        tx.unit.write_out()
        services.store.submit(lambda other: placed.append(other.sequence_steps())).result(30)

    services.store.write(work)
    assert placed == [1]
    assert services.store.write(lambda tx: tx.sequence_steps()) == 2
    feed = services.store.read(lambda reader: reader.feed())
    assert [(entry.pos, entry.case_id, entry.seq) for entry in feed] == [(1, first, 1), (2, second, 1), (3, second, 2)]
    assert deadlocks(services, sql) == 0


@pytest.mark.parametrize(
    ("steps", "seconds", "processes"), [(3_000, 6, 2), pytest.param(1_000_000, 3_600, 3, marks=pytest.mark.slow)]
)
def test_no_deadlock(postgres_url, sql, steps, seconds, processes):
    """Over a few hot cases with parents and children, numbers, batches, timers, sends, unique keys: no deadlock at all.

    And everything that must hold of a database holds of this one.
    """
    began, environment = time.monotonic(), os.environ | {"PYTHONPATH": str(ROOT)}
    limits = [str(number) for number in (steps // processes, seconds, 6)]
    working = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), postgres_url, str(seed), *limits],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(processes)
    ]
    told = [json.loads(process.communicate(timeout=2 * seconds + 60)[0]) for process in working]
    assert [process.returncode for process in working] == [0] * processes
    services = services_of(postgres_url)
    while services.store.write(lambda tx: tx.sequence_steps()):
        pass
    assert deadlocks(services, sql) == 0
    assert (
        sum(one["unavailable"] for one in told) <= steps // 10_000
    )  # a crowd may make one wait for longer than it may
    assert {name: sql(text) for name, text in CHECKS.items() if name not in MAY_BE and sql(text)} == {}
    assert broken_chains(postgres_url) == []
    assert [one["unknown"] for one in told] == [[]] * processes
    ((made,),) = sql("SELECT count(*) FROM step")
    print(f"{made} steps by {processes} processes in {time.monotonic() - began:.0f} s: {told}")
    assert made > steps / 30
