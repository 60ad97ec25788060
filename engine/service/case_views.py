"""Cases, steps, timers and effects as one reader may see them; what may be seen is decided in engine.core.sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.naming import Side
from engine.core.sight import Sight, allowed, held_roles
from engine.describe.explain import deadlines_said, deadlines_used
from engine.service.forms_view import form_fields
from engine.service.view_parts import AllowedView, AssignmentView, CaseRef, ChildView, DeadlineView, StateView, TurnView
from engine.service.views import CaseLine, CaseView, EffectView, StepView, TimerView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from engine.core.case import Actor, Case, Effect, Record, Timer
    from engine.core.definition import Workflow
    from engine.core.machine.chart import Chart
    from engine.core.sight import Allowed
    from engine.store.records import CaseSummary, StoredEffect, StoredRecord

LABELS = 2
ANSWER, WORK, HASH = "result.answer", "result.work", "result.hash"
"""Among the paths (no field is in `result`): what an adapter answered, who has the work, and what proves all that was said."""
WORK_KINDS = frozenset({"assignment", "panel"})


def etag(case: Case) -> str:
    """Grows with leaves or data only."""
    return f'"{case.revision}"'


def nested(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data by path as a map by group; top-level fields stay where they are."""
    result: dict[str, Any] = {}
    for path, value in data.items():
        group, _, name = path.rpartition(".")
        if group:
            result.setdefault(group, {})[name] = value
        else:
            result[path] = value
    return result


def case_view(
    chart: Chart,
    case: Case,
    actor: Actor,
    shown: Mapping[str, Any],
    *,
    version: int,
    parent: CaseRef | None,
    now: datetime,
    locale: str = "",
) -> CaseView:
    """The whole case for one actor, with what he may send now; `shown` is the data he may read."""
    return CaseView(
        id=case.id,
        number=case.number,
        workflow=case.workflow,
        version=version,
        title=chart.workflow.title.say(locale),
        states=tuple(_states(chart, case, locale)),
        turn=tuple(TurnView(name, turn_title(chart.workflow, case, name, locale)) for name in case.turn),
        data=nested(shown),
        allowed=tuple(_allowed(chart, found, locale) for found in allowed(chart, case, actor, now=now)),
        deadlines=tuple(deadlines(chart, case, now=now, locale=locale)),
        parent=parent,
        children=tuple(ChildView(c.id, c.workflow, c.number, c.key, c.ended, c.outcome) for c in case.memory.children),
        assignments=tuple(_assignments(chart, case, actor, locale)),
        etag=etag(case),
        seq=case.seq,
        opened_at=case.opened_at,
        last_at=case.last_at,
        closed_at=case.closed_at,
        outcome=case.outcome,
    )


def _assignments(chart: Chart, case: Case, actor: Actor, locale: str) -> Iterator[AssignmentView]:
    """For those on the operator's side: who does the work is not the applicant's business."""
    assigned, roles = case.memory.assigned, chart.workflow.roles
    if assigned and sees_work(chart, case, actor):
        for role, one in assigned.items():
            yield AssignmentView(role, roles[role].title.say(locale), one.offered, one.claimed, one.at)


def sees_work(chart: Chart, case: Case, actor: Actor) -> bool:
    """Whether he may know who has the work: he has a role on the operator's side in this case."""
    roles = chart.workflow.roles
    held = held_roles(chart.workflow, case.data, actor)
    return any(roles[name.removesuffix(".supervisor")].side is Side.OPERATOR for name in held)


def case_line(chart: Chart, summary: CaseSummary, *, now: datetime, locale: str = "") -> CaseLine:
    """A case in a list."""
    asked = [item.path for item in chart.workflow.opening.form if item.path in summary.index]
    return CaseLine(
        id=summary.id,
        number=summary.number,
        workflow=summary.workflow,
        title=chart.workflow.title.say(locale),
        label=" · ".join(summary.index[path] for path in asked[:LABELS]),
        states=tuple(state_title(chart, path, locale) for path in summary.leaves),
        leaves=tuple(summary.leaves),
        turn=tuple(summary.turn),
        opened_at=summary.opened_at,
        last_at=summary.last_at,
        next_due=summary.next_due,
        overdue=summary.overdue_since is not None or (summary.next_due is not None and summary.next_due <= now),
        closed_at=summary.closed_at,
        outcome=summary.outcome,
    )


