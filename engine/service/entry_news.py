"""Revisions of the register as CloudEvents 1.0: what everybody with a token may read of them, and nothing else of their case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.core.values import instant
from engine.service.register import plain_fact

if TYPE_CHECKING:
    from engine.store.records import StoredEntry

CHANGED = "milepost.register.changed"


def entry_event(row: StoredEntry, pos: int, source: str) -> dict[str, Any]:
    """A revision's event as JSON. `answers` is there where it holds from before it was recorded: what was answered since then
    may be wrong now.
    """
    link = f"{source}register/{quote(row.entry_no, safe='')}"
    return {
        "specversion": "1.0",
        "id": f"{row.entry_no}/{row.revision}",
        "source": source,
        "type": CHANGED,
        "subject": row.entry_no,
        "time": instant(row.recorded_at),
        "datacontenttype": "application/json",
        "pos": str(pos),
        "data": {
            "entry_no": row.entry_no,
            "revision": row.revision,
            "status": row.status,
            "effective_from": instant(row.effective_from),
            "recorded_at": instant(row.recorded_at),
            "reason": row.reason,
            "facts": plain_fact(row.facts),
            "entry": link,
            **({"answers": f"{link}/answers"} if row.effective_from < row.recorded_at else {}),
        },
    }
