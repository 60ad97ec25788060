"""What a chart knows of a set of active states, worked out once for each set that occurs: order, leaves, what is restless.

A roadmap has few configurations and takes many steps in each; the memory is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.core.selection import active_leaves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.machine.chart import Chart, Clock

_REMEMBERED = 10_000


class Configuration(NamedTuple):
    """`states` and `leaves` in file order; `restless` are the states that may move by themselves, inner before outer;
    `panels` says whether a panel is among the leaves; `turn` is what all leaves together would say.
    """

    states: tuple[str, ...]
    leaves: tuple[str, ...]
    restless: tuple[str, ...]
    panels: bool
    turn: tuple[str, ...]
    clocks: tuple[Clock, ...]


def configuration(chart: Chart, active: Iterable[str]) -> Configuration:
    """The configuration of these active states."""
    key = tuple(active)
    found = chart.configurations.get(key)
    if found is None:
        found = _work_out(chart, key)
        if len(chart.configurations) >= _REMEMBERED:
            chart.configurations.clear()
        chart.configurations[key] = found
    return found


def _work_out(chart: Chart, active: tuple[str, ...]) -> Configuration:
    states = tuple(sorted(active, key=chart.place.__getitem__))
    leaves = tuple(active_leaves(states))
    around = {outer for path in states if path in chart.automatic for outer in chart.around[path]}
    saying = [*leaves, *(path for path in states if path in chart.parallels)]
    return Configuration(
        states=states,
        leaves=leaves,
        restless=tuple(sorted((p for p in around if p in chart.moving), key=chart.after.__getitem__)),
        panels=any(chart.states[path].panel is not None for path in leaves),
        turn=tuple(dict.fromkeys(who for path in saying for who in chart.turns[path])),
        clocks=tuple(clock for path in states for clock in chart.clocks[path]),
    )
