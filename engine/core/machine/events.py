"""An event from a person, the system or another case: duties, form, selection, arms (LANGUAGE §3.1, §3.2, §3.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.definition import StateKind
from engine.core.frozen import frozen
from engine.core.machine.actions import notify
from engine.core.machine.draft import children_view
from engine.core.machine.duties import check_duties
from engine.core.machine.failing import guard_refused
from engine.core.machine.finishing import Said, finish
from engine.core.machine.moves import run_arms
from engine.core.machine.people import remember_act, remember_givers
from engine.core.machine.settle import settle
from engine.core.machine.turns import answered, person_id
from engine.core.naming import Who
from engine.core.selection import Reach, Taken, admits, has_another, pools, reach, without_conflicts
from engine.errors import ActorNotAllowed, EventNotAllowed, GuardRefused, InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.case import Event, Step
    from engine.core.definition import Arm
    from engine.core.expressions.expression import Scope
    from engine.core.forms import Filled
    from engine.core.machine.chart import Ways
    from engine.core.machine.draft import Draft


@frozen
class Chosen:
    """A handler that takes the event: the role that admits the sender, what the form says, the arm."""

    ways: Ways
    role: str
    filled: Filled
    taken: Taken


def take_event(draft: Draft, event: Event) -> Step:
    """The step an event makes; raises a Refused with what is allowed instead."""
    chosen = _select(draft, event)
    first = chosen[0]
    filled = first.filled
    draft.happens(event.name, filled.said)
    draft.declared = on_duty(draft, chosen, event)
    for path, value in filled.writes.items():
        draft.write(path, value)
    touched: tuple[str, ...] = ()
    for choice in chosen:
        if choice.ways.panel:
            _answer(draft, choice)
        elif choice.ways.extends is not None:
            touched = (*touched, _extend(draft, choice.ways))
    run_arms(draft, [choice.taken for choice in chosen])
    settle(draft)
    kind = "event" if first.ways.extends is None else "extension"
    said = Said(kind, event.name, first.ways.state, filled.given, "", event.command, first.role, None, touched)
    remember_givers(draft, filled.writes)
    for choice in chosen:
        remember_act(draft, choice.ways.state, choice.role)
    return finish(draft, said)


def on_duty(draft: Draft, chosen: list[Chosen], event: Event) -> Mapping[str, tuple[str, ...]]:
    """Duties of a person in every state whose handler takes the event; the declarations on record from now on."""
    declared = draft.before.memory.declared
    if draft.actor.kind != "person":
        return declared
    case = draft.before
    for choice in chosen:
        state = choice.ways.state
        if draft.chart.duties[state]:
            asked_for = check_duties(
                draft.chart, case, draft.actor, state, event.declares, now=draft.now, role=choice.role
            )
            declared = {**declared, **asked_for}
        if len(chosen) > 1:  # one act in several regions: each stands beside the others
            acts = {**case.memory.acts, state: (*case.memory.acts.get(state, ()), *draft.actor.persons)}
            case = replace(case, memory=replace(case.memory, acts=acts))
    return declared


# ── selection with forms ─────────────────────────────────────────────────────────────────────────────────────────────


def _select(draft: Draft, event: Event) -> list[Chosen]:
    trial = Trial(draft, event)
    closed = draft.before.closed_at is not None
    found = [] if closed else select(draft, event.name, trial)
    if found:
        return found
    if trial.count:
        raise trial.refusal()
    late = [ways for ways in late_panels(draft) if ways.handler.event == event.name]
    found = [choice for ways in late if (choice := trial.of(ways)) is not None]
    if not found:
        raise trial.refusal() if late else _not_allowed(draft, event.name)
    return found[:1]


def select(draft: Draft, event: str, trial: Trial) -> list[Chosen]:
    """What takes an event: innermost first, per leaf; of arms that meet one is kept. Nothing: nobody takes it."""
    chart = draft.chart
    takers = chart.takers.get(event, frozenset())
    candidates = [path for path in draft.active if path in takers]
    if len(candidates) < 2:
        only = trial.of(chart.ways[candidates[0]][event]) if candidates else None
        return [] if only is None else [only]
    tried: dict[str, Chosen | None] = {}
    found: dict[str, Chosen] = {}
    for leaf in draft.configuration.leaves:
        for path in chart.around[leaf]:
            if path not in takers:
                continue
            if path not in tried:
                tried[path] = trial.of(chart.ways[path][event])
            choice = tried[path]
            if choice is not None:
                found.setdefault(choice.taken.arm.id, choice)
                break
    if len(found) < 2:
        return list(found.values())
    reaches = {arm: _reach(draft, arm) for arm in found}
    kept = {taken.arm.id for taken in without_conflicts([choice.taken for choice in found.values()], reaches)}
    return [choice for arm, choice in found.items() if arm in kept]


def _reach(draft: Draft, arm: str) -> Reach:
    route = draft.chart.routes.get(arm)
    if route is None:
        return Reach(frozenset(), None)
    return reach(route.domain, route.branch, draft.active, parallel=route.parallel)


class Trial:
    """Tries handlers one by one and remembers why they did not take the event."""

    def __init__(self, draft: Draft, event: Event) -> None:
        self.draft = draft
        self.event = event
        self.closed: list[Ways] = []  # `by` does not admit the sender
        self.payload: InvalidPayload | None = None
        self.own: GuardRefused | None = None
        self.false: list[tuple[Ways, Filled]] = []
        self.count = 0

    def of(self, ways: Ways) -> Chosen | None:
        """The handler's arm that fits, or None; errors in conditions refuse the whole step."""
        draft = self.draft
        self.count += 1
        assigned = pools(draft.assigned) if ways.panel else draft.assigned
        role = admits(draft.chart.workflow, ways.handler.by, draft.actor, draft.before.data, draft.excluded, assigned)
        if role is None:
            self.closed.append(ways)
            return None
        try:
            filled = ways.form.read(self.event.data, draft.before.data)
        except InvalidPayload as error:
            self.payload = self.payload or error
            return None
        words = ""
        if ways.panel:
            role, words = seat(draft, ways, role)
        elif ways.extends is not None:
            words = used_up(draft, ways)
        if words:
            self.own = GuardRefused(f"{self.event.name}: {words}", event=self.event.name, false=[words], missing=[])
            return None
        arm = self._first_fitting(ways, filled)
        if arm is not None:
            return Chosen(ways, role, filled, Taken(ways.state, arm))
        self.false.append((ways, filled))
        return None

    def _first_fitting(self, ways: Ways, filled: Filled) -> Arm | None:
        """The first arm whose conditions hold on the data with the form."""
        arms = ways.handler.arms
        if not arms[0].when:
            return arms[0]
        scope = self.look(ways, filled)
        try:
            for arm in arms:
                if self.draft.holds(arm.when):
                    return arm
            return None
        finally:
            scope.data = self.draft.data
            if self.draft.children:
                scope.children = children_view(self.draft.children)

    def look(self, ways: Ways, filled: Filled) -> Scope:
        """The scope with the form written over the data, as conditions see it."""
        draft = self.draft
        draft.happens(self.event.name, filled.said)
        scope = draft.scope
        if filled.writes:
            merged = {**draft.before.data, **filled.writes}
            for path, value in filled.writes.items():
                if value is None:
                    del merged[path]
            scope.data = merged
        scope.children = children_for(draft, ways.state)
        return scope

    def refusal(self) -> Exception:
        """The most telling reason: payload, then conditions, then who may send it."""
        if self.payload is not None:
            return self.payload
        if self.own is not None:
            return self.own
        if self.false:
            ways, filled = self.false[0]
            return guard_refused(self.event.name, ways.handler.arms, self.look(ways, filled))
        actor, whose = self.draft.actor, [who for ways in self.closed for who in ways.handler.by]
        by = list(dict.fromkeys(str(who) for who in whose))
        name = actor.name or actor.id
        words = f"{name} may not send {self.event.name} here; {' or '.join(by)} may"
        excluded = self.draft.excluded
        if any(actor.among(excluded.get(who.name, ())) for who in whose):  # new_people
            words = f"{name} acted in this case before new people were called; another {' or '.join(by)} may send {self.event.name}"
        held = next((one for who in whose if (one := self._with_another(who)) is not None), None)
        if held is not None:
            words = f"{name} may not send {self.event.name} here; {held}"
        return ActorNotAllowed(words, event=self.event.name, by=by)

    def _with_another(self, who: Who) -> str | None:
        """Who has the work that would be this actor's by his role."""
        assigned = self.draft.assigned.get(who.name)
        if assigned is None or str(who) not in self.draft.actor.roles or not has_another(assigned, self.draft.actor):
            return None
        if assigned.claimed is not None:
            return f"{assigned.claimed} has claimed the work of {who.name} in this case"
        return f"the work of {who.name} in this case is offered to others"


