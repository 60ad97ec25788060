"""Looks for a real case that does what an exploration says could be done: the nearest first, with other data, other people, later.

A search over configurations tells how far each is from what is looked for; this one walks down that distance on the real
engine. What it returns has happened: the engine made every step of it.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from engine.core.machine.chart import lists_of
from engine.verify.domains import decide
from engine.verify.space.explore import Seen
from engine.verify.space.plan import Move, Step
from engine.verify.trial.endings import finished
from engine.verify.trial.replay import replay

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping
    from typing import Any

    from engine.verify.space.explore import Explored, Monitor, Node
    from engine.verify.space.space import Space
    from engine.verify.trial.player import Player, Run

MOST_STEPS = 3000
_ALIKE = 40
"""Runs that rest in one configuration and are gone on with, each with other data."""


def hunt(
    player: Player,
    space: Space,
    explored: Explored,
    monitor: Monitor,
    most: int = MOST_STEPS,
    known: Iterable[Run] = (),
) -> Run | None:
    """A run whose last step the monitor was looking for; None: none was found with so many steps.

    `known` are runs that were made before: where none is found from the start, they are gone on with.
    """
    found = _Hunt(player, space, explored, monitor, player.tried + most).run()
    if found is not None:
        return found
    further = _Hunt(player, space, explored, monitor, most)
    for run in known:
        further.go_on(run)
    further.most += player.tried  # what was made before costs nothing
    return further.look()


def finds(space: Space, monitor: Monitor, runs: Iterable[Run]) -> bool:
    """Whether a monitor finds in a run, step by step, what it looks for."""
    memory: Hashable = None
    for run in runs:
        memory = monitor(memory, as_step(space, run))
        if memory is Seen.FOUND:
            return True
        if memory is Seen.OVER:
            return False
    return False


def as_step(space: Space, run: Run) -> Step:
    """The last step of a run, as a monitor sees steps."""
    record = run.last.record
    kind = {"opened": "event", "event": "event", "panel": "event", "deadline": "deadline"}.get(record.kind, "done")
    entered = tuple(space.place[path] for path in record.entered)
    return Step(Move(kind, record.name, record.state), record.arms, entered, space.config_of(run.case))


class _Hunt:
    def __init__(self, player: Player, space: Space, explored: Explored, monitor: Monitor, most: int) -> None:
        self.player, self.space, self.monitor, self.most = player, space, monitor, most
        self.near = explored.near
        self.lists = {
            arm.id: (arms, n) for state in space.states for arms in lists_of(state) for n, arm in enumerate(arms)
        }
        self.waiting: list[tuple[int, int, int, Run, Node]] = []
        self.order = count()
        self.alike: dict[Node, set[str]] = {}

    def run(self) -> Run | None:
        for opened in self.player.openings():
            if (found := self._seen(opened, None)) is not None:
                return found
        return self.look()

    def go_on(self, run: Run) -> None:
        """A run that was made before waits for its turn too."""
        memory: Hashable = None
        for one in replay(self.player, run.acts):
            if one is None or memory is Seen.OVER or memory is Seen.FOUND:
                return
            memory, last = self.monitor(memory, as_step(self.space, one)), one
        if memory is not Seen.OVER and memory is not Seen.FOUND:
            self._waits(last, memory)

    def look(self) -> Run | None:
        """What comes of those that wait, the nearest first."""
        while self.waiting and self.player.tried < self.most:
            _, _, _, run, node = heappop(self.waiting)
            for after in self._after(run, node):
                if (found := self._seen(after, node[1])) is not None:
                    return found
                if self.player.tried >= self.most:
                    break
        return None

    def _seen(self, run: Run, memory: Hashable) -> Run | None:
        """The run, where it is what was looked for; else it waits for its turn."""
        step = as_step(self.space, run)
        said = self.monitor(memory, step)
        if said is Seen.FOUND:
            return run
        if said is not Seen.OVER:
            self._waits(run, said)
        return None

    def _waits(self, run: Run, memory: Hashable) -> None:
        node = (self.space.config_of(run.case), memory)
        if node not in self.near:
            return
        known, told = self.alike.setdefault(node, set()), self.player.told(run)
        if told not in known and len(known) < _ALIKE:
            known.add(told)
            heappush(self.waiting, (self.near[node] + len(known), len(run.acts), next(self.order), run, node))

    def _after(self, run: Run, node: Node) -> Iterator[Run]:
        """What may be done next, the nearest first."""
        moves: dict[tuple[Move, str], int] = {}
        for step in self.space.steps(node[0]):
            said = self.monitor(node[1], step)
            far = 0 if said is Seen.FOUND else self.near.get((step.to, said)) if said is not Seen.OVER else None
            if far is not None:
                key = (step.move, step.arms[0] if step.arms else "")
                moves[key] = min(far, moves.get(key, far))
        for move, arm in sorted(moves, key=lambda key: moves[key]):
            yield from self._made(run, move, arm)

    def _made(self, run: Run, move: Move, arm: str) -> Iterator[Run]:
        match move.kind:
            case "event":
                for known in self._wanted(arm):
                    yield from self.player.events(run, move.name, known)
            case "deadline":
                after = self.player.until(run, move.state, move.name)
                if after is not None:
                    yield after
            case "failed":
                yield from self.player.failed(run, move.state)
            case _ if move.state:
                yield from finished(self.player, run, move.state)

    def _wanted(self, arm: str) -> list[Mapping[str, Any]]:
        """Values with which this arm is the first that fits, a few ways; none where they are not decided."""
        if arm not in self.lists:
            return [{}]
        arms, place = self.lists[arm]
        if not any(one.when for one in arms[: place + 1]):
            return [{}]
        decided = decide(arms[: place + 1], self.space.workflow)
        if decided is None:
            return [{}]
        rows = zip(decided.examples, *decided.holds, strict=True)
        fitting = [example for example, *holds in rows if holds[place] and not any(holds[:place])]
        return fitting[:3] or [{}]
