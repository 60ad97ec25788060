"""Who sees what of a case and what he could send to it (LANGUAGE §2.2, §2.3 sealed); nothing is changed here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.case import Event
from engine.core.expressions.expression import ExpressionError
from engine.core.frozen import frozen
from engine.core.machine.draft import Draft
from engine.core.machine.duties import check_duties, interests
from engine.core.machine.events import Trial, children_for, late_panels, on_duty, seat, select, used_up
from engine.core.machine.turns import answered, missing_answers, person_id
from engine.core.selection import admits, fits, has_another, pools
from engine.errors import DutyConflict, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from engine.core.case import Actor, Case
    from engine.core.definition import FormItem, Panel, Workflow
    from engine.core.machine.chart import Chart, Ways
    from engine.core.naming import Role, Text

SHARED = frozenset({"certificate", "register"})


@frozen
class Allowed:
    """An event that this actor could send now: its form, the state that takes it, and the role he sends it in."""

    event: str
    title: Text | None
    form: tuple[FormItem, ...]
    state: str
    role: str
    declares: tuple[str, ...] = ()  # duties for which a declaration has to come with it


def allowed(chart: Chart, case: Case, actor: Actor, *, now: datetime) -> tuple[Allowed, ...]:
    """What he may send: his roles fit, no duty stands against him, and no condition is false whatever he fills in."""
    if case.closed_at is not None:
        return ()
    draft = Draft(chart, case, actor, now)
    found: dict[str, Allowed] = {}
    for ways in _offers(draft):
        event = ways.handler.event
        memory = case.memory
        assigned = pools(memory.assigned) if ways.panel else memory.assigned
        role = admits(chart.workflow, ways.handler.by, actor, case.data, memory.excluded, assigned)
        if role is None or event in found or not _may_fit(draft, ways, role):
            continue
        declares = _duties_left(chart, case, actor, ways.state, role, now=now)
        if declares is not None:
            found[event] = Allowed(event, ways.handler.title, ways.handler.form, ways.state, role, declares)
    together = (_together(chart, case, one, actor, now=now) for one in found.values())
    return tuple(one for one in together if one is not None)


def _offers(draft: Draft) -> Iterator[Ways]:
    """Every handler that an event could meet, inner before outer; then late answers where nothing active takes them."""
    chart = draft.chart
    for leaf in draft.configuration.leaves:
        for path in chart.around[leaf]:
            yield from chart.ways[path].values()
    for ways in late_panels(draft):
        if draft.active.keys().isdisjoint(chart.takers[ways.handler.event]):
            yield ways


def _together(chart: Chart, case: Case, one: Allowed, actor: Actor, *, now: datetime) -> Allowed | None:
    """Of an event that several active states may take: a duty in any that does stands against it, all declarations are due."""
    takers = chart.takers[one.event]
    if actor.kind != "person" or sum(position.state in takers for position in case.positions) < 2:
        return one
    due_once = interests(chart.workflow)
    draft = Draft(chart, case, actor, now)
    event = Event(one.event, declares=frozenset(due_once))
    try:
        declared = on_duty(draft, select(draft, one.event, Trial(draft, event)), event)
    except DutyConflict:
        return None
    except Refused:
        return one  # what it brings decides
    due = tuple(duty for duty in due_once if declared.get(duty) != case.memory.declared.get(duty))
    return replace(one, declares=due or one.declares)


def _duties_left(
    chart: Chart, case: Case, actor: Actor, state: str, role: str, *, now: datetime
) -> tuple[str, ...] | None:
    """The declarations that are still due, or None where a duty stands against this person."""
    if actor.kind != "person":
        return ()
    due_once = interests(chart.workflow)
    try:
        declared = check_duties(chart, case, actor, state, due_once, now=now, role=role)
    except DutyConflict:
        return None
    return tuple(duty for duty in due_once if declared.get(duty) != case.memory.declared.get(duty))


def _may_fit(draft: Draft, ways: Ways, role: str) -> bool:
    """Whether some arm could fit: conditions that look at what the form brings are left open."""
    if (ways.panel and seat(draft, ways, role)[1]) or (ways.extends is not None and used_up(draft, ways)):
        return False
    given = frozenset(ways.form.slots)
    draft.scope.event = None
    draft.scope.children = children_for(draft, ways.state)
    return any(all(_open_or_true(draft, condition, given) for condition in arm.when) for arm in ways.handler.arms)


def _open_or_true(draft: Draft, condition: Any, given: frozenset[str]) -> bool:
    if not given.isdisjoint(condition.reads) or any(call.startswith("event") for call in condition.calls):
        return True
    try:
        return condition.run(draft.scope) is True
    except ExpressionError:
        return False


# ── finding and reading ──────────────────────────────────────────────────────────────────────────────────────────────


def held_roles(workflow: Workflow, data: Mapping[str, Any], actor: Actor) -> frozenset[str]:
    """The roles of this actor whose `where` fits a case with this data (supervisors hold `role.supervisor`)."""
    return frozenset(
        name
        for name in actor.roles
        if (role := workflow.roles.get(name.removesuffix(".supervisor"))) is not None and fits(role, actor, data)
    )


def may_see(chart: Chart, case: Case, actor: Actor) -> bool:
    """Whether the case is among those he finds: `all`; `own` (where fits, or he opened it); `assigned` (offered or acted, or
    his role's turn while the work is nobody's).
    """
    if actor.kind == "system":
        return True
    return any(_sees(chart.workflow.roles[_base(name)], name, case, actor) for name in _held(chart, case, actor))


def may_address(chart: Chart, case: Case, actor: Actor) -> bool:
    """Whether he may send events to it: he sees it, or a role of his is in the `by` of what it waits for."""
    if may_see(chart, case, actor) or actor.kind == "case":
        return True
    held = _held(chart, case, actor)
    return any(
        str(who) in held
        for position in case.positions
        for ways in chart.ways[position.state].values()
        for who in ways.handler.by
        if who.kind == "role" and chart.workflow.roles[who.name].sees == "none"
    )


def _held(chart: Chart, case: Case, actor: Actor) -> frozenset[str]:
    return held_roles(chart.workflow, case.data, actor) | (
        frozenset(name for name in actor.roles if _base(name) in chart.workflow.roles)
        if _opened(case, actor)
        else frozenset()
    )


def _opened(case: Case, actor: Actor) -> bool:
    """Whether it was opened by him, or by the one for whom he acts, or for one of them."""
    return case.opened_by.kind == "person" and actor.among(case.opened_by.persons)


def _base(name: str) -> str:
    return name.removesuffix(".supervisor")


def _sees(role: Role, name: str, case: Case, actor: Actor) -> bool:
    if role.sees == "all":
        return True
    if role.sees == "own":
        return _opened(case, actor) or bool(role.where) or name.endswith(".supervisor")
    if role.sees == "assigned":
        memory = case.memory
        if actor.among(memory.acted_as.get(role.name, ())):
            return True
        assigned = memory.assigned.get(role.name)
        if assigned is not None and name == role.name and (assigned.claimed or assigned.offered):
            return not has_another(assigned, actor)
        mine = {name, role.name, *(f"id:{person}" for person in actor.persons)}
        return not mine.isdisjoint(memory.offered)
    return False


def visible_data(chart: Chart, case: Case, actor: Actor) -> dict[str, Any]:
    """The data by path that one of his roles sees, without what is sealed and without others' answers before his own."""
    hidden = _others_answers(chart, case, actor)
    sight = Sight(chart, case, actor)
    return {path: value for path, value in case.data.items() if path not in hidden and sight.sees(path)}


