"""Whether the history of a case is as it was written: its chain, its places in the feed, its present data.

What lies across cases (positions, checkpoints) is covering.py's. Each case is judged by its own lines only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.service.proofs.report import Break
from engine.service.proofs.summing import Standing, Sum, differs, members
from engine.store import chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.service.proofs.report import Tally
    from engine.store.proof_records import CaseLine, Place, SectionLine, StateLine, StepLine

NOTHING = "nothing"


@frozen
class Written:
    """All that is stored of one case: steps by seq, its places by position, what waits for a place, its data."""

    case: CaseLine
    steps: Iterable[StepLine]
    places: Iterable[Place]
    waiting: Sequence[Place]
    sections: Sequence[SectionLine]
    states: Sequence[StateLine]


def first_break(written: Written, tally: Tally) -> Break | None:
    """The first line of a case that is not as it was written."""
    if written.case.pruned:
        tally.pruned += 1
        return _pruned(written)
    tally.histories += 1
    return _kept(written, tally)


def _kept(written: Written, tally: Tally) -> Break | None:
    case, total, standing = written.case, Sum(), Standing()
    order = _Order(written)
    previous, n = chain.genesis(case.id), 0
    for n, step in enumerate(written.steps, 1):
        tally.steps += 1
        tally.erased += step.payload is None
        record = members(step.record)
        found = (
            (at(case, n, "there is a step more", f"{case.seq} in all", f"step {step.seq}") if n > case.seq else None)
            or _step(case, n, step, record, previous)
            or order.next(n, step.hash)
        )
        if found is not None:
            return found
        standing.add(record or {})
        previous = step.hash
        if not total.add(step.payload):
            return at(case, n, "what was said (payload) is no map in JSON", "a map", str(step.payload)[:40])
    if n < case.seq:
        last = f"{n} as the last one" if n else NOTHING
        return at(case, n + 1, "the step is missing", f"steps up to {case.seq}", last)
    if previous != case.hash:
        return at(case, n, "the last hash is not that of the case's own row", case.hash, previous)
    tally.waiting += order.waited
    return order.rest() or _data(case, total, written.sections) or _states(case, standing, written.states)


def _step(case: CaseLine, n: int, step: StepLine, said: dict[str, Any] | None, previous: str) -> Break | None:
    """A line against the one before it and against itself."""
    if step.seq != n:
        return at(case, n, "the step is missing", f"step {n}", f"step {step.seq}")
    if said is None:
        return at(case, n, "the record is no JSON", "a record", str(step.record)[:40])
    for name, column in (("seq", n), ("kind", step.kind), ("name", step.name), ("command", step.command)):
        if said.get(name) != column:
            return at(case, n, f"the record has another {name} than its row", str(column), str(said.get(name)))
    if step.payload is not None and (digest := chain.digest(str(step.payload))) != step.payload_hash:
        return at(case, n, "what was said (payload) has another digest", step.payload_hash, digest)
    try:
        made = chain.link(previous, step.record, step.payload_hash)
    except (ValueError, TypeError):
        return at(
            case, n, "the digest of what was said is no digest", "64 hexadecimal digits", str(step.payload_hash)[:70]
        )
    if made != step.hash:
        return at(case, n, "the hash is not that of this record after the one before", made, step.hash)
    return None


def _pruned(written: Written) -> Break | None:
    """Its steps are gone; their places are there, the last one with the last hash."""
    case, last, n = written.case, None, 0
    if not case.closed:
        return at(case, None, "an open case was pruned", "its steps", NOTHING)
    left = next(iter(written.steps), None)
    if left is not None:
        return at(case, left.seq, "the case was pruned and has steps", NOTHING, f"step {left.seq}")
    for n, place in enumerate((*written.places, *written.waiting), 1):
        if place.seq != n:
            return at(case, n, "the place in the feed is missing", f"step {n}", f"step {place.seq}", place.pos)
        last = place.hash
    if n != case.seq:
        return at(case, n + 1, "the place in the feed is missing", f"{case.seq} in all", f"{n}")
    if last != case.hash:
        return at(case, n, "the last place has another hash than the case's own row", case.hash, str(last))
    return None


class _Order:
    """The places of a case beside its steps: each step has one, in the order of its history."""

    def __init__(self, written: Written) -> None:
        self._case = written.case
        self._places: Iterator[Place] = iter(written.places)
        self._waiting: Iterator[Place] = iter(written.waiting)
        self.waited = 0

    def next(self, seq: int, digest: str) -> Break | None:
        place = next(self._places, None)
        if place is None:
            place = next(self._waiting, None)
            self.waited += 1
        if place is None:
            return at(self._case, seq, "the step has no place in the feed", "one", NOTHING)
        if place.seq != seq:
            return at(
                self._case, seq, "the case's next place in the feed is another step's", f"step {seq}",
                f"step {place.seq} at position {place.pos}", place.pos,
            )  # fmt: skip
        if place.hash != digest:
            return at(self._case, seq, "its place in the feed has another hash", digest, place.hash, place.pos)
        return None

    def rest(self) -> Break | None:
        for place in (*self._places, *self._waiting):
            found = f"step {place.seq} at position {place.pos}"
            return at(self._case, place.seq, "a place in the feed has no step", NOTHING, found, place.pos)
        return None


def _data(case: CaseLine, total: Sum, sections: Iterable[SectionLine]) -> Break | None:
    """The data that the case has now against what its records add up to."""
    stored: dict[str, Any] = {}
    for section in sections:
        values = members(section.data)
        if values is None:
            return at(case, None, f"the data of group '{section.section}' is no JSON", "values", str(section.data)[:40])
        stored.update(values)
    for path in sorted({*stored, *total.values}):
        if total.knows(path) and differs(total.values.get(path), stored.get(path)):
            expected, found = (_shown(values.get(path)) for values in (total.values, stored))
            return at(case, None, f"the field {path} is not what the records add up to", expected, found)
    return None


def _states(case: CaseLine, standing: Standing, lines: Iterable[StateLine]) -> Break | None:
    """The states that the case is in now against what its records have entered and left."""
    stored = {line.state for line in lines}
    for state in sorted(standing.active() - stored):
        return at(case, None, f"the case is not in the state {state} that its records leave it in", state, NOTHING)
    for state in sorted(stored - standing.possible()):
        return at(case, None, f"the case is in the state {state} that no record entered", NOTHING, state)
    return None


def at(case: CaseLine, seq: int | None, fact: str, expected: str, found: str, pos: int | None = None) -> Break:
    """A break in a case."""
    name = case.id if case.number is None else f"{case.id} ({case.number})"
    place = f"case {name}" if seq is None else f"case {name}, step {seq}"
    return Break(place, fact, expected, found, case.id, seq, pos)


def _shown(value: Any) -> str:
    return NOTHING if value is None else json.dumps(value, ensure_ascii=False)[:80]
