"""Paths of data where a key asks for one: they exist and are of a fitting type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.fixes import guess
from engine.core.types import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from engine.core.loader.draft import Draft
    from engine.core.loader.yaml_nodes import Node
    from engine.core.naming import Field

NAMING = frozenset({Kind.TEXT, Kind.CODE, Kind.CHOICE, Kind.PARTY, Kind.PERSON})
"""Kinds of fields that name somebody or something, as `where` and `no_interest` compare them."""


def mentions_broken(draft: Draft, path: str) -> bool:
    """Whether a path is one, or inside one, that was reported before."""
    return any(path == name or path.startswith(f"{name}.") for name in draft.broken)


def unknown_field(draft: Draft, path: str, node: Node, *, extra: Collection[str] = ()) -> None:
    """The finding for a path that is no field."""
    if mentions_broken(draft, path):
        return
    known = [*draft.fields, *extra]
    hint = guess(path, known)
    if hint is None:
        hint = next((f"did you mean '{name}'?" for name in known if name.endswith(f".{path}")), None)
    if path in draft.groups:
        hint = f"'{path}' is a group; name one of its fields"
    draft.reader.say("WF023", node.mark, f"no field '{path[:80]}'", hint or "fields are declared in `data`")


def field_at(draft: Draft, node: Node, what: str, kinds: Collection[Kind] | None = None) -> Field | None:
    """The field that a node names, of one of these kinds."""
    path = draft.reader.string(node, what)
    if path is None:
        return None
    field = draft.fields.get(path)
    if field is None:
        unknown_field(draft, path, node)
        return None
    if kinds is not None and field.type.kind not in {*kinds, Kind.ANY}:
        if len(kinds) > 8:
            draft.reader.say(
                "WF047", node.mark, f"{what} cannot be a {field.type.kind}: '{path}'", "name a field of one value"
            )
            return None
        words = ", ".join(sorted(k.value for k in kinds))
        draft.reader.say("WF047", node.mark, f"{what} is a field of type {words}; '{path}' is {field.type}")
        return None
    return field


def field_paths(draft: Draft, node: Node, what: str, *, kinds: Collection[Kind] | None = None) -> tuple[str, ...]:
    """[path], each once and of these kinds."""
    paths: list[str] = []
    for item in draft.reader.some(node, what):
        field = field_at(draft, item, what, kinds)
        if field is not None and field.path in paths:
            draft.reader.say("WF029", item.mark, f"'{field.path}' stands twice", "keep one of them")
        elif field is not None:
            paths.append(field.path)
    return tuple(paths)


def sight_paths(draft: Draft, node: Node, what: str) -> tuple[str, ...]:
    """[path] of groups, fields or event data."""
    paths: list[str] = []
    for item in draft.reader.items(node):
        path = draft.reader.string(item, what)
        if path is None:
            continue
        if (
            path in draft.fields
            or path in draft.groups
            or path in draft.event_fields
            or path in {"certificate", "register"}
        ):
            paths.append(path)
        else:
            unknown_field(draft, path, item, extra=[*draft.groups, *draft.event_fields])
    return tuple(paths)
