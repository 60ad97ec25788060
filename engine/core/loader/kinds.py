"""What only panels, services and children have, and `need`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from engine.core.acts import Call
from engine.core.definition import Ask, Children, Need, Panel
from engine.core.loader.actions import read_arguments, read_operation
from engine.core.loader.conditions import condition, expression, own_fields, values, with_bound
from engine.core.loader.data import read_result
from engine.core.loader.draft import Draft, Here
from engine.core.loader.forms import read_panel_form
from engine.core.loader.keys import CHILDREN, PANEL, RESERVED_EVENTS, RESERVED_GROUPS, RETRY
from engine.core.loader.paths import field_at
from engine.core.loader.people import role_name, several
from engine.core.loader.yaml_nodes import MapNode, Node, ScalarNode
from engine.core.terms import Term, Unit
from engine.core.types import DATETIME, MEMBERS, TEXT, Kind, Type

if TYPE_CHECKING:
    from engine.core.diagnostics import Mark
    from engine.core.naming import Field

Entries = Mapping[str, Node]
Rest = Literal["cancel", "go_on"]


def read_need(draft: Draft, entries: Entries, here: Here, *, most: int | None = None) -> Need:
    """`need`: all, any, a count up to `most`, or a condition."""
    node = entries.get("need")
    if node is None:
        return Need()
    text = node.text if isinstance(node, ScalarNode) else ""
    if text == "all":
        return Need("all")
    if text == "any":
        return Need("any")
    if re.fullmatch(r"-?[0-9]{1,9}", text):
        count = int(text)
        if count < 1 or (most is not None and count > most):
            limit = f" to {most}" if most is not None else ""
            draft.reader.say(
                "WF013", node.mark, f"`need` cannot be {count}", f"a number from 1{limit}, all, any or a condition"
            )
        return Need(count)
    test = condition(draft, node, here, "`need`")
    return Need(None, test) if test is not None else Need()


def _rest(draft: Draft, entries: Entries) -> Rest:
    said = draft.reader.word(entries["rest"], ("cancel", "go_on"), "`rest`") if "rest" in entries else None
    return "go_on" if said == "go_on" else "cancel"


# ── panel ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def panel_list(draft: Draft, node: Node) -> Field | None:
    """The list that a panel writes to, quietly: for the types of `answers`."""
    into = node.get("into") if isinstance(node, MapNode) else None
    field = draft.fields.get(into.text) if isinstance(into, ScalarNode) else None
    return field if field is not None and field.columns else None


def answers_type(field: Field | None) -> Type | None:
    """A row of answers: the columns, and who, as what and when."""
    if field is None:
        return None
    person = Type(Kind.PERSON, members=MEMBERS[Kind.PERSON])
    columns = {name: column.type for name, column in field.columns.items()}
    return Type(Kind.RECORD, members={"person": person, "role": TEXT, "at": DATETIME, **columns})


def read_panel(draft: Draft, node: Node, state: str) -> tuple[Panel | None, Need, Rest]:
    """`panel`."""
    reader = draft.reader
    entries = reader.table(node, PANEL, "`panel`")
    into = field_at(draft, entries["into"], "`into`", {Kind.LIST}) if "into" in entries else None
    if into is not None and not into.columns and into.type.kind is Kind.LIST:
        reader.say(
            "WF047", entries["into"].mark, f"'{into.path}' has no columns for answers", "write of: {column: type}"
        )
        into = None
    if into is not None:
        _check_own_columns(draft, into, entries["into"].mark)
    form = read_panel_form(draft, entries["form"], into.columns) if into is not None and "form" in entries else ()
    if into is not None and into.key is not None and not any(i.path == into.key and i.must for i in form):
        message = f"'{into.path}' tells its rows apart by '{into.key}', which no member gives"
        reader.say("WF043", entries["into"].mark, message, f"ask for `{into.key}!` in the form, or leave the key out")
    ask = _ask(draft, entries["ask"]) if "ask" in entries else ()
    event = reader.name(entries["event"], "`event`") if "event" in entries else "answer"
    if event in RESERVED_EVENTS:
        reader.say("WF025", entries["event"].mark, f"'{event}' cannot be the name of an event", "choose another name")
    here = Here(state, answers=answers_type(into))
    asked = [a.count for a in ask]
    most = sum(n for n in asked if n is not None) if asked and None not in asked else None
    need = read_need(draft, entries, here, most=most)
    rest = _rest(draft, entries)
    return (Panel(ask, form, into.path, event or "answer") if into is not None else None), need, rest


_OWN = {"person": {Kind.PERSON, Kind.TEXT}, "role": {Kind.TEXT, Kind.CODE}, "at": {Kind.DATETIME}}


def _check_own_columns(draft: Draft, into: Field, mark: Mark) -> None:
    for name, kinds in _OWN.items():
        column = into.columns.get(name)
        if column is not None and column.type.kind not in kinds | {Kind.ANY}:
            words = " or ".join(sorted(k.value for k in kinds))
            message = f"column '{name}' of '{into.path}' is filled in by itself and is {words}, not {column.type}"
            draft.reader.say("WF047", mark, message, "change its type, or its name")


def _ask(draft: Draft, node: Node) -> tuple[Ask, ...]:
    asked = []
    if isinstance(node, MapNode) and not node.entries:
        draft.reader.say("WF012", node.mark, "`ask` asks nobody", "write {role: 3}")
    for key, value in draft.reader.named(node, "`ask`"):
        role = role_name(draft, key)
        text = value.text if isinstance(value, ScalarNode) else ""
        if re.fullmatch(r"[0-9]+", text):
            count = draft.reader.count(value, "how many are asked", most=1000)
            if role is not None and count is not None:
                asked.append(Ask(role, count))
            continue
        field = field_at(draft, value, "whom to ask")
        if field is None or role is None:
            continue
        if field.type.item is None or field.type.item.kind not in {Kind.PERSON, Kind.ANY}:
            message = f"'{field.path}' is no list of persons but {field.type}"
            draft.reader.say("WF047", value.mark, message, "write {type: list, of: person}")
            continue
        asked.append(Ask(role, persons=field.path))
    return tuple(asked)


# ── service and children ─────────────────────────────────────────────────────────────────────────────────────────────


def read_service(draft: Draft, entries: Entries, state: str, mark: Mark) -> Call:
    """The call of a service state, with what comes back."""
    adapter, operation = read_operation(draft, entries["call"]) if "call" in entries else ("", "")
    result = read_result(draft, entries["result"]) if "result" in entries else {}
    if adapter == "certificate":
        for name in ("with", "result"):
            if name in entries:
                hint = "its result is the certificate: read certificate.number and the like"
                draft.reader.say("WF063", entries[name].mark, f"`{name}` beside `call: certificate.issue`", hint)
    retry = draft.reader.table(entries["retry"], RETRY, "`retry`") if "retry" in entries else {}
    return Call(
        adapter,
        operation,
        read_arguments(draft, entries, Here(state)),
        result=result,
        retry_times=draft.reader.count(retry["times"], "`times`", least=0, most=1000) if "times" in retry else None,
        retry_wait=_wait(draft, retry["wait"]) if "wait" in retry else None,
        mark=mark,
    )


def _wait(draft: Draft, node: Node) -> Term | None:
    """Between two tries: machine time, on no calendar."""
    term = draft.reader.term(node, "`wait`")
    if term is not None and term.unit is Unit.WORKING_HOURS:
        draft.reader.say(
            "WF015", node.mark, "a machine waits round the clock", f"write {Term(term.amount, Unit.HOURS)}"
        )
    return term


def result_types(call: Call) -> Mapping[str, Type]:
    """What `result.x` is in `done`."""
    return {name: field.type for name, field in call.result.items()}


def read_children(draft: Draft, node: Node, state: str) -> tuple[Children | None, Need, Rest]:
    """`cases`."""
    reader = draft.reader
    entries = reader.table(node, CHILDREN, "`cases`")
    here = Here(state)
    each = expression(draft, entries["each"], here, what="`each`") if "each" in entries else None
    if each is not None and each.type.kind is not Kind.LIST:
        reader.say(
            "WF041", entries["each"].mark, f"`each` is a list, not {each.type}", "name a list field, or filter one"
        )
        each = None
    name = _item_name(draft, entries)
    inner = here
    if name is not None:
        item = each.type.item if each is not None and each.type.item is not None else Type(Kind.ANY)
        inner = with_bound(here, name, item)
        if each is None:
            draft.broken.add(name)
    for key in ("as", "key"):
        if key in entries and "each" not in entries:
            reader.say("WF063", entries[key].mark, f"`{key}` without `each`", "`each` is the list that has the items")
    workflow = reader.name(entries["of"], "`of`") if "of" in entries else None
    need = read_need(draft, entries, here)
    made = Children(
        workflow or "",
        each=each,
        item_name=name,
        key=expression(draft, entries["key"], inner, what="`key`") if "key" in entries else None,
        values=values(draft, entries["with"], inner, fields=own_fields(draft, workflow or ""))
        if "with" in entries
        else None,
        add=several(draft, entries["add"]) if "add" in entries else (),
    )
    if name is not None:
        draft.broken.discard(name)
    return made, need, _rest(draft, entries)


def _item_name(draft: Draft, entries: Entries) -> str | None:
    if "as" not in entries:
        return None
    name = draft.reader.name(entries["as"], "`as`")
    if name is None:
        return None
    taken = {path.partition(".")[0] for path in draft.paths} | set(draft.define)
    if name in RESERVED_GROUPS or name in taken:
        message = f"`as: {name}` hides what '{name}' means already"
        draft.reader.say("WF026", entries["as"].mark, message, "choose another name")
    return name
