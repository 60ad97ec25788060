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
    from collections.abc import Callable, Iterable, Iterator, Sequence

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
    """Goes through file and database side by side; a checkpoint of the file that does not hold says nothing about the database."""
    places, kept, links = iter(feed), iter(checkpoints), Links(trust)
    batch: list[FeedEntry] = []
    steps = sealed = 0
    for line in lines:
        moved()
        if not isinstance(line.said, Checkpoint):
            batch.append(line.said)
            continue
        steps, sealed = steps + len(batch), sealed + 1
        found = _doubt(line, line.said, batch, links)
        if found is not None:
            tally.broken(found)
        else:
            for break_ in _differences(line.said, batch, places, next(kept, None)):
                tally.broken(break_)
        batch = []
    tally.in_file = (steps, sealed)
    tally.keys |= links.seen


def _doubt(line: Line, said: Checkpoint, batch: Sequence[FeedEntry], links: Links) -> Break | None:
    """What is wrong with a checkpoint of the file itself."""
    tree = Tree()
    for place in batch:
        tree.add(place)
    found = links.doubt(said) or root_break(said, tree)
    return None if found is None else replace(found, place=f"line {line.number} of the file, {found.place}")


def _differences(
    said: Checkpoint, batch: Sequence[FeedEntry], places: Iterator[FeedEntry], kept: Checkpoint | None
) -> Iterator[Break]:
    """What the database has otherwise than a part of the file that holds."""
    for place in batch:
        found = _same_place(place, _reach(places, place.pos))
        if found is not None:
            yield found
    found = _same_checkpoint(said, kept)
    if found is not None:
        yield found


def _reach(places: Iterator[FeedEntry], pos: int) -> FeedEntry | None:
    for place in places:
        if place.pos >= pos:
            return place
    return None


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
