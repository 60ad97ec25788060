"""A fix as an edit of the text: what is not meant stays byte for byte; reading and writing files is left to others.

Places come from PyYAML's nodes. What cannot be taken out without touching a comment or a neighbour is not taken out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from engine.core.diagnostics import NOWHERE
from engine.core.fixes import Recomment, Remove, Respell
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.core.diagnostics import Mark
    from engine.core.fixes import Fix

_Span = tuple[int, int]
_ALIAS = re.compile(r"\s*:\s*\*[^\s,\]}]+")


@frozen
class _Place:
    """An entry or item: where it begins and ends, its neighbours in the same map or list, and the one that holds it."""

    start: int
    end: int
    inline: bool
    item: bool
    number: int
    among: tuple[_Span, ...]
    holder: _Place | None


def edit(source: str, fix: Fix) -> str | None:
    """The text with the fix; None where its place is not as it was, or where it cannot be done cleanly."""
    text = _Text(source)
    match fix:
        case Respell(mark=mark, old=old, new=new):
            return text.respell(mark, old, new)
        case Recomment(mark=mark, text=comment):
            return text.recomment(mark, comment)
        case Remove():
            place = _find(text, fix)
            return None if place is None else text.without(place)


class _Text:
    def __init__(self, source: str) -> None:
        self.source = source
        ends = [found.end() for found in re.finditer("\r\n|\n|\r", source)]
        self.starts = [0, *ends]
        self.shift = 1 if source.startswith("\ufeff") else 0

    def at(self, line: int, column: int) -> int:
        """The offset of a place, counted from 0."""
        return self.starts[min(line, len(self.starts) - 1)] + column + (self.shift if line == 0 else 0)

    def line_of(self, offset: int) -> int:
        return max(n for n, start in enumerate(self.starts) if start <= offset)

    def whole_lines(self, start: int, end: int) -> _Span:
        """From the beginning of the first line to the beginning of the one after the last."""
        last = self.line_of(end)
        return self.starts[self.line_of(start)], self.starts[last + 1] if last + 1 < len(self.starts) else len(
            self.source
        )

    def cut(self, span: _Span, instead: str = "") -> str:
        return self.source[: span[0]] + instead + self.source[span[1] :]

    # ── the three ways ───────────────────────────────────────────────────────────────────────────────────────────────

    def respell(self, mark: Mark, old: str, new: str) -> str | None:
        start = self.at(mark.line - 1, mark.column - 1)
        found = [*re.finditer(rf"(?<![\w.]){re.escape(old)}(?![\w])", self.source[start : start + mark.length])]
        if not found:  # the last part of a path
            found = [*re.finditer(rf"(?<!\w){re.escape(old)}(?!\w)", self.source[start : start + mark.length])]
        return self.cut((start + found[0].start(), start + found[0].end()), new) if len(found) == 1 else None

    def recomment(self, mark: Mark, comment: str) -> str | None:
        start = self.at(mark.line - 1, mark.column - 1)
        end = start + mark.length
        if not self.source.startswith("#", start):
            return None
        if comment:
            return self.cut((start, end), comment)
        before = self.source[self.starts[mark.line - 1] : start]
        if not before.strip():
            return self.cut(self.whole_lines(start, end))
        return self.cut((start - len(before) + len(before.rstrip()), end))

    def without(self, place: _Place) -> str | None:
        """What holds nothing else goes with it."""
        while len(place.among) == 1:
            if place.holder is None:
                return None
            place = place.holder
        return self._from_line(place) if place.inline else self._from_block(place)

    def _from_line(self, place: _Place) -> str | None:
        span = (
            (place.start, place.among[place.number + 1][0])
            if place.number + 1 < len(place.among)
            else (place.among[place.number - 1][1], place.end)
        )
        return None if "#" in self.source[span[0] : span[1]] else self.cut(span)

    def _from_block(self, place: _Place) -> str | None:
        first, end = self.whole_lines(place.start, place.end)
        before = self.source[first : place.start]
        if not before.strip(" ") or (place.item and before.strip(" ") == "-"):
            return self.cut((first, end))
        if place.item or before.strip(" ") != "-" or place.number or len(place.among) < 2:
            return None
        following = place.among[1][0]  # the first key of a list's item: the next one takes its place
        return None if "#" in self.source[place.start : following] else self.cut((place.start, following))


# ── finding the place ────────────────────────────────────────────────────────────────────────────────────────────────


def _find(text: _Text, fix: Remove) -> _Place | None:
    try:
        root = yaml.compose(text.source.removeprefix("\ufeff"), Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None
    if fix.mark == NOWHERE:
        return _inside(text, root, None, fix.inside)
    for node, place, part in _walk(text, root, None, set()):
        if part == fix.part and place.start == text.at(fix.mark.line - 1, fix.mark.column - 1):
            return _inside(text, node, place, fix.inside) if fix.inside else place
    return None


def _inside(text: _Text, node: Any, holder: _Place | None, keys: Sequence[str]) -> _Place | None:
    """The entry under these keys, one inside the other."""
    place = holder
    for key in keys:
        found = next((one for one in _entries(text, node, place) if one[2] == key), None)
        if found is None:
            return None
        node, place, _ = found
    return place


def _walk(text: _Text, node: Any, holder: _Place | None, seen: set[int]) -> Iterator[tuple[Any, _Place, str]]:
    """Every entry and item, with its value."""
    if id(node) in seen:
        return
    seen.add(id(node))
    part = "entry" if isinstance(node, yaml.MappingNode) else "item"
    for value, place, _ in _entries(text, node, holder):
        yield value, place, part
        yield from _walk(text, value, place, seen)


def _entries(text: _Text, node: Any, holder: _Place | None) -> Iterator[tuple[Any, _Place, str]]:
    """(value, place, key) of a map; of a list without keys. What holds an alias as an item is left alone."""
    if isinstance(node, yaml.MappingNode):
        parts = [(key, value, str(key.value)) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode) and all(_index(item) >= _index(node) for item in node.value):
        parts = [(item, item, "") for item in node.value]
    else:
        return
    item = isinstance(node, yaml.SequenceNode)
    spans = tuple(_span(text, first, value) for first, value, _ in parts)
    for number, (_, value, key) in enumerate(parts):
        yield value, _Place(*spans[number], bool(node.flow_style), item, number, spans, holder), key


def _index(node: Any) -> int:
    return int(node.start_mark.index)


def _span(text: _Text, first: Any, value: Any) -> _Span:
    """An entry from its key to its value's end, an item from its beginning; an alias stands behind its key."""
    start, end = text.at(first.start_mark.line, first.start_mark.column), _end(text, first)
    if _index(value) < _index(first):
        alias = _ALIAS.match(text.source, end)
        return start, alias.end() if alias else end
    return start, max(end, _end(text, value))


def _end(text: _Text, node: Any) -> int:
    """Where the last sign of a value stands; block collections and block texts end with their last line that says something."""
    inside = node.value[-1] if isinstance(node.value, list) and node.value else None
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and inside is not None:
        return _end(text, inside[1] if isinstance(inside, tuple) else inside)
    end = text.at(node.end_mark.line, node.end_mark.column)
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        start = text.at(node.start_mark.line, node.start_mark.column)
        return start + len(text.source[start:end].rstrip())
    return end
