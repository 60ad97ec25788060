"""Pruning closed cases: what goes, what stays to prove them, what may never go, and that it can be stopped anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.core.case import Parent
from engine.core.facts import CertificateFact, RegisterFact
from engine.store.pruning import FROM_THE_FIRST, STAYS
from engine.store.records import CaseFilter

OF_CASES = ("case_section", "position", "timer", "case_index", "case_link", "step", "effect", "incident")


class Office:
    """Cases in a store: opened, stepped and closed."""

    def __init__(self, store, version_id, maker, clock):
        self.store, self.version_id, self.maker, self.clock = store, version_id, maker, clock

    def open(self, **changes):
        """A case with a timer and an effect that is over."""
        step = self.maker.opened(at=self.clock.now, **changes)
        self.store.write(
            lambda tx: tx.insert_case(
                step, version_id=self.version_id, unique_key=step.case.id, index={"product.designation": "Valve"}
            )
        )
        return step.case

    def step(self, case, **changes):
        """One step, written at once."""
        step = self.maker.next(case, last_at=self.clock.now, **changes)
        self.store.write(
            lambda tx: (
                tx.lock_case(case.id),
                tx.save(step, unique_key=None if step.case.closed_at else case.id, index={}),
            )
        )
        return step.case

    def close(self, case, **changes):
        """Its last step; what it asked for is delivered."""
        case = self.step(
            case, closed_at=self.clock.now, outcome="completed", positions=(), timers=(), turn=(), **changes
        )
        self.deliver()
        return case

    def deliver(self):
        """Everything that waits is done."""

        def work(tx):
            for effect in tx.claim_effects(lease_seconds=60, limit=100):
                tx.finish_effect(effect.key, effect.attempt, "done")

        while self.store.read(lambda r: r.pending_effects()):
            self.store.write(work)

    def prune(self, *, limit=100, after=FROM_THE_FIRST):
        """What was closed before now."""
        return self.store.write(lambda tx: tx.prune(self.clock.now, after, limit))

    def forecast(self):
        """What would go now."""
        return self.store.read(lambda r: r.forecast(self.clock.now))


@pytest.fixture
def office(store, version_id, maker, clock):
    """Where cases are kept."""
    return Office(store, version_id, maker, clock)


@pytest.fixture
def count(store, sql):
    """How many rows of a table."""
    return lambda table: sql(store, f'SELECT count(*) FROM "{table}"')[0][0]


def test_what_goes_and_what_stays(store, office, clock, count, feed_of):
    """Of a pruned case its row, its feed, its certificate and its entry are left; of another case nothing is missing."""
    other = office.step(office.open())
    held = CertificateFact("reserve", "reserved", 1, {}, "C-1", clock.now)
    case = office.step(office.open(data={"certificate.token": "t"}), effects=2, facts=(held,))
    entry = RegisterFact("list", "listed", {"tax_id": "1"}, "R-1", clock.now, reason="")
    case = office.step(case, facts=(entry,))
    store.write(lambda tx: tx.close_incident(tx.add_incident(case_id=case.id, kind="x", subject="s", text="t")))
    ended = (replace(held, verb="expire", status="expired"), replace(entry, verb="delist", status="delisted"))
    case = office.close(case, facts=ended)
    feed, rows = feed_of(store), {table: count(table) for table in OF_CASES}
    proofs = {table: count(table) for table in ("certificate", "certificate_status", "register_entry", "register_word")}
    assert min(proofs.values()) > 0
    assert all(rows[table] for table in OF_CASES if table != "case_link")
    clock.forward(days=1)
    assert (office.forecast().closed, office.forecast().goes, office.forecast().stays) == (1, 1, {})
    assert office.prune() == (1, None)

    left = store.read(lambda r: r.tombstone(case.number))
    assert left == store.read(lambda r: r.tombstone(case.id))
    assert (left.id, left.workflow, left.outcome, left.seq) == (case.id, case.workflow, "completed", case.seq)
    assert (left.closed_at, left.pruned_at, left.hash) == (case.closed_at, clock.now, feed[-1].hash)
    assert feed == feed_of(store)
    assert proofs == {table: count(table) for table in proofs}
    assert store.read(lambda r: r.certificate("C-1")).case_id == case.id
    assert {table: count(table) for table in OF_CASES} == {
        **dict.fromkeys(OF_CASES, 0), "case_section": 3, "position": 2, "timer": 1, "case_index": rows["case_index"] // 2 + 1, "step": 2,
    }  # fmt: skip
    assert store.read(lambda r: r.case(other.id)).case == other
    assert store.read(lambda r: r.chain_is_whole(other.id))
    assert (office.forecast().closed, office.prune()) == (0, (0, None))


def test_a_pruned_case_is_none(store, office, clock, maker):
    """It is read by nobody, in no list, not locked, and its number is not given again; nothing kept in memory revives it."""
    case = office.close(office.open())
    assert store.write(lambda tx: tx.lock_case(case.id)).case == case
    clock.forward(days=1)
    assert office.prune() == (1, None)
    assert store.write(lambda tx: tx.lock_case(case.id)) is None
    assert store.read(lambda r: r.case(case.id)) is None
    assert store.read(lambda r: r.case_id_of_number(case.number)) is None
    assert store.read(lambda r: r.cases(CaseFilter())) == ()
    assert store.read(lambda r: r.count_cases(CaseFilter(workflow=case.workflow))) == 0
    assert store.read(lambda r: (r.history(case.id), r.effects(case.id), r.incidents(case.id))) == ((), (), ())
    assert store.read(lambda r: (r.version_of(case.id), r.number_of(case.id))) == (office.version_id, case.number)
    again = maker.opened(number=case.number)
    with pytest.raises(Exception, match=r"(?i)unique|repeat|does not answer"):
        store.write(lambda tx: tx.insert_case(again, version_id=office.version_id, unique_key=None, index={}))


def open_effect(office, store, clock):
    """It waits for a try."""
    office.step(office.open(), effects=1, closed_at=clock.now, outcome="o", positions=(), timers=())


def waiting_letter(office, store, clock):
    """A letter of it waits for a digest."""
    case = office.close(office.step(office.open(), effects=1))
    effect, *_ = store.read(lambda r: r.effects(case.id))
    assert effect.status == "done"
    store.write(lambda tx: tx.add_digest_lines(effect, ["rosa"], clock.now))


def open_incident(office, store, clock):
    """It waits for a person."""
    case = office.close(office.open())
    store.write(lambda tx: tx.add_incident(case_id=case.id, kind="x", subject="s", text="t"))


def open_parent(office, store, clock):
    """Its parent goes on."""
    parent = office.open()
    office.close(office.open(parent=Parent(parent.id, parent.workflow, ())))


def open_child(office, store, clock):
    """Its child goes on."""
    parent = office.open()
    office.open(parent=Parent(parent.id, parent.workflow, ()))
    office.close(parent)


def certified(office, store, clock):
    """Its certificate is valid: the second issue, after a first one that ended."""
    facts = [
        CertificateFact("reserve", "expired", 1, {}, "C-1", clock.now),
        CertificateFact("reserve", "valid", 2, {}, "C-1", clock.now),
    ]
    office.close(office.open(data={"certificate.token": "t"}), facts=facts)


def listed(office, store, clock):
    """Its entry is suspended, after it was listed."""
    facts = [RegisterFact("list", status, {}, "R-1", clock.now, reason="") for status in ("listed", "suspended")]
    office.close(office.open(), facts=facts)


REASONS = {
    "an effect waits": open_effect,
    "a letter waits for a digest": waiting_letter,
    "an incident is open": open_incident,
    "its parent is open": open_parent,
    "a child is open": open_child,
    "its certificate is in force": certified,
    "its register entry is in force": listed,
}


def test_every_reason_is_tried():
    """Each reason to stay has its case below."""
    assert set(REASONS) == set(STAYS)


@pytest.mark.parametrize("reason", REASONS)
def test_what_stays(store, office, clock, reason, count):
    """However old it is, and it is told why."""
    REASONS[reason](office, store, clock)
    clock.forward(days=10_000)
    steps = count("step")
    assert (office.forecast().closed, office.forecast().goes, office.forecast().stays) == (1, 0, {reason: 1})
    assert office.prune() == (0, None)
    assert steps == count("step")


def test_what_is_over_goes(store, office, clock):
    """A superseded issue that was valid, an entry delisted since, a closed parent with closed children: all go."""
    first = [
        CertificateFact("reserve", status, n, {}, "C-1", clock.now) for n, status in ((1, "valid"), (2, "expired"))
    ]
    office.close(office.open(data={"certificate.token": "t"}), facts=first)
    entries = [RegisterFact("list", status, {}, "R-1", clock.now, reason="") for status in ("listed", "delisted")]
    office.close(office.open(), facts=entries)
    parent = office.open()
    office.close(office.open(parent=Parent(parent.id, parent.workflow, ())))
    office.close(parent)
    clock.forward(seconds=1)
    assert (office.forecast().goes, office.prune()) == (4, (4, None))


def test_only_what_is_older(store, office, clock):
    """A case that was closed at the very moment or later stays."""
    old = office.close(office.open())
    clock.forward(days=1)
    young = office.close(office.open())
    assert store.write(lambda tx: tx.prune(young.closed_at, FROM_THE_FIRST, 10)) == (1, None)
    assert store.read(lambda r: r.tombstone(old.id)) is not None
    assert store.read(lambda r: r.case(young.id)).case == young


def test_by_small_batches(store, office, clock, count):
    """Each batch takes as many as it is told, those that stay are passed over, and the next one goes on behind it."""
    for n in range(7):
        case = office.close(office.open())
        if n % 3 == 0:
            store.write(lambda tx, c=case: tx.add_incident(case_id=c.id, kind="x", subject="s", text="t"))
        clock.forward(minutes=1)
    after, counts = FROM_THE_FIRST, []
    while after is not None:
        done, after = office.prune(limit=2, after=after)
        counts.append(done)
        clock.forward(minutes=1)
    assert counts == [2, 2, 0]
    assert count("incident") == 3
    assert office.forecast().stays == {"an incident is open": 3}


def test_a_batch_that_fails_has_done_nothing(store, office, clock, count):
    """Stopped in the middle of a batch, all is as before, also in memory; the next run does it."""
    case = office.close(office.open())
    clock.forward(days=1)
    before = count("step")

    def stopped(tx):
        tx.prune(clock.now, FROM_THE_FIRST, 10)
        raise KeyError("pulled out")

    with pytest.raises(KeyError):
        store.write(stopped)
    assert before == count("step")
    assert store.write(lambda tx: tx.lock_case(case.id)).case == case
    assert office.prune() == (1, None)


def test_a_case_that_is_locked_is_passed_over(postgres_url, publishing, maker, clock):
    """On a server another node may have it: it is left for the next run, and nobody waits."""
    from engine.store.store import Store

    mine, others = (Store(postgres_url, machine_now=clock) for _ in range(2))
    office = Office(mine, publishing(mine), maker, clock)
    first, second = office.close(office.open()), office.close(office.open())
    clock.forward(days=1)

    def held(tx):
        tx.lock_case(first.id)
        return office.prune()

    assert others.write(held) == (1, None)
    assert mine.read(lambda r: (r.tombstone(second.id) is None, r.tombstone(first.id))) == (False, None)
    assert office.prune() == (1, None)
    assert others.write(lambda tx: tx.lock_case(second.id)) is None
    assert others.write(lambda tx: tx.lock_case(first.id)) is None
    mine.close()
    others.close()


def test_answers_are_forgotten_by_small_numbers(store, clock, count):
    """The oldest go, not more than asked for at once; those that are younger stay."""
    for n in range(5):
        store.write(lambda tx, n=n: tx.keep_accepted(f"k{n}", "party", "hash", "case", 1))
        clock.forward(hours=1)
    before = clock.now - timedelta(hours=2)
    assert [store.write(lambda tx: tx.forget_accepted(before, 2)) for _ in range(3)] == [2, 1, 0]
    assert count("accepted") == 2
