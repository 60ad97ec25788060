"""Running arms: sets, leaving inner first, arms' actions, entering outer first (LANGUAGE §3.1); actions themselves are in actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.case import BETWEEN_CASES, EffectKind, Position, Snapshot
from engine.core.definition import State, StateKind
from engine.core.machine.actions import call_service, open_children, run_action
from engine.core.machine.timers import stand_still

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.core.definition import Arm, Assignment
    from engine.core.machine.chart import Route
    from engine.core.machine.draft import Draft
    from engine.core.selection import Taken

# Looked up once: an enum looks up its members by code of Python's, and this is the most travelled road of a step.
_STAGE, _PARALLEL, _FINAL = StateKind.STAGE, StateKind.PARALLEL, StateKind.FINAL
_SERVICE, _CHILDREN, _PANEL = StateKind.SERVICE, StateKind.CHILDREN, StateKind.PANEL


def run_arms(draft: Draft, taken: Sequence[Taken]) -> None:
    """One microstep: all arms that one event takes."""
    setting: list[tuple[str, tuple[Assignment, ...]]] = []
    going: list[tuple[Arm, Route]] = []
    for t in taken:
        if t.arm.set:
            setting.append((t.state, t.arm.set))
        if t.arm.to is not None:
            going.append((t.arm, draft.chart.routes[t.arm.id]))
    if setting:
        draft.assign_together(setting)
    draft.left.clear()
    draft.entered.clear()
    for arm, route in going:
        _go(draft, arm, route)
    if draft.left:
        _leave(draft)
    for t in taken:
        draft.arms.append(t.arm.id)
        for action in t.arm.actions:
            run_action(draft, action, "")
    if len(going) > 1:
        going.sort(key=lambda one: draft.chart.place[one[1].branch])
    for arm, route in going:
        enter(draft, route.branch, route.path, arm.keep)


def start(draft: Draft) -> None:
    """Enter the root of a new case."""
    enter(draft, "", (), ())


def _go(draft: Draft, arm: Arm, route: Route) -> None:
    """The library's part of an arm: inner regions are left, then the domain's machine takes the arm."""
    chart = draft.chart
    if route.parallel:
        if route.branch in draft.active:
            _leave_inside(draft, route.branch, taken="")
        return
    if draft.active[route.domain].finished:
        draft.finish(route.domain, finished=False)
    child = route.source or next(c.path for c in chart.states[route.domain].children if c.path in draft.active)
    if chart.states[child].children:
        _leave_inside(draft, child, taken=child)
    chart.regions[route.domain].take(arm.id, child, draft)


def _leave_inside(draft: Draft, top: str, *, taken: str) -> None:
    """Report `top` and all in it as left, inner first; `taken` is left by the arm's own transition."""
    chart = draft.chart
    prefix = f"{top}."
    inside = [path for path in draft.active if path == top or path.startswith(prefix)]
    for path in sorted(inside, key=chart.place.__getitem__, reverse=True):
        if path == taken:
            continue
        parent = chart.around[path][1]
        if chart.states[parent].kind is _STAGE:
            chart.regions[parent].leave(path, draft)
        elif path in chart.regions and chart.states[path].kind is not _STAGE:
            chart.regions[path].leave(path, draft)
        else:
            draft.left.append(path)


def _leave(draft: Draft) -> None:
    chart = draft.chart
    left = draft.left if len(draft.left) == 1 else sorted(draft.left, key=chart.place.__getitem__, reverse=True)
    if not chart.parting.isdisjoint(left):
        _part(draft, [chart.states[path] for path in left if path in chart.parting])
    for path in left:
        _forget(draft, path)
    draft.left_states += left


def _part(draft: Draft, states: Sequence[State]) -> None:
    """What is done, and what is remembered for an arm that keeps, while all are still there."""
    kept = draft.chart.kept
    for state in states:
        for action in state.leave:
            run_action(draft, action, "")
    for state in states:
        if state.path in kept:
            _remember(draft, state.path)
        if state.kind is _PARALLEL:
            for region in state.children:
                if region.path in kept and region.path not in draft.active:
                    _remember(draft, region.path)


