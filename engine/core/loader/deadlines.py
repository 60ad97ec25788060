"""Deadlines: their timing, reminders, escalation and extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.core.definition import Arm, Deadline, Extension, Reminder, Rung
from engine.core.loader.arms import ARM_KEYS, read_event_arms
from engine.core.loader.conditions import moment
from engine.core.loader.draft import Draft, Here
from engine.core.loader.keys import DEADLINE, EXTEND, REMIND, RUNG
from engine.core.loader.people import TURN, several, who
from engine.core.loader.yaml_nodes import MapNode, Node, ScalarNode
from engine.core.naming import Side
from engine.core.terms import Term, Unit

Entries = Mapping[str, Node]


def read_deadlines(
    draft: Draft, node: Node, state: str, events: Mapping[str, object], *, nobody: bool
) -> dict[str, Deadline]:
    """{deadline} of a state; `nobody`: it is nobody's turn there, so a reminder has to say to whom it goes."""
    found = {}
    for key, value in draft.reader.named(node, "`deadlines`"):
        name = f"{key.text} (deadline)" if key.text in events else key.text
        found[key.text] = _deadline(draft, value, key, state, name, nobody=nobody)
    return found


def _deadline(draft: Draft, node: Node, key: ScalarNode, state: str, arm_name: str, *, nobody: bool) -> Deadline:
    reader, here = draft.reader, Here(state)
    entries = reader.table(node, DEADLINE, f"deadline '{key.text}'")
    if entries or isinstance(node, MapNode):
        _check_timing(draft, entries, key)
    after = reader.term(entries["after"], "`after`") if "after" in entries else None
    every = reader.term(entries["every"], "`every`") if "every" in entries else None
    counts = reader.word(entries["counts"], [s.value for s in Side], "`counts`") if "counts" in entries else None
    arms: tuple[Arm, ...] = ()
    if any(name in entries for name in ARM_KEYS):
        arms = read_event_arms(draft, entries, here, arm_name, key.mark)
    return Deadline(
        name=key.text,
        after=after,
        at=moment(draft, entries["at"], here, "`at`") if "at" in entries else None,
        every=every,
        start=moment(draft, entries["from"], here, "`from`") if "from" in entries else None,
        before=reader.term(entries["before"], "`before`") if "before" in entries else None,
        roll=_roll(draft, entries, after or every),
        counts=Side(counts) if counts else None,
        remind=_remind(draft, entries, nobody=nobody),
        escalate=_escalate(draft, entries["escalate"]) if "escalate" in entries else (),
        extend=_extend(draft, entries["extend"]) if "extend" in entries else None,
        arms=arms,
        title=reader.title(entries),
        note=reader.title(entries, "note"),
        mark=key.mark,
    )


def _check_timing(draft: Draft, entries: Entries, key: ScalarNode) -> None:
    timings = [name for name in ("after", "at", "every") if name in entries]
    if len(timings) != 1:
        said = "neither after, at nor every" if not timings else " and ".join(f"`{name}`" for name in timings)
        hint = "write exactly one of after, at, every"
        draft.reader.say("WF057", key.mark, f"deadline '{key.text}' has {said}", hint)
        return
    refused = {
        "at": {"from": "write `after` for a term from a moment", "counts": "only a term (`after`) can stand still"},
        "every": {"extend": "only a deadline that falls due once can be extended"},
    }
    for name, hint in refused.get(timings[0], {}).items():
        if name in entries:
            draft.reader.say("WF057", entries[name].mark, f"`{name}` beside `{timings[0]}`", hint)


def _roll(draft: Draft, entries: Entries, term: Term | None) -> Literal["next", "none"]:
    if "roll" in entries:
        said = draft.reader.word(entries["roll"], ("next", "none"), "`roll`")
        if said == "next" and not draft.reader.has_calendar:
            draft.reader.say(
                "WF015", entries["roll"].mark, "days off are not known without a calendar", "name one: `calendar: …`"
            )
        return "next" if said == "next" else "none"
    by_day = term is not None and term.unit in {Unit.DAYS, Unit.MONTHS}
    return "next" if by_day and draft.reader.has_calendar else "none"


def _remind(draft: Draft, entries: Entries, *, nobody: bool) -> Reminder | None:
    if "remind" not in entries:
        return None
    node, reader = entries["remind"], draft.reader
    if isinstance(node, MapNode):
        inner = reader.table(node, REMIND, "`remind`")
        return Reminder(
            before=reader.terms(inner["before"], "`before`") if "before" in inner else (),
            to=several(draft, inner["to"]) if "to" in inner else (),
            template=(reader.name(inner["template"], "`template`") if "template" in inner else None) or "reminder",
        )
    if nobody:
        message = "it is nobody's turn here, so the reminder goes to nobody"
        reader.say("WF060", node.mark, message, "write {before: [5 days], to: [role]}")
    return Reminder(before=reader.terms(node, "`remind`"))


def _escalate(draft: Draft, node: Node) -> tuple[Rung, ...]:
    rungs = []
    for item in draft.reader.some(node, "`escalate`"):
        if isinstance(item, MapNode):
            inner = draft.reader.table(item, RUNG, "an escalation")
            to = who(draft, inner["to"]) if "to" in inner else None
            after = draft.reader.term(inner["after"], "`after`") if "after" in inner else None
        else:
            to, after = who(draft, item), None
        if to is not None:
            rungs.append(Rung(to, after))
    return tuple(rungs)


def _extend(draft: Draft, node: Node) -> Extension | None:
    reader = draft.reader
    inner = reader.table(node, EXTEND, "`extend`")
    if any(key.must and name not in inner for name, key in EXTEND.items()):
        return None
    by = several(draft, inner["by"])
    times = reader.count(inner["times"], "`times`", most=1000)
    add = reader.term(inner["add"], "`add`")
    told = several(draft, inner["notify"], words=(TURN,)) if "notify" in inner else ()
    return Extension(by, times, add, told) if times is not None and add is not None else None
