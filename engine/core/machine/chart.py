"""A workflow compiled for stepping: regions, routes of arms, handlers by event; built once per published version."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.core.definition import Arm, Deadline, Duty, FormItem, Handler, State, StateKind, Workflow
from engine.core.documents import can_refer
from engine.core.forms import Form, compile_form
from engine.core.frozen import frozen
from engine.core.machine.regions import Region
from engine.core.naming import Who

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, timedelta
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar
    from engine.core.case import Timer
    from engine.core.machine.configuration import Configuration


class Clock(NamedTuple):
    """A deadline of a state; `watched` are the paths its moments depend on (None: anything may move them), `by_day` says
    that they depend on nothing but the local day of entry, its pauses and its extensions.
    """

    state: str
    deadline: Deadline
    watched: frozenset[str] | None
    by_day: bool


@frozen
class Route:
    """Where an arm leads: `domain` is not left, its child `branch` is entered, and `path` down to the target.

    `source` is the child of the domain that the arm's own state is in; None where the domain is the arm's state itself.
    `parallel`: the domain is a parallel state, and the branch one of its regions.
    """

    domain: str
    source: str | None
    branch: str
    path: tuple[str, ...]
    parallel: bool


@frozen
class Ways:
    """A handler with its compiled form; `panel` or `extends` where the engine itself acts on the event."""

    state: str
    handler: Handler
    form: Form
    panel: bool = False
    extends: str | None = None


@frozen
class Chart:
    """Everything about a workflow that a step looks up; immutable, shared by all cases and threads."""

    workflow: Workflow
    calendar: Calendar | None
    zone: ZoneInfo
    states: Mapping[str, State]
    regions: Mapping[str, Region]
    routes: Mapping[str, Route]
    ways: Mapping[str, Mapping[str, Ways]]  # state → event → way
    opening: Form
    kept: frozenset[str]  # states that some arm brings back
    parting: frozenset[str]  # states that are left with more to do than to forget them
    automatic: frozenset[str]  # states by which something may move by itself
    moving: frozenset[str]  # states that may: choices, and what can be done
    configurations: dict[tuple[str, ...], Configuration]  # sets of active states that have occurred, a bounded memory
    takers: Mapping[str, frozenset[str]]  # event → the states that have a handler for it
    duties: Mapping[str, tuple[Duty, ...]]  # state → the duties that hold for an act in it
    place: Mapping[str, int]  # state → its place in the file
    around: Mapping[str, tuple[str, ...]]  # a state and those around it, inner first, the root last
    turns: Mapping[str, tuple[str, ...]]  # what the nearest state around (itself included) says
    parallels: frozenset[str]  # the parallel states that say a turn themselves
    held: frozenset[str]  # the kept states and all inside them: their deadlines' memory outlives them
    timers: dict[
        tuple[str, str, int, date, int, int, timedelta], tuple[Timer, ...]
    ]  # of clocks by the day, a bounded memory
    defaults: Mapping[str, object]
    clocks: Mapping[str, tuple[Clock, ...]]  # state → its deadlines
    sealed: frozenset[str]  # paths that are sealed while a condition holds
    referring: frozenset[str]  # paths, of event data too, that may refer to documents
    finals: Mapping[str, tuple[str, ...]]  # the final children of a stage
    after: Mapping[str, int]  # place in the file with every state after those inside it


def build_chart(workflow: Workflow, calendar: Calendar | None) -> Chart:
    """Compile a checked definition; nothing in it is executed, imported or evaluated here."""
    states = workflow.states
    around = {path: _around(path) for path in states}
    routes = {
        arm.id: route_of(state, arm, states)
        for state in states.values()
        for arm in arms_of(state)
        if arm.to is not None
    }
    ways = {path: _ways(state, workflow) for path, state in states.items()}
    kept = frozenset(path for state in states.values() for arm in arms_of(state) for path in arm.keep)
    return Chart(
        workflow=workflow,
        calendar=calendar,
        zone=workflow.zone,
        states=states,
        regions=_regions(states, routes),
        routes=routes,
        ways=ways,
        moving=frozenset(path for path, state in states.items() if state.kind in _MOVING),
        configurations={},
        takers={event: frozenset(p for p in ways if event in ways[p]) for some in ways.values() for event in some},
        duties={path: _duties(path, workflow.duties) for path in states},
        place={path: state.order for path, state in states.items()},
        opening=compile_form(workflow.opening.form, workflow),
        kept=kept,
        parting=frozenset(p for p, s in states.items() if s.leave or p in kept or s.kind in _WORKING),
        automatic=frozenset(path for path, state in states.items() if state.kind in _RESTLESS),
        around=around,
        turns={path: tuple(str(who) for who in _turn(around[path], states)) for path in states},
        parallels=frozenset(p for p, s in states.items() if s.kind is StateKind.PARALLEL and s.turn is not None),
        held=frozenset(path for path in states if not kept.isdisjoint(around[path])),
        timers={},
        defaults={path: field.default for path, field in workflow.fields.items() if field.default is not None},
        clocks={path: tuple(_clock(path, deadline) for deadline in s.deadlines.values()) for path, s in states.items()},
        sealed=frozenset(path for path, field in workflow.fields.items() if field.sealed is not None),
        referring=frozenset(
            path for path, field in {**workflow.fields, **workflow.event_fields}.items() if can_refer(field)
        ),
        finals={
            path: tuple(child.path for child in state.children if child.kind is StateKind.FINAL)
            for path, state in states.items()
        },
        after={path: place for place, path in enumerate(_inner_first(workflow.root))},
    )


_WORKING = frozenset({StateKind.PARALLEL, StateKind.PANEL, StateKind.CHILDREN})
_MOVING = frozenset({StateKind.CHOICE, StateKind.STAGE, StateKind.PARALLEL, StateKind.PANEL, StateKind.CHILDREN})
_RESTLESS = frozenset({StateKind.CHOICE, StateKind.FINAL, StateKind.PARALLEL, StateKind.PANEL, StateKind.CHILDREN})


def _duties(path: str, duties: Iterable[Duty]) -> tuple[Duty, ...]:
    return tuple(d for d in duties if any(path == s or path.startswith(f"{s}.") for s in d.states))


def _inner_first(state: State) -> Iterable[str]:
    for child in state.children:
        yield from _inner_first(child)
    yield state.path


def lists_of(state: State) -> Iterable[tuple[Arm, ...]]:
    """The lists of arms of one state; of each the first that fits is taken."""
    for handler in state.events.values():
        yield handler.arms
    for deadline in state.deadlines.values():
        yield deadline.arms
    yield from (state.choose, state.done, state.failed)


def arms_of(state: State) -> Iterable[Arm]:
    """All arms of one state, whatever takes them."""
    for arms in lists_of(state):
        yield from arms


def _around(path: str) -> tuple[str, ...]:
    chain = [path]
    while path:
        path = path.rpartition(".")[0]
        chain.append(path)
    return tuple(chain)


def _turn(chain: tuple[str, ...], states: Mapping[str, State]) -> tuple[Who, ...]:
    for path in chain:
        turn = states[path].turn
        if turn is not None:
            return turn
    return ()


def _clock(path: str, deadline: Deadline) -> Clock:
    by_day = deadline.start is None and deadline.after is not None and deadline.after.unit.by_day
    return Clock(path, deadline, _watched(deadline), by_day)


def _watched(deadline: Deadline) -> frozenset[str] | None:
    """The paths a due moment depends on; None: anything may move it, so it is computed again after every step."""
    expressions = [e for e in (deadline.at, deadline.start) if e is not None]
    if any(e.calls for e in expressions):
        return None
    return frozenset().union(*(e.reads for e in expressions))


def route_of(state: State, arm: Arm, states: Mapping[str, State]) -> Route:
    """LANGUAGE §3.4: what contains both the arm's state and the target is not left; itself or one around it is."""
    target = arm.to
    if target is None:
        raise ValueError(f"arm {arm.id} goes nowhere")
    source = state.path
    if target == source or (source + ".").startswith(target + "."):
        domain = states[target].parent
    else:
        domain = _common(source, target)
    path = [target]
    while states[path[0]].parent != domain:
        path.insert(0, states[path[0]].parent)
    inside = [around for around in _around(source) if around != domain and states[around].parent == domain]
    return Route(
        domain=domain,
        source=inside[0] if inside else None,
        branch=path[0],
        path=tuple(path),
        parallel=states[domain].kind is StateKind.PARALLEL,
    )


