"""The same things said once more: to the same workflow without some of them, or to another version of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.case import SYSTEM, ChildEnded, EffectResult, Event, TimerFired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from engine.core.case import Input
    from engine.verify.trial.player import Act, Player, Run


def replay(player: Player, acts: Iterable[Act]) -> Iterator[Run | None]:
    """The case after each of these acts; None and an end where one is refused or finds nothing to be about."""
    run: Run | None = None
    for act in acts:
        run = _again(player, run, act)
        yield run
        if run is None:
            return


def replayed(player: Player, acts: Iterable[Act]) -> list[Run]:
    """The case after each of these acts, as far as none is refused."""
    return [run for run in replay(player, acts) if run is not None]


def shortened(player: Player, run: Run, still: Callable[[Sequence[Run]], bool]) -> Run:
    """The run without what is not needed: what is left out is such that the rest, said again, still does what is looked for."""

    def tried(acts: Sequence[Act]) -> Run | None:
        again = replayed(player, acts)
        return again[-1] if len(again) == len(acts) and still(again) else None

    for place in range(len(run.acts) - 1, 0, -1):
        run = tried([*run.acts[:place], *run.acts[place + 1 :]]) or run
    for place, act in enumerate(run.acts):
        for less in _with_less(act):
            run = tried([*run.acts[:place], less(run.acts[place]), *run.acts[place + 1 :]]) or run
    return run


def _with_less(act: Act) -> Iterator[Callable[[Act], Act]]:
    """The act without one thing that was given."""
    if isinstance(act.said, Event):
        for path in act.said.data:
            yield lambda now, path=path: replace(now, said=_without(now.said, path))  # type: ignore[misc]


def _without(said: Input, path: str) -> Input:
    if not isinstance(said, Event):
        return said
    return replace(said, data={name: value for name, value in said.data.items() if name != path})


def _again(player: Player, run: Run | None, act: Act) -> Run | None:
    match act.said:
        case Event() as event if run is None:
            return player.opened(event, act.actor)
        case _ if run is None:
            return None
        case Event() as event:
            return player.said(run, event, act.actor)
        case TimerFired(timer=timer):
            return _due(player, run, (timer.state, timer.deadline, timer.kind, timer.rung))
        case EffectResult(effect=effect) as result:
            asked = next((one for one in run.calls if (one.state, one.kind) == (effect.state, effect.kind)), None)
            return None if asked is None else player.said(run, replace(result, effect=asked), SYSTEM)
        case ChildEnded(workflow=workflow) as ended:
            children = run.case.memory.children
            alive = next((one for one in children if not one.ended and one.workflow == workflow), None)
            return (
                None
                if alive is None
                else player.said(run, replace(ended, id=alive.id), replace(act.actor, id=alive.id))
            )
        case _:
            return None


def _due(player: Player, run: Run, wanted: tuple[str, str, str, int]) -> Run | None:
    """A timer that is the next one; what was due before it was an act of its own."""
    timers = player.due(run)
    first = next((t for t in timers if (t.state, t.deadline, t.kind, t.rung) == wanted), None)
    if first is None or first.due > timers[0].due:
        return None
    return player.fire(run, first)
