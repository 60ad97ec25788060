"""A row of results, and blocks of work measured in turns so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.collector import settle_collector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One measured work."""

    work: str
    figure: float
    unit: str
    floor: float | None
    ratio: float | None
    target: str
    met: bool


def interleaved(works: Sequence[Callable[[], object]], *, rounds: int, each: int) -> list[list[float]]:
    """Seconds of processor time a call of each work, one figure a round; the works take turns."""
    figures: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    settle_collector()  # as a server does after start-up
    for _ in range(rounds):
        for place, work in enumerate(works):
            start = time.thread_time()
            for _ in range(each):
                work()
            figures[place].append((time.thread_time() - start) / each)
    return figures


def median_ratio(figures: Sequence[float], floors: Sequence[float]) -> float:
    """The median of the ratios of neighbouring blocks."""
    return statistics.median(a / b for a, b in zip(figures, floors, strict=True))
