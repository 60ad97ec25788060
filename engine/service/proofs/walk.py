"""Going through all cases, or through one, side by side with their steps, places and data; judging each is history.py's."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from engine.service.proofs.covering import checkpoint_break
from engine.service.proofs.history import NOTHING, Written, first_break
from engine.service.proofs.report import Break

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.service.proofs.covering import Trust
    from engine.service.proofs.report import Tally
    from engine.store.transaction import Reader


class OfCase(Protocol):
    """A line that belongs to a case."""

    @property
    def case_row(self) -> int:
        """Which case."""


L = TypeVar("L", bound=OfCase)


class Stream(Generic[L]):
    """Lines sorted by case, given out a case at a time."""

    def __init__(self, lines: Iterable[L], moved: Callable[[], None]) -> None:
        self._lines, self._moved = iter(lines), moved
        self._next = next(self._lines, None)

    def of(self, row: int) -> Iterator[L]:
        """The lines of a case, as far as they were not taken yet."""
        while self._next is not None and self._next.case_row == row:
            line, self._next = self._next, next(self._lines, None)
            self._moved()
            yield line

    def strays(self, before: int | None) -> Iterator[L]:
        """One line of each case that was passed by: there is no such case."""
        while self._next is not None and (before is None or self._next.case_row < before):
            stray = self._next
            deque(self.of(stray.case_row), maxlen=0)
            yield stray


def check_cases(reader: Reader, tally: Tally, moved: Callable[[], None], row: int | None = None) -> None:
    """The histories of all cases, or of the one with this row; one break a case at most."""
    steps = Stream(reader.step_lines(row), moved)
    places = Stream(reader.places(row), moved)
    waiting = Stream(reader.waiting(row), _unmoved)
    sections = Stream(reader.section_lines(row), _unmoved)
    states = Stream(reader.state_lines(row), _unmoved)
    streams: dict[str, Stream[Any]] = {
        "step": steps,
        "place in the feed": places,
        "waiting step": waiting,
        "group of data": sections,
        "state": states,
    }

    def strays(before: int | None) -> None:
        for what, stream in streams.items():
            for line in stream.strays(before):
                tally.broken(_stray(what, line))

    for case in reader.case_lines(row):
        strays(case.row)
        of = case.row
        now = tuple(waiting.of(of)), tuple(sections.of(of)), tuple(states.of(of))
        written = Written(case, steps.of(of), places.of(of), *now)
        found = first_break(written, tally)
        if found is not None:
            tally.broken(found)
        for stream in streams.values():
            deque(stream.of(case.row), maxlen=0)  # what comes after a break
    strays(None)


def check_one(reader: Reader, row: int, trust: Trust, tally: Tally, moved: Callable[[], None]) -> None:
    """One case, and the checkpoints that cover its places."""
    check_cases(reader, tally, moved, row)
    covered = 0
    for place in reader.places(row):
        tally.places += 1
        if place.pos <= covered:
            continue
        checkpoint = reader.checkpoint_over(place.pos)
        if checkpoint is None:
            tally.uncovered += 1
            continue
        covered = checkpoint.last_pos
        tally.checkpoints += 1
        tally.keys |= {checkpoint.key}
        found = checkpoint_break(checkpoint, reader.feed_lines(checkpoint.first_pos, checkpoint.last_pos), trust)
        if found is not None:
            tally.broken(found)


def _stray(what: str, line: OfCase) -> Break:
    seq, pos = getattr(line, "seq", None), getattr(line, "pos", None)
    name = " ".join(
        [
            what,
            *([f"{seq}"] if seq is not None else []),
            *([f"at position {pos}"] if pos else []),
            f"of row {line.case_row}",
        ]
    )
    return Break(name, "there is no such case", "its case", NOTHING, seq=seq, pos=pos)


def _unmoved() -> None:
    """These lines are not counted."""
