"""Where in a file's structure a place is: `states.check.events.accept.by`, whatever the lines above say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.loader.yaml_nodes import ListNode, MapNode

if TYPE_CHECKING:
    from engine.core.diagnostics import Mark
    from engine.core.loader.yaml_nodes import Node


def path_at(node: Node | None, mark: Mark) -> str:
    """The keys and places of items from a node down to a mark; "" where there is no node."""
    parts: list[str] = []
    while node is not None:
        step = _step(node, mark)
        if step is None:
            break
        name, node = step
        parts.append(name)
    return ".".join(parts)


def _step(node: Node, mark: Mark) -> tuple[str, Node] | None:
    """The last part of a node that begins at or before a mark."""
    found: tuple[str, Node] | None = None
    if isinstance(node, MapNode):
        for key, value in node.entries:
            if _at(key.mark) <= _at(mark):
                found = (key.text, value)
    elif isinstance(node, ListNode):
        for number, item in enumerate(node.items):
            if _at(item.mark) <= _at(mark):
                found = (str(number), item)
    return found


def _at(mark: Mark) -> tuple[int, int]:
    return (mark.line, mark.column)
