"""What an operator watches: steps since the last look, effects and cases that wait."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.store.records import OpenCases, StepFigure, WaitingEffects
    from engine.store.store import Store
    from engine.store.transaction import Reader

CHUNK = 5_000
MOST = 100_000
"""Steps that one look catches up with."""
FRESH = 30.0
"""Seconds that counts of all open cases are used again: they cost a look at each."""


class Figures:
    """Asked of the database, so that they are the same whichever node is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: tuple[OpenCases, ...] = ()
        self._until = 0.0

    def steps(self, pos: int) -> Iterator[StepFigure]:
        """The steps after a position, at most MOST of them."""
        for _ in range(MOST // CHUNK):
            found = self._store.read(partial(_steps, pos))
            yield from found
            if len(found) < CHUNK:
                return
            pos = found[-1].pos

    def waiting(self) -> tuple[WaitingEffects, ...]:
        """Effects that are not over, by adapter."""
        return self._store.read(lambda reader: reader.waiting_effects())

    def open_cases(self) -> tuple[OpenCases, ...]:
        """Open cases by workflow and state, as they were within FRESH seconds."""
        if monotonic() >= self._until:
            self._open = self._store.read(lambda reader: reader.open_cases())
            self._until = monotonic() + FRESH
        return self._open


def _steps(pos: int, reader: Reader) -> tuple[StepFigure, ...]:
    return reader.step_figures(pos, CHUNK)