def _remember(draft: Draft, path: str) -> None:
    """How a state is left, for an arm that keeps it; one that is off is left without a position."""
    prefix = f"{path}."
    inside = tuple(p for p in draft.placed() if p.state == path or p.state.startswith(prefix))
    draft.snapshots = {**draft.snapshots, path: Snapshot(draft.now, inside)}


def cancel_children(draft: Draft, path: str) -> None:
    """`rest: cancel` of a children state: those that have not ended are not waited for any more."""
    state = draft.chart.states[path]
    if state.kind is _CHILDREN and state.rest == "cancel":
        for child in draft.counted(path):
            if not child.ended:
                draft.effect(EffectKind.CANCEL, BETWEEN_CASES, {"child_id": child.id})


def _forget(draft: Draft, path: str) -> None:
    """Open work ends with the state; its deadlines' memory stays where an arm may bring it back."""
    chart = draft.chart
    if path in chart.parting:
        cancel_children(draft, path)
        state = chart.states[path]
        if state.kind is _PANEL and state.rest == "cancel" and path not in chart.held:
            draft.answers = {panel: rows for panel, rows in draft.answers.items() if panel != path}
    if draft.tracks and path not in chart.held:
        prefix = f"{path}#{draft.active[path].entry}:"
        draft.tracks = {key: track for key, track in draft.tracks.items() if not key.startswith(prefix)}
    draft.quit(path)


def enter(draft: Draft, path: str, towards: Sequence[str], keep: Sequence[str]) -> None:
    """Enter one state and what is active in it; `towards` are the states on the way to an arm's target."""
    if path in keep and path in draft.snapshots:
        _bring_back(draft, path)
        return
    chart = draft.chart
    state = chart.states[path]
    entry = draft.entries.get(path, 0) + 1
    draft.entries[path] = entry
    draft.stand(Position(path, entry, draft.now, state.kind is _FINAL))
    draft.entered_at[path] = draft.now
    draft.entered_states.append(path)
    if state.set:
        draft.assign_together([(path, state.set)])
    if state.panel is not None:
        draft.write(state.panel.into, None)
        draft.answers = {**draft.answers, path: ()}
        draft.out = {panel: people for panel, people in draft.out.items() if panel != path}
    for action in state.enter:
        run_action(draft, action, path)
    if state.kind is _STAGE:
        child = towards[towards.index(path) + 1] if path in towards[:-1] else state.initial
        if child is not None:
            chart.regions[path].enter(child, draft)
            enter(draft, child, towards, keep)
    elif state.kind is _PARALLEL:
        _enter_regions(draft, state, towards, keep)
    elif state.kind is _SERVICE:
        call_service(draft, state)
    elif state.kind is _CHILDREN:
        open_children(draft, state)
    elif state.kind is _FINAL and not state.parent:
        draft.outcome = state.outcome or state.name


def _enter_regions(draft: Draft, state: State, towards: Sequence[str], keep: Sequence[str]) -> None:
    """All regions that are on are decided before the first is entered; one that is the target's is on in any case."""

    def is_on(region: State) -> bool:
        if region.path in towards:
            return True
        if region.path in keep and region.path in draft.snapshots:
            return bool(draft.snapshots[region.path].positions)
        return region.condition is None or draft.value(region.condition) is True

    for region in [region for region in state.children if is_on(region)]:
        if region.kind is not _STAGE and region.kind is not _PARALLEL:
            draft.chart.regions[region.path].enter(region.path, draft)
        enter(draft, region.path, towards, keep)


def _bring_back(draft: Draft, path: str) -> None:
    """A kept state comes back exactly as it was left; its deadlines go on with the time that was left."""
    chart = draft.chart
    snapshot = draft.snapshots[path]
    for position in snapshot.positions:
        state = position.state
        parent = chart.states[state].parent
        if state != path and chart.states[parent].kind is _STAGE:
            chart.regions[parent].enter(state, draft)
        elif state in chart.regions and chart.states[state].kind is not _STAGE:
            chart.regions[state].enter(state, draft)
        draft.stand(position)
        draft.kept_now.add(f"{state}#{position.entry}")
        if chart.states[state].kind is _SERVICE and not position.finished:
            call_service(draft, chart.states[state])  # what it had asked for was dropped while it was away
        for deadline in chart.states[state].deadlines.values():
            stand_still(draft, position, deadline, since=snapshot.left_at)
