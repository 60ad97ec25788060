"""Nodes of a scenario file to plain values, and the one way to refuse them; which keys there are is left to the readers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from engine.core.diagnostics import NOWHERE, Diagnostic, Mark, Severity
from engine.core.loader.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from engine.errors import InvalidWorkflow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNREADABLE, UNKNOWN = "SC001", "SC002"
CODES: Mapping[str, str] = {
    UNREADABLE: "Something in a scenario file that cannot be read",
    UNKNOWN: "A name in a scenario file that its workflow does not have",
}
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fault(code: str, file: str, mark: Mark, message: str, hint: str | None = None) -> InvalidWorkflow:
    """What one finding stops the reading with."""
    return InvalidWorkflow([Diagnostic(code, Severity.ERROR, message, file, mark, hint)])


def near(name: str, known: Iterable[str]) -> str | None:
    """What could have been meant, as a hint."""
    names = list(known)
    found = difflib.get_close_matches(name, names, n=1)
    if found:
        return f"did you mean '{found[0]}'?"
    return f"there are: {', '.join(names[:20])}" if names else None


class Reading:
    """Reads one file's nodes; every finding has its place."""

    def __init__(self, file: str) -> None:
        self.file = file

    def fail(self, mark: Mark, message: str, hint: str | None = None) -> NoReturn:
        """Raises InvalidWorkflow."""
        raise fault(UNREADABLE, self.file, mark, message, hint)

    def keys(
        self, node: Node | None, allowed: Sequence[str], what: str, *, must: Iterable[str] = ()
    ) -> dict[str, Node]:
        """A map's values by key; a key that is not allowed, or missing, is refused."""
        if not isinstance(node, MapNode):
            self.fail(node.mark if node else NOWHERE, f"{what} is a map of {', '.join(allowed)}")
        given = {key.text: value for key, value in node.entries}
        for key, _ in node.entries:
            if key.text not in allowed:
                found = difflib.get_close_matches(key.text, allowed, n=1)
                hint = f"did you mean '{found[0]}'?" if found else f"allowed: {', '.join(allowed)}"
                self.fail(key.mark, f"{what} has no key '{key.text}'", hint)
        for name in must:
            if name not in given:
                self.fail(node.mark, f"{what} needs `{name}`")
        return given

    def entries(self, node: Node | None, what: str) -> list[tuple[ScalarNode, Node]]:
        """A map whose keys are names that the file gives; none where it is left out."""
        if node is None:
            return []
        if not isinstance(node, MapNode):
            self.fail(node.mark, f"{what} is a map of names")
        return node.entries

    def text(self, node: Node, bound: Mapping[str, Any] | None = None) -> str:
        """A text that is there."""
        value = put(spelt(node), bound or {})
        if not isinstance(value, str) or not value.strip():
            self.fail(node.mark, "a text is wanted here")
        return value

    def texts(self, node: Node | None, bound: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Texts, in a list or one alone."""
        value = None if node is None else put(spelt(node), bound or {})
        if node is None or (isinstance(node, ListNode) and not node.items):
            return ()
        found = value if isinstance(value, list) else [value]
        for item in found:
            if not isinstance(item, str) or not item.strip():
                self.fail(node.mark, "a text is wanted here, or a list of them")
        return tuple(found)

    def number(self, node: Node, bound: Mapping[str, Any] | None = None) -> int:
        """A whole number."""
        text = self.text(node, bound)
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.fail(node.mark, f"a whole number is wanted here, not {text[:40]!r}")
        return int(text)

    def moment(self, node: Node, bound: Mapping[str, Any] | None = None) -> datetime:
        """A date (its beginning), or a date and a time of day; without a zone it is local."""
        text = self.text(node, bound)
        try:
            return datetime.fromisoformat(text.strip())
        except ValueError:
            self.fail(node.mark, f"{text[:40]!r} is no date; write 2026-03-02 or 2026-03-02 09:00")

    def day(self, node: Node, bound: Mapping[str, Any] | None = None) -> date | None:
        """A date, or None for `none`."""
        value = put(spelt(node), bound or {})
        if value is None or value == "none":
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(node.mark, f"{str(value)[:40]!r} is no date; write one like 2026-03-02, or none")

    def values(self, node: Node | None, what: str, bound: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """A map whose values are left as they are spelt."""
        value = {} if node is None else put(spelt(node), bound or {})
        if not isinstance(value, Mapping):
            self.fail(node.mark if node else NOWHERE, f"{what} is a map of names and values")
        return value


def items(node: Node | None) -> list[Node]:
    """A list's items; one thing alone is a list of one."""
    if node is None:
        return []
    return list(node.items) if isinstance(node, ListNode) else [node]


def spelt(node: Node) -> Any:
    """Maps, lists, texts as spelt, None."""
    if isinstance(node, MapNode):
        return {key.text: spelt(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [spelt(item) for item in node.items]
    return None if node.empty else node.text


def put(value: Any, bound: Mapping[str, Any]) -> Any:
    """`{name}` replaced by the value that `each` has bound; a text that is nothing else becomes the value itself."""
    if not bound:
        return value
    if isinstance(value, Mapping):
        return {key: put(item, bound) for key, item in value.items()}
    if isinstance(value, list):
        return [put(item, bound) for item in value]
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        if alone and alone[1] in bound:
            return bound[alone[1]]
        return _PLACEHOLDER.sub(lambda found: str(bound.get(found[1], found[0])), value)
    return value
