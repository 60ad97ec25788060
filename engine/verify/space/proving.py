"""Whether a policy can be broken at all: first without any data, then with those fields that decide about the way found.

What no way breaks without data holds with them too. A way that is found may be barred by data: the fields that its conditions
look at are followed then, and the search is made again, until it finds none, or one that no such field bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.machine.chart import lists_of
from engine.verify.space.explore import Explored, Limit, explore
from engine.verify.space.space import Space
from engine.verify.space.watch import monitor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from engine.core.definition import Workflow
    from engine.verify.parts import Parts
    from engine.verify.policies import AtMost, Before, NotBoth
    from engine.verify.space.explore import Monitor
    from engine.verify.space.plan import Step


class Prover:
    """Searches of one workflow; the spaces it has made are kept."""

    def __init__(self, workflow: Workflow, parts: Parts, limit: Limit) -> None:
        self.workflow, self.limit = workflow, limit
        self._parts = parts
        self._spaces: dict[frozenset[str] | None, Space] = {}
        self._lists = {
            arm.id: (arms, n)
            for state in workflow.states.values()
            for arms in lists_of(state)
            for n, arm in enumerate(arms)
        }

    def space(self, follow: frozenset[str] | None = None) -> Space:
        """The workflow's steps, with the values of these fields (None: of all that can be followed)."""
        if follow not in self._spaces:
            self._spaces[follow] = Space(self.workflow, self._parts, follow)
        return self._spaces[follow]

    def search(self, policy: Before | AtMost | NotBoth) -> tuple[Explored, Space]:
        """The shortest way that breaks a policy as far as values are followed, or that there is none."""
        return self.find(lambda place: monitor_of(policy, place))

    def find(self, monitor_at: Callable[[Mapping[str, int]], Monitor]) -> tuple[Explored, Space]:
        """The same for any monitor; it is told the place of each state in the file."""
        followed: frozenset[str] = frozenset()
        able = frozenset(self.space().values.places)
        while True:
            space = self.space(followed)
            explored = explore(space, self.limit, monitor_at(space.place))
            explored.whole = explored.whole and not space.cut
            more = self._decisive(explored.way or ()) & able - followed
            if not more:
                return explored, space
            followed |= more

    def _decisive(self, way: Iterable[Step]) -> frozenset[str]:
        """The fields that the conditions of a way look at: of its arms and those before them, of regions and of `need`."""
        found: set[str] = set()
        states = list(self.workflow.root.walk())
        for step in way:
            for arm in step.arms:
                arms, place = self._lists[arm]
                found.update(*(one.reads for before in arms[: place + 1] for one in before.when))
            for place in step.entered:
                found.update(*(region.condition.reads for region in states[place].children if region.condition))
        for state in states:
            if state.need.condition is not None:
                found |= state.need.condition.reads
        return frozenset(found)
