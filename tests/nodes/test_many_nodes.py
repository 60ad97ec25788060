"""Three nodes with the API and two without, over one database, with clocks that are minutes apart, under load."""

from __future__ import annotations

import random
import re
import signal
import statistics
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event

import pytest
from cluster import ERRAND, running, until
from load import Crowd
from truth import DEADLOCKS, TWICE, broken_chains, faults

SHIFTS = (0, 300, -300)
BAD = re.compile("Traceback|WARNING|ERROR")
LATE = "SELECT extract(epoch FROM recorded_at - at)::float FROM step WHERE kind = 'deadline' ORDER BY 1"


def nodes(cluster):
    """Three that serve, two that only schedule, all started at the same time."""
    serving = [
        cluster.start(f"serve{number}", "serve", "--port", "0", shift=shift) for number, shift in enumerate(SHIFTS)
    ]
    others = [cluster.start(f"schedule{number}", "schedule", shift=shift) for number, shift in enumerate(SHIFTS[1:])]
    for node in (*serving, *others):
        node.ready()
    return serving


@pytest.fixture
def load(postgres_url, tmp_path):
    """Runs nodes under load and says what the clients were told; what must hold in any case is looked at."""

    @contextmanager
    def run(seconds, trouble=None, **settings):
        with running(postgres_url, tmp_path, **settings) as cluster, ExitStack() as stack:
            token = cluster.token("carl", "clerk")
            serving = nodes(cluster)
            assert cluster.sql("SELECT workflow, version FROM workflow_version") == [("errand", 1)]
            clients = [stack.enter_context(node.client(token)) for node in serving]
            crowd = Crowd(clients, people=4, cases=6)
            if trouble is not None:
                stack.enter_context(trouble(cluster))
            told = crowd.work(seconds)
            assert told.odd == []
            yield cluster, clients, told
            holds(cluster, crowd, told)

    return run


def holds(cluster, crowd, told):
    """Whatever has happened: each request once, everything in order, nothing lost."""
    assert faults(cluster.sql) == {}
    assert broken_chains(cluster.url) == []
    assert [pair for pair in told.pairs if None not in pair and pair[0] != pair[1]] == []
    counted = cluster.sql(
        "SELECT c.public_id, (s.data::json->>'errand.count')::int FROM \"case\" c"
        " JOIN case_section s ON s.case_id = c.id AND s.section = 'errand'"
    )
    assert {case: count for case, count in counted if case in crowd.cases} == {
        case: told.adds[case] for case in crowd.cases
    }
    letters = cluster.sql("SELECT count(*) FROM effect WHERE kind = 'notify'")[0][0]
    orders = cluster.sql("SELECT count(*) FROM effect WHERE kind = 'call'")[0][0]
    assert len(list((cluster.folder / "mailbox").glob("*.eml"))) == letters
    assert len(list((cluster.folder / "work-orders").rglob("*.json"))) == orders
    assert cluster.sql(DEADLOCKS) == [(0,)]


@pytest.mark.parametrize("seconds", [6, pytest.param(600, marks=pytest.mark.slow)])
def test_nothing_is_lost_and_nothing_is_done_twice(load, tmp_path, seconds):
    """Nothing is lost, doubled, late or out of order: events, timers, effects, numbers, children, the feed.

    Clocks are five minutes ahead and behind. The nodes start at the same moment and publish the workflow once. A version
    published in the middle is used by all of them at once. At the end each stops when it is told to.
    """
    with load(seconds) as (cluster, clients, told):
        assert not {0, 503} & set(told.codes)
        changed = ERRAND.replace("title: Errand\n", "title: Another errand\n")
        (tmp_path / "workflows" / "errand.yaml").write_text(changed, encoding="utf-8")
        cluster.run("publish", "workflows")
        opened = [
            client.post("/cases", json={"workflow": "errand", "data": {"errand.text": "new"}}).json()["case"]
            for client in clients
        ]
        assert [case["version"] for case in opened] == [2, 2, 2]
        until(cluster.quiet)
        assert [node.end() for node in cluster.nodes] == [0] * 5
        assert [line for node in cluster.nodes for line in node.said.splitlines() if BAD.search(line)] == []
        assert cluster.sql(TWICE) == []
        late = [value for (value,) in cluster.sql(LATE)]
        steps = cluster.sql("SELECT count(*) FROM step")[0][0]
        print(
            f"{steps} steps, {len(told.pairs)} requests twice, {len(late)} timers;"
            f" late: median {statistics.median(late) * 1000:.0f} ms, worst {late[-1] * 1000:.0f} ms;"
            f" answers: median {statistics.median(told.seconds) * 1000:.0f} ms, worst {max(told.seconds) * 1000:.0f} ms;"
            f" {dict(told.codes)}"
        )
        assert late[-1] < 5


@pytest.mark.slow
def test_nodes_that_sleep_and_die(load):
    """Nodes are stopped for seconds in the middle of anything, or killed and replaced: nothing is lost, nothing doubled."""
    with load(180, restless, MILEPOST_LEASE_SECONDS="2") as (cluster, _, told):
        until(cluster.quiet)
        print(f"{dict(told.codes)}; tried more than once: {len(cluster.sql(TWICE))}; {len(cluster.nodes)} nodes in all")


@contextmanager
def restless(cluster):
    """Every few seconds something happens to one of the nodes."""
    over, chance = Event(), random.Random(7)

    def work():
        while not over.wait(chance.uniform(1, 4)):
            alive = [node for node in cluster.nodes if node.process.poll() is None]
            node = chance.choice(alive)
            if node.name.startswith("schedule") and chance.random() < 0.4:
                node.end(signal.SIGKILL)
                cluster.start(f"schedule{len(cluster.nodes)}", "schedule", shift=chance.choice(SHIFTS)).ready()
            else:
                node.send(signal.SIGSTOP)
                over.wait(chance.uniform(0.1, 8))
                node.send(signal.SIGCONT)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            yield
        finally:
            over.set()
        working.result()
