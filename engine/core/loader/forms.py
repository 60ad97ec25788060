"""Entries of a form: what a sender gives, by path, group, `list+`, `list.column` or event data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.core.definition import FormItem
from engine.core.fixes import guess
from engine.core.loader.paths import mentions_broken
from engine.core.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.loader.draft import Draft
    from engine.core.loader.yaml_nodes import Node, ScalarNode
    from engine.core.naming import Field, Who

_ITEM = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(\+?)(!?)")


def read_form(draft: Draft, node: Node) -> tuple[FormItem, ...]:
    """`form` of an event or of `open`."""
    return _read(draft, node, None)


def read_panel_form(draft: Draft, node: Node, columns: Mapping[str, Field]) -> tuple[FormItem, ...]:
    """`form` of a panel: columns of its list, or event data."""
    return _read(draft, node, columns)


def event_types(draft: Draft, form: tuple[FormItem, ...]) -> Mapping[str, Type]:
    """The event data that a form gives, for expressions."""
    return {item.path: draft.event_fields[item.path].type for item in form if item.event_data}


def _read(draft: Draft, node: Node, columns: Mapping[str, Field] | None) -> tuple[FormItem, ...]:
    items: dict[tuple[str, str | None, bool], FormItem] = {}
    for entry in draft.reader.items(node):
        scalar = draft.reader.scalar(entry, "an entry of a form")
        if scalar is None:
            continue
        item = _item(draft, scalar, columns)
        if item is None:
            continue
        key = (item.path, item.column, item.event_data)
        twice = items.get(key)
        if twice is not None:
            draft.reader.say("WF029", scalar.mark, f"'{item.path}' stands twice in this form", f"'{twice}' is enough")
        else:
            items[key] = item
    return tuple(items.values())


def _item(draft: Draft, scalar: ScalarNode, columns: Mapping[str, Field] | None) -> FormItem | None:
    said = _ITEM.fullmatch(scalar.text)
    if said is None:
        hint = "write path, path!, list+, list+!, list.column or group"
        draft.reader.say("WF042", scalar.mark, f"'{scalar.text[:60]}' is no entry of a form", hint)
        return None
    path, add, must = str(said[1]), bool(said[2]), bool(said[3])
    item = _panel_item(draft, scalar, path, columns) if columns is not None else _data_item(draft, scalar, path)
    if item is None:
        return None
    if add:
        item = _adding(draft, scalar, item)
    return FormItem(item.path, item.mode, must, item.column, item.event_data, scalar.mark) if item else None


def _data_item(draft: Draft, scalar: ScalarNode, path: str) -> FormItem | None:
    if path in draft.fields:
        return FormItem(path)
    if path in draft.groups:
        return FormItem(path, "group")
    if path in draft.event_fields:
        return FormItem(path, event_data=True)
    table, _, column = path.rpartition(".")
    if table in draft.fields and draft.fields[table].columns:
        field = draft.fields[table]
        if column not in field.columns:
            hint = guess(column, field.columns) or f"columns: {', '.join(field.columns)}"
            draft.reader.say("WF042", scalar.mark, f"'{table}' has no column '{column}'", hint)
        elif field.key is None:
            draft.reader.say(
                "WF043", scalar.mark, f"'{table}' has no key, so a column cannot be given", _key_hint(field)
            )
        elif column == field.key:
            draft.reader.say(
                "WF042", scalar.mark, f"'{column}' tells the items apart and cannot be changed", f"give '{table}'"
            )
        else:
            return FormItem(table, "column", column=column)
        return None
    if not mentions_broken(draft, path):
        known = [*draft.fields, *draft.groups, *draft.event_fields]
        longer = (f"did you mean '{k}'?" for k in known if k.endswith(f".{path}"))
        near = guess(path, known) or next(longer, None)
        draft.reader.say(
            "WF042", scalar.mark, f"'{path[:60]}' is no field", near or "declare it in `data` or `event_data`"
        )
    return None


def _panel_item(draft: Draft, scalar: ScalarNode, path: str, columns: Mapping[str, Field]) -> FormItem | None:
    if path in {"person", "role", "at"} and path in columns:
        draft.reader.say("WF042", scalar.mark, f"'{path}' is filled in by itself", "leave it out of the form")
        return None
    if path in columns:
        return FormItem(path)
    if path in draft.event_fields:
        return FormItem(path, event_data=True)
    if not mentions_broken(draft, path):
        hint = guess(path, [*columns, *draft.event_fields]) or f"columns: {', '.join(columns)}"
        draft.reader.say(
            "WF042", scalar.mark, f"'{path[:60]}' is no column of the panel's list and no event data", hint
        )
    return None


def _adding(draft: Draft, scalar: ScalarNode, item: FormItem) -> FormItem | None:
    field = draft.fields.get(item.path)
    if item.mode != "field" or field is None or field.type.kind not in {Kind.LIST, Kind.ANY}:
        draft.reader.say("WF042", scalar.mark, f"'{item.path}' is no list, so nothing can be added", "leave the + out")
        return None
    if field.key is None and field.type.kind is Kind.LIST:
        draft.reader.say("WF043", scalar.mark, f"'{item.path}' has no key, so nothing can be added", _key_hint(field))
        return None
    return FormItem(item.path, "add")


def _key_hint(field: Field) -> str:
    if field.columns:
        return f"say which column tells items apart: key: {next(iter(field.columns))}"
    return "a list of plain values is given whole; for a key write of: {column: type}"


# ── what senders may see ─────────────────────────────────────────────────────────────────────────────────────────────


def check_sight(draft: Draft, by: tuple[Who, ...], form: tuple[FormItem, ...]) -> None:
    """A form must not ask for what its sender cannot see (LANGUAGE §2.2); one finding an entry."""
    for item in form:
        path = f"{item.path}.{item.column}" if item.column else item.path
        for sender in by:
            role = draft.roles.get(sender.name) if sender.kind == "role" else None
            if role is None:
                continue
            allowed = role.fields is None or any(_inside(path, shown) for shown in role.fields)
            hidden = next((h for h in role.hides if _inside(path, h) or _inside(h, path)), None)
            if not allowed or hidden is not None:
                way = f"take '{hidden}' out of its `hides`" if hidden else f"add '{item.path}' to its `fields`"
                draft.reader.say(
                    "WF048", item.mark, f"role '{role.name}' cannot see '{path}', so no form can ask it", way
                )
                break


def _inside(path: str, around: str) -> bool:
    return path == around or path.startswith(f"{around}.")
