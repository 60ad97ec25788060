"""Roles, and who may act or is told: the words `who` can be."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.fixes import guess
from engine.core.loader.keys import RESERVED_ROLES, ROLE
from engine.core.loader.paths import NAMING, field_at, sight_paths
from engine.core.loader.reader import NAME
from engine.core.naming import Role, Side, Text, Who
from engine.core.types import Kind

if TYPE_CHECKING:
    from engine.core.loader.draft import Draft
    from engine.core.loader.yaml_nodes import Node

SYSTEM, TURN, SUBSCRIBERS = Who("system"), Who("turn"), Who("subscribers")


def read_roles(draft: Draft, node: Node) -> None:
    """Fills the draft's roles; data is known already."""
    reader = draft.reader
    for key, value in reader.named(node, "`roles`"):
        name = key.text
        if name in RESERVED_ROLES:
            reader.say("WF025", key.mark, f"'{name}' cannot be the name of a role", "choose another name")
            draft.broken.add(name)
            continue
        role = Role(name=name, title=Text((("", name.replace("_", " ").capitalize()),)), mark=key.mark)
        draft.roles[name] = replace(role, **_content(draft, value, name))


def _content(draft: Draft, node: Node, name: str) -> dict[str, Any]:
    reader = draft.reader
    entries = reader.table(node, ROLE, f"role '{name}'")
    said: dict[str, Any] = {}
    title = reader.title(entries)
    if title is not None:
        said["title"] = title
    said["note"] = reader.title(entries, "note")
    if "side" in entries:
        side = reader.word(entries["side"], [s.value for s in Side], "`side`")
        said["side"] = Side(side) if side else Side.OPERATOR
    if "where" in entries:
        where = {}
        for key, value in reader.named(entries["where"], "`where`"):
            field = field_at(draft, value, "`where`", NAMING)
            if field is not None:
                where[key.text] = field.path
        said["where"] = where
    if "sees" in entries:
        said["sees"] = reader.word(entries["sees"], ("own", "assigned", "all", "none"), "`sees`") or "assigned"
    if "fields" in entries:
        said["fields"] = sight_paths(draft, entries["fields"], "`fields`")
    if "hides" in entries:
        said["hides"] = sight_paths(draft, entries["hides"], "`hides`")
    return said


# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def role_name(draft: Draft, node: Node) -> str | None:
    """A role, without `.supervisor`."""
    name = draft.reader.string(node, "a role")
    if name is None or name in draft.roles:
        return name
    _no_role(draft, name, node)
    return None


def who(draft: Draft, node: Node, *, words: tuple[Who, ...] = ()) -> Who | None:
    """A role, a role's supervisor, or one of these words."""
    name = draft.reader.string(node, "who")
    if name is None:
        return None
    found = _role(draft, name) or next((w for w in words if w.kind == name), None)
    if found is None:
        _no_role(draft, name, node, [w.kind for w in words])
    return found


def several(draft: Draft, node: Node, *, words: tuple[Who, ...] = ()) -> tuple[Who, ...]:
    """[who]."""
    return _unique(draft, [(item, who(draft, item, words=words)) for item in draft.reader.some(node, "who")])


def senders(draft: Draft, node: Node, *, system: bool) -> tuple[Who, ...]:
    """[who], `system` where it may, and names of workflows."""
    found = []
    for item in draft.reader.some(node, "`by`"):
        name = draft.reader.string(item, "`by`")
        if name is not None:
            found.append((item, _sender(draft, name, item, system=system)))
    return _unique(draft, found)


def _sender(draft: Draft, name: str, node: Node, *, system: bool) -> Who | None:
    role = _role(draft, name)
    if role is not None:
        return role
    if name == "system":
        if not system:
            draft.reader.say("WF022", node.mark, "`system` cannot open a case", "name a role or a workflow")
            return None
        return SYSTEM
    if NAME.fullmatch(name) is None or name in draft.broken or name in RESERVED_ROLES:
        _no_role(draft, name, node)
        return None
    near = difflib.get_close_matches(name, draft.roles, n=1, cutoff=0.75)
    if near:
        message = f"'{name}' is no role and is taken for a workflow"
        draft.reader.warn("WF024", node.mark, message, guess(name, draft.roles))
    return Who("workflow", name)


def receivers(draft: Draft, node: Node) -> tuple[Who, ...]:
    """[who, `turn`, `subscribers`, path of a person]."""
    found: list[tuple[Node, Who | None]] = []
    for item in draft.reader.some(node, "`notify`"):
        name = draft.reader.string(item, "`notify`")
        if name is None:
            continue
        said = _role(draft, name) or next((w for w in (TURN, SUBSCRIBERS) if w.kind == name), None)
        found.append((item, said or _person(draft, name, item)))
    return _unique(draft, found)


def _person(draft: Draft, name: str, node: Node) -> Who | None:
    field = draft.fields.get(name)
    if field is None:
        _no_role(draft, name, node, ["turn", "subscribers", *draft.fields])
        return None
    kind = field.type.item.kind if field.type.item is not None else field.type.kind
    if kind not in {Kind.PERSON, Kind.ANY}:
        draft.reader.say(
            "WF047", node.mark, f"'{name}' is no person but {field.type}", "name a role or a field of type person"
        )
        return None
    return Who("person", name)


def _role(draft: Draft, name: str) -> Who | None:
    base, dot, tail = name.partition(".")
    if base in draft.roles and (not dot or tail == "supervisor"):
        return Who("role", base, supervisor=bool(dot))
    return None


def _no_role(draft: Draft, name: str, node: Node, words: list[str] | None = None) -> None:
    base = name.partition(".")[0]
    if base in draft.broken:
        return
    hint = guess(name, [*draft.roles, *(words or [])])
    if base in draft.roles:
        hint = f"did you mean '{base}' or '{base}.supervisor'?"
    draft.reader.say("WF022", node.mark, f"no role '{name[:60]}'", hint or f"roles: {', '.join(draft.roles)}")


def _unique(draft: Draft, found: list[tuple[Node, Who | None]]) -> tuple[Who, ...]:
    unique: dict[Who, None] = {}
    for node, item in found:
        if item is not None and item in unique:
            draft.reader.say("WF029", node.mark, f"'{item}' stands twice", "keep one of them")
        elif item is not None:
            unique[item] = None
    return tuple(unique)
