"""`define`: expressions with a name, in an order in which each uses only what is there."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from engine.core.loader.conditions import expression
from engine.core.loader.yaml_nodes import Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.core.loader.draft import Draft, Here

_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_MEMBER = re.compile(r"\.\s*[A-Za-z_]\w*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_FACTS = frozenset({"certificate", "register"})


def define_order(draft: Draft, entries: Mapping[str, Node]) -> tuple[list[str], set[str]]:
    """The names in an order that fits, and those that look at certificate or register; circles are reported."""
    words = {name: _mentions(node) for name, node in entries.items()}
    uses = {name: words[name] & entries.keys() for name in entries}
    while True:
        try:
            order = list(TopologicalSorter({n: sorted(uses[n]) for n in uses}).static_order())
            break
        except CycleError as fault:
            _circle(draft, set(fault.args[1]), entries)
            uses = {name: used - draft.broken for name, used in uses.items() if name not in draft.broken}
    later: set[str] = set()
    for name in order:
        if words[name] & _FACTS or uses[name] & later:
            later.add(name)
    return order, later


def _circle(draft: Draft, names: set[str], entries: Mapping[str, Node]) -> None:
    circle = [name for name in entries if name in names]
    way = " → ".join([*circle, circle[0]][:6])
    draft.reader.say("WF028", entries[circle[0]].mark, f"`{circle[0]}` uses itself: {way}", "write one of them out")
    draft.broken.update(circle)


def read_defines(draft: Draft, names: Iterable[str], entries: Mapping[str, Node], here: Here) -> None:
    """Compiles these, in this order."""
    for name in names:
        made = expression(draft, entries[name], here, what=f"`{name}`")
        if made is None:
            draft.broken.add(name)
        else:
            draft.define[name] = made


def _mentions(node: Node) -> set[str]:
    """Names that stand bare in an expression."""
    if not isinstance(node, ScalarNode):
        return set()
    return set(_WORD.findall(_MEMBER.sub("", _TEXT.sub('""', node.text))))
