"""What a message template may name: values from the case as it is and from the step that asked for the message."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import ended_day, local_date
from engine.core.definition import StateKind
from engine.ports import Due, Message, Origin
from engine.service.case_views import nested, state_title, turn_title

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from engine.core.case import Case, Timer
    from engine.core.machine.chart import Chart
    from engine.ports import Person, Templates
    from engine.store.records import StoredEffect


def write_message(
    templates: Templates,
    chart: Chart,
    case: Case,
    effect: StoredEffect,
    record: Mapping[str, Any],
    to: Person,
    *,
    link: str,
    now: datetime,
) -> Message:
    """One message to one person, in his locale; raises DeliveryFailed where the template does not fit."""
    said = values(chart, case, effect, record, to, link=link)
    template = str(effect.payload["template"])
    subject, text = templates.render(template, to.locale, said)
    due = _due(chart, case, said, now)
    return Message(
        message_id=message_id(effect, to),
        to=to,
        subject=subject,
        text=text,
        case_id=case.id,
        case_number=case.number,
        workflow=case.workflow,
        template=template,
        sent_at=now,
        due=due,
        origin=_origin(chart, to.locale),
    )


def _origin(chart: Chart, locale: str) -> Origin:
    mail = chart.workflow.mail
    if mail is None:
        return Origin()
    name = mail.sender.say(locale) if mail.sender is not None else ""
    return Origin(name, mail.address or "", mail.reply_to or "")


def _due(chart: Chart, case: Case, said: Mapping[str, Any], now: datetime) -> Due | None:
    """The deadline that a message names, for the receiver's calendar, while it is still to come."""
    deadline = said.get("deadline") or {}
    due = deadline.get("due")
    if due is None or due < (now if isinstance(due, datetime) else local_date(now, chart.zone)):
        return None
    uid = f"{case.id}.{said['state']['path']}.{deadline['name']}"
    return Due(uid, str(deadline.get("title") or deadline["name"]), due, str(said["link"]))


def message_id(effect: StoredEffect, to: Person) -> str:
    """Fixed for case, step, effect and receiver, at every try."""
    person = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in to.id)
    return f"{effect.key.replace('/', '.')}.{person}@milepost"


def values(
    chart: Chart, case: Case, effect: StoredEffect, record: Mapping[str, Any], to: Person, *, link: str
) -> dict[str, Any]:
    """The names of LANGUAGE's messages; what has no value is not there, so that a template has to ask."""
    locale, workflow = to.locale, chart.workflow
    said = (record.get("payload") or {}).get("said") or {}
    actor = record.get("actor") or {}
    open_leaves = [leaf for leaf in case.leaves if chart.states[leaf].kind is not StateKind.FINAL]
    state = effect.state or next(iter(open_leaves or case.leaves), "")
    found: dict[str, Any] = {
        "case": {
            "id": case.id,
            "number": case.number or case.id,
            "workflow": case.workflow,
            "title": workflow.title.say(locale),
            "timezone": workflow.zone.key,
            "opened_at": case.opened_at,
        },
        "data": nested(case.data),
        "event": {"name": record.get("name", ""), **{path: value for path, value in said.items() if "." not in path}},
        "actor": {"name": actor.get("name") or actor.get("id", ""), "party": actor.get("party") or ""},
        "to": {"name": to.name, "locale": locale},
        "turn": ", ".join(turn_title(workflow, case, name, locale) for name in case.turn),
        "state": {"path": state, "title": state_title(chart, state, locale)},
        "children": tuple(
            {"number": c.number, "key": c.key, "workflow": c.workflow, "ended": c.ended, "outcome": c.outcome}
            for c in case.memory.children
        ),
        "link": link,
    }
    deadline = _deadline(chart, case, effect, locale)
    return {**found, "deadline": deadline} if deadline else found


def _deadline(chart: Chart, case: Case, effect: StoredEffect, locale: str) -> dict[str, Any]:
    """The deadline that the message is about: its own, else the first that runs where the message was asked for."""
    name, due, state = effect.payload.get("deadline"), effect.payload.get("due"), effect.state
    if name is None:
        timer = _first_due(case, effect.state)
        if timer is None:
            return {}
        name, due, state = timer.deadline, timer.due, timer.state
    elif due is None:
        due = next((t.due for t in case.timers if (t.state, t.deadline, t.kind) == (state, name, "due")), None)
    holder = chart.states.get(state)
    deadline = holder.deadlines.get(name) if holder is not None else None
    title = deadline.title.say(locale) if deadline is not None and deadline.title is not None else None
    term = str(deadline.after or deadline.every or "") if deadline is not None else ""
    found = {"name": name, "title": title, "term": term, "due": None if due is None else shown_due(chart, due)}
    return {key: value for key, value in found.items() if value is not None}


def _first_due(case: Case, state: str) -> Timer | None:
    places = {state} if state else set(case.leaves)
    due = [timer for timer in case.timers if timer.kind == "due" and timer.state in places]
    return min(due, key=lambda timer: timer.due, default=None)


def shown_due(chart: Chart, due: datetime) -> date | datetime:
    """A term that ends with a day is that day for people; any other moment stays one."""
    return ended_day(due, chart.zone) or due
