"""What `expect` and `end` may say: each key with the shape of its value; whether it is so is left to checking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.loader.yaml_nodes import ListNode, MapNode, Node
from engine.rehearse.nodes import items
from engine.rehearse.scenario import Claim, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.rehearse.nodes import Reading

Bound = dict[str, Any]

EXPECT = (
    "in",
    "not_in",
    "turn",
    "sent",
    "data",
    "deadline",
    "certificate",
    "register",
    "children",
    "outcome",
    "incidents",
)
END = ("state", "outcome", "open_work", "certificate", "register", "data", "incidents")


def read_claims(reading: Reading, given: Mapping[str, Node], bound: Bound) -> tuple[Claim, ...]:
    """The claims of an `expect` or `end`, in their order."""
    return tuple(Claim(name, SHAPES[name](reading, node, bound), node.mark) for name, node in given.items())


def _names(reading: Reading, node: Node, bound: Bound) -> tuple[str, ...]:
    found = reading.texts(node, bound)
    if not found:
        reading.fail(node.mark, "a name is wanted here, or a list of them")
    return found


def _sent(reading: Reading, node: Node, bound: Bound) -> tuple[Sent, ...]:
    found = []
    for item in items(node):
        given = reading.keys(item, ("to", "template", "times"), "`sent`")
        if not {"to", "template"} & set(given):
            reading.fail(item.mark, "`sent` needs `to`, `template` or both")
        texts = {name: reading.text(given[name], bound) for name in ("to", "template") if name in given}
        times = reading.number(given["times"], bound) if "times" in given else None
        found.append(Sent(texts.get("to"), texts.get("template"), times))
    if not found:
        reading.fail(node.mark, "`sent` needs `to`, `template` or both")
    return tuple(found)


def _values(reading: Reading, node: Node, bound: Bound) -> Mapping[str, Any]:
    found = reading.values(node, "this", bound)
    if not found:
        reading.fail(node.mark, "a map of names and values is wanted here")
    return found


def _days(reading: Reading, node: Node, bound: Bound) -> Mapping[str, Any]:
    if not isinstance(node, MapNode):
        reading.fail(node.mark, "`deadline` is a map of deadlines and dates")
    return {key.text: reading.day(value, bound) for key, value in node.entries}


def _children(reading: Reading, node: Node, bound: Bound) -> int | Mapping[str, int]:
    if isinstance(node, MapNode):
        return {key.text: reading.number(value, bound) for key, value in node.entries}
    return reading.number(node, bound)


def _text(reading: Reading, node: Node, bound: Bound) -> str:
    if isinstance(node, ListNode):
        reading.fail(node.mark, "one name is wanted here")
    return reading.text(node, bound)


def _number(reading: Reading, node: Node, bound: Bound) -> int:
    return reading.number(node, bound)


SHAPES: Mapping[str, Callable[[Reading, Node, Bound], Any]] = {
    "in": _names,
    "not_in": _names,
    "state": _names,
    "turn": _names,
    "sent": _sent,
    "data": _values,
    "deadline": _days,
    "certificate": _values,
    "register": _values,
    "children": _children,
    "outcome": _text,
    "open_work": _number,
    "incidents": _number,
}
