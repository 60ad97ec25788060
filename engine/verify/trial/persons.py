"""Cases that break a policy about persons: the same one acts where it has to be different ones, or the other way round."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.verify.traces import Trace, acts_of, broken, moment_of_step
from engine.verify.trial.replay import replayed, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.verify.policies import Persons, Policy
    from engine.verify.trial.player import Act, Player, Run


def breaking(player: Player, policy: Persons, run: Run) -> Run | None:
    """A case like this one, in which people act in two of the places named, that breaks the policy; None: the engine refuses it."""
    for acts in (run.acts, *_by_one(player, policy, run)):
        runs = replayed(player, acts)
        if len(runs) == len(acts) and judged(policy, player, runs) is not None:
            return shortened(player, runs[-1], lambda less: judged(policy, player, less) is not None)
    return None


def judged(policy: Policy, player: Player, runs: Sequence[Run]) -> str | None:
    """The two moments that break a policy, in words; None where it holds over a case and its steps."""
    moments = [moment_of_step(run.last.record) for run in runs]
    return broken(policy, Trace(player.chart, moments, runs[-1].now))


def _by_one(player: Player, policy: Persons, run: Run) -> Iterator[tuple[Act, ...]]:
    """The acts of a case with one of them said by who has acted elsewhere before."""
    acted = acts_of(policy, [moment_of_step(one.last.record) for one in replayed(player, run.acts)])
    for number, (thing, place) in enumerate(acted):
        for earlier, before in acted[:number]:
            if earlier is not thing and before != place:
                who, said = run.acts[before].actor, run.acts[place]
                again = replace(said, actor=replace(said.actor, id=who.id, name=who.name))
                yield (*run.acts[:place], again, *run.acts[place + 1 :])
