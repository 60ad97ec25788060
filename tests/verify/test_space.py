"""The proof of the prover: what is searched is what the engine does, in full and reduced, and what is said of it happens."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from drawn import draw, people_and_time, policies
from generator import Builder, Chance, Said
from pair import Pair

from engine.core.expressions.expression import Expression
from engine.core.loader.load import load_or_raise
from engine.errors import Refused
from engine.verify.parts import Parts
from engine.verify.policies import Persons, Within
from engine.verify.space.explore import LIMIT, Limit, Seen, explore
from engine.verify.space.space import Space
from engine.verify.space.watch import monitor_of
from engine.verify.traces import Trace, acts_of, broken, happens, moment_of_step
from engine.verify.trial.endings import finished
from engine.verify.trial.player import Player
from engine.verify.trial.replay import replay
from engine.verify.trial.trials import Trials

KINDS = ("event",) * 8 + ("timer", "result", "result", "handled", "child")
WORKFLOWS = Path(__file__).parents[2] / "workflows"
SHIPPED = ("appeal", "campaign", "change_notice", "surveillance", "qualification")


class Watched(Pair):
    """A case of the engine whose every step has to be one of the space's."""

    def __init__(self, workflow, space):
        super().__init__(workflow)
        self.space = space
        self.steps = 0

    def agree(self, case, expected, actual, what):
        """After the oracle has agreed: from where the case was, the space comes to where it is."""
        before = getattr(self, "case", None)
        agreed = super().agree(case, expected, actual, what)
        if agreed and not isinstance(actual, Refused):
            after = self.space.config_of(self.case)
            start = None if before is None else self.space.config_of(before)
            ways = self.space.start() if start is None else self.space.steps(start)
            assert self.space.cut or after == start or after in {step.to for step in ways}, what
            self.steps += not self.space.cut
        return agreed


def watched(seeds):
    """How many steps of random cases of random workflows were among those of the space."""
    steps = 0
    for seed in seeds:
        random = Random(seed)
        workflow = Builder(Chance(random.randbytes(1200))).workflow()
        pair = Watched(workflow, Space(workflow, Parts(workflow)))
        if pair.open():
            for _ in range(12):
                good = random.random() < 0.9
                pair.say(
                    Said(random.choice(KINDS), random.randrange(12), random.randrange(42), random.randrange(4), good)
                )
        steps += pair.steps
    return steps


def test_every_step_of_the_engine_is_one_of_the_space():
    """Random workflows of every kind of state, random cases: none leaves what is searched."""
    assert watched(range(200)) > 500


@pytest.mark.slow
def test_every_step_of_the_engine_is_one_of_the_space_for_long():
    """The same for ten thousand."""
    assert watched(range(1000, 11_000)) > 25_000


def compared(seeds):
    """How many policies of random workflows were broken, and how many hold, said alike by the full and the reduced search."""
    broken = kept = 0
    for seed in seeds:
        workflow = draw(seed)
        trials = Trials(workflow, Parts(workflow), None, LIMIT)
        whole = trials.prover.space()
        for policy in policies(workflow, Random(seed)):
            plain = explore(whole, LIMIT, monitor_of(policy, whole.place))
            reduced, _ = trials.prover.search(policy)
            assert plain.whole
            assert (plain.way is None) == (reduced.way is None), (seed, policy)
            if plain.way is not None:
                assert len(reduced.way) == len(plain.way), (seed, policy)
                broken += 1
            else:
                kept += 1
    return broken, kept


def test_reduced_and_plain_search_agree():
    """Values followed only where they decide: the same answer, and a way as short, as with all of them."""
    broken, kept = compared(range(1000))
    assert min(broken, kept) > 300


@pytest.mark.slow
def test_reduced_and_plain_search_agree_for_long():
    """The same for more."""
    broken, kept = compared(range(10_000, 30_000))
    assert min(broken, kept) > 6000


# ── what is said happens, and what is said never to happen does not ──────────────────────────────────────────────────


def broken_by(policy, runs, player):
    """Whether a case has broken a policy, as scenarios judge it: by its records alone."""
    moments = [moment_of_step(run.last.record) for run in runs]
    return broken(policy, Trace(player.chart, moments, runs[-1].now)) is not None


def wander(player, random, length=12):
    """A random case: one of the things that may come next, again and again."""
    runs = [random.choice(list(player.openings()) or [None])]
    if runs == [None]:  # what moves by itself never comes to rest: no such case is opened
        return []
    for _ in range(length):
        run = runs[-1]
        doing = [position.state for position in run.case.positions if not position.finished]
        ways = [lambda name=name: player.events(runs[-1], name) for name in player.names(run)]
        ways += [lambda path=path: finished(player, runs[-1], path) for path in doing]
        ways += [lambda timer=timer: filter(None, [player.fire(runs[-1], timer)]) for timer in player.due(run)[:1]]
        after = list(random.choice(ways)()) if ways else []
        if after:
            runs.append(random.choice(after))
    return runs