def state_title(chart: Chart, path: str, locale: str = "") -> str:
    """A state's title, or its name in words."""
    state = chart.states.get(path)
    if state is not None and state.title is not None:
        return state.title.say(locale)
    return path.rpartition(".")[2].replace("_", " ")


def role_title(workflow: Workflow, name: str, locale: str = "") -> str | None:
    """A role, or its supervisor, in words; None: it is a person."""
    role, _, tail = name.partition(".")
    if role not in workflow.roles:
        return None
    title = workflow.roles[role].title.say(locale)
    return f"{title} (supervisor)" if tail == "supervisor" else title


def turn_title(workflow: Workflow, case: Case, name: str, locale: str = "") -> str:
    """Whose move it is, in words."""
    title = role_title(workflow, name, locale)
    if title is not None:
        return title
    person = name.removeprefix("id:")
    for value in case.data.values():
        if isinstance(value, Mapping) and value.get("id") == person and value.get("name"):
            return str(value["name"])
    return person


def _states(chart: Chart, case: Case, locale: str) -> Iterator[StateView]:
    leaves = frozenset(case.leaves)
    for position in case.positions:
        if position.state:
            kind = chart.states[position.state].kind.value
            title = state_title(chart, position.state, locale)
            yield StateView(position.state, title, kind, position.entered_at, position.state in leaves)


def _allowed(chart: Chart, found: Allowed, locale: str) -> AllowedView:
    workflow = chart.workflow
    panel = chart.states[found.state].panel
    asked = found.state if panel is not None and panel.event == found.event else None
    form = form_fields(found.form, workflow, locale=locale, panel=asked)
    title = found.title.say(locale) if found.title is not None else found.event.replace("_", " ")
    return AllowedView(found.event, title, found.state, found.role, form, found.declares)


def deadlines(chart: Chart, case: Case, *, now: datetime, locale: str = "") -> Iterator[DeadlineView]:
    """The deadlines of all active states: those that run or stand still, and those that are over while their state goes on."""
    used = deadlines_used(chart, case, now=now)
    armed = {(t.state, t.entry, t.deadline): t.due for t in case.timers if t.kind == "due"}
    for position in case.positions:
        for name, deadline in chart.states[position.state].deadlines.items():
            track = case.memory.tracks.get(f"{position.state}#{position.entry}:{name}")
            due = armed.get((position.state, position.entry, name)) or (track.fired if track else None)
            paused = track.paused_since if track else None
            if due is None and paused is None:
                continue
            yield DeadlineView(
                state=position.state,
                name=name,
                title=deadline.title.say(locale) if deadline.title else name.replace("_", " "),
                due=due,
                term=str(deadline.after or deadline.every or ""),
                overdue=due is not None and due <= now,
                extensions_left=deadline.extend.times - (track.extensions if track else 0) if deadline.extend else 0,
                paused_since=paused,
                used=used.get((position.state, name)),
            )


def timer_views(chart: Chart, case: Case, timers: Iterable[Timer], *, now: datetime) -> tuple[TimerView, ...]:
    """Armed timers of a case, the next first."""
    said = deadlines_said(chart, case, now=now)
    return tuple(
        TimerView(t.key, t.state, t.deadline, t.kind, t.rung, t.due, said.get((t.state, t.deadline), ""))
        for t in sorted(timers, key=lambda timer: timer.due)
    )


def effect_view(effect: StoredEffect, *, answers: bool) -> EffectView:
    """A stored effect and how far it is; `answers`: with what adapters answered."""
    return EffectView(
        key=effect.key,
        kind=str(effect.kind),
        adapter=effect.adapter,
        what=what(str(effect.kind), effect.payload),
        status=effect.status,
        attempt=effect.attempt,
        tries=tuple(effect.tries),
        next_at=effect.next_at,
        result=effect.result if answers or str(effect.kind) != "call" else None,
    )


def planned_effect(effect: Effect) -> EffectView:
    """An effect that would be."""
    return EffectView(effect.key, str(effect.kind), effect.adapter, what(str(effect.kind), effect.payload), "planned")


