"""A deliberately plain interpreter of the step, written from LANGUAGE.md: recursive walks over the tree of states and
a mutable dict of active states; timers, turns, duties and certificates are left out.

Where LANGUAGE is silent the reading taken is said in a comment that begins with "Reading:".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plain import Active, DueTimer, Ended, Handled, Happened, No, Plain, Result, Scene, inside, upward

from engine.core.case import Actor, Event
from engine.core.definition import StateKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from engine.core.definition import Arm, FormItem, Handler, Need, State

BOUND = 100


class Interpreter(Scene):
    """Runs one step on a copy of a plain case; everything of the step is in attributes while it runs."""

    # ── the three ways in ────────────────────────────────────────────────────────────────────────────────────────────

    def open_case(self, event: Event, actor: Actor, now: datetime) -> tuple[Plain | None, Happened]:
        """A new case."""
        fields = self.workflow.fields.values()
        self._begin(Plain({f.path: f.default for f in fields if f.default is not None}), actor, now)
        opening = self.workflow.opening
        if not any(self._fits(who, actor) for who in opening.by):
            return None, Happened(refused="ActorNotAllowed")
        try:
            self._write_form(event, opening.form)
            self._write(self._computed(opening.set))
            self._run(opening.actions)
            root = self.workflow.root
            self.happened.entered.append(root.path)
            self._assign(root)
            self._run(root.enter)
            self._enter(self.states[root.initial or ""], "", frozenset())
            self._settle()
        except No as no:
            return None, Happened(refused=str(no))
        return self.case, self.happened

    def step(
        self, case: Plain, given: Event | DueTimer | Result | Handled | Ended, actor: Actor, now: datetime
    ) -> tuple[Plain, Happened]:
        """The case after one input, and what happened; the case given is not touched."""
        self._begin(case.copy(), actor, now)
        try:
            if isinstance(given, Event):
                self._take_event(given)
            elif isinstance(given, DueTimer):
                self._take_timer(given)
            elif isinstance(given, Result):
                self._take_result(given)
            elif isinstance(given, Handled):
                self._take_handled(given)
            else:
                self._take_ended(given)
            if not self.happened.nothing:
                self._settle()
        except No as no:
            return case, Happened(refused=str(no))
        return (case if self.happened.nothing else self.case), self.happened

    # ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_event(self, event: Event) -> None:
        if self.case.closed:
            raise No("EventNotAllowed")
        if self._answer(event):
            return
        handlers = [handler for leaf in self.leaves() for _, handler in self._handlers(leaf, event.name)]
        if not handlers:
            raise No("EventNotAllowed")
        open_to_actor = [h for h in handlers if any(self._fits(who, self.actor) for who in h.by)]
        if not open_to_actor:
            raise No("ActorNotAllowed")
        self._write_form(event, open_to_actor[0].form)
        chosen = self._select(event.name)
        if not chosen:
            raise No("GuardRefused")
        self._microstep(chosen)

    def _take_timer(self, timer: DueTimer) -> None:
        key = (timer.state, timer.entry, timer.deadline)
        state = self.case.active.get(timer.state)
        if (
            self.case.closed
            or key in self.case.fired
            or (timer.state and (state is None or state.entry != timer.entry))
        ):
            self.happened.nothing = True
            return
        self.case.fired.add(key)
        self.event = {"name": timer.deadline, "at": self.now}
        arm = self._first(self.states[timer.state].deadlines[timer.deadline].arms)
        if arm is not None:
            self._microstep([(self.states[timer.state], arm)])

    def _take_result(self, result: Result) -> None:
        active = self.case.active.get(result.state)
        if self.case.closed or active is None or active.entry != result.entry or active.finished:
            self.happened.nothing = True
            return
        state = self.states[result.state]
        self.result = dict(result.data)
        arms = state.done if result.ok else state.failed
        if result.ok or arms:  # Reading: a failed call without `failed` arms waits for people to mend it
            self._finished(state.path, now=True)
            self._run_first(state, arms)

    def _take_handled(self, handled: Handled) -> None:
        active = self.case.active.get(handled.state)
        waits = not self.case.closed and active and active.entry == handled.entry and not active.finished
        if not handled.ends or not waits:
            if handled.data and handled.ends:  # Reading: what nobody would take is not thrown away in silence
                raise No("InvalidPayload")
            self.happened.nothing = True
        elif not isinstance(handled.data.get("score", 0), int):
            raise No("InvalidPayload")
        else:
            self._take_result(Result(handled.state, handled.entry, ok=True, data=handled.data))

    def _take_ended(self, ended: Ended) -> None:
        child = self.case.children[ended.index]
        if self.case.closed or child["ended"]:
            self.happened.nothing = True
            return
        child.update(ended=True, outcome=ended.outcome)
        chosen = self._select("child_ended")
        self._microstep(chosen)

    def _answer(self, event: Event) -> bool:
        """Record an answer to a panel; False: no active panel takes this event."""
        panels = [s for s in self._active_states() if s.panel and s.panel.event == event.name]
        if not panels:
            return False
        for state in panels:
            panel, rows = state.panel, self.case.answers[state.path]
            asked = [ask for ask in panel.ask if ask.role in self.actor.roles]
            if not asked:
                continue
            # Reading: nobody answers twice, and no more of a role than were asked; who is asked may do so until it is left
            if any(row["person"] == self.actor.id for row in rows):
                raise No("GuardRefused")
            free = [a for a in asked if sum(row["role"] == a.role for row in rows) < (a.count or 0)]
            if not free:
                raise No("GuardRefused")
            said = dict(event.data)
            wanted = {item.path for item in panel.form}
            if set(said) - wanted or any(item.must and item.path not in said for item in panel.form):
                raise No("InvalidPayload")
            row = {**said, "person": self.actor.id, "role": free[0].role, "at": self.now}
            rows.append(row)
            columns = self.workflow.fields[panel.into].columns
            row = {name: value for name, value in row.items() if name in columns}
            self.happened.arms.append(f"{state.path}:{event.name}")
            self.case.data[panel.into] = (*self.case.data.get(panel.into, ()), row)
            return True
        raise No("ActorNotAllowed")

    def _write_form(self, event: Event, form: Iterable[FormItem]) -> None:
        said = dict(event.data)
        self.event = {"name": event.name, "at": self.now}
        for item in form:
            if item.path in said:
                (self.event if item.event_data else self.case.data)[item.path] = said.pop(item.path)
            elif item.must and (item.event_data or item.path not in self.case.data):
                raise No("InvalidPayload")
        if said:
            raise No("InvalidPayload")

    # ── which arms ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _handlers(self, leaf: str, event: str) -> list[tuple[State, Handler]]:
        around = [self.states[path] for path in upward(leaf)]
        return [(state, state.events[event]) for state in around if event in state.events]

    def _select(self, event: str) -> list[tuple[State, Arm]]:
        found: list[tuple[State, Arm]] = []
        for leaf in self.leaves():
            for state, handler in self._handlers(leaf, event):
                if not any(self._fits(who, self.actor) for who in handler.by):
                    continue
                arm = self._first(handler.arms)
                if arm is not None:
                    if not any(arm is other for _, other in found):
                        found.append((state, arm))
                    break
        chosen: list[tuple[State, Arm]] = []
        for state, arm in found:
            rivals = [(s, a) for s, a in chosen if self._meet(s, a, state, arm)]
            # an inner arm wins over one of a state around it, else the first in the file; who loses displaces nobody
            if all(inside(state.path, s.path) for s, _ in rivals):
                chosen = [c for c in chosen if c not in rivals] + [(state, arm)]
        return chosen

    def _first(self, arms: Iterable[Arm]) -> Arm | None:
        for arm in arms:
            # Reading: one condition after the other, up to the first that is false
            if all(self._value(condition) is True for condition in arm.when):
                return arm
        return None

    # ── what an arm leaves and enters ────────────────────────────────────────────────────────────────────────────────

    def _domain(self, source: State, target: State) -> str:
        """The innermost state that is not left."""
        if target.path == source.path or inside(source.path, target.path):
            return target.parent
        if inside(target.path, source.path):
            return source.path
        return next(path for path in upward(source.path) if inside(target.path, path))

    def _top(self, source: State, target: State) -> str:
        """The outermost state that is entered: the child of the domain on the way to the target."""
        domain = self._domain(source, target)
        return next(path for path in upward(target.path) if path and self.states[path].parent == domain)

    def _exits(self, source: State, arm: Arm) -> set[str]:
        if arm.to is None:
            return set()
        target = self.states[arm.to]
        domain, top = self._domain(source, target), self._top(source, target)
        if self.states[domain].kind is StateKind.PARALLEL:  # only this region's part
            return {path for path in self.case.active if path == top or inside(path, top)}
        return {path for path in self.case.active if inside(path, domain)}

    def _meet(self, one: State, one_arm: Arm, two: State, two_arm: Arm) -> bool:
        """Whether both leave the same state, or one moves inside what the other leaves (a region may be off there)."""
        if one_arm.to is None or two_arm.to is None:
            return False
        lost, other_lost = self._exits(one, one_arm), self._exits(two, two_arm)
        domain, other_domain = self._domain(one, self.states[one_arm.to]), self._domain(two, self.states[two_arm.to])
        return bool(lost & other_lost) or domain in other_lost or other_domain in lost

    # ── one microstep ────────────────────────────────────────────────────────────────────────────────────────────────

    def _microstep(self, chosen: list[tuple[State, Arm]]) -> None:
        self.happened.arms += [arm.id for _, arm in chosen]
        written: dict[str, Any] = {}
        for state, arm in chosen:
            others = set(written)
            for assignment in arm.set:
                if assignment.path in others:
                    raise No("ConflictingSets")
                self._claim(assignment.path, state)
                written.update(self._computed([assignment]))
        self._write(written)
        exits = set().union(*(self._exits(state, arm) for state, arm in chosen)) if chosen else set()
        self._leave(exits)
        for _, arm in chosen:
            self._run(arm.actions)
        for state, arm in sorted((c for c in chosen if c[1].to), key=lambda c: self.states[c[1].to].order):
            target = self.states[arm.to]
            top, domain = self._top(state, target), self._domain(state, target)
            if domain in self.case.active and self.states[domain].kind is StateKind.STAGE:
                self._finished(domain, now=False)  # a final reached once more is `done` once more
            self._enter(self.states[top], target.path, frozenset(arm.keep))

    def _leave(self, exits: set[str]) -> None:
        for path in exits:
            self.case.left[path] = {p: a for p, a in self.case.active.items() if p == path or inside(p, path)}
            for state in self.states[path].children:  # a region that is off is left as off
                if self.states[path].kind is StateKind.PARALLEL and state.path not in self.case.active:
                    self.case.left[state.path] = {}
        cancelled: list[tuple[str, str]] = []
        for state in sorted((self.states[p] for p in exits), key=lambda s: -s.order):
            self.happened.left.append(state.path)
            self._run(state.leave)
            if state.cases and state.rest == "cancel":
                open_ones = [child for child in self._counted(state) if not child["ended"]]
                cancelled += [("cancel", child["id"]) for child in open_ones]
            del self.case.active[state.path]
        self.happened.effects += cancelled  # Reading: after all leave actions

    def _finished(self, path: str, *, now: bool) -> None:
        self.case.active[path] = replace(self.case.active[path], finished=now)

    def _enter(self, state: State, target: str, keep: frozenset[str]) -> None:
        if state.path in keep and state.path in self.case.left:
            self.case.active.update(self.case.left[state.path])
            for path in sorted(self.case.left[state.path], key=lambda path: self.states[path].order):
                if self.states[path].call and not self.case.active[path].finished:  # Reading: it is asked for anew
                    self.happened.effects.append(("call", self.states[path].call.operation))
            return
        number = self.case.entries.get(state.path, 0) + 1
        self.case.entries[state.path] = number
        self.case.active[state.path] = Active(number, self.now, finished=state.kind is StateKind.FINAL)
        self.happened.entered.append(state.path)
        if state.panel:
            self.case.answers[state.path] = []
            self.case.data[state.panel.into] = ()
        self._assign(state)
        self._run(state.enter)
        self._start_work(state)  # Reading: calls and children are asked for after `enter`
        if state.kind is StateKind.STAGE:
            way = next((c for c in state.children if c.path == target or inside(target, c.path)), None)
            self._enter(way or self.states[state.initial], target, keep)
        elif state.kind is StateKind.PARALLEL:
            # Reading: regions are decided together when the parallel is entered; the way to the target is open always
            on = [r for r in state.children if r.path == target or inside(target, r.path) or self._on(r, keep)]
            for region in on:
                self._enter(region, target, keep)

    def _on(self, region: State, keep: frozenset[str]) -> bool:
        if region.path in keep and region.path in self.case.left:
            return True
        return region.condition is None or self._value(region.condition) is True

    def _start_work(self, state: State) -> None:
        if state.call:
            self.happened.effects.append(("call", state.call.operation))
        origin = f"{state.path}#{self.case.entries[state.path]}"
        if state.cases and (state.cases.each or state.cases.values is not None):
            items = self._value(state.cases.each) if state.cases.each else (None,)
            for _ in items:
                self.happened.effects.append(("open", state.cases.workflow))
                row = {"id": str(len(self.case.children)), "ended": False, "outcome": None, "counts_for": {origin}}
                self.case.children.append(row)
        elif state.cases:
            for child in self.case.children:
                if not child["ended"]:
                    child["counts_for"] = child["counts_for"] | {origin}

    # ── until nothing moves ──────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        for _ in range(BOUND):
            if not self._move_once():
                break
        else:
            raise No("StepTooLong")
        for state in self._active_states():
            if state.kind is StateKind.FINAL and state.parent == "":
                self.case.closed, self.case.outcome = True, state.outcome or state.name  # Reading: else its name

    def _move_once(self) -> bool:
        for state in self._inner_first(self.workflow.root):
            if state.kind is StateKind.CHOICE:
                self._run_first(state, state.choose)
                return True
            # Reading: what stops being complete is done again when it is again
            was, is_now = self.case.active[state.path].finished, self._complete(state)
            if state.kind in {StateKind.STAGE, StateKind.PARALLEL} and was != is_now:
                self._finished(state.path, now=is_now)
            if is_now and not was:
                self._finished(state.path, now=True)
                if state.done:
                    self._run_first(state, state.done)
                return True
        return False

    def _complete(self, state: State) -> bool:
        """Whether a state's own work is over now; a service's is only by its result."""
        if state.kind is StateKind.STAGE:
            return any(c.kind is StateKind.FINAL and c.path in self.case.active for c in state.children)
        if state.kind is StateKind.PARALLEL:
            over = [r for r in state.children if r.path not in self.case.active or self.case.active[r.path].finished]
            return self._enough(state.need, len(over), len(state.children), state)
        if state.kind is StateKind.PANEL:
            asked = sum(ask.count or 0 for ask in state.panel.ask)
            return self._enough(state.need, len(self.case.answers[state.path]), asked, state)
        if state.kind is StateKind.CHILDREN:
            mine = self._counted(state)
            return self._enough(state.need, sum(c["ended"] for c in mine), len(mine), state)
        return False

    def _counted(self, state: State) -> list[dict[str, Any]]:
        """The children opened on this entry; for a state that opens none, those that were open then."""
        origin = f"{state.path}#{self.case.active[state.path].entry}"
        return [child for child in self.case.children if origin in child["counts_for"]]

    def _enough(self, need: Need, over: int, everything: int, state: State) -> bool:
        if over >= everything:
            return True
        if need.condition is not None:
            return self._value(need.condition, state) is True
        if need.count == "all":
            return False
        return over >= (1 if need.count == "any" else need.count)

    def _run_first(self, state: State, arms: Iterable[Arm]) -> None:
        self._here = state
        arm = self._first(arms)
        if arm is None:
            raise No("GuardRefused")
        self._microstep([(state, arm)])
        self._here = None