def judged(seeds, wanderings):
    """(counterexamples that happened again, wanderings that broke nothing that holds)."""
    happened = quiet = 0
    for seed in seeds:
        workflow, random = draw(seed), Random(seed)
        parts = Parts(workflow)
        trials = Trials(workflow, parts, None, LIMIT)
        holds = []
        for policy in policies(workflow, random):
            explored, _ = trials.prover.search(policy)
            found = trials.against(policy) if explored.way is not None else None
            if found is not None:
                again = list(replay(Player(workflow, None, parts.of(Expression)), found.acts))
                assert again[-1] is not None, (seed, policy)
                assert broken_by(policy, again, trials.player), (seed, policy)
                happened += 1
            elif explored.way is None:
                holds.append(policy)
        player = Player(workflow, None, parts.of(Expression), seed=seed)
        for _ in range(wanderings if holds else 0):
            runs = wander(player, random)
            assert not (runs and any(broken_by(policy, runs, player) for policy in holds)), seed
            quiet += bool(runs)
    return happened, quiet


def test_counterexamples_happen_and_proofs_are_not_contradicted():
    """Each counterexample is said again to the engine and breaks the policy; random cases break none that is proved."""
    happened, quiet = judged(range(60), 10)
    assert happened > 50
    assert quiet > 300


@pytest.mark.slow
def test_counterexamples_happen_and_proofs_are_not_contradicted_for_long():
    """Ten thousand random cases."""
    happened, quiet = judged(range(20_000, 20_600), 20)
    assert happened > 500
    assert quiet > 10_000


def of_people_and_time(seeds, wanderings):
    """How often each answer was given; what is proved is contradicted by no random case, whoever acts in it."""
    answers = Counter()
    for seed in seeds:
        workflow, random = draw(seed), Random(seed)
        parts = Parts(workflow)
        trials = Trials(workflow, parts, None, LIMIT)
        holds = []
        for policy in people_and_time(workflow, random):
            verdict = trials.decide(policy)
            answers[type(policy), verdict.answer] += 1
            holds += [policy] if verdict.answer == "holds" else []
        player = Player(workflow, None, parts.of(Expression), seed=seed)
        for _ in range(wanderings if holds else 0):
            runs = wander(player, random)
            moments = [moment_of_step(run.last.record) for run in runs]
            for policy in holds:
                match policy:
                    case Within():
                        last = bool(runs) and runs[-1].case.closed_at is not None
                        began = [happens(policy.start, m) and not happens(policy.end, m) for m in moments]
                        assert not any(began[:-1] if last else began), (seed, policy)
                    case Persons(things=things):
                        acted = acts_of(policy, moments)
                        places = {(things.index(thing), place) for thing, place in acted}
                        assert not any(a != b and i != j for a, i in places for b, j in places), (seed, policy)
    return answers


def test_people_and_time_are_decided():
    """By a case that breaks the policy, as its records say, or since no case comes there."""
    answers = of_people_and_time(range(80), 10)
    assert answers[Persons, "fails"] > 20
    assert answers[Persons, "holds"] > 60
    assert answers[Within, "fails"] > 20
    assert answers[Within, "holds"] > 20
    assert sum(count for (_, answer), count in answers.items() if answer == "open") < 8, answers


@pytest.mark.slow
def test_people_and_time_are_decided_for_long():
    """The same for more."""
    answers = of_people_and_time(range(1000, 3000), 20)
    assert sum(count for (_, answer), count in answers.items() if answer == "fails") > 1000


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_workflows_stay_inside(name):
    """Random cases of the shipped workflows take no step that the search does not know."""
    workflow = load_or_raise((WORKFLOWS / f"{name}.yaml").read_text("utf-8"), file=f"{name}.yaml")
    parts, random = Parts(workflow), Random(7)
    space = Space(workflow, parts)
    trials = Trials(workflow, parts, None, LIMIT)
    for _ in range(6):
        runs = wander(trials.player, random, 25)
        places = [space.config_of(run.case) for run in runs]
        assert places[0] in {step.to for step in space.start()}
        for before, after in pairwise(places):
            assert after == before or after in {step.to for step in space.steps(before)}


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_search_that_is_stopped_says_so(make):
    """At so many configurations, or after so many seconds; what was looked for before is still found."""
    workflow = make(
        "one: {turn: clerk, events: {a: {by: clerk, to: two}}}\ntwo: {turn: clerk, events: {b: {by: clerk, to: end}}}\nend: {final: true}"
    )
    space = Space(workflow, Parts(workflow))
    assert explore(space, LIMIT).whole
    assert not explore(space, Limit(configurations=1)).whole
    ticks = iter(range(100))
    assert not explore(space, Limit(seconds=0.5, clock=lambda: float(next(ticks)))).whole
    found = explore(space, Limit(configurations=1), lambda _, step: Seen.FOUND if step.move.name == "a" else None)
    assert [step.move.name for step in found.way] == ["open", "a"]
