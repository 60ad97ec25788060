"""What a case can do next, from any configuration: the engine's own steps, with every condition that is not known taken both ways.

A configuration is what is active and finished (bits in file order), the values that are followed, and how kept states were
left. Steps are made in the engine's order (LANGUAGE §3.1): sets, leaving, entering outer first, then what moves by itself, inner
first. It goes at least wherever a case can go; where it goes further, a condition it does not know would have said no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.definition import StateKind
from engine.core.machine.kin import CHILD_ENDED
from engine.verify.space.plan import Config, Left, Move, Plan, Step, Way
from engine.verify.space.values import UNKNOWN, Known

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from engine.core.case import Case, Position
    from engine.core.definition import State, Workflow
    from engine.core.machine.chart import Route
    from engine.verify.parts import Parts

_MOST = 1000  # ways of one step; more are not looked at, and `cut` says so
_REMEMBERED = 20_000  # configurations whose steps are kept for the next search
_STAGE, _PARALLEL, _CHOICE = StateKind.STAGE, StateKind.PARALLEL, StateKind.CHOICE


class _Work(NamedTuple):
    """A configuration in the middle of a step; `new` are the states that were entered or brought back by it."""

    active: int
    finished: int
    known: Known
    left: Left
    entered: tuple[int, ...] = ()
    arms: tuple[str, ...] = ()
    new: int = 0


class _At(NamedTuple):
    """For a set of active states: who takes what, whose own work may end, what may move by itself, inner first."""

    takers: list[list[list[Way]]]
    doing: list[tuple[int, State]]
    moving: list[tuple[int, State]]


class Space(Plan):
    """A workflow's steps over configurations."""

    def __init__(self, workflow: Workflow, parts: Parts, follow: Collection[str] | None = None) -> None:
        """`follow`: the only fields whose values are to be followed (None: all that can be)."""
        super().__init__(workflow, parts, follow)
        self.cut = False
        self._known_at: dict[int, _At] = {}
        self._known_steps: dict[Config, tuple[Step, ...]] = {}

    def start(self) -> list[Step]:
        """Where a new case may rest."""
        opened = Move("event", "open", "")
        blank = _Work(0, 0, self.values.start, (None,) * len(self.kept))
        return list(self._taken(opened, self._enter([blank], "", (), ())))

    def steps(self, config: Config) -> tuple[Step, ...]:
        """All that may happen to a case that rests here; nothing where it is closed."""
        known = self._known_steps.get(config)
        if known is None:
            known = tuple(self._steps(config))
            if len(self._known_steps) < _REMEMBERED:
                self._known_steps[config] = known
        return known

    def _steps(self, config: Config) -> Iterator[Step]:
        if config.active & self.ends:
            return
        now = _Work(*config)
        ended = now._replace(new=self._children)  # one child may count for several states
        at = self._at(config.active)
        for takers in at.takers:
            for ways in self._together(now, takers):
                before = ended if ways[0].move.name == CHILD_ENDED else now
                yield from self._taken(ways[0].move, self._take(before, ways))
        for bit, state in at.doing:
            if not config.finished & bit:
                before = now if state.cases is None else ended
                yield from self._taken(Move("done", "", state.path), self._complete(before, state))
                failed = now._replace(finished=now.finished | bit)
                for way in self._fitting(failed, self._ways[state.path]["failed"]):
                    yield from self._taken(way.move, self._take(failed, (way,)))
        if config.active & self._unsure:  # any step may find that it is enough now
            yield from self._taken(Move("done", "", ""), [now])

    def _at(self, active: int) -> _At:
        """What is to be looked at where these states are active; there are far fewer such sets than configurations."""
        known = self._known_at.get(active)
        if known is None:
            takers = [[ways for bit, ways in some if active & bit] for bits, some in self._outward if active & bits]
            doing, moving = ([one for one in some if active & one[0]] for some in (self._doing, self._moving))
            known = self._known_at[active] = _At(takers, doing, moving)
        return known

    def config_of(self, case: Case) -> Config:
        """Where a real case rests, as it is seen here."""
        left: list[tuple[int, int] | None] = []
        for path in self.kept:
            snapshot = case.memory.left.get(path)
            left.append(None if snapshot is None else self._bits(snapshot.positions))
        known = tuple(case.data.get(path) for path in self.values.places)
        return self._resting(*self._bits(case.positions), self.values.capped(known), tuple(left))

    def _bits(self, positions: Iterable[Position]) -> tuple[int, int]:
        """What of these is active, and what is finished."""
        active = sum(self.bit[position.state] for position in positions)
        return active, sum(self.bit[position.state] for position in positions if position.finished)

    def names(self, config: Config) -> tuple[str, ...]:
        """The innermost states that are active."""
        active = [state.path for state in self.states if config.active & self.bit[state.path]]
        return tuple(path for path in active if path and not any(other.startswith(f"{path}.") for other in active))

    def _taken(self, move: Move, works: Iterable[_Work]) -> Iterator[Step]:
        for work in self._settle(list(works)):
            yield Step(move, work.arms, work.entered, self._resting(*work[:4]))

    def _resting(self, active: int, finished: int, known: Known, left: Left) -> Config:
        """A configuration without what is not looked at any more."""
        if any(left):
            left = tuple(one if active & able else None for able, one in zip(self._brings, left, strict=True))
        if known:
            known = tuple(one if active & able else None for able, one in zip(self._live, known, strict=True))
        return Config(active, finished, known, left)

    def _fitting(self, work: _Work, ways: list[Way]) -> Iterator[Way]:
        """The arms that may be the first that fits."""
        for way in ways:
            fits = True if way.when is None else way.when(work.known, work.active)
            if fits is True or fits is UNKNOWN:
                yield way
            if fits is True:
                return

    def _together(self, work: _Work, takers: list[list[Way]]) -> Iterator[tuple[Way, ...]]:
        """The arms that one event may take: one, or several in regions that do not meet."""
        chosen: list[tuple[Way, ...]] = [()]
        for ways in takers:
            fitting = list(self._fitting(work, ways))
            chosen += [
                (*others, way) for others in chosen for way in fitting if not any(self._meet(way, o) for o in others)
            ]
            if len(chosen) > _MOST:
                self.cut = True
                break
        yield from chosen[1:]

    def _meet(self, one: Way, other: Way) -> bool:
        """Whether both leave one state, or one enters something inside what the other leaves; never where one goes nowhere."""
        if one.route is None or other.route is None:
            return False
        gone, away = self._gone(one.route), self._gone(other.route)
        return bool(gone & away or gone & self.bit[other.route.domain] or away & self.bit[one.route.domain])

    def _gone(self, route: Route) -> int:
        """All that an arm leaves, where it is active."""
        return self.inside[route.branch] if route.parallel else self.inside[route.domain] & ~self.bit[route.domain]

    def _take(self, work: _Work, ways: tuple[Way, ...]) -> list[_Work]:
        """One microstep: sets at once, then all is left, then all is entered in file order."""
        known = self.values.after(work.known, tuple(change for way in ways for change in way.changes))
        going = [(way.route, way.keep) for way in ways if way.route is not None]
        arms = (*work.arms, *(way.arm for way in ways))
        if not going:
            return [work._replace(known=known, arms=arms)]
        gone, finished = 0, work.finished
        for route, _ in going:
            gone |= self._gone(route)
            finished &= finished if route.parallel else ~self.bit[route.domain]
        left = self._remember(work, gone) if gone & self._keeps else work.left
        works = [_Work(work.active & ~gone, finished & ~gone, known, left, work.entered, arms, work.new)]
        for route, keep in sorted(going, key=lambda one: self.place[one[0].branch]):
            works = self._enter(works, route.branch, route.path, keep)
        return works

    def _remember(self, work: _Work, gone: int) -> Left:
        """How the kept states among those that are left are left; a region that is off is left so."""
        left = list(work.left)
        for path in self.kept:
            parent = self.workflow.states[path].parent
            off = path and self.workflow.states[parent].kind is _PARALLEL and work.active & gone & self.bit[parent]
            if gone & self.bit[path] and (work.active & self.bit[path] or off):
                inside = self.inside[path]
                left[self._kept_place[path]] = (work.active & inside, work.finished & inside)
        return tuple(left)

    # ── entering ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, works: list[_Work], path: str, towards: tuple[str, ...], keep: tuple[str, ...]) -> list[_Work]:
        made: list[_Work] = []
        for work in works:
            if path in keep and (kept := work.left[self._kept_place[path]]) is not None:
                active, finished = kept
                new = work.new | active
                made.append(work._replace(active=work.active | active, finished=work.finished | finished, new=new))
            else:
                made += self._enter_new(work, path, towards, keep)
        return made

    def _enter_new(self, work: _Work, path: str, towards: tuple[str, ...], keep: tuple[str, ...]) -> list[_Work]:
        state, bit = self.workflow.states[path], self.bit[path]
        finished = work.finished | bit if state.kind is StateKind.FINAL else work.finished
        known = self.values.after(work.known, self._sets[path])
        entered = (*work.entered, self.place[path])
        here = _Work(work.active | bit, finished, known, work.left, entered, work.arms, work.new | bit)
        if state.kind is _STAGE:
            child = towards[towards.index(path) + 1] if path in towards[:-1] else state.initial
            return [here] if child is None else self._enter([here], child, towards, keep)
        if state.kind is not _PARALLEL:
            return [here]
        made: list[_Work] = []
        for regions in self._regions(here, state, towards, keep):
            works = [here]
            for region in regions:
                works = self._enter(works, region, towards, keep)
            made += works
        return made

    def _regions(self, work: _Work, state: State, towards: tuple[str, ...], keep: tuple[str, ...]) -> list[list[str]]:
        """Each choice of regions that may be on; all are decided before the first is entered."""
        choices: list[list[str]] = [[]]
        for region in state.children:
            kept = work.left[self._kept_place[region.path]] if region.path in keep else None
            if region.path in towards or region.condition is None:
                on: Any = kept is None or region.path in towards or bool(kept[0])
            elif kept is not None:
                on = bool(kept[0])
            else:
                on = self._if[region.path](work.known, work.active)
            if on is UNKNOWN:
                choices = [*([*one, region.path] for one in choices), *choices]
            elif on:
                choices = [[*one, region.path] for one in choices]
        return choices

    # ── what moves by itself ─────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, works: list[_Work]) -> list[_Work]:
        """Where the step may come to rest; what does not is refused by the engine, and so is what finds no arm."""
        rest: dict[_Work, None] = {}
        seen: set[tuple[object, ...]] = set()
        todo = works[::-1]
        while todo:
            work = todo.pop()
            if not work.active & self._restless:
                rest[work] = None
                continue
            key = (*work[:4], tuple(dict.fromkeys(work.entered)))  # going round once more brings nothing new
            if key in seen:
                continue
            if len(seen) >= _MOST:
                self.cut = True
                break
            seen.add(key)
            moved, rests = self._advance(work)
            todo += moved
            if rests:
                rest[work] = None
        return list(rest)

    def _advance(self, work: _Work) -> tuple[list[_Work], bool]:
        """The first thing that moves by itself, all ways it may, and whether it may be that nothing does."""
        moved: list[_Work] = []
        for bit, state in self._at(work.active).moving:
            if state.kind is _CHOICE:
                for way in self._fitting(work, self._ways[state.path]["choose"]):
                    moved += self._take(work, (way,))
                return moved, False
            complete, finished = self._is_complete(work, state), bool(work.finished & bit)
            if complete is not False and not finished:
                moved += self._complete(work, state)
            elif complete is not True and finished:
                moved.append(work._replace(finished=work.finished & ~bit))
            if complete is not UNKNOWN and complete is not finished:
                return moved, False
        return moved, True

    def _complete(self, work: _Work, state: State) -> list[_Work]:
        """A state's own work is over: its `done` is taken where it has one."""
        done = work._replace(finished=work.finished | self.bit[state.path])
        if not state.done:
            return [done]
        return [
            after for way in self._fitting(done, self._ways[state.path]["done"]) for after in self._take(done, (way,))
        ]

    def _is_complete(self, work: _Work, state: State) -> Any:
        """Whether it is, as far as this is known: a panel's answers and a parent's children come by moves of their own."""
        if state.kind is _STAGE:
            return bool(work.active & self._finals[state.path])
        condition = self._need.get(state.path)
        enough: Any = False if condition is None else condition(work.known, work.active)
        if state.kind is _PARALLEL:
            return True if self._enough(work, state) else enough
        if enough is True or enough is UNKNOWN:
            return enough
        finished = bool(work.finished & self.bit[state.path])
        if finished:
            return UNKNOWN if condition is not None or (state.cases is not None and state.cases.add) else True
        return UNKNOWN if work.new & self.bit[state.path] and self._may_be_empty(state) else False

    def _enough(self, work: _Work, state: State) -> bool:
        """Whether so many regions are finished as are needed; one that is off is."""
        over = work.finished | ~work.active
        finished = sum(bool(over & self.bit[region.path]) for region in state.children)
        count = state.need.count
        if finished >= len(state.children):
            return True
        if count is None or count == "all":
            return False
        return finished >= (1 if count == "any" else int(count))

    def _may_be_empty(self, state: State) -> bool:
        """Whether nobody may be asked, or no child be opened."""
        return state.cases is not None or (state.panel is not None and not all(ask.count for ask in state.panel.ask))
