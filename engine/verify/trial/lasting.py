"""Cases that take longer than a policy allows: people let time pass, up to the last moment before a deadline, or for good.

What happens by itself is let happen; where a deadline would bring the end in time, somebody moves the case elsewhere just before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from engine.core.calendars.calendar import Uncountable
from engine.core.calendars.moments import due_after
from engine.verify.traces import happens, moment_of_step
from engine.verify.trial.persons import judged
from engine.verify.trial.replay import replayed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.core.case import Timer
    from engine.verify.policies import Within
    from engine.verify.trial.player import Player, Run

MOST_STEPS = 600
"""Steps asked of the engine."""
_LATER = timedelta(minutes=1)
_BEFORE = timedelta(seconds=1)


def lasting(player: Player, policy: Within, begun: Run, most: int = MOST_STEPS) -> tuple[Run, str] | None:
    """A case that begins like this one, at whose last step the time begins, and takes too long; with what is wrong in words."""
    due = _due(player, policy, begun)
    start = tuple(replayed(player, begun.acts))
    if due is None or len(start) != len(begun.acts):
        return None
    order, known, last = count(), set[tuple[object, ...]](), player.tried + most
    waiting = [(0.0, next(order), start)]
    while waiting and player.tried < last:
        _, _, runs = heappop(waiting)
        timers = player.due(runs[-1])
        if not timers or timers[0].due > due:  # nobody has to do anything
            idle = (*runs, replace(runs[-1], now=due + _LATER))
            why = judged(policy, player, idle)
            if why is not None:
                return runs[-1], why
            continue
        for after in _after(player, runs[-1], timers[0]):
            key = (after.case.leaves, after.now, player.told(after))
            if key not in known and after.case.closed_at is None and not _ends(policy, after):
                known.add(key)
                heappush(waiting, (-after.now.timestamp(), next(order), (*runs, after)))
    return None


def _due(player: Player, policy: Within, begun: Run) -> datetime | None:
    chart = player.chart
    try:
        return due_after(begun.now, policy.term, calendar=chart.calendar, zone=chart.zone, roll="none")
    except (Uncountable, ValueError):
        return None


def _ends(policy: Within, run: Run) -> bool:
    """Whether the last step brings the end: nothing behind it takes longer from this start."""
    return happens(policy.end, moment_of_step(run.last.record)) > 0


def _after(player: Player, run: Run, timer: Timer) -> Iterator[Run]:
    """What falls due next, or what somebody says just before it."""
    fired = player.fire(run, timer)
    if fired is not None:
        yield fired
    for name in player.names(run):
        yield from player.events(run, name, at=max(run.now, timer.due - _BEFORE))
