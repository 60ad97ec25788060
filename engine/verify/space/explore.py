"""A search over all configurations, the shortest ways first, with a memory of how each was reached.

A monitor watches the steps: it says what it remembers after each, that nothing behind this step matters, or that the step is
what was looked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.verify.space.plan import Config, Step
    from engine.verify.space.space import Space


class Seen(Enum):
    """What a monitor says of a step beside its new memory."""

    FOUND = "found"
    OVER = "over"


_BEYOND = 2000
"""Configurations that are looked at all the same when what was looked for is found soon."""
Monitor = Callable[[Hashable, "Step"], Hashable]
Node = tuple["Config", Hashable]


@frozen
class Limit:
    """When a search stops before its end: so many configurations, or so many seconds by a clock (None: no matter how long)."""

    configurations: int = 200_000
    seconds: float = 2.0
    clock: Callable[[], float] | None = None


LIMIT = Limit()
"""Configurations only, so that the answer is the same each time."""


@dataclass(slots=True)
class Explored:
    """What a search has seen: each node with the step that first led to it and the node before (None at the start).

    `way`: the steps to what was looked for; `whole`: whether nothing was left out. `near`: with `links`, how many steps it is
    at least from a node to what was looked for; a node that is not there never comes to it.
    """

    nodes: dict[Node, tuple[Step, Node | None]] = field(default_factory=dict)
    way: tuple[Step, ...] | None = None
    whole: bool = True
    near: dict[Node, int] = field(default_factory=dict)

    def way_to(self, node: Node | None) -> tuple[Step, ...]:
        """The steps from the start to a node."""
        steps: list[Step] = []
        while node is not None:
            step, node = self.nodes[node]
            steps.append(step)
        return tuple(reversed(steps))


def explore(
    space: Space, limit: Limit, monitor: Monitor = lambda memory, _: memory, *, links: bool = False
) -> Explored:
    """Search until the monitor has found or all is seen, or to the limit; with `links` some way on, for other ways to it."""
    explored = Explored()
    todo: deque[Node] = deque()
    before_of: dict[Node, list[Node]] = {}
    hits: list[Node] = []
    ends = None if limit.clock is None else limit.clock() + limit.seconds

    def look(steps: Iterable[Step], memory: Hashable, before: Node | None) -> None:
        for step in steps:
            said = monitor(memory, step)
            if said is Seen.FOUND:
                if explored.way is None:
                    explored.way = (*explored.way_to(before), step)
                if before is not None:
                    hits.append(before)
                if not links:
                    return
            elif said is not Seen.OVER:
                node = (step.to, said)
                if links and before is not None:
                    before_of.setdefault(node, []).append(before)
                if node not in explored.nodes:
                    explored.nodes[node] = (step, before)
                    todo.append(node)

    look(space.start(), None, None)
    enough = 0
    while todo:
        if explored.way is not None:
            enough = enough or links * max(_BEYOND, 2 * len(explored.nodes))
            if len(explored.nodes) > enough:
                break
        late = ends is not None and limit.clock is not None and limit.clock() > ends
        if late or len(explored.nodes) > limit.configurations:
            explored.whole = False
            break
        node = todo.popleft()
        look(space.steps(node[0]), node[1], node)
    if links:
        explored.near = distances(hits, before_of)
    return explored


def distances(goals: Iterable[Node], before_of: Mapping[Node, Iterable[Node]]) -> dict[Node, int]:
    """How many steps it takes from a node to leave a goal, at least."""
    near = dict.fromkeys(goals, 1)
    todo = deque(near)
    while todo:
        node = todo.popleft()
        for before in before_of.get(node, ()):
            if before not in near:
                near[before] = near[node] + 1
                todo.append(before)
    return near
