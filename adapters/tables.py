"""Tables that people send, CSV or XLSX, as rows of texts by heading, and workbooks to send back; what cells mean is left to imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.delimited import SEPARATORS, decoded, records, separator_of
from adapters.table_bounds import MAX_BYTES, MAX_ROWS, refuse
from adapters.workbook_writing import written
from adapters.workbooks import opened
from engine.core.plain import one_line
from engine.ports import Table, TableFault, TableRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.workbooks import Mark
    from engine.ports import Sheet


class FileTables:
    """Headings stand in the first row that is not blank. Rows keep the numbers that people see."""

    def read(self, content: bytes, name: str, sheet: str | None = None) -> Table:
        """All rows but blank ones, trimmed; DeliveryFailed for good with the place where the file goes wrong."""
        file = one_line(name, limit=100) or "the file"
        if len(content) > MAX_BYTES:
            refuse(f"{file} is larger than {MAX_BYTES >> 20} MiB; send it in parts")
        if content.startswith(b"PK"):
            book = opened(content, file, sheet)
            return _headed(book.records, file, book.told, book.marks)
        if sheet is not None:
            refuse(f"{file} is a text file, which has no sheets; leave the sheet out")
        text, encoding = decoded(content, file)
        separator = separator_of(text)
        told = f"text in {encoding}, separated by {SEPARATORS[separator]}"
        return _headed(records(text, separator, file), file, told, ())

    def write(self, sheets: Sequence[Sheet]) -> bytes:
        """A workbook (XLSX). Texts stay texts, whatever they begin with."""
        return written(sheets)


def _headed(found: Iterable[tuple[int, list[str]]], file: str, told: str, marks: Sequence[Mark]) -> Table:
    headings: list[str] | None = None
    rows: list[TableRow] = []
    for number, cells in found:
        if not any(cells):
            continue
        if headings is None:
            headings = _headings(cells, file, number)
        elif len(rows) == MAX_ROWS:
            refuse(f"{file} has more than {MAX_ROWS} rows; send it in parts")
        else:
            rows.append(TableRow(number, _by_heading(headings, cells, f"{file}, row {number}")))
    if headings is None:
        refuse(f"{file} is empty; its first row has to name the columns")
    read = {row.number for row in rows}
    faults = [
        TableFault(mark.row, headings[mark.place], mark.code, mark.text)
        for mark in marks
        if mark.row in read and mark.place < len(headings)
    ]
    return Table(tuple(rows), told, tuple(faults))


def _headings(cells: list[str], file: str, number: int) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    doubled = sorted({one_line(cell, limit=60) for cell in cells if cells.count(cell) > 1 and cell})
    if doubled:
        refuse(f"{file}, row {number} names a column twice: {', '.join(doubled)}")
    if "" in cells:
        refuse(f"{file}, row {number}: column {cells.index('') + 1} has no name; merged cells name their first column")
    return cells


def _by_heading(headings: list[str], cells: list[str], place: str) -> dict[str, str]:
    if any(cells[len(headings) :]):
        refuse(
            f"{place} has more cells than there are columns with a name ({len(headings)}); name every column,"
            " or put a text with the separator in quotes"
        )
    return dict(zip(headings, cells + [""] * len(headings), strict=False))
