"""How many of a kind may be open at a time, in all and of one person or address. For one event loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Room:
    """`what` is what they are called."""

    def __init__(self, what: str, *, most: int, each: int) -> None:
        self._what, self._most, self._each = what, most, each
        self._open: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Whether any is open."""
        return bool(self._open)

    def enter(self, who: str) -> None:
        """One more of his. Raises Unavailable."""
        count = self._open.get(who, 0)
        if count >= self._each or sum(self._open.values()) >= self._most:
            words = f"{self._each} {self._what} of a person or address and {self._most} in all are open at most"
            raise Unavailable(words, retry_after=30)
        self._open[who] = count + 1

    def leave(self, who: str) -> None:
        """One less."""
        left = self._open.get(who, 1) - 1
        if left:
            self._open[who] = left
        else:
            self._open.pop(who, None)

    @contextmanager
    def taken(self, who: str) -> Iterator[None]:
        """One of his, while the block lasts. Raises Unavailable."""
        self.enter(who)
        try:
            yield
        finally:
            self.leave(who)
