"""Looking ahead at a workflow: its nominal path with every due date, if everybody uses all the time he has.

The *nominal path* is the one that the process owner tells: the scenario named with `--scenario`; without it the first one
of the workflow's scenario files whose name begins with `nominal`; where none does, the first that brings its case to an end.
(What a good end is, and what makes a guard true, no rule can read off a workflow; a scenario says both.)

The scenario is played twice on the real services. First as it is written: that tells what carries the story on, and which
state took it. Then from another day, without its waiting: each scene happens in the last second before the earliest due moment
of the state that it leaves (or of a deadline around it that would move the case elsewhere); at once where that has no
deadline, where its deadlines have passed, or where nothing is left by it. What a deadline does by itself happens when it is
due. Dates that are said with an event keep their distance to it. All due moments are the timers of the case.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.calendars.moments import local_date, local_instant
from engine.core.definition import StateKind
from engine.core.frozen import frozen
from engine.core.machine.turns import running_sides
from engine.describe.timeline import Due, Stay, Timeline
from engine.describe.words import timing, title_of
from engine.errors import MilepostError, NotFound
from engine.rehearse.names import check_names
from engine.rehearse.play import Difference, Play
from engine.rehearse.reading import read_scenarios
from engine.rehearse.runner import moves_of
from engine.rehearse.scenes import next_scenes, on, scenes_of
from engine.rehearse.story import Story
from engine.rehearse.suite import scenario_files, tested_workflow
from engine.rehearse.watching import CaseName, Watch
from engine.rehearse.world import World
from engine.service.bundles import read_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from engine.core.case import Case, Timer
    from engine.core.machine.chart import Chart
    from engine.core.naming import Role
    from engine.rehearse.scenario import Scenario, ScenarioFile
    from engine.rehearse.scenes import Scene
    from engine.rehearse.watching import Stayed
    from engine.rehearse.world import TemplatesOf

NOMINAL = "nominal"
LAST = timedelta(seconds=1)
"""How long before a due moment an event is sent: what is received at the moment itself is late."""
GRAVE = frozenset({"timer", "open", "result"})
"""Incidents after which a case is not where it would be; that nobody was told of something is none of these."""


class NoNominalPath(MilepostError):
    """There is no scenario to follow, or it does not go as it is written."""


def preview(path: Path, begin: date, *, scenario: str | None = None, templates: TemplatesOf) -> Timeline:
    """The nominal path of a workflow file from a day on, at the scenario's time of day.

    Raises NoNominalPath, NotFound, InvalidWorkflow, OSError.
    """
    if not path.is_file() or path.name.endswith(".test.yaml"):
        raise NotFound(f"{path} is no workflow file; name one such as workflows/qualification.yaml")
    world = World(read_folder(path.parent), templates)
    try:
        if path.name not in world.files:
            raise NotFound(f"{path} is no workflow file; there are {', '.join(sorted(world.files))}")
        chart = world.charts[world.files[path.name]]
        told = _told(world, chart, path, scenario)
        return _Ahead(world, chart, told, begin).look()
    finally:
        world.close()


# ── the story ────────────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class _Told:
    """A scenario that went as written, as scenes, and the stays it led through."""

    file: ScenarioFile
    scenario: Scenario
    scenes: Sequence[Scene]
    stays: Sequence[Stayed]
    closed: bool


def _told(world: World, chart: Chart, path: Path, name: str | None) -> _Told:
    found = list(_scenarios(world, chart, path))
    if not found:
        raise NoNominalPath(f"no scenario file beside {path.name} is about it; write {path.stem}.test.yaml")
    if name is not None:
        wanted = [one for one in found if one[1].name == name]
        if not wanted:
            names = [scenario.name for _, scenario in found]
            near = difflib.get_close_matches(name, names, n=1) or names[:5]
            raise NoNominalPath(f"there is no scenario '{name[:80]}' about {path.name}; there is '{near[0]}'")
        return _played(world, chart, *wanted[0])
    named = [one for one in found if one[1].name.startswith(NOMINAL)]
    if named:
        return _played(world, chart, *named[0])
    ended = next((told for told in (_played(world, chart, *one) for one in found) if told.closed), None)
    if ended is None:
        raise NoNominalPath(
            f"no scenario brings a case of {path.name} to an end; call one `{NOMINAL} …`, or name one with --scenario"
        )
    return ended


def _scenarios(world: World, chart: Chart, path: Path) -> Iterator[tuple[ScenarioFile, Scenario]]:
    """Those about this workflow: of `<name>.test.yaml` first, then of the other files in their order."""
    known = {name: other.workflow for name, other in world.charts.items()}
    own = path.with_name(f"{path.stem}.test.yaml")
    for source in sorted(scenario_files([path.parent]), key=lambda one: (one != own, one)):
        file = read_scenarios(source.read_text(encoding="utf-8"), file=str(source))
        if tested_workflow(file, world.files) == chart.workflow.name:
            check_names(file, chart.workflow, known)
            for scenario in file.scenarios:
                yield file, scenario


def _played(world: World, chart: Chart, file: ScenarioFile, scenario: Scenario) -> _Told:
    """The scenario as it is written. Raises NoNominalPath where it goes otherwise."""
    watch = _watched(world)
    world.begin(_clock(file, chart), file.people, file.calls)
    play = Play(world, chart, file.people, Story(world, chart.zone))
    try:
        scenes = scenes_of(play, watch, moves_of(scenario))
        play.look(scenario.end, None, scenario.mark)
        play.check_incidents(scenario.mark)
    except Difference as difference:
        words = f"'{scenario.name}' does not go as written: {difference.words}"
        raise NoNominalPath(f"{file.file}:{difference.mark.line}: {words}; see `milepost test {file.file}`") from None
    stored = world.store.read(lambda reader: reader.case(play.main))
    return _Told(file, scenario, scenes, watch.stays, stored is not None and stored.case.closed_at is not None)


def _watched(world: World) -> Watch:
    watch = Watch(world)
    world.onlooker = watch.look
    return watch


def _clock(file: ScenarioFile, chart: Chart) -> datetime:
    return file.clock if file.clock.tzinfo else file.clock.replace(tzinfo=chart.zone)


# ── from another day ─────────────────────────────────────────────────────────────────────────────────────────────────


class _Ahead:
    """The scenes of a story, each as late as it may be."""

    def __init__(self, world: World, chart: Chart, told: _Told, begin: date) -> None:
        self.world, self.chart, self.told, self.zone = world, chart, told, chart.zone
        clock = _clock(told.file, chart).astimezone(self.zone)
        self.begin = local_instant(datetime.combine(begin, clock.time()), self.zone)
        self.workflows = {name: other.workflow for name, other in world.charts.items()}
        self.watch = _watched(world)
        self.play = Play(world, chart, told.file.people, Story(world, self.zone))

    def look(self) -> Timeline:
        """Follow the story to its end, or as far as it goes."""
        self.world.begin(self.begin, self.told.file.people, self.told.file.calls)
        stopped = None
        pending = list(self.told.scenes)
        while pending and stopped is None:
            scene = min(next_scenes(pending, self.workflows), key=lambda one: (self._moment(one), pending.index(one)))
            pending.remove(scene)
            stopped = self._do(scene)
        if stopped is not None:
            notes = [record["note"] for _, record in self.watch.records if record["kind"] == "dropped"]
            stopped = "; before, this was not taken: ".join([stopped, *notes[-1:]])
        stored = self.world.store.read(lambda reader: reader.case(self.play.main)) if self.play.main else None
        return Timeline(
            workflow=self.chart.workflow.name,
            title=self.chart.workflow.title.say(""),
            story=self.told.scenario.name,
            zone=self.zone,
            begin=self.begin,
            stays=tuple(self._stays(beyond=stopped is not None)),
            outcome=None if stored is None else stored.case.outcome,
            stopped=stopped,
        )

    def _do(self, scene: Scene) -> str | None:
        """Why it could not be done."""
        moment = max(self._moment(scene), self.world.moment)
        try:
            self.world.advance(moment)
            if scene.move is not None:
                workflow = self.workflows[scene.case.workflow]
                self.play.do(on(scene, local_date(moment, self.zone), workflow, self.zone))
            elif self._times(scene) < scene.times:
                case = self._case(scene.case)
                there = ", ".join(case.leaves) if case is not None else "not there"
                return f"{scene.deadline} of {scene.state} does not fall due; the case is in {there}"
        except Difference as difference:
            return difference.words
        except (MilepostError, OverflowError) as error:
            return str(error)
        finally:
            self.watch.look()
        grave = next((one for one in self.world.incidents() if one.kind in GRAVE), None)
        return None if grave is None else grave.text

    def _moment(self, scene: Scene) -> datetime:
        """When it is to be done; the present where there is nothing to wait for."""
        now, case = self.world.moment, self._case(scene.case)
        if case is None:
            return now
        if scene.move is None:
            fires = [t.due for t in _due(case) if (t.state, t.deadline) == (scene.state, scene.deadline)]
            return now if self._times(scene) >= scene.times else min(fires, default=now)
        own = [timer.due for timer in _due(case) if timer.state == scene.state]
        if not scene.leaves or not own:
            return now
        outer = self.world.charts[scene.case.workflow].around[scene.state][1:]
        around = [timer.due for timer in _due(case) if timer.state in outer and self._leads_away(scene.case, timer)]
        return max(now, min(own + around) - LAST)

    def _leads_away(self, which: CaseName, timer: Timer) -> bool:
        deadline = self.workflows[which.workflow].states[timer.state].deadlines[timer.deadline]
        return any(arm.to is not None for arm in deadline.arms)

    def _times(self, scene: Scene) -> int:
        wanted = ("deadline", scene.state, scene.deadline)
        return sum(
            which == scene.case and (record["kind"], record.get("state", ""), record["name"]) == wanted
            for which, record in self.watch.records
        )

    def _case(self, which: CaseName) -> Case | None:
        case_id = self.watch.ids.get(which)
        stored = None if case_id is None else self.world.store.read(lambda reader: reader.case(case_id))
        return None if stored is None else stored.case

    # ── what was seen ────────────────────────────────────────────────────────────────────────────────────────────────

    def _stays(self, *, beyond: bool) -> Iterator[Stay]:
        first = next(iter(self.watch.ids), None)
        names = list(self.watch.ids)
        seen = [one for one in self.watch.stays if _shown(one)]
        order = {id(one): (one.entered, names.index(one.case), one.chart.place[one.state]) for one in seen}
        for one in sorted(seen, key=lambda stay: order[id(stay)]):
            yield _stay(one, own=one.case == first)
        if beyond:
            known = [(one.case, one.state) for one in self.watch.stays]
            for one in self.told.stays:
                if (one.case, one.state) in known:
                    known.remove((one.case, one.state))
                elif _shown(one):
                    yield _unreached(one, own=one.case.workflow == self.chart.workflow.name and one.case.number == 1)


def _due(case: Case) -> Iterator[Timer]:
    return (timer for timer in case.timers if timer.kind == "due")


def _shown(stay: Stayed) -> bool:
    """Where somebody waits, where something is due, what holds regions, and the end."""
    state = stay.chart.states[stay.state]
    if state.kind in {StateKind.STAGE, StateKind.CHOICE}:
        return bool(state.deadlines)
    return state.kind is not StateKind.FINAL or not state.parent


def _stay(one: Stayed, *, own: bool) -> Stay:
    chart = one.chart
    state = chart.states[one.state]
    asked = [ask.role for ask in state.panel.ask if ask.role is not None] if state.panel is not None else []
    turn = tuple(dict.fromkeys(asked)) or chart.turns[one.state]
    roles = {name: chart.workflow.roles.get(name.removesuffix(".supervisor")) for name in turn}
    side = next(iter(running_sides(chart.workflow, turn)), None)
    final = state.kind is StateKind.FINAL
    return Stay(
        path=one.state,
        title=title_of(state) if state.path else chart.workflow.title.say(""),
        turn=() if final else tuple(_title(name, role) for name, role in roles.items()),
        side="none" if final or side is None else side.value,
        entered=one.entered,
        left=one.entered if final else one.left,
        dues=tuple(due for name in state.deadlines for due in one.dues.get(name, ())),
        case="" if own else f"{chart.workflow.title.say('')} ({one.case.workflow} {one.case.number})",
        lane=_lane(one, chart),
        around=bool(state.children),
    )


def _title(name: str, role: Role | None) -> str:
    if role is None:
        return name
    return f"{role.title.say('')}, superior" if name.endswith(".supervisor") else role.title.say("")


def _lane(one: Stayed, chart: Chart) -> str:
    """The innermost region around a state, by its title and where it is."""
    for path in chart.around[one.state][1:]:
        state = chart.states[path]
        if path and chart.states[state.parent].kind is StateKind.PARALLEL:
            return f"{title_of(chart.states[state.parent])} · {title_of(state)}#{path}"
    return ""


def _unreached(one: Stayed, *, own: bool) -> Stay:
    state = one.chart.states[one.state]
    dues = tuple(Due(name, timing(deadline), None, "") for name, deadline in state.deadlines.items())
    return replace(_stay(one, own=own), entered=None, left=None, dues=dues)
