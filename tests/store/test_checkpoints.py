"""The feed and the checkpoints over it: one order, whoever commits and whoever places; one checkpoint after the other."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from engine.store.checkpoints import START, digest
from engine.store.merkle import EMPTY, Tree, leaf_text
from engine.store.proof_records import Checkpoint
from engine.store.records import FeedEntry
from engine.store.store import Store
from tests.verifier.other_program import root

NOW = datetime(2026, 1, 12, 6, 0, tzinfo=UTC)
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def entry(pos, case="c", seq=1, digest="ab"):
    """A place in the feed."""
    return FeedEntry(pos, case, seq, digest)


def test_the_tree_is_that_of_rfc_6962():
    """Roots as Certificate Transparency's own test data has them, and leaf by leaf the same as the definition gives."""
    assert {n: root([bytes.fromhex(leaf) for leaf in LEAVES[:n]]).hex() for n in ROOTS} == ROOTS
    tree, places = Tree(), [entry(n, f"Fall „{n}“", n) for n in range(1, 70)]
    assert tree.root == EMPTY == root([]).hex()
    for n, place in enumerate(places, 1):
        tree.add(place)
        assert (tree.count, tree.root) == (n, root([leaf_text(p).encode() for p in places[:n]]).hex())


def test_a_leaf_binds_all_that_it_says():
    """Position, case, seq and hash: each other value is another root."""
    roots = set()
    for place in (entry(1), entry(2), entry(1, "d"), entry(1, seq=2), entry(1, digest="ac")):
        tree = Tree()
        tree.add(place)
        roots.add(tree.root)
    assert len(roots) == 5


def checkpoint(first, last, previous=START):
    """A checkpoint that nobody has signed."""
    return Checkpoint(first, last, last - first + 1, "r", previous, NOW, "k", "s")


def test_checkpoints_follow_each_other(store):
    """One that does not follow the last, by position or by digest, is not added; they come back as they were."""
    first, later = checkpoint(1, 3), checkpoint(4, 4)
    assert not store.write(lambda tx: tx.add_checkpoint(checkpoint(2, 3)))
    assert store.write(lambda tx: tx.add_checkpoint(first))
    assert not store.write(lambda tx: tx.add_checkpoint(first))
    assert not store.write(lambda tx: tx.add_checkpoint(later))
    second = replace(later, previous=digest(first))
    assert store.write(lambda tx: tx.add_checkpoint(second))
    assert store.read(lambda r: (tuple(r.checkpoints()), r.last_checkpoint())) == ((first, second), second)
    over = store.read(lambda r: [r.checkpoint_over(pos) for pos in (0, 1, 3, 4, 5)])
    assert over == [None, first, first, second, None]


def test_streams_give_out_pages_as_one(store, version_id, maker, monkeypatch):
    """However small the pages, every line comes once and in order, of all cases and of one."""
    monkeypatch.setattr("engine.store.proof_reading.PAGE", 2)
    for n in range(3):
        case = maker.opened().case
        opening = replace(maker.opened(), case=case)
        store.write(lambda tx, s=opening: tx.insert_case(s, version_id=version_id, unique_key=None, index={}))
        for _ in range(n):
            step = maker.next(store.read(lambda r, c=case: r.case(c.id)).case)
            store.write(lambda tx, s=step: tx.lock_case(s.case.id) and tx.save(s, unique_key=None, index={}))
    store.write(lambda tx: tx.sequence_steps())
    rows = store.read(lambda r: [line.row for line in r.case_lines()])
    assert rows == sorted(rows)
    for stream in ("step_lines", "places"):
        lines = store.read(lambda r, s=stream: [(line.case_row, line.seq) for line in getattr(r, s)()])
        assert lines == [(row, seq) for n, row in enumerate(rows, 1) for seq in range(1, n + 1)]
        mine = store.read(lambda r, s=stream: [line.seq for line in getattr(r, s)(rows[2])])
        assert mine == [1, 2, 3]
    assert store.read(lambda r: [line.section for line in r.section_lines(rows[0])]) == ["", "applicant", "product"]
    assert [place.pos for place in store.read(lambda r: list(r.feed_lines()))] == [1, 2, 3, 4, 5, 6]
    assert [place.pos for place in store.read(lambda r: list(r.feed_lines(2, 4)))] == [2, 3, 4]
    assert store.read(lambda r: r.count_lines()) == (6, 6)


NODES, CASES, STEPS = 3, 4, 30


@pytest.fixture
def nodes(postgres_url, clock):
    """Several programs on one database."""
    opened = [Store(postgres_url, machine_now=clock) for _ in range(NODES)]
    yield opened
    for one in opened:
        one.close()


def test_many_nodes_make_one_order(nodes, maker, publishing):
    """While all commit and all place: positions without gap, no step twice, every case in the order of its history."""
    version = publishing(nodes[0])
    cases = [maker.opened() for _ in range(CASES)]
    for opening in cases:
        nodes[0].write(lambda tx, s=opening: tx.insert_case(s, version_id=version, unique_key=None, index={}))

    def commit(number):
        chance = random.Random(number)
        for _ in range(STEPS):
            case_id, node = chance.choice(cases).case.id, chance.choice(nodes)

            def work(tx, case_id=case_id):
                tx.save(maker.next(tx.lock_case(case_id).case), unique_key=None, index={})

            node.write(work)

    def place(node):
        seen = 0
        while seen < CASES + NODES * STEPS:
            node.write(lambda tx: tx.sequence_steps(limit=7))
            new = [e.pos for e in node.read(lambda r, after=seen: r.feed(after, 1000))]
            assert new == list(range(seen + 1, seen + 1 + len(new)))  # a reader misses none
            seen += len(new)
        return seen

    with ThreadPoolExecutor(2 * NODES) as threads:
        committing = [threads.submit(commit, n) for n in range(NODES)]
        placing = [threads.submit(place, node) for node in nodes]
        for one in committing:
            one.result()
        assert [one.result() for one in placing] == [CASES + NODES * STEPS] * NODES
    feed = nodes[0].read(lambda r: r.feed(0, 10**6))
    for opening in cases:
        own = [e for e in feed if e.case_id == opening.case.id]
        assert [e.seq for e in own] == list(range(1, len(own) + 1))
        assert [e.hash for e in own] == [
            line.hash for line in nodes[1].read(lambda r, o=opening: r.history(o.case.id, 0, 999))
        ]
    assert not nodes[0].read(lambda r: r.steps_wait())


def test_one_node_adds_at_a_time(nodes):
    """All nodes want to add the same next checkpoint: one does; none is lost and none is there twice."""
    with ThreadPoolExecutor(NODES) as threads:
        for pos in range(1, 21):
            last = nodes[0].read(lambda r: r.last_checkpoint())
            wanted = [replace(checkpoint(pos, pos, digest(last)), key=f"node {n}") for n in range(NODES)]
            asked = [
                threads.submit(node.write, lambda tx, w=w: tx.add_checkpoint(w))
                for node, w in zip(nodes, wanted, strict=True)
            ]
            assert sum(future.result() for future in asked) == 1
    kept = nodes[0].read(lambda r: tuple(r.checkpoints()))
    assert [one.first_pos for one in kept] == list(range(1, 21))
    assert all(after.previous == digest(before) for before, after in pairwise(kept))
