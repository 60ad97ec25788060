"""Cases in which conditions come out true and false, and in which numbers are met from both sides of where a condition turns.

Data are those with which the condition is looked at: no arm before it fits. They are said with the event, by an earlier form, or
counted by the workflow itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.machine.chart import lists_of
from engine.rehearse.goals import Lead
from engine.verify.domains import decide
from engine.verify.graph import moves_of
from engine.verify.trial.refusals import refused
from engine.verify.trial.samples import NoSample, rows, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from engine.core.definition import Arm
    from engine.rehearse.guards import Guards
    from engine.verify.trial.aiming import Aims
    from engine.verify.trial.player import Run

    Wish = Mapping[str, Any]

_MOST_WISHES = 3


class _Place(NamedTuple):
    """Where an arm stands: in which list, which of it, and what looks at the list."""

    state: str
    kind: str
    name: str
    arms: tuple[Arm, ...]
    number: int


class Turning:
    """Looks for them in one workflow; `guards` know what it compares."""

    def __init__(self, aims: Aims, guards: Guards) -> None:
        self.aims, self.guards, self.workflow = aims, guards, aims.workflow
        self._places: dict[str, _Place] = {}
        for path, state in self.workflow.states.items():
            lists = {arm.id: arms for arms in lists_of(state) for arm in arms}
            for move in moves_of(state):
                arms = lists[move.arm.id]
                self._places[move.arm.id] = _Place(path, move.kind, move.name, arms, arms.index(move.arm))

    def outcome(self, name: str) -> Iterator[Lead]:
        """Cases in which a condition may come out so: `<arm> true`, `<arm> false`."""
        arm, _, word = name.rpartition(" ")
        place = self._places[arm]
        if self.aims.entering(place.state) is None:
            return
        takes = [arm] if word == "true" else [later.id for later in place.arms[place.number + 1 :]]
        for one in takes:
            found = self.aims.taking([one])
            if found is not None:
                yield Lead(found)
        wishes = self._wishes(place, fits=word == "true")[:_MOST_WISHES] or [{}]
        for wish in (*wishes, *self._plain(place)):
            yield from self._tried(place, wish)

    def boundary(self, name: str) -> Iterator[Lead]:
        """Cases in which a condition may see a number from this side."""
        for arm, comparison in self.guards.comparing(name):
            place = self._places[arm]
            if self.aims.entering(place.state) is None:
                continue
            fitting = [
                *self._wishes(place, fits=True),
                *self._wishes(place, fits=False),
                {},
            ]  # all else as it should be
            for value in comparison.values(name):
                wishes = [{**wish, comparison.name: value} for wish in fitting]
                for wish in [one for n, one in enumerate(wishes) if one not in wishes[:n]][:_MOST_WISHES]:
                    yield from self._tried(place, wish)

    def _wishes(self, place: _Place, *, fits: bool) -> list[Wish]:
        """Data with which the arm is looked at, as no arm before it fits, and fits or not."""
        return self.fitting(place.arms[: place.number + 1], fits=fits)

    def fitting(self, arms: Sequence[Arm], *, fits: bool = True) -> list[Wish]:
        """Data with which the last of these arms fits, or does not, and none before it; none where that is not decided."""
        decided = decide(arms, self.workflow)
        if decided is None:
            return []
        return [
            {name: value for name, value in example.items() if self._is_said(name)}
            for example, *holds in zip(decided.examples, *decided.holds, strict=True)
            if holds[-1] == fits and not any(holds[:-1])
        ]

    def _plain(self, place: _Place) -> Iterator[Wish]:
        """What an arm looks at given as plainly as may be: its fields; its lists, once with each option of each choice."""
        read = {path for condition in place.arms[place.number].when for path in condition.reads}
        fields = [one for path, one in self.workflow.fields.items() if path in read]
        now = self.aims.trials.player.start
        try:
            yield {field.path: sample(field, now) for field in fields if not field.columns}
            lists = [(field, rows(field, now)) for field in fields if field.columns]
        except NoSample:
            return
        for field, whole in lists:
            kept = {name: one for name, one in field.columns.items() if one.required or name == field.key}
            short = [{name: row[name] for name in kept} for row in whole]
            choices = [(name, option) for name, one in kept.items() for option in one.type.options]
            for more in [{name: option} for name, option in choices] or [{}]:
                yield {field.path: [{**row, **more} for row in short]}

    def _is_said(self, name: str) -> bool:
        return name in self.workflow.fields or name.startswith(("event.", "result."))

    def _tried(self, place: _Place, wish: Wish) -> Iterator[Lead]:
        """Cases in which a list of arms is looked at with such data."""
        player = self.aims.trials.player
        match place.kind:
            case "event":
                for rest in self._rests(place, wish):
                    yield from (Lead(run) for run in player.events(rest, place.name, wish))
                    yield from (Lead(rest, act) for act in refused(player, rest, place.name, wish))
            case "deadline":
                for rest in self._rests(place, wish):
                    run = player.until(rest, place.state, place.name)
                    yield from [Lead(run)] if run is not None else []
            case _:
                arms = [arm.id for arm in place.arms[place.number :]]
                for name in wish.keys() & self.aims.followed:
                    found = self.aims.choosing(arms, name, wish[name])
                    yield from [Lead(found)] if found is not None else []
                found = self.aims.taking(arms, wish)
                yield from [Lead(found)] if found is not None else []

    def _rests(self, place: _Place, wish: Wish) -> Iterator[Run]:
        """Cases that are where the list is looked at: any; with the counters wished for; with the data wished for."""
        found = [self.aims.entering(place.state)]
        found += [self.aims.resting(place.state, name, wish[name]) for name in sorted(wish.keys() & self.aims.followed)]
        yield from (run for run in found if run is not None)
        forms = self.aims.trials.player.chart.ways[place.state]
        slots = forms[place.name].form.slots.values() if place.kind == "event" else ()
        asked = {f"event.{slot.path}" if slot.event_data else slot.path for slot in slots if not slot.columns}
        if not wish.keys() <= self.aims.followed | asked:
            earlier = self.aims.entering(place.state, wish)
            yield from [earlier] if earlier is not None else []
