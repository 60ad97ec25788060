"""Workbooks (XLSX) written by openpyxl: plain texts and whole numbers, never a formula."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from adapters.table_bounds import MAX_ROWS
from engine.core.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from engine.ports import Sheet

MAX_TEXT = 32_000
"""A cell holds 32,767 characters."""
_ACTING = ("=", "+", "-", "@", "\t", "\r", "\n")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")
_LIST = 255
"""Characters that a list of options may have in the file."""


def written(sheets: Sequence[Sheet]) -> bytes:
    """The file of these sheets."""
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _sheet(book.create_sheet(_NOT_IN_TITLES.sub(" ", plain(sheet.title))[:31] or "Sheet"), sheet)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet program takes for a formula, also when it is saved as CSV later."""
    text = plain(text)[:MAX_TEXT]
    return f"'{text}" if text.startswith(_ACTING) else text


def _sheet(made: Worksheet, sheet: Sheet) -> None:
    made.freeze_panes = "A2"
    for place, heading in enumerate(sheet.headings, 1):
        letter = get_column_letter(place)
        longest = max((len(str(row[place - 1])) for row in sheet.rows[:200]), default=0)
        made.column_dimensions[letter].width = min(max(len(heading) + 4, longest + 2, 8), 80)
        if sheet.fill:
            made.column_dimensions[letter].number_format = "@"
        _put(made, 1, place, heading).font = Font(bold=True)
        _offer(made, letter, sheet.options.get(heading, ()))
    for number, row in enumerate(sheet.rows, 2):
        for place, value in enumerate(row, 1):
            cell = _put(made, number, place, value)
            if isinstance(value, str) and len(value) > 60:
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _put(made: Worksheet, row: int, place: int, value: str | int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    cell = made.cell(row, place)
    if isinstance(value, str):
        cell.value = harmless(value)
        cell.data_type = "s"
    else:
        cell.value = value
    return cell


def _offer(made: Worksheet, letter: str, options: Sequence[str]) -> None:
    listed = ",".join(options)
    if not options or len(listed) > _LIST or any("," in option or '"' in option for option in options):
        return
    rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
    rule.add(f"{letter}2:{letter}{MAX_ROWS + 1}")
    made.add_data_validation(rule)