def what(kind: str, payload: Mapping[str, Any]) -> str:
    """An effect in a few words."""
    if kind == "notify":
        return f"{payload.get('template')} to {', '.join(payload.get('to', ()))}"
    if kind == "issue":
        return f"certificate {payload.get('number')} issue {payload.get('issue')}"
    names = {"call": "operation", "open": "workflow", "send": "event"}
    return str(payload.get(names.get(kind, ""), kind.replace("_", " ")))


# ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def step_view(
    chart: Chart,
    case_id: str,
    record: Record | StoredRecord,
    readable: Callable[[str], bool],
    *,
    locale: str = "",
) -> StepView:
    """One record, without what this reader may not see."""
    stored = getattr(record, "record", None)
    line: Mapping[str, Any] = stored if stored is not None else _as_map(record)
    payload = line.get("payload") or {}
    hidden = line["kind"] in WORK_KINDS and not readable(WORK)
    proof = getattr(record, "hash", None)
    return StepView(
        case_id=case_id,
        seq=line["seq"],
        kind=line["kind"],
        name=line["name"],
        title=_title(chart, line["kind"], line["name"], line.get("state", ""), locale),
        actor={"kind": line["actor"]["kind"]} if hidden else line["actor"],
        at=line["at"],
        state=line.get("state", ""),
        arms=tuple(line.get("arms", ())),
        left=tuple(line.get("left", ())),
        entered=tuple(line.get("entered", ())),
        said={} if hidden else _said(chart, line, payload.get("said") or {}, readable),
        changes={path: value for path, value in (payload.get("changes") or {}).items() if readable(path)},
        effects=tuple(line.get("effects", ())),
        facts=tuple(line.get("facts", ())),
        note="" if hidden else line.get("note", ""),
        command=line.get("command"),
        recorded_at=getattr(record, "recorded_at", None),
        hash=proof if proof is not None and readable(HASH) else None,
    )


def _said(
    chart: Chart, line: Mapping[str, Any], said: Mapping[str, Any], readable: Callable[[str], bool]
) -> dict[str, Any]:
    """What came with an event; a panel's answer is read by who reads the list it went into."""
    state = chart.states.get(line.get("state", ""))
    panel = state.panel if state is not None else None
    if line["kind"] in {"result", "effect", "dropped"} and not readable(ANSWER):
        said = {name: value for name, value in said.items() if name != "answer"}
    if panel is None or line["name"] != panel.event:
        return {path: value for path, value in said.items() if readable(path)}
    columns = chart.workflow.fields[panel.into].columns
    seen = readable(panel.into)
    return {path: value for path, value in said.items() if seen and (path in columns or readable(path))}


def _as_map(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).__dataclass_fields__}


def _title(chart: Chart, kind: str, name: str, state: str, locale: str) -> str:
    way = chart.ways.get(state, {}).get(name)
    if way is not None and way.handler.title is not None:
        return way.handler.title.say(locale)
    holder = chart.states.get(state)
    deadline = holder.deadlines.get(name) if holder is not None else None
    if deadline is not None and deadline.title is not None:
        return deadline.title.say(locale)
    return f"{kind} {name}".replace("_", " ") if kind not in {"event", "opened"} else name.replace("_", " ")


def reader_of(chart: Chart, case: Case, actor: Actor, shown: Mapping[str, Any]) -> Callable[[str], bool]:
    """Which paths (of data or event data) this actor may read in a history; `shown` are those that have a value now."""
    sight = Sight(chart, case, actor)

    def whole() -> bool:
        """By a hash one could try out what one may not read; each hash is over all that came before."""
        words = (path for path, field in chart.workflow.event_fields.items() if field.sealed is not None)
        return sight.sees_all() and case.data.keys() <= shown.keys() and not any(map(sight.sealed, words))

    beside: dict[str, Callable[[], bool]] = {
        ANSWER: sight.sees_all,
        WORK: lambda: sees_work(chart, case, actor),
        HASH: whole,
    }
    known: dict[str, bool] = {}

    def readable(path: str) -> bool:
        if path not in known:
            asked = beside.get(path)
            if asked is not None:  # most answers ask for none of them
                known[path] = asked()
            else:
                known[path] = not sight.sealed(path) and (path in shown if path in case.data else sight.sees(path))
        return known[path]

    return readable
