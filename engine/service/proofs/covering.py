"""Whether the feed and its checkpoints are as they were written: positions without gap, roots, links, signatures.

What lies within one case (chain, data) is history.py's; what an export remembers is comparing.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.service.proofs.report import Break
from engine.store.checkpoints import START, checkpoint_text, digest
from engine.store.merkle import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.ports import Seal
    from engine.service.proofs.report import Tally
    from engine.store.proof_records import Checkpoint
    from engine.store.records import FeedEntry

NOTHING = "nothing"


@frozen
class Trust:
    """Whose signatures count."""

    seal: Seal | None
    keys: frozenset[str]

    def doubt(self, checkpoint: Checkpoint) -> Break | None:
        """What is wrong with a signature."""
        if checkpoint.key not in self.keys or self.seal is None:
            wanted = " or ".join(sorted(self.keys)) or "a key that is trusted (none is known here)"
            return of(checkpoint, "it is signed by a key that is not trusted", wanted, checkpoint.key)
        if not self.seal.holds(checkpoint.key, checkpoint_text(checkpoint).encode(), checkpoint.signature):
            what = "the signature is not that of the key over this text"
            return of(checkpoint, what, f"one by {checkpoint.key}", checkpoint.signature)
        return None


@dataclass(slots=True)
class Links:
    """Checkpoints one after the other, each following the one before it."""

    trust: Trust
    previous: str = START
    first: int = 1
    seen: set[str] = field(default_factory=set)

    def doubt(self, checkpoint: Checkpoint) -> Break | None:
        """What is wrong with the next one by itself; its root is judged apart."""
        first, previous = self.first, self.previous
        self.first, self.previous = checkpoint.last_pos + 1, digest(checkpoint)
        self.seen.add(checkpoint.key)
        if checkpoint.first_pos != first:
            return of(
                checkpoint, "a checkpoint before it is missing", f"it begins at {first}", str(checkpoint.first_pos)
            )
        if checkpoint.count != checkpoint.last_pos - checkpoint.first_pos + 1 or checkpoint.count < 1:
            length = checkpoint.last_pos - checkpoint.first_pos + 1
            return of(checkpoint, "its count is not that of its positions", str(length), str(checkpoint.count))
        if checkpoint.previous != previous:
            return of(checkpoint, "it follows another checkpoint than the one before it", previous, checkpoint.previous)
        return self.trust.doubt(checkpoint)


def check_feed(
    feed: Iterable[FeedEntry], checkpoints: Iterable[Checkpoint], trust: Trust, tally: Tally, moved: Callable[[], None]
) -> None:
    """All positions and all checkpoints over them, in one go."""
    gaps = _Gapless(feed, tally, moved)
    places, links = iter(gaps), Links(trust)
    place = next(places, None)
    for checkpoint in checkpoints:
        tally.checkpoints += 1
        found, tree, gaps_before = links.doubt(checkpoint), Tree(), gaps.found
        while place is not None and place.pos <= checkpoint.last_pos:
            if place.pos >= checkpoint.first_pos:
                tree.add(place)
            else:
                tally.uncovered += 1
            place = next(places, None)
        if place is None and gaps.expected <= checkpoint.last_pos:
            gaps.ends_before(checkpoint.last_pos)
        if found is None and gaps.found == gaps_before:
            found = root_break(checkpoint, tree)
        if found is not None:
            tally.broken(found)
    while place is not None:
        tally.uncovered += 1
        place = next(places, None)
    tally.keys |= links.seen


def checkpoint_break(checkpoint: Checkpoint, places: Iterable[FeedEntry], trust: Trust) -> Break | None:
    """A checkpoint by itself, over the places between its positions."""
    tree = Tree()
    for place in places:
        tree.add(place)
    return trust.doubt(checkpoint) or root_break(checkpoint, tree)


def root_break(checkpoint: Checkpoint, tree: Tree) -> Break | None:
    """Whether a checkpoint is over these places."""
    if tree.count != checkpoint.count:
        return of(checkpoint, "it covers another number of places", str(checkpoint.count), str(tree.count))
    if tree.root != checkpoint.root:
        return of(checkpoint, "what it covers was changed: the root is another", checkpoint.root, tree.root)
    return None


class _Gapless:
    """The feed, looked at as it passes: each position follows the one before it and is a step of a case that is there."""

    def __init__(self, feed: Iterable[FeedEntry], tally: Tally, moved: Callable[[], None]) -> None:
        self._feed, self._tally, self._moved = feed, tally, moved
        self.found, self.expected = 0, 1

    def __iter__(self) -> Iterator[FeedEntry]:
        for place in self._feed:
            if place.pos != self.expected:
                wanted = f"position {self.expected}"
                self._broken("the position is missing", wanted, f"position {place.pos}", self.expected)
            elif not place.case_id:
                self._broken("its case is not there", f"the case of step {place.seq}", NOTHING, place.pos)
            self.expected = place.pos + 1
            self._tally.places += 1
            self._moved()
            yield place

    def ends_before(self, pos: int) -> None:
        """The feed is over before a position that a checkpoint covers."""
        self._broken("the feed ends before it", f"positions up to {pos}", NOTHING, self.expected)
        self.expected = pos + 1

    def _broken(self, fact: str, expected: str, found: str, pos: int) -> None:
        self.found += 1
        self._tally.broken(Break(f"position {pos}", fact, expected, found, pos=pos))


def of(checkpoint: Checkpoint, fact: str, expected: str, found: str, *, pos: int | None = None) -> Break:
    """A break in a checkpoint."""
    place = f"checkpoint over positions {checkpoint.first_pos} to {checkpoint.last_pos}"
    return Break(place, fact, expected, found, pos=checkpoint.first_pos if pos is None else pos)
