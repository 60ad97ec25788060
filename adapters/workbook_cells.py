"""What stands in a sheet beside its values: zeros that a number format shows, formulas without a value, errors, merged cells.

Also how far the sheet goes and how much text it has, counted before a reader fills that space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.table_bounds import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, refuse
from adapters.workbook_parts import STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.workbook_parts import Parts

LAST_ROW = 4 * MAX_ROWS
"""Rows without anything between others are passed over, but not for ever."""
MAX_TEXT = 2 * MAX_BYTES
MAX_MERGED = 10_000
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ZEROS = re.compile(r"0{2,40}")

Place = tuple[int, int]


@dataclass(slots=True)
class Cells:
    """By (row, column), both counted from 0."""

    zeros: dict[Place, int] = field(default_factory=dict)
    no_value: set[Place] = field(default_factory=set)
    errors: dict[Place, str] = field(default_factory=dict)
    merged: list[tuple[Place, Place]] = field(default_factory=list)


def padded_styles(parts: Parts) -> list[int]:
    """For each cell style, to how many digits its format fills up with zeros; 0: it does not."""
    codes: dict[str, int] = {}
    styles: list[int] = []
    inside = False

    def begin(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside
        if name == "numFmt" and _ZEROS.fullmatch(attributes.get("formatCode", "")):
            codes[attributes.get("numFmtId", "")] = len(attributes["formatCode"])
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            styles.append(codes.get(attributes.get("numFmtId", ""), 0))

    def end(name: str) -> None:
        nonlocal inside
        inside = inside and name != "cellXfs"

    if STYLES in parts:
        parts.walk(parts.read(STYLES), begin, end)
    return styles


def string_lengths(parts: Parts, content: bytes | None) -> list[int]:
    """How long the texts are that cells share."""
    lengths: list[int] = []
    inside = 0

    def begin(name: str, _: Mapping[str, str]) -> None:
        nonlocal inside
        if name == "si":
            lengths.append(0)
        inside += name == "t"

    def end(name: str) -> None:
        nonlocal inside
        inside -= name == "t"

    def text(said: str) -> None:
        if inside and lengths:
            lengths[-1] += len(said)

    if content is not None:
        parts.walk(content, begin, end, text)
    return lengths


class Scan:
    """One pass over a sheet. Raises DeliveryFailed where it goes too far."""

    def __init__(self, parts: Parts, content: bytes, styles: list[int], lengths: list[int]) -> None:
        self.cells = Cells()
        self._file, self._styles, self._lengths = parts.file, styles, lengths
        self._row, self._column, self._text = -1, -1, 0
        self._kind, self._style, self._formula, self._value = "", 0, False, ""
        self._in_value = False
        parts.walk(content, self._begin, self._end, self._said)

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._column += 1
            if "r" in attributes:
                self._row, self._column = self._place(attributes["r"])
            self._kind, self._formula, self._value = attributes.get("t", "n"), False, ""
            style = attributes.get("s", "0")
            self._style = int(style) if style.isdecimal() and len(style) < 7 else 0
        elif name == "row":
            given = attributes.get("r", "")
            self._row = int(given) - 1 if given.isdecimal() and len(given) < 8 else self._row + 1
            self._column = -1
        elif name in {"v", "t"}:
            self._in_value = True
        elif name == "f":
            self._formula = True
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def _said(self, text: str) -> None:
        if self._in_value:
            self._value += text

    def _end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._in_value = False
        elif name == "c":
            self._cell()

    def _cell(self) -> None:
        here = (self._row, self._column)
        if not self._value:
            if self._formula and self._kind != "str":
                self.cells.no_value.add(here)
                self._within(here)
            return
        self._within(here)
        kind, said = self._kind, self._value
        if kind == "s" and said.isdecimal() and len(said) < 9:
            place = int(said)
            self._text += self._lengths[place] if place < len(self._lengths) else 0
        else:
            self._text += len(said)
        if self._text > MAX_TEXT:
            refuse(f"{self._file} has more than {MAX_TEXT >> 20} million characters in its cells; send it in parts")
        if kind == "e":
            self.cells.errors[here] = said[:20]
        elif kind == "n" and self._style < len(self._styles) and self._styles[self._style]:
            self.cells.zeros[here] = self._styles[self._style]

    def _within(self, here: Place) -> None:
        row, column = here
        if not 0 <= row < LAST_ROW or not 0 <= column < MAX_COLUMNS:
            refuse(
                f"{self._file} has something in row {row + 1}, column {column + 1}; at most {MAX_ROWS} rows and"
                f" {MAX_COLUMNS} columns are read: delete what stands apart, or send the table in parts"
            )

    def _merge(self, ref: str) -> None:
        first, _, last = ref.partition(":")
        if len(self.cells.merged) == MAX_MERGED:
            refuse(f"{self._file} has more than {MAX_MERGED} merged areas; unmerge them")
        self.cells.merged.append((self._place(first), self._place(last or first)))

    def _place(self, name: str) -> Place:
        found = _PLACE.fullmatch(name)
        if found is None:
            refuse(f"{self._file} is a damaged workbook: there is no cell {name[:20]!r}; save it anew and send that")
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        return int(found[2]) - 1, column - 1
