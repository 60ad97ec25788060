"""What an expression says, whatever its place and spelling: two that have one shape have one value."""

from __future__ import annotations

from dataclasses import fields

from engine.core.expressions.ast import Defined, Node

_PLACES = frozenset({"offset", "length", "depth", "at", "key"})  # a bound name means its innermost binder


def shape(node: Node) -> str:
    """A defined name is what it stands for."""
    if isinstance(node, Defined):
        return shape(node.tree)
    parts = []
    for part in fields(node):
        if part.name not in _PLACES:
            value = getattr(node, part.name)
            if isinstance(value, Node):
                parts.append(shape(value))
            elif isinstance(value, tuple):
                parts.append("[" + ",".join(shape(item) for item in value) + "]")
            else:
                parts.append(f"{type(value).__name__}:{value!r}")
    return f"{type(node).__name__}({' '.join(parts)})"
