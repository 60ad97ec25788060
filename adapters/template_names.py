"""Which values a message template names, so that somebody can look whether there are such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKS = frozenset({"given", "defined"})


def names(tree: nodes.Template) -> dict[str, int]:
    """`data.order.product` → its first line. Left out is what a loop binds, and what the template itself asks for (`is given`):
    a template that several workflows share does so.
    """
    asked = {_path(test.node) for test in tree.find_all(nodes.Test) if test.name in ASKS}
    found: dict[str, int] = {}
    for path, line in _named(tree, frozenset()):
        if path not in asked:
            found.setdefault(path, line)
    return found


def _named(node: nodes.Node, bound: frozenset[str]) -> Iterator[tuple[str, int]]:
    path = _path(node)
    if path is not None:
        if path.partition(".")[0] not in bound:
            yield path, node.lineno
        return
    if isinstance(node, nodes.For):
        yield from _named(node.iter, bound)
        own = {
            inner.name for inner in (node.target, *node.target.find_all(nodes.Name)) if isinstance(inner, nodes.Name)
        }
        inside = [*node.body, *node.else_, *([node.test] if node.test is not None else [])]
        for inner in inside:
            yield from _named(inner, bound | own | {"loop"})
        return
    for inner in node.iter_child_nodes():
        yield from _named(inner, bound)


def _path(node: nodes.Node) -> str | None:
    """`a.b.c` and `a['b'].c` as one path; None: it is something else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        around = _path(node.node)
        return None if around is None else f"{around}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        around = _path(node.node)
        return None if around is None else f"{around}.{node.arg.value}"
    return None
