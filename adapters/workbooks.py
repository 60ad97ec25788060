"""Workbooks (XLSX) read by calamine as texts: dates as ISO 8601, numbers as people see their digits, formulas by their value.

What cannot be taken for what it shows is a mark on its cell. Bounds are kept by workbook_parts.py and workbook_cells.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineError, CalamineWorkbook

from adapters.table_bounds import MAX_COLUMNS, cell_text, refuse
from adapters.workbook_cells import LAST_ROW, Scan, padded_styles, string_lengths
from adapters.workbook_parts import BOOK, LINKS, STRINGS, STYLES, Parts, packed
from engine.core.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapters.workbook_cells import Cells, Place

MAX_DIGITS = 15
"""A spreadsheet keeps no more digits of a number."""
MAX_MARKS = 50_000
PANIC = "pyo3_runtime"
"""Where the exception has its home by which calamine gives up; it is no Exception, and nobody can import it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wrong with a cell: its row as people count it, and its column's place from 0."""

    row: int
    place: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Book:
    """The records of one sheet, which sheet that is, and the marks on its cells."""

    records: Sequence[tuple[int, list[str]]]
    told: str
    marks: tuple[Mark, ...]


def opened(content: bytes, file: str, sheet: str | None) -> Book:
    """The sheet of this name, or the first that is not hidden. Raises DeliveryFailed."""
    parts = Parts(content, file)
    sheets = parts.sheets()
    name = _chosen(sheets, file, sheet)
    part = sheets[name][0]
    kept = {BOOK: parts.read(BOOK), LINKS: parts.read(LINKS), part: parts.read(part)}
    kept |= {other: parts.read(other) for other in (STYLES, STRINGS) if other in parts}
    cells = Scan(parts, kept[part], padded_styles(parts), string_lengths(parts, kept.get(STRINGS))).cells
    values = _values(kept, name, file)
    marks: list[Mark] = []
    records = [(n + 1, list(_texts(row, n, cells, file, marks))) for n, row in enumerate(values)]
    marks += _marks(cells, len(values))
    return Book(records, _told(name, sheets), tuple(sorted(marks, key=lambda m: (m.row, m.place))[:MAX_MARKS]))


def _chosen(sheets: dict[str, tuple[str, bool]], file: str, sheet: str | None) -> str:
    if sheet is not None:
        if sheet not in sheets:
            names = ", ".join(one_line(name, limit=40) for name in list(sheets)[:20])
            refuse(f"{file} has no sheet '{one_line(sheet, limit=60)}'; there are {names or 'none'}")
        return sheet
    seen = [name for name, (_, hidden) in sheets.items() if not hidden]
    if not seen:
        refuse(f"{file} has no sheet that is not hidden; show the one to be read, or name it")
    return seen[0]


def _told(chosen: str, sheets: dict[str, tuple[str, bool]]) -> str:
    said = f"the sheet '{one_line(chosen, limit=60)}' of a workbook"
    others = [one_line(name, limit=40) + (" (hidden)" if sheets[name][1] else "") for name in sheets if name != chosen]
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return f"{said}; not read: {', '.join(others[:5])}{more}" if others else said


def _values(parts: dict[str, bytes], name: str, file: str) -> list[list[Any]]:
    try:
        with CalamineWorkbook.from_filelike(packed(parts)) as book:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > LAST_ROW or sheet.total_width > MAX_COLUMNS:
                refuse(f"{file} is a workbook that is larger than its cells say; save it anew and send that")
            return sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OverflowError, OSError):
        return refuse(f"{file} is a damaged workbook; save it anew and send that")
    except BaseException as error:
        if type(error).__module__ != PANIC:
            raise
        return refuse(
            f"{file} has a cell that cannot be read, such as a date before all days; save it anew and send that"
        )


def _texts(row: list[Any], number: int, cells: Cells, file: str, marks: list[Mark]) -> Iterator[str]:
    for place, value in enumerate(row):
        here = (number, place)
        if isinstance(value, str):
            yield "" if here in cells.errors else cell_text(value, f"{file}, row {number + 1}")
        elif isinstance(value, bool):
            yield "true" if value else "false"
        elif isinstance(value, int | float):
            if abs(value) >= 10**MAX_DIGITS:
                words = f"is a number of more than {MAX_DIGITS} digits, of which a spreadsheet keeps no more; format the column as text and type it again"
                marks.append(Mark(number + 1, place, "digits", words))
            yield _digits(value).zfill(cells.zeros.get(here, 0))
        else:
            yield _moment(value)


def _digits(value: float) -> str:
    """As many digits as a spreadsheet shows, without an exponent."""
    text = f"{Decimal(f'{value:.{MAX_DIGITS}g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: date | datetime | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _marks(cells: Cells, height: int) -> Iterator[Mark]:
    for row, place in cells.no_value:
        yield Mark(
            row + 1,
            place,
            "formula",
            "is a formula whose value is not in the file; open it in a spreadsheet program, save it there, or type the value",
        )
    for (row, place), said in cells.errors.items():
        yield Mark(row + 1, place, "error", f"shows the error {said}; mend the formula, or type the value")
    given = 0
    for first, last in cells.merged:
        for here in _covered(first, last, height):
            given += 1
            if given > MAX_MARKS:
                return
            with_whom = f"row {first[0] + 1}" if here[0] > first[0] else "the cell to the left"
            words = f"is merged with {with_whom}, where alone the value counts; unmerge the cells and fill in each"
            yield Mark(here[0] + 1, here[1], "merged", words)


def _covered(first: Place, last: Place, height: int) -> Iterator[Place]:
    """The cells under a merged area that lie in the table, but the first."""
    for row in range(first[0], min(last[0] + 1, height)):
        for column in range(first[1], min(last[1] + 1, MAX_COLUMNS)):
            if (row, column) != first:
                yield row, column
