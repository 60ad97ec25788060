"""Expressions of a file: compiled where they stand, their faults placed at line and column."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.definition import Assignment
from engine.core.expressions.compiler import compile_expression, literal
from engine.core.expressions.faults import ExpressionFault
from engine.core.fixes import guess
from engine.core.loader.paths import mentions_broken, unknown_field
from engine.core.loader.reader import PATH
from engine.core.loader.yaml_nodes import MapNode, Node, ScalarNode
from engine.core.types import BOOLEAN, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.core.expressions.expression import Expression
    from engine.core.loader.draft import Draft, Here

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_WORDS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def expression(
    draft: Draft, node: Node, here: Here, expect: Type | None = None, what: str = "an expression"
) -> Expression | None:
    """The compiled expression of a scalar; its fault is reported unless it comes from a name that was."""
    scalar = draft.reader.scalar(node, what)
    if scalar is None:
        return None
    try:
        return compile_expression(scalar.text, draft.names(here), mark=scalar.mark, expect=expect)
    except ExpressionFault as fault:
        _report(draft, scalar, fault, here, expect)
        return None


def condition(draft: Draft, node: Node, here: Here, what: str = "a condition") -> Expression | None:
    """An expression that is true or false."""
    return expression(draft, node, here, BOOLEAN, what)


def moment(draft: Draft, node: Node, here: Here, what: str) -> Expression | None:
    """An expression that is a date or a datetime."""
    made = expression(draft, node, here, what=what)
    if made is not None and made.type.kind not in {Kind.DATE, Kind.DATETIME}:
        draft.reader.say(
            "WF041", node.mark, f"{what} is a date or a moment, not {made.type}", "use a date or datetime field"
        )
        return None
    return made


def _report(draft: Draft, scalar: ScalarNode, fault: ExpressionFault, here: Here, expect: Type | None) -> None:
    said = {word for path in _WORDS.findall(scalar.text) for word in (path, *path.split("."))}
    if said & draft.broken or any(mentions_broken(draft, word) for word in said):
        return
    code, message, hint = fault.code, fault.message, fault.hint
    name = scalar.text[fault.offset : fault.offset + fault.length]
    if scalar.text[: fault.offset].endswith("event.") and name in draft.event_fields and code == "WF031":
        message, hint = f"'{name}' is not said with this event", f"add `{name}` to its form"
    texts = expect is None or expect.kind in {Kind.TEXT, Kind.CODE, Kind.FILE}
    if texts and _WORD.fullmatch(scalar.text.strip()) and code in {"WF030", "WF031"} and hint is None:
        hint = f"""for text write '"{scalar.text.strip()}"'"""
    state = re.search(r"""(?:in_state|entered)\(\s*["']([^"']*)["']""", scalar.text)
    if code == "WF031" and state is not None and fault.offset <= state.start(1) < fault.offset + fault.length + 1:
        found = draft.tree.find(state[1], here.state)
        if found.path is None:
            draft.reader.say(found.code, scalar.place(state.start(1), len(state[1])), found.message, found.hint)
            return
    draft.reader.say(code, scalar.place(fault.offset, fault.length), message, hint)


# ── set and with ─────────────────────────────────────────────────────────────────────────────────────────────────────


def assignments(draft: Draft, node: Node, here: Here) -> tuple[Assignment, ...]:
    """`set`: each path once, each expression of the field's type."""
    made = []
    for key, value in _entries(draft, node, "`set`"):
        if not _settable(draft, key):
            continue
        if isinstance(value, ScalarNode) and value.empty and value.text and not value.broken:
            made.append(Assignment(key.text, None, key.mark))
            continue
        found = typed(draft, value, here, draft.fields[key.text].type)
        if found is not None:
            made.append(Assignment(key.text, found, key.mark))
    return tuple(made)


def _settable(draft: Draft, key: ScalarNode) -> bool:
    path = key.text
    if path in draft.fields:
        return True
    group = path.partition(".")[0]
    if group in {"certificate", "register"}:
        hint = "it is frozen by `certificate: reserve`; set the field it is made of"
        draft.reader.say("WF046", key.mark, f"'{path[:60]}' is read-only", hint)
    elif path in draft.event_fields:
        draft.reader.say("WF046", key.mark, f"'{path}' is event data, kept in the history", "set a field of `data`")
    elif path.rpartition(".")[0] in draft.fields and draft.fields[path.rpartition(".")[0]].columns:
        draft.reader.say(
            "WF046", key.mark, f"'{path[:60]}' is a column", f"set the whole list {path.rpartition('.')[0]}"
        )
    else:
        unknown_field(draft, path, key)
    return False


def typed(draft: Draft, node: Node, here: Here, kind: Type) -> Expression | None:
    """An expression of a field's type; for a choice the bare option is its value."""
    scalar = node if isinstance(node, ScalarNode) and not node.broken else None
    if scalar is not None and kind.kind is Kind.CHOICE:
        if scalar.text in kind.options:
            return literal(scalar.text, kind, scalar.text, scalar.mark)
        unknown = scalar.text not in draft.define and scalar.text not in draft.paths
        if _WORD.fullmatch(scalar.text) and unknown and scalar.text not in here.bound:
            hint = guess(scalar.text, kind.options) or f"options: {', '.join(kind.options)}"
            draft.reader.say("WF044", scalar.mark, f"no option '{scalar.text[:60]}'", hint)
            return None
    expect = None if kind.kind is Kind.ANY else kind
    return expression(draft, node, here, expect, "a value")


def values(draft: Draft, node: Node, here: Here, *, fields: Mapping[str, Type] | None = None) -> dict[str, Expression]:
    """`with` and `where`: paths of another case (`fields`, where it is of this workflow) with expressions."""
    made = {}
    for key, value in _entries(draft, node, "`with`"):
        if fields is not None and key.text not in fields:
            unknown_field(draft, key.text, key, extra=[name for name in fields if name not in draft.fields])
            continue
        kind = fields[key.text] if fields is not None else Type(Kind.ANY)
        found = typed(draft, value, here, kind)
        if found is not None:
            made[key.text] = found
    return made


def own_fields(draft: Draft, workflow: str) -> Mapping[str, Type] | None:
    """The types of what a case of this workflow can be given, where it is this one; else None."""
    if workflow != draft.name:
        return None
    fields: Iterable[tuple[str, Type]] = ((name, f.type) for name, f in (draft.fields | draft.event_fields).items())
    return dict(fields)


def _entries(draft: Draft, node: Node, what: str) -> list[tuple[ScalarNode, Node]]:
    if not isinstance(node, MapNode):
        draft.reader.shape(node, f"{what} is a map of paths", "write it like {group.field: value}")
        return []
    fine = []
    for key, value in node.entries:
        if PATH.fullmatch(key.text):
            fine.append((key, value))
        else:
            draft.reader.say("WF014", key.mark, f"'{key.text[:60]}' is no path", "write it like group.field")
    return fine


def with_bound(here: Here, name: str, kind: Type) -> Here:
    """The same place with one more name."""
    return replace(here, bound={**here.bound, name: kind})
