"""Events that somebody may send and whose conditions are all false: said, refused, and nothing comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.calendars.calendar import Uncountable
from engine.core.case import Event
from engine.core.machine.step import step
from engine.errors import GuardRefused, Refused
from engine.verify.trial.people import declares, senders
from engine.verify.trial.player import Act

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.core.forms import Form
    from engine.verify.trial.player import Player, Run


def refused(player: Player, run: Run, name: str, known: Mapping[str, Any]) -> Iterator[Act]:
    """What a case refuses for its conditions, with different things said and left out; `known` are values that are wanted."""
    now = player.soon(run)
    for ways in player.ways(run, name):
        for whole in player.answers.payloads(ways.form, run.case.data, now, known):
            for payload in (whole, *_less(ways.form, whole)):
                event = Event(name, payload, declares(player.workflow))
                data = {**run.case.data, **payload}
                for actor in senders(player.workflow, ways.handler.by, data, run.case, len(run.acts) + 1):
                    act = Act(event, actor, now)
                    if _is_refused(player, run, act):
                        yield act
                        break


def _less(form: Form, payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same without one thing that need not be said."""
    for path in payload:
        if not form.slots[path].must:
            yield {name: value for name, value in payload.items() if name != path}


def _is_refused(player: Player, run: Run, act: Act) -> bool:
    player.tried += 1
    try:
        step(player.chart, run.case, act.said, act.actor, now=act.at)
    except GuardRefused:
        return True
    except (Refused, Uncountable):
        return False
    return False
