"""Tables that people send, as CSV: rows of cells by heading. What the cells mean is left to imports; workbooks are not read yet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NoReturn

from adapters.plain_text import one_line, plain
from engine.errors import DeliveryFailed
from engine.ports import TableRow

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 20 << 20
MAX_ROWS = 10_000
MAX_CELL = 10_000
MAX_COLUMNS = 200
_SEPARATORS = (",", ";", "\t")


class CsvTables:
    """Reader of CSV: UTF-8 (with or without BOM) or Windows-1251; commas, semicolons or tabs; headings in the first row."""

    def read(self, content: bytes, name: str) -> list[TableRow]:
        """All rows but blank ones, trimmed; DeliveryFailed for good with the row where the file goes wrong."""
        file = one_line(name, limit=100) or "the file"
        text = _decoded(content, file)
        headings: list[str] | None = None
        rows: list[TableRow] = []
        for number, cells in _records(text, file):
            if not any(cells):
                continue
            if headings is None:
                headings = _headings(cells, file, number)
            elif len(rows) == MAX_ROWS:
                _refuse(f"{file} has more than {MAX_ROWS} rows; send it in parts")
            else:
                rows.append(TableRow(number, _by_heading(headings, cells, f"{file}, row {number}")))
        if headings is None:
            _refuse(f"{file} is empty; its first row has to name the columns")
        return rows


def _decoded(content: bytes, file: str) -> str:
    if len(content) > MAX_BYTES:
        _refuse(f"{file} is larger than {MAX_BYTES >> 20} MiB; send it in parts")
    if content.startswith(b"PK"):
        _refuse(f"{file} is a workbook (XLSX); save it as 'CSV UTF-8' and send that")
    if b"\x00" in content or content.startswith((b"%PDF", b"\xd0\xcf\x11\xe0")):
        _refuse(f"{file} is not a text file; save the table as 'CSV UTF-8' and send that")
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DeliveryFailed(
        f"{file} is written neither in UTF-8 nor in Windows-1251; save it as 'CSV UTF-8'", retry_after=None
    )


def _records(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                _refuse(f"{file}, row {number} has more than {MAX_COLUMNS} columns")
            yield number, [_cell(cell, f"{file}, row {number}") for cell in cells]
    except csv.Error as error:
        _refuse(f"{file} cannot be read after row {number}: {error}; look for a quotation mark that is not closed")


def _separator(text: str) -> str:
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max(_SEPARATORS, key=outside.count)


def _cell(cell: str, place: str) -> str:
    if len(cell) > MAX_CELL:
        _refuse(f"{place} has a cell of {len(cell)} characters; at most {MAX_CELL} are read")
    return plain(cell).strip()


def _headings(cells: list[str], file: str, number: int) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    doubled = sorted({one_line(cell, limit=60) for cell in cells if cells.count(cell) > 1 and cell})
    if doubled:
        _refuse(f"{file}, row {number} names a column twice: {', '.join(doubled)}")
    if "" in cells:
        _refuse(f"{file}, row {number}: column {cells.index('') + 1} has no name")
    return cells


def _by_heading(headings: list[str], cells: list[str], place: str) -> dict[str, str]:
    if any(cells[len(headings) :]):
        _refuse(
            f"{place} has more cells than there are columns ({len(headings)}); put a text with the separator in quotes"
        )
    return dict(zip(headings, cells + [""] * len(headings), strict=False))


def _refuse(reason: str) -> NoReturn:
    raise DeliveryFailed(reason, retry_after=None)
