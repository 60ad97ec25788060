"""When checkpoints are made: not too often, not over too much, by whoever comes first, never over a gap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.seals import Ed25519Seal
from engine.service.audit import Audit, FeedGap, NoKey
from engine.store.store import Store
from tests.verifier.other_program import proved


@pytest.fixture
def filled(proposals, acme):
    """Opens cases, places their steps, and says how many there are."""
    numbers = iter(range(1, 1000))

    def fill(count):
        for _ in range(count):
            proposals.open(
                "proposal", {"applicant.tax_id": "1234567890", "product.designation": f"V-{next(numbers)}"}, acme
            )
        while proposals.services.feed.sequence():
            pass
        return proposals.services.feed.end()

    return fill


def test_one_a_second_when_something_is_new(proposals, filled):
    """Nothing new: none. Within a second: none. A second later, or where the clock went back: all that is new."""
    audit, machine = proposals.services.audit, proposals.machine
    assert audit.checkpoint() == 0
    assert filled(2) == 2
    assert (audit.checkpoint(), audit.checkpoint()) == (2, 0)
    filled(1)
    machine.forward(seconds=0.999)
    assert audit.checkpoint() == 0
    machine.forward(seconds=0.001)
    assert audit.checkpoint() == 1
    machine.forward(seconds=5)
    assert audit.checkpoint() == 0
    filled(1)
    machine.forward(hours=-1)
    assert audit.checkpoint() == 1
    assert [entry.pos for entry in proposals.services.feed.after(2)] == [3, 4]
    assert proposals.services.audit.verify().whole


def test_a_long_feed_is_sealed_in_batches(proposals, filled, monkeypatch):
    """Old steps are sealed without a pause, so many at a time."""
    monkeypatch.setattr("engine.service.audit.BATCH", 3)
    filled(8)
    audit = proposals.services.audit
    assert [audit.checkpoint() for _ in range(4)] == [3, 3, 0, 0]
    proposals.machine.forward(seconds=1)
    assert [audit.checkpoint(), audit.checkpoint()] == [2, 0]
    proof = audit.verify()
    assert (proof.whole, proof.checkpoints, proof.uncovered) == (True, 3, 0)


def test_nothing_is_sealed_after_a_gap(proposals, filled):
    """A position that is missing is not sealed over: what stands before it is, then an incident says what is wrong, once."""
    filled(4)
    proposals.store.write(lambda tx: tx.link.connection.execute("DELETE FROM feed WHERE pos = 3"))
    audit = proposals.services.audit
    assert audit.checkpoint() == 2
    proposals.machine.forward(seconds=1)
    assert [audit.checkpoint(), audit.checkpoint()] == [0, 0]
    (incident,) = proposals.services.incidents.find()
    assert (incident.kind, incident.text[:62]) == (
        "history",
        "position 3 of the feed is missing; nothing after it is sealed,",
    )
    with pytest.raises(FeedGap, match="position 3 of the feed is missing"):
        audit.close()


def test_who_stops_seals_what_came_last(proposals, filled):
    """Nothing waits for the next start: also what came within the second after a checkpoint."""
    filled(2)
    audit = proposals.services.audit
    assert audit.checkpoint() == 2
    filled(1)
    assert audit.checkpoint() == 0
    audit.close()
    assert audit.verify().uncovered == 0


def test_without_a_seal_nothing_is_signed(proposals, filled):
    """A world without a key makes no checkpoints, and exports nothing."""
    filled(1)
    audit = Audit(proposals.store, None)
    assert audit.checkpoint() == 0
    with pytest.raises(NoKey):
        audit.export(lambda: print)
    assert audit.verify().uncovered == 1


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_nodes_with_keys_of_their_own(proposals, filled, postgres_url, machine, tmp_path):
    """Several nodes seal at once: the checkpoints form one row, and are trusted when all keys are."""
    stores = [Store(postgres_url, machine_now=machine) for _ in range(2)]
    lines: list[str] = []
    audits = [Audit(one, Ed25519Seal(tmp_path / f"{n}.key")) for n, one in enumerate(stores)]
    try:
        with ThreadPoolExecutor(2) as threads:
            for _ in range(5):
                filled(1)
                machine.at += timedelta(seconds=1)
                assert sum(threads.map(lambda audit: audit.checkpoint(), audits)) <= 1
        machine.at += timedelta(seconds=1)
        audits[0].checkpoint()
        audits[1].export(lambda: lines.append)
        keys = [audit._seal.make_key() for audit in audits]
        proof = audits[0].verify(keys=keys)
    finally:
        for one in stores:
            one.close()
    assert (proof.whole, proof.places, proof.uncovered) == (True, 5, 0)
    assert proof.keys <= set(keys)
    assert len(proved(lines, set(keys))) == 5


@pytest.mark.parametrize("world", ["file", "postgresql"], indirect=True)
def test_what_is_under_way_is_no_break(proposals, filled, machine):
    """While steps are committed, placed and sealed, every proof sees one moment, in which all is whole."""
    audit = proposals.services.audit

    def work():
        for _ in range(15):
            filled(1)
            machine.forward(seconds=1)
            audit.checkpoint()

    with ThreadPoolExecutor(1) as threads:
        working, proofs = threads.submit(work), []
        while not working.done():
            proofs.append(audit.verify())
        working.result()
    proofs.append(audit.verify())
    assert [str(proof.first) for proof in proofs if not proof.whole] == []
    assert (proofs[-1].steps, proofs[-1].checkpoints, proofs[-1].uncovered) == (15, 15, 0)
