"""How many of a kind may be open at a time, in all and of one person. For one event loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.case import Actor


class Room:
    """`what` is what they are called."""

    def __init__(self, what: str, *, most: int, each: int) -> None:
        self._what, self._most, self._each = what, most, each
        self._open: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Whether any is open."""
        return bool(self._open)

    def enter(self, actor: Actor) -> None:
        """One more of this person. Raises Unavailable."""
        count = self._open.get(actor.id, 0)
        if count >= self._each or sum(self._open.values()) >= self._most:
            words = f"{self._each} {self._what} of a person and {self._most} in all are open at most"
            raise Unavailable(words, retry_after=30)
        self._open[actor.id] = count + 1

    def leave(self, actor: Actor) -> None:
        """One less."""
        left = self._open.get(actor.id, 1) - 1
        if left:
            self._open[actor.id] = left
        else:
            self._open.pop(actor.id, None)

    @contextmanager
    def taken(self, actor: Actor) -> Iterator[None]:
        """One of this person's, while the block lasts. Raises Unavailable."""
        self.enter(actor)
        try:
            yield
        finally:
            self.leave(actor)
