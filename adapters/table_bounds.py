"""How large a table that people send may be, and how it is refused; shared by its readers."""

from __future__ import annotations

from typing import NoReturn

from engine.core.plain import plain
from engine.errors import DeliveryFailed

MAX_BYTES = 20 << 20
MAX_ROWS = 10_000
MAX_CELL = 10_000
MAX_COLUMNS = 200


def refuse(reason: str) -> NoReturn:
    """The file as a whole is not read. Raises DeliveryFailed for good."""
    raise DeliveryFailed(reason, retry_after=None)


def cell_text(cell: str, place: str) -> str:
    """A cell as plain text without spaces around it. Raises DeliveryFailed where it is too long."""
    if len(cell) > MAX_CELL:
        refuse(f"{place} has a cell of {len(cell)} characters; at most {MAX_CELL} are read")
    return plain(cell).strip()
