"""YAML text to nodes that keep their place, by YAML 1.2 core; what the keys mean is left to others.

PyYAML's C parser gives events; tags, duplicate keys, tabs, exploding anchors and the like are findings, never exceptions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from engine.core.diagnostics import NOWHERE, Diagnostic, Mark, Severity
from engine.core.frozen import frozen
from engine.core.loader.yaml_words import explain

MAX_BYTES = 1_048_576
MAX_NESTING = 50
MAX_NODES = 200_000
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_CUT = re.compile(r"[()<>=&|?]|\*|\s[+-]\s|\[|\]|\"|'")
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", re.ASCII)
_STARTS = frozenset({yaml.MappingStartEvent, yaml.SequenceStartEvent})
_ENDS = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@frozen
class ScalarNode:
    """A scalar as it is spelt. `raw` is the source slice of one on a single line ("" else); `broken`: already reported."""

    text: str
    quoted: bool
    mark: Mark
    raw: str = ""
    broken: bool = False

    @property
    def empty(self) -> bool:
        """Whether it says null: nothing at all, `~` or `null`."""
        return not self.quoted and self.text in _NULLS

    def place(self, offset: int, length: int = 1) -> Mark:
        """Where a character of the text stands in the file: exact on a single line, else the start of the scalar."""
        if not self.raw:
            return self.mark
        start = _in_source(self.raw, offset) if self.quoted else offset
        end = _in_source(self.raw, offset + length) if self.quoted else offset + length
        return Mark(self.mark.line, self.mark.column + start, max(1, end - start))


@frozen
class ListNode:
    """A sequence."""

    items: list[Node]
    mark: Mark


@frozen
class MapNode:
    """A map; its keys are unique."""

    entries: list[tuple[ScalarNode, Node]]
    mark: Mark

    def get(self, name: str) -> Node | None:
        """The value of a key."""
        return next((value for key, value in self.entries if key.text == name), None)


Node = ScalarNode | ListNode | MapNode


def read(text: str, *, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The nodes of a file and what is wrong with its YAML; None where nothing could be read."""
    return _Reader(text, file).read()


def plain(node: Node) -> Any:
    """A node as Python values by YAML 1.2 core: true, false, null, int, float → Decimal; everything else text."""
    if isinstance(node, MapNode):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    if node.quoted:
        return node.text
    if node.empty:
        return None
    if node.text in _BOOLEANS:
        return _BOOLEANS[node.text]
    if len(node.text) <= 60 and (node.text == "0" or not re.match(r"[-+]?0[0-9]", node.text)):
        if _INT.fullmatch(node.text):
            return int(node.text)
        if _FLOAT.fullmatch(node.text):
            return Decimal(node.text)
    return node.text


def mark_after(text: str) -> Mark:
    """The place in a file at which its beginning, this text, ends."""
    lines = re.split("\r\n|\n|\r", text)
    return Mark(len(lines), len(lines[-1]) + 1)


def _in_source(raw: str, offset: int) -> int:
    """Where the character at `offset` of a quoted scalar's text stands in its source, quotes included."""
    quote, at = raw[0], 1
    for _ in range(offset):
        if at >= len(raw):
            break
        if quote == "'":
            at += 2 if raw[at : at + 2] == "''" else 1
        elif raw[at] == "\\":
            at += {"x": 4, "u": 6, "U": 10}.get(raw[at + 1 : at + 2], 2)
        else:
            at += 1
    return at