def _common(one: str, two: str) -> str:
    """The innermost state that contains both (one may be that state)."""
    shared = []
    for a, b in zip(one.split("."), two.split("."), strict=False):
        if a != b:
            break
        shared.append(a)
    return ".".join(shared)


def _regions(states: Mapping[str, State], routes: Mapping[str, Route]) -> dict[str, Region]:
    by_domain: dict[str, list[tuple[str, Route]]] = {}
    for arm, route in routes.items():
        by_domain.setdefault(route.domain, []).append((arm, route))
    regions = {}
    for path, state in states.items():
        if state.kind is StateKind.STAGE:
            children = [child.path for child in state.children]
            arms = [(arm, child, route.branch) for arm, route in by_domain.get(path, ()) for child in children]
            regions[path] = Region(children, arms)
        elif path and states[state.parent].kind is StateKind.PARALLEL and state.kind is not StateKind.PARALLEL:
            regions[path] = Region([path], [])
    return regions


REASONS = FormItem(path="reasons", must=True, event_data=True)


def _ways(state: State, workflow: Workflow) -> dict[str, Ways]:
    ways = {
        name: Ways(state.path, handler, compile_form(handler.form, workflow)) for name, handler in state.events.items()
    }
    for deadline in state.deadlines.values():
        if deadline.extend is not None:
            name = f"extend_{deadline.name}"
            arm = Arm(id=f"{state.path}:{name}", mark=deadline.mark)
            handler = Handler(name, deadline.extend.by, (REASONS,), (arm,), mark=deadline.mark)
            ways[name] = Ways(state.path, handler, compile_form((REASONS,), workflow), extends=deadline.name)
    if state.panel is not None:
        panel = state.panel
        by = tuple(Who("role", ask.role) for ask in panel.ask)
        arm = Arm(id=f"{state.path}:{panel.event}", mark=state.mark)
        handler = Handler(panel.event, by, panel.form, (arm,), mark=state.mark)
        columns = workflow.fields[panel.into].columns
        ways[panel.event] = Ways(state.path, handler, compile_form(panel.form, workflow, columns=columns), panel=True)
    return ways
