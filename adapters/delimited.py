"""Tables as text: which encoding and separator a CSV has, and its records; headings are left to tables.py."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

from adapters.table_bounds import MAX_COLUMNS, cell_text, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_WORKBOOK_HINT = "save it as a workbook (.xlsx) or as 'CSV UTF-8' and send that"


def decoded(content: bytes, file: str) -> tuple[str, str]:
    """(text, the encoding by name): UTF-8 with or without BOM, or else Windows-1251. Raises DeliveryFailed."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        refuse(f"{file} is an old workbook (.xls), or one with a password; {_WORKBOOK_HINT}")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        refuse(f"{file} is text in UTF-16; save the table as 'CSV UTF-8' and send that")
    if b"\x00" in content or content.startswith(b"%PDF"):
        refuse(f"{file} is not a text file; {_WORKBOOK_HINT}")
    marked = content.startswith(codecs.BOM_UTF8)
    for codec, name in (("utf-8-sig", "UTF-8 with a BOM" if marked else "UTF-8"), ("cp1251", "Windows-1251")):
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    return refuse(f"{file} is written neither in UTF-8 nor in Windows-1251; save it as 'CSV UTF-8'")


def records(text: str, separator: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers, the first is 1. Raises DeliveryFailed."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                refuse(f"{file}, row {number} has more than {MAX_COLUMNS} columns")
            yield number, [cell_text(cell, f"{file}, row {number}") for cell in cells]
    except csv.Error as error:
        refuse(f"{file} cannot be read after row {number}: {error}; look for a quotation mark that is not closed")


def separator_of(text: str) -> str:
    """What stands most often between the cells of the first row."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS, key=outside.count)
