"""What a proof of the histories has found: counts, breaks and the first of them in words; finding them is history.py's and covering.py's."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY = 500
"""Lines between two words of progress."""


@frozen
class Break:
    """Something that is not as it was written. `place` says where for people; the others say it for programs."""

    place: str
    fact: str
    expected: str
    found: str
    case: str | None = None
    seq: int | None = None
    pos: int | None = None

    def __str__(self) -> str:
        """One line."""
        return f"{self.place}: {self.fact}; expected {self.expected}, found {self.found}"


@frozen
class Proof:
    """The whole outcome. `steps` are those of `histories`; `pruned` cases are proved by their places alone.

    waiting: steps without a place yet · uncovered: places that no checkpoint covers yet · erased: steps whose payload is gone ·
    keys: who signed the checkpoints · in_file: what an export was compared by, steps and checkpoints.
    """

    histories: int
    pruned: int
    steps: int
    erased: int
    waiting: int
    places: int
    uncovered: int
    checkpoints: int
    keys: frozenset[str]
    breaks: int
    first: Break | None = None
    in_file: tuple[int, int] | None = None

    @property
    def whole(self) -> bool:
        """Whether all is as it was written."""
        return self.breaks == 0


class Moves:
    """Tells how far a proof is, not too often."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self) -> None:
        """One line more."""
        self._done += 1
        if self._progress is not None and self._done % EVERY == 0:
            self._progress(min(self._done, self._total), self._total)


@dataclass(slots=True)
class Tally:
    """Counts while a proof runs."""

    histories: int = 0
    pruned: int = 0
    steps: int = 0
    erased: int = 0
    waiting: int = 0
    places: int = 0
    uncovered: int = 0
    checkpoints: int = 0
    keys: frozenset[str] = field(default_factory=frozenset)
    breaks: int = 0
    first: Break | None = None
    in_file: tuple[int, int] | None = None

    def broken(self, found: Break) -> None:
        """One more; the first is kept."""
        self.breaks += 1
        self.first = self.first or found

    @contextmanager
    def reading(self, place: str) -> Iterator[None]:
        """A value of a type or form that the program never writes is a break too; what comes after it is not looked at."""
        try:
            yield
        except (TypeError, ValueError) as error:
            self.broken(Break(place, "a value cannot be read", "what the program writes", str(error)))

    def proof(self) -> Proof:
        """The outcome."""
        return Proof(**{f.name: getattr(self, f.name) for f in fields(Proof)})
