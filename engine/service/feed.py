"""The one order of steps across cases: a ticker places what was committed, readers go on from where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store.records import FeedEntry
    from engine.store.store import Store


class Feed:
    """Any number of nodes may place at once, and any number read; no reader misses a step."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def sequence(self) -> int:
        """Place steps that wait for their position; how many. Call again while it is > 0."""
        if not self._store.read(lambda reader: reader.steps_wait()):
            return 0
        return self._store.write(lambda tx: tx.sequence_steps())

    def after(self, pos: int = 0, limit: int = 200) -> tuple[FeedEntry, ...]:
        """The steps after a position, oldest first."""
        return self._store.read(lambda reader: reader.feed(pos, limit))

    def end(self) -> int:
        """The last position, 0 where nothing has happened yet."""
        return self._store.read(lambda reader: reader.feed_end())