class Sight:
    """What one reader sees of one case, field by field; made once a look."""

    __slots__ = ("_actor", "_case", "_chart", "_roles", "_whole")

    def __init__(self, chart: Chart, case: Case, actor: Actor) -> None:
        self._chart, self._case, self._actor = chart, case, actor
        held = ((name, chart.workflow.roles[_base(name)]) for name in _held(chart, case, actor))
        self._roles = [role for name, role in held if _sees(role, name, case, actor)]
        self._whole = any(role.fields is None and not role.hides for role in self._roles)

    def sees(self, path: str) -> bool:
        """Whether one of his roles sees this field now."""
        actor, case = self._actor, self._case
        if actor.kind == "system":
            return True
        if self.sealed(path):
            return case.memory.gave.get(path) in actor.persons
        if self._whole:
            return True
        group = path.partition(".")[0]
        if group in SHARED:
            return bool(self._roles)
        for role in self._roles:  # every field of every answer comes by here
            named = role.fields is None or path in role.fields or group in role.fields
            if named and path not in role.hides and group not in role.hides:
                return True
        return False

    def knows_party(self, party: str | None) -> bool:
        """Whether he may know that it is this party's: a role's `where` compares it with a field that he sees. None: no matter."""
        paths = {role.where["party"] for role in self._chart.workflow.roles.values() if "party" in role.where}
        return party is None or any(self._case.data.get(path) == party and self.sees(path) for path in paths)

    def sees_all(self) -> bool:
        """Whether one of his roles sees every field; what an adapter answered is for such readers only."""
        return self._actor.kind == "system" or self._whole

    def sealed(self, path: str) -> bool:
        """Whether a field, or what is said with an event, is sealed now: then it is in nobody's history."""
        workflow = self._chart.workflow
        field = workflow.fields.get(path) or workflow.event_fields.get(path)
        if field is None or field.sealed is None or self._actor.kind == "system":
            return False
        return _sealed(self._chart, self._case, self._actor, field.sealed)


def _sealed(chart: Chart, case: Case, actor: Actor, condition: Any) -> bool:
    """While true, nobody reads it but who gave it; what cannot be decided stays sealed."""
    try:
        return condition.run(Draft(chart, case, actor, case.last_at).scope) is True
    except ExpressionError:
        return True


def _others_answers(chart: Chart, case: Case, actor: Actor) -> frozenset[str]:
    """Lists of panels that ask this person, late ones too, where he has not answered yet."""
    hidden = set()
    active = {position.state: position for position in case.positions}
    for path, rows in case.memory.answers.items():
        state, position = chart.states[path], active.get(path)
        over = position.finished if position else state.rest != "go_on"
        if state.panel is None or over:
            continue
        if (
            not any(answered(row, actor.persons) for row in rows)
            and _is_asked(state.panel, case.data, actor)
            and missing_answers(state.panel, case.data, rows, case.memory.out.get(path, ()))
        ):
            hidden.add(state.panel.into)
    return frozenset(hidden)


def _is_asked(panel: Panel, data: Mapping[str, Any], actor: Actor) -> bool:
    return any(
        ask.role in actor.roles
        and (ask.persons is None or actor.among([person_id(person) for person in data.get(ask.persons, ())]))
        for ask in panel.ask
    )
