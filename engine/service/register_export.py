"""The whole register, or a part of it, as a table for others: one view of it, read in pages."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from engine.core.values import instant
from engine.errors import Unavailable
from engine.ports import Sheet
from engine.service.register import plain_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from engine.ports import Tables
    from engine.service.register import Register
    from engine.service.views import EntryView
    from engine.store.store import Store

OWN = ("entry_no", "revision", "status", "effective_from", "recorded_at", "reason")
PAGE = 200
MAX_ROWS = 100_000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class RegisterExport:
    """Entries as they were on a day, as known at one moment: who writes meanwhile changes nothing of it."""

    def __init__(self, store: Store, register: Register, tables: Tables | None) -> None:
        self._store, self._register, self._tables = store, register, tables

    def lines(self, **wanted: Any) -> Iterator[str]:
        """A JSON object a line."""
        for entry in self._entries(wanted):
            yield json.dumps(_row(entry), ensure_ascii=False) + "\n"

    def csv(self, **wanted: Any) -> Iterator[str]:
        """Lines of CSV under a line of headings; no cell is a formula for a spreadsheet program."""
        headings = self._headings(wanted)
        yield _line(headings)
        for entry in self._entries(wanted):
            row = _row(entry)
            yield _line([_safe(_text(row.get(name))) for name in headings])

    def xlsx(self, **wanted: Any) -> bytes:
        """A workbook. Raises Unavailable for more than 100,000 entries, and where no tables are written here."""
        if self._tables is None:
            raise Unavailable("no adapter writes workbooks here")
        headings, rows = self._headings(wanted), []
        for entry in self._entries(wanted):
            row = _row(entry)
            rows.append([_text(row.get(name)) for name in headings])
            if len(rows) > MAX_ROWS:
                raise Unavailable(f"a workbook takes {MAX_ROWS:,} entries; narrow it down, or take CSV")
        return self._tables.write([Sheet("register", headings, rows)])

    def _headings(self, wanted: Mapping[str, Any]) -> list[str]:
        """The entry's own columns, then every fact that an entry of the first pages has."""
        names: dict[str, None] = {}
        for n, entry in enumerate(self._entries(wanted)):
            names.update(dict.fromkeys(entry.facts))
            if n >= PAGE * 5:
                break
        return [*OWN, *sorted(name for name in names if name not in OWN)]

    def _entries(self, wanted: Mapping[str, Any]) -> Iterator[EntryView]:
        moment = wanted.get("known_at") or self._store.read(lambda reader: reader.business_now())
        on: date | None = wanted.get("on")
        cursor = None
        while True:
            page = self._register.search(**{**wanted, "on": on, "known_at": moment}, cursor=cursor, limit=PAGE)
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return


def _row(entry: EntryView) -> dict[str, Any]:
    facts = {name: plain_fact(value) for name, value in entry.facts.items()}
    return facts | {
        "entry_no": entry.entry_no,
        "revision": entry.revision,
        "status": entry.status,
        "effective_from": instant(entry.effective_from),
        "recorded_at": instant(entry.recorded_at),
        "reason": entry.reason,
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(_text(item) for item in value.values())
    return "" if value is None else str(value)


def _safe(text: str) -> str:
    """What a spreadsheet program would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
