"""`data:`, `event_data:` and `result:`: fields with their types, bounds and defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.fields import CHECKS, MAX_TEXT, ValueFault, read_value
from engine.core.fixes import guess
from engine.core.loader.keys import FIELD, GROUP, RESERVED_FIELDS, RESERVED_GROUPS, RESERVED_WORDS
from engine.core.loader.yaml_nodes import ListNode, MapNode, Node, ScalarNode, plain
from engine.core.naming import Field, Text
from engine.core.patterns import MAX_LENGTH, UnsafePattern, check_pattern
from engine.core.types import ANY, DATE, DATETIME, INTEGER, MEMBERS, NUMBER, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.loader.draft import Draft
    from engine.core.loader.reader import Reader

KINDS = tuple(kind.value for kind in Kind if kind not in {Kind.RECORD, Kind.DURATION, Kind.NULL, Kind.ANY})
"""The words for types, as a file has them."""
_NAMED_KINDS = tuple(k for k in KINDS if k not in {"choice", "list"})
_ORDERED = {Kind.INTEGER: INTEGER, Kind.NUMBER: NUMBER, Kind.MONEY: NUMBER, Kind.DATE: DATE, Kind.DATETIME: DATETIME}
_SIZED = {Kind.TEXT, Kind.CODE, Kind.LIST}
_ONLY_FOR = {
    "min": set(_ORDERED) | _SIZED,
    "max": set(_ORDERED) | _SIZED,
    "pattern": {Kind.TEXT, Kind.CODE},
    "check": {Kind.TEXT, Kind.CODE},
    "unit": {Kind.INTEGER, Kind.NUMBER},
    "options": {Kind.CHOICE},
    "of": {Kind.LIST},
    "key": {Kind.LIST},
}


def read_data(draft: Draft, node: Node) -> None:
    """Fills the draft's fields and groups; conditions of `sealed` are left for later."""
    for key, value in draft.reader.named(node, "`data`"):
        name = key.text
        if name in RESERVED_GROUPS | RESERVED_FIELDS | RESERVED_WORDS:
            draft.reader.say("WF025", key.mark, f"'{name}' cannot be the name of data", "choose another name")
            draft.broken.add(name)
        elif isinstance(value, MapNode) and value.entries and _is_group(value):
            _read_group(draft, name, value)
        else:
            draft.fields[name] = _read_field(draft, name, value, key)
            if draft.fields[name].required:
                hint = "put the field in a group, or write `name!` in a form"
                draft.reader.say("WF049", key.mark, "`required` counts where a form asks for a group", hint)


def _is_group(node: MapNode) -> bool:
    """A map without `type`; or with it, where most keys are none of a field's: then `type` is no name for a field."""
    if node.get("type") is None:
        return True
    foreign = sum(key.text not in FIELD for key, _ in node.entries)
    return foreign * 2 > len(node.entries)


def _read_group(draft: Draft, group: str, node: MapNode) -> None:
    own = {key.text: value for key, value in node.entries if key.text in GROUP}
    draft.groups[group] = draft.reader.title(own)
    note = draft.reader.title(own, "note")
    if note is not None:
        draft.group_notes[group] = note
    if "sealed" in own:
        draft.sealed[group] = own["sealed"]
    rest = MapNode([(k, v) for k, v in node.entries if k.text not in GROUP], node.mark)
    fields = _read_fields(draft, rest, f"{group}.")
    draft.fields.update(fields)


def read_event_data(draft: Draft, node: Node) -> None:
    """Fills the draft's event data."""
    draft.event_fields = _read_fields(draft, node, "", refused=_SAID)
    for name, field in list(draft.event_fields.items()):
        if name in {"name", "at", "by"}:
            draft.reader.say("WF025", field.mark, f"`event.{name}` is the event's own", "choose another name")
        elif name in draft.fields or name in draft.groups:
            hint = "rename one of them: a form could not tell which is meant"
            draft.reader.say("WF026", field.mark, f"'{name}' is in `data` and in `event_data`", hint)
        else:
            continue
        draft.broken.add(name)
        del draft.event_fields[name]


def read_result(draft: Draft, node: Node) -> dict[str, Field]:
    """The fields of a service's `result`."""
    return _read_fields(draft, node, "", refused={**_SAID, "sealed": "what comes back is read in done and failed only"})


_SAID = {"required": "a form says which has to be given: `name!`", "default": "nothing is said unless somebody says it"}
"""Keys of a field that have no meaning outside `data`."""


def _read_fields(
    draft: Draft, node: Node, prefix: str, *, refused: Mapping[str, str] | None = None
) -> dict[str, Field]:
    fields = {}
    for key, value in draft.reader.named(node, f"the fields of {prefix.rstrip('.')}" if prefix else "fields"):
        if key.text in RESERVED_FIELDS | RESERVED_WORDS:
            draft.reader.say("WF025", key.mark, f"'{key.text}' cannot be the name of a field", "choose another name")
            draft.broken.add(f"{prefix}{key.text}")
            continue
        path = f"{prefix}{key.text}"
        for inner, _ in value.entries if isinstance(value, MapNode) and refused else ():
            if refused and inner.text in refused:
                draft.reader.say("WF049", inner.mark, f"`{inner.text}` has no meaning here", refused[inner.text])
        fields[path] = _read_field(draft, path, value, key)
    return fields