def children_for(draft: Draft, state: str) -> Any:
    """What `children` means there: those that count for a children state, all of the case elsewhere."""
    if draft.children and draft.chart.states[state].kind is StateKind.CHILDREN:
        return children_view(draft.counted(state))
    return children_view(draft.children)


def _not_allowed(draft: Draft, event: str) -> EventNotAllowed:
    if draft.before.closed_at is not None:
        return EventNotAllowed(f"the case is closed ({draft.before.outcome}); it takes no event", event=event)
    names: dict[str, None] = {}
    for path in draft.active:
        for name, ways in draft.chart.ways[path].items():
            if admits(draft.chart.workflow, ways.handler.by, draft.actor, draft.data, draft.excluded, draft.assigned):
                names[name] = None
    leaves = ", ".join(path for path in draft.configuration.leaves if path)
    tail = (
        f"{', '.join(names)} could be sent by {draft.actor.name or draft.actor.id}"
        if names
        else "nothing could be sent by you"
    )
    return EventNotAllowed(f"{event} is not possible in {leaves}; {tail}", event=event, allowed=list(names))


# ── what the engine itself does on an event ──────────────────────────────────────────────────────────────────────────


def late_panels(draft: Draft) -> list[Ways]:
    """Panels with `rest: go_on` that were left unfinished still record answers."""
    chart = draft.chart
    return [
        chart.ways[path][panel.event]
        for path in draft.answers
        if path not in draft.active and chart.states[path].rest == "go_on" and (panel := chart.states[path].panel)
    ]


