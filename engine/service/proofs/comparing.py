"""A database against an export of it that was kept elsewhere: what the file has seen must still be there, as it was.

The file itself is proved first, line by line: an export is no better than its signatures.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.service.proofs.covering import NOTHING, Links, Trust, root_break
from engine.service.proofs.report import Break
from engine.store.merkle import Tree
from engine.store.proof_records import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.service.proofs.file import Line
    from engine.service.proofs.report import Tally
    from engine.store.records import FeedEntry


def compare(
    lines: Iterable[Line],
    feed: Iterable[FeedEntry],
    checkpoints: Iterable[Checkpoint],
    trust: Trust,
    tally: Tally,
    moved: Callable[[], None],
) -> None:
    """Goes through file and database side by side; after the first break of a kind the others of that kind are only counted."""
    places, kept = iter(feed), iter(checkpoints)
    links, tree, expected = Links(trust), Tree(), 1
    steps = sealed = 0
    for line in lines:
        moved()
        if isinstance(line.said, Checkpoint):
            sealed += 1
            found = links.doubt(line.said) or root_break(line.said, tree)
            found = _in_file(line, found) or _same_checkpoint(line.said, next(kept, None))
            tree = Tree()
        else:
            steps += 1
            tree.add(line.said)
            found = _misplaced(line, line.said, expected) or _same_place(line.said, _reach(places, line.said.pos))
            expected = line.said.pos + 1
        if found is not None:
            tally.broken(found)
    tally.in_file = (steps, sealed)
    tally.keys |= links.seen


def _reach(places: Iterator[FeedEntry], pos: int) -> FeedEntry | None:
    for place in places:
        if place.pos >= pos:
            return place
    return None


def _misplaced(line: Line, said: FeedEntry, expected: int) -> Break | None:
    if said.pos == expected:
        return None
    return Break(f"line {line.number} of the file", "a step is missing before it", str(expected), str(said.pos))


def _in_file(line: Line, found: Break | None) -> Break | None:
    return None if found is None else replace(found, place=f"line {line.number} of the file, {found.place}")


def _same_place(said: FeedEntry, found: FeedEntry | None) -> Break | None:
    if said == found:
        return None
    has = NOTHING if found is None else _named(found)
    fact = "the database is not what the file has seen"
    return Break(f"position {said.pos}", fact, _named(said), has, said.case_id, said.seq, said.pos)


def _named(place: FeedEntry) -> str:
    return f"step {place.seq} of case {place.case_id or '(not there)'} with {place.hash} at position {place.pos}"


def _same_checkpoint(said: Checkpoint, found: Checkpoint | None) -> Break | None:
    if said == found:
        return None
    place = f"checkpoint over positions {said.first_pos} to {said.last_pos}"
    if found is None:
        return Break(
            place, "the database does not have it any more", "the one of the file", NOTHING, pos=said.first_pos
        )
    name = next(
        name
        for name in ("first_pos", "last_pos", "count", "root", "previous", "key", "made_at", "signature")
        if getattr(said, name) != getattr(found, name)
    )
    fact = f"the database has another {name} than the file has seen"
    return Break(place, fact, str(getattr(said, name)), str(getattr(found, name)), pos=said.first_pos)
