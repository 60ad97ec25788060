"""Work that ends well: a service's answer, a panel's answers, the ends of children; a few ways each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.case import SYSTEM, Actor, ChildEnded, EffectResult, Event
from engine.verify.trial.people import declares, senders
from engine.verify.trial.samples import NoSample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from engine.core.acts import Call
    from engine.core.definition import Children, Panel
    from engine.core.machine.chart import Ways
    from engine.verify.trial.player import Player, Run

_MIXTURES = 4
_MOST_ANSWERS = 12


def finished(player: Player, run: Run, path: str) -> Iterator[Run]:
    """The case after a state's own work has ended."""
    state = player.workflow.states[path]
    if state.panel is not None:
        yield from _voted(player, run, path, state.panel)
    elif state.call is not None:
        yield from _answered(player, run, path, state.call)
    elif state.cases is not None:
        yield from _ended(player, run, state.cases)


def _answered(player: Player, run: Run, path: str, call: Call) -> Iterator[Run]:
    for effect in [one for one in run.calls if one.state == path]:
        for _ in range(_MIXTURES if call.result else 1):
            result = EffectResult(effect, ok=True, data=_answer(player, call, run.now))
            after = player.said(run, result, SYSTEM)
            if after is not None:
                yield after


def _answer(player: Player, call: Call, now: datetime) -> dict[str, Any]:
    try:
        answer = {name: player.answers.some(field, f"result.{name}", now) for name, field in call.result.items()}
    except NoSample:
        answer = {}
    return {**answer, "sha256": "0" * 64}  # of a certificate


def _voted(player: Player, run: Run, path: str, panel: Panel) -> Iterator[Run]:
    """Answers one after the other until the panel is left or done."""
    ways = player.chart.ways[path][panel.event]
    for _ in range(_MIXTURES):
        after: Run | None = run
        for _ in range(_MOST_ANSWERS):
            answers = [] if after is None else list(player.answers.payloads(ways.form, after.case.data, after.now, {}))
            if after is None or not answers:
                break
            after = _vote(player, after, ways, panel, player.random.choice(answers))
            if after is not None and _is_over(after, path):
                yield after
                break


def _is_over(run: Run, path: str) -> bool:
    position = next((p for p in run.case.positions if p.state == path), None)
    done = any(arm.startswith(f"{path}:done") for arm in run.last.record.arms)
    return position is None or position.finished or done


def _vote(player: Player, run: Run, ways: Ways, panel: Panel, payload: Mapping[str, Any]) -> Run | None:
    people = list(senders(player.workflow, ways.handler.by, run.case.data, run.case, len(run.acts) + 1))
    named = [person for ask in panel.ask if ask.persons for person in run.case.data.get(ask.persons, ())]
    for person in named if people else ():
        people.append(replace(people[0], id=str(person.get("id") if isinstance(person, dict) else person)))
    event = Event(ways.handler.event, payload, declares(player.workflow))
    for actor in people:
        after = player.said(run, event, actor)
        if after is not None:
            return after
    return None


def _ended(player: Player, run: Run, cases: Children) -> Iterator[Run]:
    """All children end, with one outcome after the other that conditions ask for."""
    for outcome in player.answers.outcomes:
        after: Run | None = run
        for child in [one for one in run.case.memory.children if not one.ended and one.workflow == cases.workflow]:
            actor = Actor(child.id, kind="case", workflow=child.workflow, relation="child")
            ended = ChildEnded(child.id, child.number, child.workflow, outcome)
            after = None if after is None else player.said(after, ended, actor)
        if after is not None and after is not run:
            yield after