@dataclass(slots=True)
class _Open:
    """A map or list that is being read."""

    node: MapNode | ListNode
    anchor: str | None
    flow: bool
    key: ScalarNode | None = None
    seen: set[str] | None = None
    cut: int = 0  # how many entries there were when a condition was cut
    skip: bool = False  # the next value belongs to a key that was refused


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.lines: list[str] = []
        self.found: list[Diagnostic] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.root: Node | None = None
        self.count = 0
        self.quoted: Any = None  # where the last quoted text of several lines begins, and the line it ends on

    def read(self) -> tuple[Node | None, list[Diagnostic]]:
        self.text = self.text.removeprefix("\ufeff")
        if not self._characters_fit():
            return None, self.found
        self.lines = re.split("\r\n|\n|\r", self.text)
        try:
            for event in yaml.parse(self.text, Loader=yaml.CLoader):
                if not self._take(event):
                    return None, self.found
        except yaml.MarkedYAMLError as fault:
            self._syntax(fault)
            return None, self.found
        except (yaml.YAMLError, ValueError, RecursionError) as fault:  # characters the parser cannot take
            self._say("WF002", f"this cannot be read as YAML: {str(fault).splitlines()[0]}", NOWHERE)
            return None, self.found
        if self.root is None:
            self._say("WF000", "the file is empty", NOWHERE, "begin with `milepost: 1`")
        return self.root, self.found

    def _say(self, code: str, message: str, mark: Mark, hint: str | None = None) -> None:
        self.found.append(Diagnostic(code, Severity.ERROR, message, self.file, mark, hint))

    def _characters_fit(self) -> bool:
        if len(self.text) > MAX_BYTES or len(self.text.encode("utf-8", "replace")) > MAX_BYTES:
            self._say("WF001", "the file is larger than 1 MiB", NOWHERE, "split it into several workflows")
            return False
        bad = _FORBIDDEN.search(self.text)
        if bad:
            self._say(
                "WF004", f"a control character (U+{ord(bad[0]):04X})", mark_after(self.text[: bad.start()]), "remove it"
            )
        tab = self.text.find("\t")
        if tab >= 0:
            self._say("WF003", "a tab", mark_after(self.text[:tab]), "use spaces")
        return not self.found

    def _syntax(self, fault: yaml.MarkedYAMLError) -> None:
        place = fault.problem_mark or fault.context_mark
        line, column = (place.line, place.column) if place is not None else (0, 0)
        while line > 0 and not self._line(line).strip():  # the end of the file: say it where the text ends
            line -= 1
            column = len(self._line(line))
        tag = re.search(r"(?:^|[\s:,\[{-])(![^\s,\]}]*)", self._line(line)[: column + 1])
        if tag and "'" not in self._line(line)[: tag.start(1)] and '"' not in self._line(line)[: tag.start(1)]:
            self._tag(tag[1], Mark(line + 1, tag.start(1) + 1, len(tag[1])))
            return
        message, hint = explain(fault.context, fault.problem)
        context = fault.context_mark
        if self.quoted is not None and self.quoted[1] == line:
            message, hint = "a quote is opened here, and closes on a later line", "add the closing quote"
            line, column = self.quoted[0].line, self.quoted[0].column
        elif context is not None and context.line < line and "flow" in (fault.context or ""):
            line, column = context.line, context.column
        if fault.context_mark is not None and "quoted" in (fault.context or ""):
            line, column = fault.context_mark.line, fault.context_mark.column
        self._say("WF002", message, Mark(line + 1, column + 1), hint)

    def _line(self, number: int) -> str:
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, event: Any) -> bool:
        """Whether reading can go on."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._add(self._scalar(event), event.anchor)
        if kind in _STARTS:
            return self._open(event)
        if kind in _ENDS:
            done = self.stack.pop()
            return self._add(done.node, done.anchor, opened=True)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        if kind is yaml.DocumentStartEvent and self.root is not None:
            self._say("WF009", "a second document", self._mark(event), "one workflow a file; remove the line `---`")
            return False
        return True

    def _mark(self, event: Any) -> Mark:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if start.line == end.line and type(event) not in _STARTS else 1
        return Mark(start.line + 1, start.column + 1, length if length > 0 else 1)

    def _scalar(self, event: Any) -> ScalarNode:
        mark, value, style = self._mark(event), event.value, event.style
        if event.tag is not None:
            self._tag(event.tag, mark)
            return ScalarNode(value, quoted=True, mark=mark, broken=True)
        if not style and event.anchor is None and len(value) == mark.length:
            return ScalarNode(value, quoted=False, mark=mark, raw=value)
        start, end = event.start_mark, event.end_mark
        one_line = start.line == end.line
        if style in {"'", '"'} and not one_line:
            self.quoted = (start, end.line)
        exact = one_line and event.anchor is None and style in {"'", '"'}
        raw = self._line(start.line)[start.column : end.column] if exact else ""
        return ScalarNode(value, quoted=bool(style), mark=mark, raw=raw)

    def _tag(self, tag: str, mark: Mark) -> None:
        word = tag.removeprefix("tag:yaml.org,2002:").lstrip("!") or "x"
        hint = f"write `not {word}`, or put the whole condition in quotes" if tag.startswith("!") else "remove it"
        shown = tag if tag.startswith("!") else f"!!{word}"
        self._say("WF005", f"`{shown[:40]}` is a YAML tag, and no tag is taken", mark, hint)

    def _open(self, event: Any) -> bool:
        mark = self._mark(event)
        if event.tag is not None:
            self._tag(event.tag, mark)
        if len(self.stack) >= MAX_NESTING:
            self._say("WF007", f"more than {MAX_NESTING} levels inside each other", mark, "lift the inner part out")
            return False
        is_map = type(event) is yaml.MappingStartEvent
        node: MapNode | ListNode = MapNode([], mark) if is_map else ListNode([], mark)
        self.stack.append(_Open(node, event.anchor, bool(event.flow_style), seen=set() if is_map else None))
        return True

    def _alias(self, event: Any) -> bool:
        mark = self._mark(event)
        if event.anchor not in self.anchors:
            circle = any(level.anchor == event.anchor for level in self.stack)
            message = (
                f"`*{event.anchor}` stands inside itself" if circle else f"`*{event.anchor}` names no anchor above"
            )
            self._say("WF008", message, mark, f"mark what is meant with `&{event.anchor}`, or put the text in quotes")
            return False
        node, size = self.anchors[event.anchor]
        self.count += size
        return self._add(node, None)

    def _add(self, node: Node, anchor: str | None, *, opened: bool = False) -> bool:
        """Puts a finished node where it belongs; `opened`: a map or list that has just ended."""
        self.count += 1
        if self.count > MAX_NODES:
            self._say("WF008", f"more than {MAX_NODES:,} values, anchors written out", node.mark, "use fewer anchors")
            return False
        if anchor is not None:
            self.anchors[anchor] = (node, _size(node) if opened else 1)
        if not self.stack:
            self.root = node
            return True
        level = self.stack[-1]
        if isinstance(level.node, ListNode):
            level.node.items.append(node)
        elif level.key is None and not level.skip:
            self._key(level, node)
        else:
            self._value(level, node)
        return True

    def _key(self, level: _Open, node: Node) -> None:
        if isinstance(node, ScalarNode) and not (node.empty and node.text == ""):
            assert level.seen is not None  # noqa: S101  # maps have it
            if node.text in level.seen and not node.broken:
                self._say("WF006", f"`{node.text[:60]}` stands twice in this map", node.mark, "keep one of them")
            level.skip = node.broken or node.text in level.seen
            level.seen.add(node.text)
            level.key = node
            return
        level.skip = True
        self._say("WF017", "a key that is no text", node.mark, "keys are plain words, like `name: value`")

    def _value(self, level: _Open, node: Node) -> None:
        key, skip = level.key, level.skip
        level.key, level.skip = None, False
        if skip or key is None or not isinstance(level.node, MapNode):
            return
        entries = level.node.entries
        nothing = isinstance(node, ScalarNode) and not node.quoted and not node.text and not node.broken
        if level.flow and nothing and not key.quoted and entries and _CUT.search(key.text):
            if level.cut != len(entries):
                message = f"`{key.text[:60]}` looks like the rest of a condition"
                self._say("WF018", message, key.mark, "put the condition in quotes")
            level.cut = len(entries)
            before, value = entries[-1]
            entries[-1] = (before, ScalarNode("", quoted=True, mark=value.mark, broken=True))
            return
        entries.append((key, node))


def _size(node: Node) -> int:
    """How many values a node holds, anchors written out; bounded by MAX_NODES where it is used."""
    total, todo = 0, [node]
    while todo and total <= MAX_NODES:
        item = todo.pop()
        total += 1
        if isinstance(item, ListNode):
            todo.extend(item.items)
        elif isinstance(item, MapNode):
            todo.extend(value for _, value in item.entries)
    return total