def _read_field(draft: Draft, path: str, node: Node, key: ScalarNode) -> Field:
    """A field; one with a faulty type is of type any, so that what uses it is not reported too."""
    reader = draft.reader
    before = len(reader.found)
    if isinstance(node, MapNode):
        entries = reader.table(node, FIELD, f"field '{path}'")
        kind = _kind(reader, entries["type"], f"the type of '{path}'") if "type" in entries else None
        if isinstance(entries.get("type"), ListNode):
            entries.setdefault("options", entries["type"])
    elif isinstance(node, ListNode):
        entries, kind = {"options": node}, Kind.CHOICE
    else:
        entries, kind = {}, _kind(reader, node, f"the type of '{path}'")
    if kind is None:
        draft.broken.add(path)
        return Field(path=path, type=ANY, mark=key.mark)
    for name in [n for n in entries if kind not in _ONLY_FOR.get(n, {kind})]:
        fitting = ", ".join(sorted(k.value for k in _ONLY_FOR[name]))
        node_of = next(k for k, _ in node.entries if k.text == name) if isinstance(node, MapNode) else key
        reader.say("WF049", node_of.mark, f"a field of type {kind.value} has no `{name}`", f"only {fitting}")
        del entries[name]
    if "sealed" in entries:
        draft.sealed[path] = entries["sealed"]
    field = _typed(draft, path, kind, entries, key)
    field = _bounded(reader, field, entries)
    if len(reader.found) == before:
        field = _with_default(reader, field, entries)
    return field


def _kind(reader: Reader, node: Node, what: str) -> Kind | None:
    if isinstance(node, ListNode):
        return Kind.CHOICE
    word = reader.word(node, KINDS, what)
    return None if word is None else Kind(word)


def _typed(draft: Draft, path: str, kind: Kind, entries: dict[str, Node], key: ScalarNode) -> Field:
    reader = draft.reader
    field = Field(
        path=path,
        type=Type(kind, members=MEMBERS.get(kind, {})),
        title=reader.title(entries),
        note=reader.title(entries, "note"),
        required=reader.boolean(entries["required"], "`required`") if "required" in entries else False,
        unit=reader.string(entries["unit"], "`unit`") if "unit" in entries else None,
        mark=key.mark,
    )
    if kind is Kind.CHOICE:
        choice = _choice(reader, field, entries)
        if choice.options:
            return choice
        draft.broken.add(path)
        return replace(choice, type=ANY)
    if kind is Kind.LIST:
        return _list(draft, field, entries)
    return field


def _choice(reader: Reader, field: Field, entries: dict[str, Node]) -> Field:
    node = entries.get("options")
    options: dict[str, Text] = {}
    pairs: list[tuple[Node, Node]] = []
    if node is None:
        reader.say("WF011", field.mark, f"choice '{field.path}' needs `options`", "write options: [a, b]")
    elif isinstance(node, MapNode):
        pairs = [(key, value) for key, value in node.entries]
    else:
        pairs = [(item, item) for item in reader.items(node)]
    for name_node, text_node in pairs:
        name, text = reader.string(name_node, "an option"), reader.text(text_node, "an option")
        if name is None or text is None:
            continue
        if name in options:
            reader.say("WF029", name_node.mark, f"option '{name}' stands twice", "keep one of them")
        options[name] = text
    if node is not None and not pairs:
        reader.shape(node, f"choice '{field.path}' has no options", "write options: [a, b]")
    return replace(field, type=Type(Kind.CHOICE, options=tuple(options)), options=options)


def _list(draft: Draft, field: Field, entries: dict[str, Node]) -> Field:
    reader, of = draft.reader, entries.get("of")
    if of is None:
        reader.say("WF011", field.mark, f"list '{field.path}' needs `of`", "write of: text, or of: {column: type}")
        return replace(field, type=Type(Kind.LIST, item=ANY))
    if isinstance(of, MapNode) and of.get("type") is None:
        columns = _read_fields(draft, of, "")
        _refuse_inner(draft, of, columns)
        if not of.entries:
            reader.shape(of, f"list '{field.path}' has no columns", "write of: text, or of: {column: type}")
        row = Type(Kind.RECORD, members={name: column.type for name, column in columns.items()})
        return replace(field, type=Type(Kind.LIST, item=row), columns=columns, key=_list_key(reader, entries, columns))
    item = _read_field(draft, field.path, of, ScalarNode("", quoted=True, mark=of.mark))
    if item.type.kind is Kind.LIST:
        reader.say(
            "WF012", of.mark, "a list of lists", "give the inner list a column: of: {items: {type: list, of: text}}"
        )
    if "key" in entries:
        reader.say("WF049", entries["key"].mark, "`key` needs columns", "write of: {column: type}")
    return replace(field, type=Type(Kind.LIST, item=item.type), item=item)


