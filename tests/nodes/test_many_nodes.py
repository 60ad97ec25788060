"""Three nodes with the API and two without, over one database, with clocks that are minutes apart, under load."""

from __future__ import annotations

import re
import statistics

import pytest
from cluster import ERRAND, running, until
from load import Crowd
from truth import DEADLOCKS, TWICE, broken_chains, faults

SHIFTS = (0, 300, -300)
BAD = re.compile("Traceback|WARNING|ERROR")
LATE = (
    "SELECT extract(epoch FROM recorded_at - at)::float FROM step WHERE kind = 'deadline' AND at > %s::timestamptz"
    " ORDER BY 1"
)


def nodes(cluster):
    """Three that serve, two that only schedule, all started at the same time."""
    serving = [
        cluster.start(f"serve{number}", "serve", "--port", "0", shift=shift) for number, shift in enumerate(SHIFTS)
    ]
    others = [cluster.start(f"schedule{number}", "schedule", shift=shift) for number, shift in enumerate(SHIFTS[1:])]
    for node in (*serving, *others):
        node.ready()
    return serving


@pytest.mark.parametrize("seconds", [6, pytest.param(600, marks=pytest.mark.slow)])
def test_nothing_is_lost_and_nothing_is_done_twice(postgres_url, tmp_path, seconds):
    """Nothing is lost, doubled, late or out of order: events, timers, effects, numbers, children, the feed.

    Clocks are five minutes ahead and behind. The nodes start at the same moment and publish the workflow once. A version
    published in the middle is used by all of them at once. At the end each stops when it is told to.
    """
    with running(postgres_url, tmp_path) as cluster:
        token = cluster.token("carl", "clerk")
        serving = nodes(cluster)
        assert cluster.sql("SELECT workflow, version FROM workflow_version") == [("errand", 1)]
        clients = [node.client(token) for node in serving]
        ((began,),) = cluster.sql("SELECT clock_timestamp()")
        crowd = Crowd(clients, people=4, cases=6)
        told = crowd.work(seconds)
        assert told.odd == []
        changed = ERRAND.replace("title: Errand\n", "title: Another errand\n")
        (tmp_path / "workflows" / "errand.yaml").write_text(changed, encoding="utf-8")
        cluster.run("publish", "workflows")
        opened = [
            client.post("/cases", json={"workflow": "errand", "data": {"errand.text": "new"}}).json()["case"]
            for client in clients
        ]
        assert [case["version"] for case in opened] == [2, 2, 2]
        until(cluster.quiet)
        late = [value for (value,) in cluster.sql(LATE, began)]
        ended = [node.end() for node in cluster.nodes]
        for client in clients:
            client.close()
        assert ended == [0] * 5
        assert [line for node in cluster.nodes for line in node.said.splitlines() if BAD.search(line)] == []
        assert faults(cluster.sql) == {}
        assert cluster.sql(TWICE) == []
        assert broken_chains(cluster.url) == []
        assert [pair for pair in told.pairs if None not in pair and pair[0] != pair[1]] == []
        counts = {
            case: count
            for case, count in cluster.sql(
                "SELECT c.public_id, (s.data::json->>'errand.count')::int FROM \"case\" c"
                " JOIN case_section s ON s.case_id = c.id AND s.section = 'errand'"
            )
            if case in crowd.cases
        }
        assert counts == {case: told.adds[case] for case in crowd.cases}
        letters = cluster.sql("SELECT count(*) FROM effect WHERE kind = 'notify'")[0][0]
        orders = cluster.sql("SELECT count(*) FROM effect WHERE kind = 'call'")[0][0]
        assert len(list((tmp_path / "mailbox").glob("*.eml"))) == letters
        assert len(list((tmp_path / "work-orders").rglob("*.json"))) == orders
        assert cluster.sql(DEADLOCKS) == [(0,)]
        steps = cluster.sql("SELECT count(*) FROM step")[0][0]
        print(
            f"{steps} steps, {len(told.pairs)} requests twice, {letters} letters, {orders} calls, {len(late)} timers;"
            f" late: median {statistics.median(late) * 1000:.0f} ms, worst {late[-1] * 1000:.0f} ms;"
            f" answers: median {statistics.median(told.seconds) * 1000:.0f} ms, worst {max(told.seconds) * 1000:.0f} ms;"
            f" {dict(told.codes)}"
        )
        assert late[-1] < 5
