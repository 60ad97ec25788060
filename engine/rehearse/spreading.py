"""Many scenarios on several processors: each process takes those of one stretch of the files, in its own copy of the world.

Scenarios know nothing of each other but how alike they begin, so what comes of them is the same in whatever process.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections import deque
from dataclasses import replace
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.errors import MilepostError
from engine.rehearse.runner import run_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from engine.core.machine.chart import Chart
    from engine.rehearse.coverage import Covered, Seen
    from engine.rehearse.runner import Outcome, Rule
    from engine.rehearse.scenario import ScenarioFile
    from engine.rehearse.world import World

WORTH = 50
"""Scenarios for which it pays to begin a process."""


class Ended(MilepostError):
    """A process that ran scenarios was ended from outside."""


@frozen
class Part:
    """Scenarios of one file, the `place`-th of all, with what it takes to run them."""

    place: int
    file: ScenarioFile
    chart: Chart
    rules: Sequence[Rule]
    covered: Covered


def processors() -> int:
    """How many this process may use, where its world can be copied: it is the only thread, on a system that forks."""
    if "fork" not in get_all_start_methods() or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_parts(world: World, parts: Sequence[Part], most: int) -> Iterator[tuple[int, Outcome]]:
    """Each scenario with the place of its file, in their order; `covered` grows. At most so many processes."""
    count = sum(len(part.file.scenarios) for part in parts)
    if min(most, count // WORTH) < 2:
        yield from _run(world, parts)
        return
    children = [_Child(world, share) for share in shares_of(parts, min(most, count // WORTH))]
    try:
        yield from _gathered(children, {part.chart.workflow.name: part.covered for part in parts})
    finally:
        for child in children:
            child.end()


def shares_of(parts: Sequence[Part], number: int) -> list[list[Part]]:
    """So many stretches of equal length; a file may lie in several."""
    count = sum(len(part.file.scenarios) for part in parts)
    shares: list[list[Part]] = []
    for share in range(number):
        first, last = count * share // number, count * (share + 1) // number
        found, before = [], 0
        for part in parts:
            some = part.file.scenarios[max(first - before, 0) : max(last - before, 0)]
            before += len(part.file.scenarios)
            if some:
                found.append(replace(part, file=replace(part.file, scenarios=some)))
        shares.append(found)
    return shares


def _run(world: World, parts: Sequence[Part]) -> Iterator[tuple[int, Outcome]]:
    for part in parts:
        for outcome in run_file(world, part.file, part.chart, part.rules, part.covered):
            yield part.place, outcome


class _Child:
    """A process with a copy of the world: what it says comes in order, its coverage last, or why it ended."""

    def __init__(self, world: World, share: Sequence[Part]) -> None:
        context = get_context("fork")
        self.receiver, sender = context.Pipe(duplex=False)
        self.said: deque[tuple[int, Outcome] | Mapping[str, Seen] | str | Ended] = deque()
        self._process = context.Process(target=_work, args=(world, share, sender), daemon=True)
        self.done = False
        self._process.start()
        sender.close()

    def hear(self) -> None:
        """Whatever has come."""
        try:
            said = self.receiver.recv()
        except EOFError:
            said = Ended(
                "a process that ran scenarios was ended, perhaps for want of memory; run fewer files at a time"
            )
        self.said.append(said)
        self.done = not isinstance(said, tuple)

    def end(self) -> None:
        """Whether it has done its work or not."""
        if not self.done:
            self._process.terminate()
        self._process.join()
        self.receiver.close()


def _work(world: World, share: Sequence[Part], sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began this process ends it
    try:
        for said in _run(world, share):
            sender.send(said)
        sender.send({part.chart.workflow.name: part.covered.seen() for part in share})
    except Exception:  # noqa: BLE001  (it is raised where the scenarios were asked for)
        sender.send(traceback.format_exc())


def _gathered(children: Sequence[_Child], covered: Mapping[str, Covered]) -> Iterator[tuple[int, Outcome]]:
    """What all say, in the order of the children; none has to wait for another to be heard."""
    for child in children:
        while True:
            while not child.said:
                working = {other.receiver: other for other in children if not other.done}
                ready = wait(working)
                for other in [other for receiver, other in working.items() if receiver in ready]:
                    other.hear()
            match child.said.popleft():
                case Ended() as ended:
                    raise ended
                case str(why):
                    raise RuntimeError(why)
                case tuple(outcome):
                    yield outcome
                case seen:
                    for name, of_workflow in seen.items():
                        covered[name].join(of_workflow)
                    break