def seat(draft: Draft, ways: Ways, role: str) -> tuple[str, str]:
    """The role of which an answer is still asked from this person; or why none is."""
    panel = draft.chart.states[ways.state].panel
    rows = draft.answers.get(ways.state, ())
    actor = draft.actor
    name = actor.name or actor.id
    if panel is None or any(answered(row, actor.persons) for row in rows):
        return role, f"{name} has answered already"
    if actor.among(draft.out.get(ways.state, ())):
        return role, f"{name} was taken out of this panel"
    for ask in sorted(panel.ask, key=lambda ask: ask.persons is None):  # by name before by count
        who, assigned = Who("role", ask.role), pools(draft.assigned)
        if admits(draft.chart.workflow, (who,), actor, draft.before.data, draft.excluded, assigned) is None:
            continue
        if ask.persons is not None:
            if actor.among([person_id(person) for person in draft.data.get(ask.persons, ())]):
                return ask.role, ""
        elif sum(row.get("_role") == ask.role for row in rows) < (ask.count or 0):
            return ask.role, ""
    return role, f"{name} is not among those who are asked, or all of them have answered"


def used_up(draft: Draft, ways: Ways) -> str:
    """Why a deadline cannot be extended once more, or nothing."""
    name = ways.extends or ""
    extend = draft.chart.states[ways.state].deadlines[name].extend
    used = draft.track(f"{ways.state}#{draft.active[ways.state].entry}:{name}").extensions
    return f"it has been extended {used} times, which is all" if extend and used >= extend.times else ""


def _answer(draft: Draft, choice: Chosen) -> None:
    """A row of the panel's list, with who, in which role and when, where the list has these columns."""
    path = choice.ways.state
    panel = draft.chart.states[path].panel
    if panel is None:
        return
    columns = draft.chart.workflow.fields[panel.into].columns
    row: dict[str, Any] = {name: value for name, value in choice.filled.said.items() if name in columns}
    marks = {
        "person": {"id": draft.actor.id, "name": draft.actor.name or draft.actor.id},
        "role": choice.role,
        "at": draft.now,
    }
    row |= {name: value for name, value in marks.items() if name in columns}
    rows = draft.answers.get(path, ())
    draft.write(panel.into, (*draft.data.get(panel.into, ()), row))
    given = {**row, "_id": draft.actor.persons[-1], "_role": choice.role}
    if draft.actor.acting_for is not None:
        given["_by"] = draft.actor.id
    draft.answers = {**draft.answers, path: (*rows, given)}


def _extend(draft: Draft, ways: Ways) -> str:
    """One extension more; returns the deadline's key, whose timers are computed anew."""
    name = ways.extends or ""
    deadline = draft.chart.states[ways.state].deadlines[name]
    key = f"{ways.state}#{draft.active[ways.state].entry}:{name}"
    track = draft.track(key)
    draft.keep_track(key, replace(track, extensions=track.extensions + 1))
    if deadline.extend is not None and deadline.extend.notify:
        notify(draft, deadline.extend.notify, "deadline_moved", state=ways.state, reason="extension", deadline=name)
    return key
