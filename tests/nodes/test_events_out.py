"""Events out by processes of their own: one is killed while a receiver has its post, and another goes on for it."""

from __future__ import annotations

import signal

import pytest
from cluster import running, until

from tests.servers.receiver import Receiver


@pytest.fixture
def receiver():
    """A real one."""
    made = Receiver()
    yield made
    made.close()


def test_a_node_that_is_killed_after_its_post(postgres_url, tmp_path, receiver):
    """What the receiver has, and the dead node could not note, comes again under the same id; then the rest, in order."""
    with running(postgres_url, tmp_path, MILEPOST_WEBHOOK_PRIVATE="yes", MILEPOST_LEASE_SECONDS="2") as cluster:
        token = cluster.token("carl", "clerk")
        holder = cluster.start("holder", "serve", "--port", "0", shift=300)
        receiver.go_on.clear()
        with holder.client(token) as client:
            made = client.post("/subscriptions", json={"url": receiver.url, "workflow": "errand"})
            assert made.status_code == 201, made.text
            case = client.post("/cases", json={"workflow": "errand", "data": {"errand.text": "one"}}).json()["case"]
            receiver.wait_for(1)
            for _ in range(3):
                assert client.post(f"/cases/{case['id']}/events", json={"event": "add"}).status_code == 200
        holder.end(signal.SIGKILL)
        receiver.go_on.set()
        other = cluster.start("other", "schedule", shift=-300)
        receiver.wait_for(5)
        wanted = "SELECT count(*) FROM delivery WHERE status <> 'done'"
        until(lambda: cluster.sql(wanted) == [(0,)], other)
        events = [post for post in receiver.got if post.event["data"]["name"] in {"open", "add"}]
        assert [post.step[1] for post in events][:2] == [1, 1]
        assert events[0].id == events[1].id
        in_order = [post.step[1] for post in receiver.got[1:]]
        assert in_order == sorted(in_order)
        assert all(post.is_signed_with(made.json()["secret"]) for post in receiver.got)
        assert cluster.sql("SELECT count(*) FROM delivery WHERE tries > 0") == [(1,)]