def _refuse_inner(draft: Draft, of: MapNode, columns: dict[str, Field]) -> None:
    """A column cannot be sealed: the field or the group can."""
    for name in columns:
        node = draft.sealed.pop(name, None) if "." not in name else None
        inside = of.get(name)
        if node is not None and isinstance(inside, MapNode) and inside.get("sealed") is node:
            draft.reader.say("WF019", node.mark, "a column cannot be sealed", "seal the field or its group")
        elif node is not None:
            draft.sealed[name] = node


def _list_key(reader: Reader, entries: dict[str, Node], columns: dict[str, Field]) -> str | None:
    if "key" not in entries:
        return None
    name = reader.string(entries["key"], "`key`")
    if name is None:
        return None
    if name not in columns:
        hint = guess(name, columns) or f"one of {', '.join(columns)}"
        reader.say("WF023", entries["key"].mark, f"the list has no column '{name[:60]}'", hint)
        return None
    if columns[name].type.kind not in {Kind.TEXT, Kind.CODE, Kind.INTEGER, Kind.CHOICE, Kind.FILE, Kind.ANY}:
        kind = columns[name].type.kind
        reader.say(
            "WF047", entries["key"].mark, f"a {kind} cannot tell items apart", "use a text, code or integer column"
        )
        return None
    return name


def _bounded(reader: Reader, field: Field, entries: dict[str, Node]) -> Field:
    kind = field.type.kind
    low = _bound(reader, field, entries.get("min"))
    high = _bound(reader, field, entries.get("max"))
    if low is not None and high is not None and low > high:
        reader.say("WF040", entries["min"].mark, f"`min` {low} is more than `max` {high}", "exchange them")
    pattern = reader.string(entries["pattern"], "`pattern`") if "pattern" in entries else None
    if pattern is not None:
        try:
            check_pattern(pattern, high)
        except UnsafePattern as fault:
            reader.say(
                "WF045", entries["pattern"].mark, str(fault).partition(";")[0], str(fault).partition("; ")[2] or None
            )
            pattern = None
    check = reader.word(entries["check"], CHECKS, "`check`") if "check" in entries else None
    most = MAX_LENGTH if pattern is not None else {Kind.TEXT: MAX_TEXT, Kind.CODE: MAX_LENGTH}.get(kind)
    if most is not None and isinstance(high, int) and high > most:
        what = "a text with a pattern" if pattern is not None else f"a {kind}"
        reader.say("WF040", entries["max"].mark, f"{what} has {most:,} characters at most", "make `max` smaller")
    if kind is Kind.LIST and isinstance(high, int) and high > 10_000:
        reader.say("WF040", entries["max"].mark, "a list holds 10,000 items at most", "make `max` smaller")
    return replace(field, min=low, max=high, pattern=pattern, check=check)


def _bound(reader: Reader, field: Field, node: Node | None) -> Any:
    if node is None:
        return None
    kind = field.type.kind
    if kind in _SIZED:
        return reader.count(node, "a length", least=0)
    scalar = reader.scalar(node, "a bound")
    if scalar is None:
        return None
    try:
        return read_value(Field(path=field.path, type=_ORDERED[kind]), scalar.text)
    except ValueFault as fault:
        reader.say(
            "WF040", scalar.mark, f"this bound {fault.text.partition('; ')[0]}", fault.text.partition("; ")[2] or None
        )
        return None


def _with_default(reader: Reader, field: Field, entries: dict[str, Node]) -> Field:
    node = entries.get("default")
    if node is None:
        return field
    if isinstance(node, ScalarNode) and (node.broken or node.empty):
        reader.shape(node, "`default` is empty", "leave it out: a field without a value is empty")
        return field
    try:
        return replace(field, default=read_value(field, _spelt(field, node)))
    except ValueFault as fault:
        fact, _, hint = str(fault).partition("; ")
        reader.say("WF040", node.mark, f"the default of '{field.path}' {fact}", hint or None)
        return field


def _spelt(field: Field, node: Node) -> Any:
    """A default as it is spelt, so that `0042` stays a text; what a map holds is read as YAML reads it."""
    if field.type.kind is Kind.MAP:
        return plain(node)
    if isinstance(node, MapNode):
        return {key.text: _spelt_inner(field, key.text, value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [_spelt_item(field, item) for item in node.items]
    return node.text


def _spelt_item(field: Field, node: Node) -> Any:
    if isinstance(node, MapNode) and field.columns:
        return {key.text: _spelt_inner(field, key.text, value) for key, value in node.entries}
    return _spelt(field.item or field, node)


def _spelt_inner(field: Field, name: str, node: Node) -> Any:
    column = field.columns.get(name, Field(path=name, type=TEXT))
    return None if isinstance(node, ScalarNode) and node.empty else _spelt(column, node)
